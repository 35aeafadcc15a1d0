"""Prepare a set of problems for training: drop duplicates and problems of benchmarks, measure and steer diversity.

Needs the extra ``curate`` (``stepsmith[curate]``); docs/curation.md says what each depth finds.
"""
