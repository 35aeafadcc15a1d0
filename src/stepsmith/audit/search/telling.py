"""Find the shortest legal input that tells a program from the reference, and prove it."""

import random
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from stepsmith.audit.search.batches import run_batch
from stepsmith.audit.search.differences import matter_of_taste
from stepsmith.audit.search.legal import LegalInputs
from stepsmith.audit.subject import ProblemSubject
from stepsmith.core.errors import SandboxError
from stepsmith.core.ids import derive_rng
from stepsmith.core.integers import literal_text
from stepsmith.core.records import Execution, Solution, Verdict
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.suite.input_edits import neighbour, simpler

ROUNDS = 25  # of shrinking
WIDTH = 60  # simpler inputs tried in one round
EXHAUSTED = frozenset({Verdict.TLE, Verdict.MLE, Verdict.OLE, Verdict.IE})  # slowness is no wrong answer
STDIO_INPUTS = 120  # inputs tried where every one needs a process


class Telling(NamedTuple):
    """An input on which a program differs from the reference; ``ambiguous`` says why that may not count, or "".

    ``backers`` are other programs of the source that pass the tests and give the reference's answer.
    """

    input: str
    expected: str
    got: str  # output, or "" where it fails
    failed: Verdict | None  # how it fails
    ambiguous: str
    backers: int = 0


class TellingSearch:
    """Looks for inputs that tell programs from the reference of one problem; all share the reference's runs."""

    def __init__(self, subject: ProblemSubject, legal: LegalInputs) -> None:
        self._subject, self.legal = subject, legal
        self._contract = subject.soon
        self._rng = derive_rng(subject.options.seed, "audit", subject.id)

    @cached_property
    def pool(self) -> list[tuple[str, str]]:
        """Legal (input, the reference's output), short inputs first, without those on which the reference fails."""
        legal = self.legal
        wanted = self._subject.options.inputs
        if not legal.function:
            wanted = min(wanted, STDIO_INPUTS)
        made = list(legal.known)
        for _ in range(6):
            if len(made) >= wanted + len(legal.known):
                break
            made = list(dict.fromkeys([*made, *legal.legal(list(self._proposed(wanted)))]))
        texts = sorted(made[: wanted + len(legal.known)], key=lambda text: (len(text), text))
        known_legal = set(legal.legal(legal.known))
        texts = [text for text in texts if text in known_legal or text not in set(legal.known)]
        runs = run_batch(self._subject.judge, self._subject.reference, self._contract, texts)
        return [(text, run.output) for text, run in zip(texts, runs, strict=True) if run.verdict is Verdict.AC]

    def _proposed(self, count: int) -> Iterable[str]:
        """Yield inputs near known ones and, for functions, made anew from their shapes."""
        legal, rng = self.legal, self._rng
        interface = self._contract.interface
        for k in range(count):
            if legal.function and legal.shapes and k % 2:
                arguments = tuple(shape.sample(rng) for shape in legal.shapes)
                if k % 4 == 3:  # one argument of another known input
                    known = list(rng.choice(legal.parsed))
                    j = rng.randrange(len(known)) if known else 0
                    arguments = tuple(a if i == j else b for i, (a, b) in enumerate(zip(arguments, known, strict=True)))
                yield literal_text(arguments)
            else:
                text = rng.choice(legal.known)
                if rng.random() < 0.3:
                    shorter = list(_first(simpler(text, interface), 20))
                    text = rng.choice(shorter) if shorter else text
                yield neighbour(text, interface, rng)

    def telling(self, program: Solution) -> Telling | None:
        """Return the shortest input found that tells ``program`` from the reference, a clear one if there is any."""
        pool = self.pool
        runs = run_batch(self._subject.judge, program, self._contract, [text for text, _ in pool])
        unclear: Telling | None = None
        tried = 0
        for (text, expected), run in zip(pool, runs, strict=True):
            if not self._differs(text, expected, run):
                continue
            why = self._taste(text, expected, run)
            if why and unclear:
                continue
            found = self._proved(program, self._shrunk(program, text, expected, clear=not why))
            tried += 1
            if found and not found.ambiguous:
                return found
            unclear = unclear or found
            if tried >= 4:
                break
        return unclear

    def _differs(self, text: str, expected: str, run: Execution) -> bool:
        if run.verdict in EXHAUSTED:
            return False
        if run.verdict is not Verdict.AC:
            return True
        return run.output != expected and not self._subject.judge.agree(self._contract, text, expected, run.output)

    def _taste(self, text: str, expected: str, run: Execution) -> str:
        """Return why the difference may not count."""
        if run.verdict is not Verdict.AC:
            return ""
        statement = self._subject.problem.statement
        return matter_of_taste(self._subject.judge, self._contract, statement, text, expected, run.output)

    def _shrunk(self, program: Solution, text: str, expected: str, *, clear: bool) -> tuple[str, str]:
        """Return the simplest input found, with the reference's output, on which the two still differ (clearly)."""
        judge, contract = self._subject.judge, self._contract
        width = WIDTH if self.legal.function else WIDTH // 3
        for _ in range(ROUNDS):
            texts = self.legal.legal(list(_first(simpler(text, contract.interface), width)))
            texts = [t for t in texts if _size(t) < _size(text)]
            if not texts:
                break
            rights = run_batch(judge, self._subject.reference, contract, texts)
            runs = run_batch(judge, program, contract, texts)
            found = [
                (t, right.output)
                for t, right, run in zip(texts, rights, runs, strict=True)
                if right.verdict is Verdict.AC
                and self._differs(t, right.output, run)
                and not (clear and self._taste(t, right.output, run))
            ]
            if not found:
                break
            text, expected = min(found, key=lambda pair: _size(pair[0]))
        return text, expected

    def _proved(self, program: Solution, pair: tuple[str, str]) -> Telling | None:
        """Run both programs alone and again; return the difference if every run shows it."""
        text = pair[0]
        subject = self._subject
        matrix = ExecutionMatrix(subject.judge.fresh, self._contract, [subject.reference, program], [text])
        right, run = matrix.at(0, 0), matrix.at(1, 0)
        if Verdict.IE in (right.verdict, run.verdict):
            raise SandboxError(right.message or run.message)
        stable = right.verdict is Verdict.AC and not matrix.rerun(0) and not matrix.rerun(1)
        subject.judge.executions += matrix.executions
        if not stable or not self._differs(text, right.output, run):
            return None
        failed = None if run.verdict is Verdict.AC else run.verdict
        ambiguous = self._taste(text, right.output, run) or self.legal.doubt(text)
        return Telling(text, right.output, run.output, failed, ambiguous)


def _size(text: str) -> tuple[int, int, str]:
    """Return how complicated an input is: its length, then the sum of its digits."""
    return len(text), sum(int(c) for c in text if c in "0123456789"), text


def _first(texts: Iterable[str], count: int) -> Iterable[str]:
    for k, text in enumerate(texts):
        if k >= count:
            return
        yield text


def spread(texts: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """Return up to ``count`` texts, chosen at random and in their order."""
    if len(texts) <= count:
        return list(texts)
    return [texts[k] for k in sorted(rng.sample(range(len(texts)), count))]
