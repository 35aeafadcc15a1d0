"""Solution × test → verdict: languages, checkers, the judge and its pool."""
