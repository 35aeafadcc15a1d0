"""Scoring: (problem, completions, tests) → answers → judgements → scored completions. Everything is judged here.

Rating problems, RL and evaluation call the same ``Scorer`` and differ only in how they sum up what it returns.
``outcome``, ``rewards`` and ``judge_health`` use the standard library alone: the reward file for verl is made of them.
"""
