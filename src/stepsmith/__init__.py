"""Stepsmith: verified, difficulty-graded coding problems, and code models trained on them.

    import stepsmith as st

    st.synthesize("runs/first", chains=4)        # make problems, offline; a folder with problems.parquet in it
    problems = st.load_problems("runs/first")
    prompt = st.render_prompt(problems[0])
    scored = st.score(problems[0], ["..."])      # judged in a sandbox

The public names are loaded when they are first used, so that ``import stepsmith`` is fast; see ``stepsmith.api``.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"
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

if TYPE_CHECKING:
    from stepsmith.api import (
        Completion,
        JudgePool,
        Problem,
        ScoredCompletion,
        StepsmithError,
        load_curriculum,
        load_problems,
        render_prompt,
        reward_function,
        score,
        synthesize,
        training_rows,
        verify_problems,
    )


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'stepsmith' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module("stepsmith.api"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
