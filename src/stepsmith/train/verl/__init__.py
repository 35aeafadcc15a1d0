"""Training on a cluster: write a folder with everything that verl needs to train on our problems with our judge.

Nothing here needs torch or verl. ``rows.py`` makes the data, ``hydra.py`` the configuration, ``reward.py`` is the
reward function, and ``files/`` is copied unchanged. docs/verl.md says how to run it, and what has been run.
"""

from stepsmith.train.verl.rendering import render, write_data

__all__ = ["render", "write_data"]
