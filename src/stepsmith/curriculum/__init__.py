"""Curricula: they choose the next problems from training progress and the pass rates observed so far.

Start with ``curriculum.py`` (the protocol) and ``sampler.py`` (which draws batches with it). ``presets.toml`` holds the
curricula of the papers. Nothing here needs a training library.
"""

from stepsmith.curriculum.curriculum import Cell, Curriculum, Moment
from stepsmith.curriculum.evidence import Evidence, Observation
from stepsmith.curriculum.library import load_curriculum, presets
from stepsmith.curriculum.mix import Mix
from stepsmith.curriculum.pool import Item, item_of
from stepsmith.curriculum.sampler import Layout, Sampler
from stepsmith.curriculum.schedule import Schedule, Segment

__all__ = [
    "Cell",
    "Curriculum",
    "Evidence",
    "Item",
    "Layout",
    "Mix",
    "Moment",
    "Observation",
    "Sampler",
    "Schedule",
    "Segment",
    "item_of",
    "load_curriculum",
    "presets",
]
