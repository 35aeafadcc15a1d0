"""The figures of running runs are those of what they made."""

from pathlib import Path

from stepsmith.core.records import Chain, Rejection, Seed, StageSpend
from stepsmith.core.stats import pass_rate
from stepsmith.llm.money import Ledger, Limit
from stepsmith.pipeline.figures import GrownFigures, NotedRatings, spent, step_figures
from stepsmith.store.progress import ProgressFile
from stepsmith.store.ratings import StudentRating
from stepsmith.store.training_log import Step
from tests.records import a_problem


def test_chains_are_summed() -> None:
    stage = StageSpend(
        purpose="propose, repair 1", model="m", requests=1, completions=1, prompt_tokens=3, completion_tokens=4,
        reasoning_tokens=0, usd=0.1,
    )  # fmt: skip
    problem = a_problem()
    chain = Chain(
        id="c", index=0, seed=Seed(source="a.py", first_line=1, code=""), turns=(), problems=(problem,),
        rejections=(Rejection(reason="too weak", detail="", problem=problem),), proposed=2, judged_programs=5,
        executions=70, seconds=1.5, spent=(stage,),
    )  # fmt: skip
    figures = GrownFigures()
    figures.add(chain)
    found = figures.add(chain)
    assert found["rejections"] == {"too weak": 2.0}
    assert found["problems"] == {"medium": 2.0}
    assert found["executions"] == {"": 140.0}
    assert found["chain_seconds"] == {"": 3.0}
    assert found["stage_tokens"] == {"propose": 14.0}


def test_a_step_leaves_out_what_was_not_logged() -> None:
    step = Step(stage="rl", step=3, of=9, seconds=1.0, reward=0.0, pass_rate=0.25)
    assert step_figures(step) == {"reward": {"": 0.0}, "pass_rate": {"": 0.25}}


def test_ratings_are_counted_and_passed_on(tmp_path: Path) -> None:
    one = StudentRating(problem_id="p", student="s", rate=pass_rate(1, 2), verdicts={"AC": 1, "WA": 1})
    seen: list[StudentRating] = []
    with ProgressFile(tmp_path, "rating", "ratings", 2) as progress:
        noted = NotedRatings(progress, seen.append)
        noted(one)
        noted(one)
    assert seen == [one, one]
    assert progress.now.done == 2
    assert progress.now.figures["attempts"] == {"AC": 2.0, "WA": 2.0}


def test_a_ledger_gives_its_total_and_its_limit() -> None:
    found = spent(Ledger(Limit(usd=2.0)))
    assert (found.usd, found.tokens, found.limit_usd, found.limit_tokens) == (0.0, 0, 2.0, None)
