"""Choose tests for diversity: few inputs that reach branches, mutants and sorts of values that the tests do not.

Inputs are made by type-aware mutation of the known ones and at the edges of their types. Each is worth what it reaches
for the first time (a mutant also for the second time); the best is taken until nothing is left or ``options.tests``
are chosen. Expected outputs are the reference's, equal in two runs of their own.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from stepsmith.audit.findings import AddTest, Finding, NotCheckedError
from stepsmith.audit.growth.allowed import PermittedInputs
from stepsmith.audit.growth.edges import edges
from stepsmith.audit.growth.features import features_of_call
from stepsmith.audit.search.batches import run_batch
from stepsmith.audit.search.differences import speaks_of_order
from stepsmith.audit.search.legal import LegalInputs
from stepsmith.audit.subject import ProblemSubject
from stepsmith.core.ids import derive_rng
from stepsmith.core.integers import literal_text, read_literal
from stepsmith.core.records import Execution, Solution, Verdict
from stepsmith.core.several_answers import hints_at_several_answers
from stepsmith.judge.checkers import is_custom, judges_texts
from stepsmith.verify.suite.baselines import arguments
from stepsmith.verify.suite.coverage import ENTRY, branches_of, probe
from stepsmith.verify.suite.input_edits import neighbour
from stepsmith.verify.suite.mutants import mutate

MADE, STDIO_MADE = 400, 40  # inputs that are made
LOOKED_AT, STDIO_LOOKED_AT = 80, 12  # of these, run by mutants
STDIO_MUTANTS = 8  # that choose tests where every run needs a process
SEEDS = 8  # known inputs whose edges are tried
LONGEST = 2000  # characters of an input or output
TIMES = 2  # how often a mutant is to be rejected
WORTH = {"mutant": 4.0, "branch": 4.0, "result": 2.0, "argument": 1.0}
LEAST = 1.0  # worth from which a test is added


class _Proposal(NamedTuple):
    """An input with the reference's output, and what it reaches: "branch 3", "argument 1 empty", "mutant 2"."""

    input: str
    output: str
    reached: frozenset[str]


def grown_tests(subject: ProblemSubject, findings: Iterable[Finding]) -> tuple[AddTest, ...]:
    """Return the tests for diversity that a problem's tests and those of its findings leave to add.

    Raises ``NotCheckedError`` where no test can be made: without reference or known inputs, with a checker of runs,
    where the statement allows several answers and the checker does not.
    """
    problem, contract = subject.problem, subject.problem.contract
    if not judges_texts(contract.checker):
        raise NotCheckedError("the checker judges runs, not answers")
    if (phrase := hints_at_several_answers(problem.statement)) and not is_custom(contract.checker):
        raise NotCheckedError(f'the statement says "{phrase}"')
    if subject.failing:
        raise NotCheckedError("the reference fails the tests")
    legal = subject.search.legal
    legal.usable()
    return _Growth(subject, legal).chosen([fix for f in findings for fix in f.fixes if isinstance(fix, AddTest)])


