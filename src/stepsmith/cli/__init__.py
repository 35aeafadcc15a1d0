"""The command line: verbs and nothing else."""
