"""Runs solutions on tests and gives verdicts: languages, checkers, the judge, the pool of judges."""