class _Growth:
    """The growth of one problem's tests."""

    def __init__(self, subject: ProblemSubject, legal: LegalInputs) -> None:
        self._subject, self._legal, self._judge = subject, legal, subject.judge
        self._contract = subject.soon
        self._rng = derive_rng(subject.options.seed, "growth", subject.id)
        self._function = legal.function
        self._begun = self._judge.cpu_s
        made = mutate(
            Solution(language="python", code=subject.reference_code),
            limit=subject.options.mutants if legal.function else min(STDIO_MUTANTS, subject.options.mutants),
            seed=subject.options.seed,
        )
        self._mutants = [subject.problem.runnable(m.solution) for m in made] if subject.reference_code else []

    def chosen(self, added: Sequence[AddTest]) -> tuple[AddTest, ...]:
        """Return the tests that are worth adding to the given ones and ``added``."""
        legal, subject = self._legal, self._subject
        given = self._with_mutants(self._described([*subject.problem.inputs, *(test.input for test in added)]))
        done: Counter[str] = Counter(reached for proposal in given for reached in proposal.reached)
        known = {proposal.input for proposal in given} | set(subject.problem.inputs)
        texts = [t for t in self._made() if t not in known and len(t) <= LONGEST]
        problem = subject.problem
        texts = PermittedInputs(legal, problem.statement, subject.reference_code, problem.entry_point).of(texts)
        pool = [p for p in self._described(texts) if len(p.output) <= LONGEST and self._settled(p.output)]
        width = LOOKED_AT if self._function else STDIO_LOOKED_AT
        near = _greedy(pool, Counter(done), width)
        near += [p for p in self._rng.sample(pool, min(width, len(pool))) if p not in near][: width - len(near)]
        near = self._undisputed(self._with_mutants(near))
        tests: list[AddTest] = []
        for proposal in _greedy(near, done, 2 * subject.options.tests):
            if len(tests) >= subject.options.tests:
                break
            if self._proved(proposal):
                new = sorted(proposal.reached - {r for p in given for r in p.reached}, key=_order)
                given.append(proposal)
                why = ", ".join(new[:4]) or "mutants for the second time"
                tests.append(AddTest(input=proposal.input, output=proposal.output, why=why))
        return tuple(tests)

    def _made(self) -> list[str]:
        """Return inputs at the edges of known ones, and neighbours."""
        legal, rng = self._legal, self._rng
        wanted = MADE if self._function else STDIO_MADE
        found: dict[str, None] = {}
        if self._function:
            for known in rng.sample(legal.parsed, min(SEEDS, len(legal.parsed))):
                for k, value in enumerate(known):
                    for edge in edges(value, rng):
                        found.setdefault(literal_text((*known[:k], edge, *known[k + 1 :])))
            texts = list(found)
            rng.shuffle(texts)
            found = dict.fromkeys(texts[: 2 * wanted // 3])
            for _ in range(wanted // 6):
                found.setdefault(literal_text(tuple(shape.sample(rng) for shape in legal.shapes)))
        for _ in range(3 * wanted):
            if len(found) >= wanted:
                break
            found.setdefault(neighbour(rng.choice(legal.known), self._contract.interface, rng))
        return list(found)

    def _described(self, texts: Sequence[str]) -> list[_Proposal]:
        """Return the inputs on which the reference ends well, with their features and the branches that it takes."""
        runs = run_batch(self._judge, self._subject.reference, self._contract, texts)
        fine = [(text, run) for text, run in zip(texts, runs, strict=True) if run.verdict is Verdict.AC]
        taken = self._branches([text for text, _ in fine])
        return [
            _Proposal(text, run.output, self._features(text, run.output) | branches)
            for (text, run), branches in zip(fine, taken, strict=True)
        ]

    def _settled(self, output: str) -> bool:
        """Return whether an output is what every right program gives, as far as one can tell.

        None is not where the statement does not name it; a float is not where the tests compare with a tolerance of
        their own; nor is a sequence that a reference makes of a set, where the statement does not speak of its order.
        """
        problem, code = self._subject.problem, self._subject.reference_code
        if not self._function:
            return True
        if output == "None":
            return bool(re.search(r"\bnone\b", problem.statement, re.IGNORECASE))
        if "isclose" in self._subject.item.suite_code and re.search(r"\d\.\d|\de-", output):
            return False
        unordered = re.search(r"\bset\b|\bCounter\(", code) and not re.search(r"\bsorted\(|\.sort\(", code)
        return not (unordered and output[:1] in "[(" and "," in output) or speaks_of_order(problem.statement)

    def _features(self, text: str, output: str) -> frozenset[str]:
        if not self._function:
            tokens: tuple[object, ...] = tuple(tuple(map(_number, line.split())) for line in text.splitlines()[:4])
            return frozenset(features_of_call(tokens, tuple(map(_number, output.split()))))
        try:
            return frozenset(features_of_call(arguments(text), read_literal(output)))
        except (ValueError, SyntaxError, TypeError, ArithmeticError, MemoryError, RecursionError):
            return frozenset()

    def _branches(self, texts: Sequence[str]) -> list[frozenset[str]]:
        """Return the branches of the reference that each input takes; none where the reference cannot be probed."""
        reference, contract = self._subject.reference, self._contract
        nothing: list[frozenset[str]] = [frozenset() for _ in texts]
        if reference.language != "python" or not texts:
            return nothing
        try:
            code, lines = probe(reference.code, contract)
        except (SyntaxError, ValueError, RecursionError):
            return nothing
        probed = msgspec.structs.replace(contract, entry_point=ENTRY if self._function else None)
        runs = run_batch(self._judge, Solution(language="python", code=code), probed, texts)
        taken = [branches_of(run.output, 2 * len(lines)) if run.verdict is Verdict.AC else [] for run in runs]
        return [
            frozenset([*(f"branch {b}" for b in row), f"path {'-'.join(map(str, row))}"] if row else [])
            for row in taken
        ]

    def _with_mutants(self, proposals: list[_Proposal]) -> list[_Proposal]:
        """Return the proposals with the mutants that they tell from the reference.

        Mutants that are left when half of ``options.seconds`` are spent on the growth are left out.
        """
        told: list[set[str]] = [set() for _ in proposals]
        for number, mutant in enumerate(self._mutants):
            if self._judge.cpu_s - self._begun > self._subject.options.seconds / 2:
                self._judge.timed += len(proposals)
                continue
            runs = run_batch(self._judge, mutant, self._contract, [p.input for p in proposals])
            for p, run, names in zip(proposals, runs, told, strict=True):
                if self._other(p, run):
                    names.add(f"mutant {number}")
        return [p._replace(reached=p.reached | names) for p, names in zip(proposals, told, strict=True)]

    def _undisputed(self, proposals: list[_Proposal]) -> list[_Proposal]:
        """Return those on which no two of the source's programs that pass the tests agree against the reference."""
        outputs: list[Counter[str]] = [Counter() for _ in proposals]
        for _, program in self._subject.candidates:
            if not self._subject.passes_soon(program):
                continue
            runs = run_batch(self._judge, program, self._contract, [p.input for p in proposals])
            for p, run, seen in zip(proposals, runs, outputs, strict=True):
                if run.verdict is Verdict.AC and self._other(p, run):
                    seen[run.output] += 1
        return [p for p, seen in zip(proposals, outputs, strict=True) if max(seen.values(), default=0) < 2]

    def _other(self, proposal: _Proposal, run: Execution) -> bool:
        """Return whether a run differs from the reference's."""
        if run.verdict is not Verdict.AC:
            return run.verdict is Verdict.RTE
        return run.output != proposal.output and not self._judge.agree(
            self._contract, proposal.input, proposal.output, run.output
        )

    def _proved(self, proposal: _Proposal) -> bool:
        """Return whether the reference gives the same in two runs of its own, and soon."""
        for _ in range(2):
            (run,) = self._judge.fresh.execute(self._subject.reference, self._contract, [proposal.input])
            self._judge.executions += 1
            if run.verdict is not Verdict.AC or run.output != proposal.output:
                return False
        return True


def _greedy(pool: Sequence[_Proposal], done: Counter[str], count: int) -> list[_Proposal]:
    """Return up to ``count`` proposals, each the one that is worth most after those before; shorter ones first."""
    left = sorted(pool, key=lambda p: (len(p.input), p.input))
    found: list[_Proposal] = []
    while left and len(found) < count:
        best = max(left, key=lambda p: _worth(p, done))
        if _worth(best, done) < LEAST:
            break
        found.append(best)
        left.remove(best)
        done.update(best.reached)
    return found


def _worth(proposal: _Proposal, done: Counter[str]) -> float:
    total = 0.0
    for name in proposal.reached:
        kind = name.partition(" ")[0].rstrip("s")
        if done[name] < (TIMES if kind == "mutant" else 1):
            total += WORTH.get(kind, 1.0) / (1 + done[name])
    return total


def _order(name: str) -> tuple[float, str]:
    return -WORTH.get(name.partition(" ")[0].rstrip("s"), 1.0), name


def _number(token: str) -> object:
    try:
        return int(token)
    except ValueError:
        return token
