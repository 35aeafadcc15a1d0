"""The typed grammar of algorithmic features that the offline teacher composes."""
