"""Making a set of problems fit to train on: duplicates out, benchmarks out, diversity measured and steered.

Needs the extra ``curate`` (``stepsmith[curate]``); docs/curation.md says what each depth finds.
"""
