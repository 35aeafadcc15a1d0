"""Warn where a training cannot learn anything, and say which setting to change.

RL learns from the differences of rewards inside a group: a group that always or never passes teaches nothing. A run in
which no group differs goes on to its end without an error, so each of these warnings comes while it runs.
"""

from collections.abc import Sequence

from stepsmith.core.records import Problem
from stepsmith.store.training_log import Step
from stepsmith.train.settings import TrainConfig

PATIENCE = 10  # steps for which a condition must hold
NEARLY_ALL = 0.9  # share of the completions
NEVER, ALWAYS = 0.05, 0.95  # pass rates up to and from which hardly any group of eight differs


class LearningWatch:
    """Looks at the problems of a run once, and at every log record; a warning comes once for each time it begins."""

    def __init__(self, config: TrainConfig, problems: Sequence[Problem]) -> None:
        self._config = config
        self._at_start = pool_warnings(config, problems)
        self._since: dict[str, int] = {}  # the step after which each condition has held
        self._said: set[str] = set()
        self._last = 0

    def observe(self, step: Step) -> tuple[str, ...]:
        """Return the warnings that are due with this record; with the first one, those about the problems."""
        found, self._at_start = list(self._at_start), ()
        before, self._last = self._last, step.step
        if step.stage == "sft" or step.truncated is None:  # nothing was generated for this record
            return tuple(found)
        holding = step_warnings(self._config, step)
        self._since = {name: self._since.get(name, before) for name in holding}
        self._said &= holding.keys()
        for name, text in holding.items():
            if step.step - self._since[name] >= min(PATIENCE, step.of) and name not in self._said:
                self._said.add(name)
                found.append(text)
        return tuple(found)


def pool_warnings(config: TrainConfig, problems: Sequence[Problem]) -> tuple[str, ...]:
    """Return what is wrong with the problems of a run before it begins. Problems that a teacher adds may mend it."""
    if config.stage == "rl" and config.rl.teacher.every:
        return ()
    if len(problems) == 1:
        return ("there is one problem to train on, so the policy learns that one by heart; add to data.problems",)
    rates = [problem.pass_rate.rate for problem in problems if problem.pass_rate and problem.pass_rate.attempts]
    if config.stage == "sft" or not rates or len(rates) < len(problems):
        return ()
    if any(NEVER < rate < ALWAYS for rate in rates):
        return ()
    hard = sum(rate <= NEVER for rate in rates)
    return (
        f"no problem is of medium difficulty: by the pass rates measured before, {hard} of {len(rates)} are never "
        f"solved and {len(rates) - hard} always, so hardly any group has different rewards; "
        + (_EASIER if hard == len(rates) else _HARDER if not hard else "add problems between the two to data.problems")
        + ("" if config.rl.initial_samples else "; rl.initial_samples = 8 measures the pass rates of this policy"),
    )


_EASIER = "add easier problems to data.problems, or train with `stepsmith train sft` first"
_HARDER = "add harder problems to data.problems"


def step_warnings(config: TrainConfig, step: Step) -> dict[str, str]:
    """Return the conditions under which the steps of an RL record teach nothing, each with what to change."""
    rl, found = config.rl, {}
    cut, unread = step.truncated or 0.0, step.no_answer or 0.0
    if cut >= NEARLY_ALL:
        found["cut off"] = (
            f"{cut:.0%} of the completions are cut off at rl.max_completion_length = {rl.max_completion_length}, "
            "so nothing is learnt from them; raise it (and model.context with it), or train with `stepsmith train sft` "
            "first so that answers end"
        )
    elif cut + unread >= NEARLY_ALL:
        found["no answer"] = (
            f"{cut + unread:.0%} of the completions have no answer in the form that is asked for, and {cut:.0%} are "
            f"cut off at rl.max_completion_length = {rl.max_completion_length}; train with `stepsmith train sft` "
            "first, start from a model that follows instructions, or look at model.chat_template"
        )
    elif step.zero_variance == 1.0:
        found["equal rewards"] = f"all groups have equal rewards, so nothing is learnt; {_about_equal(config, step)}"
    return found


def _about_equal(config: TrainConfig, step: Step) -> str:
    rl, rate = config.rl, step.pass_rate
    if rl.random_reward or rate is None or NEVER < rate < ALWAYS:
        return (
            f"the completions of a group are too much alike: raise rl.temperature (now {rl.temperature:g}) "
            f"or rl.group_size (now {rl.group_size})"
        )
    if rate >= ALWAYS:
        return f"{rate:.0%} of the completions pass: {_HARDER}, or choose another rl.curriculum (now {rl.curriculum})"
    graded = "" if rl.rewards.reward != "binary" else ', take a reward with parts (rl.rewards.reward = "fraction")'
    return (
        f"{rate:.0%} of the completions pass: {_EASIER}, raise rl.group_size (now {rl.group_size}){graded}, or choose "
        f"another rl.curriculum (now {rl.curriculum})"
    )
