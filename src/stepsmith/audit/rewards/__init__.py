"""The audit of rewards: cheating, right and broken completions are sent to a reward, and what it pays is judged.

``target`` says which reward; ``hosted`` and ``http_judges`` call it; ``trials`` are what is sent, and what proves a
finding; ``material`` has the problems, ``programs`` and ``spellings`` the completions; ``checks`` has one file for each
group of checks.
"""
