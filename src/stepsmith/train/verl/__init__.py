"""Training on a cluster: everything that verl needs to train on our problems with our judge, written into a folder.

Nothing here needs torch or verl. ``rows.py`` makes the data, ``hydra.py`` the configuration, ``reward.py`` is the
reward function, ``files/`` goes along as it is. docs/clusters.md says how to run it, and what was run.
"""

from stepsmith.train.verl.rendering import render, write_data

__all__ = ["render", "write_data"]
