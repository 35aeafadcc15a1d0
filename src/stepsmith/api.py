"""The public face: what ``import stepsmith as st`` offers. Each function is a few lines over the package that does it.

Nothing here imports torch or Ray. Examples run in the tests, in a folder that holds a finished run, ``runs/first``.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import msgspec

from stepsmith.core.errors import ConfigError, StepsmithError
from stepsmith.core.records import Problem
from stepsmith.curriculum import load_curriculum
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.pool import JudgePool
from stepsmith.judge.program import RunningJudge
from stepsmith.judge.protocol import Judge
from stepsmith.pipeline.config import load_config, with_changes
from stepsmith.pipeline.synthesis import Observer
from stepsmith.pipeline.synthesis import synthesize as run_synthesis
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import RewardSettings, ScoredCompletion, Scorer
from stepsmith.scoring.tests import SplitSettings
from stepsmith.scoring.trl_reward import RewardFunction, training_rows
from stepsmith.store.manifest import Manifest
from stepsmith.store.problem_sets import load_problems
from stepsmith.verify.formats.reading import ProblemSource, read_problems
from stepsmith.verify.report import ProblemReport
from stepsmith.verify.verifier import Method, VerifyOptions, verify_problem

__all__ = [
    "Completion",
    "JudgePool",
    "Problem",
    "ScoredCompletion",
    "StepsmithError",
    "load_curriculum",
    "load_problems",
    "render_prompt",
    "reward_function",
    "score",
    "synthesize",
    "training_rows",
    "verify_problems",
]


def synthesize(
    out: str | Path,
    *,
    config: str | Path | None = None,
    workers: int | None = None,
    executor: str | None = None,
    budget: str | None = None,
    resume: bool = False,
    observer: Observer | None = None,
    **settings: object,
) -> Manifest:
    """Make problems and write them into the folder ``out``; return the run's manifest.

    ``config`` is a TOML file as for ``stepsmith synth``. ``settings`` are those of its table ``[synth]``, such as
    ``chains``, ``turns``, ``seed``, ``profile``, ``teacher`` and ``student``. ``workers`` None: one per core.
    ``executor`` is "local", "ray" or "ray://HOST:PORT". With ``resume`` an interrupted run in ``out`` is continued.
    Raises ``UserError`` for what the user can mend.

    >>> manifest = st.synthesize("runs/second", chains=1, turns=2, seed=7, workers=1)
    >>> manifest.counts.proposed
    2
    """
    changed = with_changes(
        load_config(Path(config) if config else None),
        workers=workers,
        allow_unsafe=None,
        budget=budget,
        executor=executor,
        synth=settings,
    )
    if unknown := sorted(set(settings) - set(msgspec.structs.asdict(changed.synth))):
        raise ConfigError(f"there is no setting {unknown[0]!r}; see `stepsmith synth --help`")
    return run_synthesis(changed, Path(out), observer, resume=resume)


def render_prompt(problem: Problem, *, brief: bool = False) -> str:
    """Return the prompt for a problem: all that a solver may know, and the form that the answer must have.

    ``brief`` leaves out the worked examples and the words on the form, for models too small to use them.

    >>> problem = st.load_problems("runs/first")[0]
    >>> problem.statement.strip()[:40] in st.render_prompt(problem)
    True
    """
    environment = ENVIRONMENTS[problem.environment]
    return environment.brief(problem) if brief else environment.render(problem)


def score(
    problem: Problem,
    completions: Sequence[str | Completion],
    *,
    judge: Judge | None = None,
    reward: str = "binary",
) -> list[ScoredCompletion]:
    """Score the completions of one problem on all its tests; the result has their order.

    ``reward`` is one of "binary", "x-coder", "fraction", "all-or-part" and "stepped". ``judge`` None: one is opened and
    closed again, which takes a second; give a ``JudgePool`` for many calls. A completion that our own machinery failed
    on has reward None.

    >>> problem = st.load_problems("runs/first")[0]
    >>> scored = st.score(problem, ["I do not know."])
    >>> scored[0].status, scored[0].reward
    ('no-answer', 0.0)
    """
    if judge is None:
        with LocalJudge() as opened:
            return score(problem, completions, judge=opened, reward=reward)
    given = [one if isinstance(one, Completion) else Completion(text=one) for one in completions]
    with Scorer(judge, _rewards(reward)) as scorer:
        return scorer.score(problem, given)


def reward_function(
    problems: Iterable[Problem],
    *,
    reward: str = "binary",
    hold_back: float = 0.25,
    judge: Judge | None = None,
    end_token_ids: Collection[int] = (),
) -> RewardFunction:
    """Return a reward function for TRL's ``GRPOTrainer(reward_funcs=...)``.

    The data set needs the column ``problem_id``; ``training_rows`` makes it. A share ``hold_back`` of the hidden tests
    is never rewarded: an answer that passes the others and fails these shows up in ``scored.passed_held_back``.

    >>> problems = st.load_problems("runs/first")
    >>> with st.reward_function(problems) as reward:
    ...     reward(completions=["I do not know."], problem_id=[problems[0].id])
    [0.0]
    """
    tests = SplitSettings(hold_back=hold_back)
    return RewardFunction(problems, _rewards(reward), tests, judge=judge, end_token_ids=end_token_ids)


def verify_problems(
    problems: str | Path,
    *,
    judge: RunningJudge | None = None,
    method: Method = "consensus",
    target_error: float = 0.02,
) -> list[ProblemReport]:
    """Settle the labels of anybody's problems from candidate solutions; return a report for each problem.

    ``problems`` is a file or folder that ``stepsmith verify`` reads. ``target_error`` is the share of wrong golden
    solutions that is tolerated among accepted problems. ``judge`` None: one is opened and closed again.

    >>> reports = st.verify_problems("runs/first")
    >>> len(reports) == len(st.load_problems("runs/first"))
    True
    """
    if judge is None:
        with LocalJudge() as opened:
            return verify_problems(problems, judge=opened, method=method, target_error=target_error)
    options = VerifyOptions(method=method, target_error=target_error)
    return [verify_problem(problem, judge, options) for problem in read_problems(ProblemSource(Path(problems)))]


def _rewards(name: str) -> RewardSettings:
    try:
        return msgspec.convert({"reward": name}, RewardSettings)
    except msgspec.ValidationError:
        raise ConfigError(
            f"there is no reward {name!r}; the rewards are binary, x-coder, fraction, all-or-part and stepped"
        ) from None
