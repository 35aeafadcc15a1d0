"""The typed grammar of algorithmic features that the offline teacher composes.

    signals of a seed ─► compose ─► Composition ─┬─► program, variants     reference, brute force, wrong programs
                            ▲                    ├─► inputs, formats       test inputs as text
                            │                    ├─► validator             a program that checks inputs
         refine: harder, easier                  └─► statement             Codeforces, AtCoder, LeetCode

``domain`` and ``feature`` say what a feature is; ``catalog`` holds them; ``composition`` is the record that
everything derives from. ``python -m stepsmith.synth.grammar.show --seed 7`` prints one problem.
"""
