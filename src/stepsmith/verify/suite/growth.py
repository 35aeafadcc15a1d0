"""Adversarial growth of a suite: find inputs where surviving wrong programs differ from the golden, shrink, keep."""

import random
from collections.abc import Callable, Iterator, Sequence

from stepsmith.core.ids import derive_rng
from stepsmith.core.records import KIND_WEIGHT, Contract, Record, Solution, TestCase, Verdict
from stepsmith.judge.protocol import Judge
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.suite.input_edits import neighbour, simpler
from stepsmith.verify.verdicts import first_failure

Generate = Callable[[random.Random], str]  # a fresh valid input
Validate = Callable[[Sequence[str]], Sequence[bool]]  # which inputs are within the statement


class GrowthSettings(Record, frozen=True, kw_only=True):
    """When to stop, and how many inputs to try."""

    target_kill_rate: float = 1.0
    max_executions: int = 3000
    max_added: int = 20
    batch: int = 12  # inputs tried at once
    patience: int = 6  # batches without a kill before giving up
    shrink_rounds: int = 12
    shrink_batch: int = 10


class CurvePoint(Record, frozen=True, kw_only=True):
    """The suite after a step."""

    tests: int
    killed: int
    wrong: int
    executions: int  # spent on growth so far


class SuiteGrowth(Record, frozen=True, kw_only=True):
    """A grown suite, its curve, and the programs that still pass it (indices into ``wrong``)."""

    tests: tuple[TestCase, ...]
    added: tuple[TestCase, ...]
    curve: tuple[CurvePoint, ...]
    survivors: tuple[int, ...]
    stopped: str  # "target", "budget", "exhausted"


def grow_suite(
    judge: Judge,
    contract: Contract,
    golden: Solution,
    tests: Sequence[TestCase],
    wrong: Sequence[Solution],
    *,
    generate: Generate | None = None,
    validate: Validate | None = None,
    known: Sequence[str] = (),
    confidence: float = 1.0,
    seed: int = 0,
    settings: GrowthSettings = GrowthSettings(),  # noqa: B008 - frozen
) -> SuiteGrowth:
    """Add tests until the target kill rate, the budget of executions, or ``patience`` is reached.

    Inputs come from ``generate`` and, where ``validate`` can tell which are within the statement, from small changes
    to the inputs of ``tests`` and to ``known`` ones; found counter-examples are shrunk only then, too. Outputs of new
    tests are the golden's (with its ``confidence``), kind "adversarial". Added tests that turn out to kill nothing that
    the others do not kill are dropped again; the given ones all stay.
    """
    search = _Search(judge, contract, golden, wrong, generate, validate, derive_rng(seed, "growth"), settings)
    given = ExecutionMatrix(judge, contract, wrong, [test.input for test in tests])
    survivors = _survivors(given, tests)
    search.executions = given.executions
    added: list[TestCase] = []
    curve = [_point(tests, added, wrong, survivors, search)]
    barren = 0
    while True:
        if 1 - len(survivors) / max(1, len(wrong)) >= settings.target_kill_rate:
            stopped = "target"
            break
        if search.executions >= settings.max_executions or len(added) >= settings.max_added:
            stopped = "budget"
            break
        if barren >= settings.patience:
            stopped = "exhausted"
            break
        found = search.step([*known, *(t.input for t in tests), *(t.input for t in added)], survivors)
        barren = 0 if found else barren + 1
        if found:
            text, output, killed = found
            added.append(
                TestCase(
                    input=text,
                    output=output,
                    kind="adversarial",
                    weight=KIND_WEIGHT["adversarial"],
                    confidence=confidence,
                )
            )
            survivors = [i for i in survivors if i not in killed]
            curve.append(_point(tests, added, wrong, survivors, search))
    kept = _needed(judge, contract, wrong, tests, added)
    return SuiteGrowth(
        tests=(*tests, *kept), added=tuple(kept), curve=tuple(curve), survivors=tuple(survivors), stopped=stopped
    )


def reduce_suite(kills: Sequence[set[int]], keep: Sequence[int] = ()) -> tuple[int, ...]:
    """Indices of a small set of tests with the same kills: those of ``keep``, then greedily the one that adds most.

    ``kills`` are the wrong programs that each test rejects. Ties go to the earlier test; the result is ascending.
    """
    chosen = list(dict.fromkeys(keep))
    covered = set().union(*(kills[j] for j in chosen)) if chosen else set()
    total: set[int] = set().union(*kills) if kills else set()
    while covered < total:
        best = max(range(len(kills)), key=lambda j: (len(kills[j] - covered), -j))
        chosen.append(best)
        covered |= kills[best]
    return tuple(sorted(chosen))


