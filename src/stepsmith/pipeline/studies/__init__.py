"""Studies: a question as data (``definition``), the stages that answer it, their outcomes, and the summary of them.

The conductor is ``pipeline.study``; the studies that ship with Stepsmith are the files in ``library``.
"""
