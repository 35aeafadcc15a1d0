"""Training: rewards, the grading of rollouts, and what is watched while it runs.

Nothing here needs torch: a trainer calls ``Grader.grade`` from its reward function, feeds ``observations`` to the
curriculum's sampler, and logs what ``HeldBackMonitor`` reports.
"""

from stepsmith.train.grading import Grade, Grader, GradingSettings, Reply, observations
from stepsmith.train.held_back import HeldBackMonitor, HeldBackReport
from stepsmith.train.rewards import REWARDS, Outcome, Reward, RewardSettings

__all__ = [
    "REWARDS",
    "Grade",
    "Grader",
    "GradingSettings",
    "HeldBackMonitor",
    "HeldBackReport",
    "Outcome",
    "Reply",
    "Reward",
    "RewardSettings",
    "observations",
]