class _Search:
    """Proposes inputs, runs golden and survivors on them, shrinks what tells them apart; counts executions."""

    def __init__(
        self,
        judge: Judge,
        contract: Contract,
        golden: Solution,
        wrong: Sequence[Solution],
        generate: Generate | None,
        validate: Validate | None,
        rng: random.Random,
        settings: GrowthSettings,
    ) -> None:
        self.judge, self.contract, self.golden, self.wrong = judge, contract, golden, wrong
        self.generate, self.validate, self.rng, self.settings = generate, validate, rng, settings
        self.executions = 0

    def step(self, known: Sequence[str], survivors: Sequence[int]) -> tuple[str, str, set[int]] | None:
        """Return (input, golden's output, survivors it kills) of one new test, or None if this batch kills none."""
        batch = self._propose(known)
        matrix = ExecutionMatrix(self.judge, self.contract, [self.golden, *(self.wrong[i] for i in survivors)], batch)
        usable = [j for j, run in enumerate(matrix.row(0)) if run.verdict is Verdict.AC]
        hit = None
        for k in range(1, len(survivors) + 1):
            hit = matrix.first_difference(0, k, usable)
            if hit is not None:
                break
        self.executions += matrix.executions
        if hit is None:
            return None
        text = self._shrunk(batch[hit], self.wrong[survivors[k - 1]])
        final = ExecutionMatrix(self.judge, self.contract, [self.golden, *(self.wrong[i] for i in survivors)], [text])
        final.fill()
        killed = {survivors[k - 1] for k in range(1, len(survivors) + 1) if final.first_difference(0, k) is not None}
        stable = not final.rerun(0)
        self.executions += final.executions
        return (text, final.at(0, 0).output, killed) if killed and stable else None

    def _propose(self, known: Sequence[str]) -> list[str]:
        """Return a batch of new valid inputs: half from the generator, half near known ones, as far as both exist."""
        seen = set(known)
        fresh = [self.generate(self.rng) for _ in range(self.settings.batch)] if self.generate else []
        near = []
        if self.validate and known:
            interface = self.contract.interface
            near = [neighbour(self.rng.choice(known), interface, self.rng) for _ in range(2 * self.settings.batch)]
            near = [t for t, ok in zip(near, self._valid(near), strict=True) if ok]
        half = self.settings.batch // 2
        texts = [
            *fresh[: max(half, self.settings.batch - len(near))],
            *near[: self.settings.batch - min(half, len(fresh))],
        ]
        return [text for text in dict.fromkeys(texts) if text not in seen]

    def _valid(self, texts: Sequence[str]) -> Sequence[bool]:
        """Return what the validator says, and count its runs."""
        assert self.validate is not None
        self.executions += len(texts)
        return self.validate(texts) if texts else []

    def _shrunk(self, text: str, wrong: Solution) -> str:
        """Return the simplest input found on which ``wrong`` still differs from the golden."""
        if not self.validate:
            return text
        for _ in range(self.settings.shrink_rounds):
            better = self._simpler(text, wrong)
            if better is None:
                break
            text = better
        return text

    def _simpler(self, text: str, wrong: Solution) -> str | None:
        """Return the first simpler input that is valid and on which the two still differ, or None."""
        for batch in _batches(simpler(text, self.contract.interface), self.settings.shrink_batch, limit=4):
            valid = [t for t, ok in zip(batch, self._valid(batch), strict=True) if ok]
            matrix = ExecutionMatrix(self.judge, self.contract, (self.golden, wrong), valid)
            usable = [j for j, run in enumerate(matrix.row(0)) if run.verdict is Verdict.AC]
            hit = matrix.first_difference(0, 1, usable)
            self.executions += matrix.executions
            if hit is not None:
                return valid[hit]
        return None


def _batches(texts: Iterator[str], size: int, limit: int) -> Iterator[list[str]]:
    """Yield the first ``limit`` batches of distinct texts."""
    seen: set[str] = set()
    for _ in range(limit):
        batch: list[str] = []
        for text in texts:
            if text not in seen:
                seen.add(text)
                batch.append(text)
                if len(batch) == size:
                    break
        if not batch:
            return
        yield batch


def _point(
    tests: Sequence[TestCase],
    added: Sequence[TestCase],
    wrong: Sequence[Solution],
    survivors: Sequence[int],
    search: _Search,
) -> CurvePoint:
    """Return the next point of the curve."""
    return CurvePoint(
        tests=len(tests) + len(added),
        killed=len(wrong) - len(survivors),
        wrong=len(wrong),
        executions=search.executions,
    )


def _needed(
    judge: Judge, contract: Contract, wrong: Sequence[Solution], tests: Sequence[TestCase], added: Sequence[TestCase]
) -> list[TestCase]:
    """Return the added tests without those that kill nothing which the other tests do not kill."""
    if len(added) < 2:
        return list(added)
    given = ExecutionMatrix(judge, contract, wrong, [test.input for test in tests])
    open_ = _survivors(given, tests)
    matrix = ExecutionMatrix(judge, contract, [wrong[i] for i in open_], [test.input for test in added])
    kills = [set(range(len(open_))) - set(_survivors(matrix.extended([test.input]), [test])) for test in added]
    return [added[j] for j in reduce_suite(kills)]


def _survivors(matrix: ExecutionMatrix, tests: Sequence[TestCase]) -> list[int]:
    """Return the programs of ``matrix``, whose inputs are those of ``tests``, that no test rejects."""
    verdicts, every = matrix.verdicts([test.output for test in tests]), range(len(tests))
    return [i for i in range(len(matrix.solutions)) if first_failure(verdicts, i, every) is None]
