"""What is wrong with problems, tests and rewards, each finding with a counter-example that one command replays.

Read in this order: ``findings`` (the records), ``kinds`` (the table of what can be found), ``checks`` (one file for
each check, and the tables that list them), ``auditing`` (one subject through all checks), ``replay``.

How to add a check: write one file in ``checks`` with a generator function that takes the subject and yields findings
(``Finding.of``), and add one line to the table ``PROBLEM_CHECKS`` (or ``REWARD_CHECKS``) in ``checks/__init__.py``. A
new kind of finding is one line in ``kinds.KINDS``. A check that lacks something (a reference, a statement) raises
``NotCheckedError`` with the reason: the report then says "not checked: ...". What a check asks of the sandbox has to be
in ``Finding.replay``, so that ``stepsmith audit replay`` shows the same on another machine.
"""
