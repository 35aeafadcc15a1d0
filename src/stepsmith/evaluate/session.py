"""Scoring with what it needs: a judge, the calibration of its machine, and the caches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from stepsmith.benchmarks.data import BenchmarkData
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.evaluate.calibration import calibrated
from stepsmith.evaluate.samples import ModelSample
from stepsmith.evaluate.scoring import AS_IT_IS, ScoredSample, ScoringProgress, answers_of, score_samples
from stepsmith.evaluate.verdict_cache import VerdictCache, cache_folder
from stepsmith.evaluate.voting import Ballot, VoteScore, ballot_of, vote_score
from stepsmith.judge.program import RunningJudge


class ScoringSession(NamedTuple):
    """A judge with the calibration of its machine."""

    judge: RunningJudge
    harness: HarnessSettings
    workers: int
    cache: VerdictCache | None

    def score(
        self,
        data: BenchmarkData,
        samples: Mapping[str, Sequence[ModelSample]],
        extraction: str = AS_IT_IS,
        watch: Callable[[ScoringProgress], None] = lambda _: None,
    ) -> list[ScoredSample]:
        """Return the verdict on each sample; see ``score_samples``."""
        return score_samples(
            data, samples, self.judge, self.harness,
            extraction=extraction, workers=self.workers, cache=self.cache, watch=watch,
        )  # fmt: skip

    def votes(
        self,
        data: BenchmarkData,
        samples: Mapping[str, Sequence[ModelSample]],
        scored: Sequence[ScoredSample],
        extraction: str = AS_IT_IS,
    ) -> VoteScore | None:
        """Return the score of one chosen sample per problem; see ``VoteScore``."""
        problems = {problem.task_id: problem for problem in data.problems}

        def ballot(task_id: str) -> Ballot | None:
            answers = answers_of(data.benchmark, problems[task_id], samples[task_id], extraction)
            return ballot_of(problems[task_id], answers, self.judge, self.harness.time_factor)

        with ThreadPoolExecutor(self.workers) as threads:
            found = zip(samples, threads.map(ballot, samples), strict=True)
            return vote_score({task_id: one for task_id, one in found if one is not None}, scored)


@contextmanager
def scoring_session(
    judge: RunningJudge, workers: int, *, cache: Path | None = None, use_cache: bool = True
) -> Iterator[ScoringSession]:
    """Calibrate a judge that takes ``workers`` calls at once, and open the cache of verdicts.

    ``cache`` is the folder of the cache; None: the user's cache folder.
    """
    with ExitStack() as opened:
        folder = cache or cache_folder()
        store = opened.enter_context(VerdictCache(folder / "verdicts.sqlite")) if use_cache else None
        yield ScoringSession(judge, calibrated(judge), workers, store)
