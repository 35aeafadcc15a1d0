"""How harnesses score programs, as rule sets."""
