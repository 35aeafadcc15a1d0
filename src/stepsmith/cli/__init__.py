"""The command line: one module per command, which parses options, calls the other packages and prints results."""
