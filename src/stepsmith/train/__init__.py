"""Training: rewards, the grading of rollouts, and what is watched while it runs.

Nothing here needs torch: a trainer calls ``Grader.grade`` from its reward function, feeds ``observations`` to the
curriculum's sampler, and logs what ``HeldBackWatch`` reports.
"""

from stepsmith.train.grading import Grade, Grader, GradingSettings, Reply, observations
from stepsmith.train.held_back import HeldBackReport, HeldBackWatch
from stepsmith.train.rewards import REWARDS, Outcome, Reward, RewardSettings

__all__ = [
    "REWARDS",
    "Grade",
    "Grader",
    "GradingSettings",
    "HeldBackReport",
    "HeldBackWatch",
    "Outcome",
    "Reply",
    "Reward",
    "RewardSettings",
    "observations",
]
