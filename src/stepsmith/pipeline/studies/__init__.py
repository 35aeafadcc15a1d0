"""Studies: the definition of a question, the stages to run, the metrics read from them, and the summary tables.

``pipeline.study`` runs a study; the studies that ship with Stepsmith are the TOML files in ``library``.
"""
