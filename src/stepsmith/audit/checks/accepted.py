"""Tests that accept a wrong program: mutants of the reference, wrong candidates of the source, and trivial answers.

A program counts as wrong only if it differs from the reference on a legal input, in every run; the shortest such input
that was found goes into the finding.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from stepsmith.audit.findings import AddTest, Finding, NotCheckedError
from stepsmith.audit.search.telling import Telling, TellingSearch
from stepsmith.audit.steps import Contains, Differs, Ends, Gives, Passes, ProgramReplay, ReplayStep
from stepsmith.audit.subject import ProblemSubject
from stepsmith.audit.words import short
from stepsmith.core.records import Solution, TestCase, Verdict
from stepsmith.judge.checkers import judges_texts
from stepsmith.verify.labels.structure import structure_key
from stepsmith.verify.suite.baselines import baselines
from stepsmith.verify.suite.mutants import mutate

_STRICTNESS = re.compile(r"comparison (?:< became <=|<= became <|> became >=|>= became >)")
_BEST = re.compile(
    r"\b(?:closest|nearest|longest|shortest|largest|smallest|maximum|minimum|highest|lowest|most|fewest|best)\b", re.I
)
_STATED_ERROR = re.compile(r"\berror\b[^.]{0,60}?(?:10\^?\s*\{?\s*[-−]\s*(\d+)|1e-(\d+)|0\.(0*)1\b)", re.IGNORECASE)
FAR = 10  # times the stated error, from which a checker accepts too much
AGAINST = 2  # programs of different structure that agree against the reference, from which it is in doubt
SHOWN = 3  # findings of one kind for one problem: each adds a test, and the first are the shortest
# Share of such findings that hold, by what says that the input is legal. That of known inputs is measured
# (benchmarks/results/audit.md): lower where nobody but the reference says what is right, neither a worked example nor
# another program; the others are assumed.
CONFIDENCE = {"validator": 0.99, "contract": 0.97, "known inputs": 0.92, "known inputs, the reference alone": 0.83}


class _Suspect(NamedTuple):
    """A program that may be wrong: what it is in words, and the program as it is run."""

    name: str
    origin: str  # "mutant", "candidate", "trivial"
    program: Solution


def check_accepted(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield findings on mutants and candidates that pass the suite and are wrong."""
    search = _ready(subject)
    mutants = _mutants(subject)
    candidates = [
        _Suspect(f"candidate {c.name or k}", "candidate", program)
        for k, (c, program) in enumerate(subject.candidates)
        if c.verdict is not Verdict.AC and program != subject.reference
    ]
    passing = [suspect for suspect in candidates if subject.passes_sound(suspect.program)]
    begun = subject.judge.cpu_s
    tried = 0
    for suspect in mutants:
        if subject.judge.cpu_s - begun > subject.options.seconds:
            break
        tried += 1
        if subject.passes_soon(suspect.program):
            passing.append(suspect)
    subject.facts["mutants"] = tried
    subject.facts["mutants_left_out"] = len(mutants) - tried
    subject.facts["mutants_passing"] = sum(s.origin == "mutant" for s in passing)
    subject.facts["candidates"] = len(candidates)
    subject.facts["candidates_passing"] = sum(s.origin == "candidate" for s in passing)
    told = []
    begun = subject.judge.cpu_s
    for suspect in passing:
        if suspect.origin == "mutant" and subject.judge.cpu_s - begun > subject.options.seconds:
            subject.facts["mutants_left_out"] += 1
            continue
        telling = search.telling(suspect.program)
        if telling:
            told.append((suspect, _tied(subject, suspect, _contested(subject, telling, passing))))
    clear = [(s, t) for s, t in told if not t.ambiguous]
    subject.facts["mutants_wrong"] = sum(s.origin == "mutant" for s, _ in clear)
    subject.facts["candidates_wrong"] = sum(s.origin == "candidate" for s, _ in clear)
    yield from _findings(subject, search, "wrong-program-accepted", told)
    yield from _too_tolerant(subject)


def _too_tolerant(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield a finding where the checker accepts errors far beyond the one that the statement allows."""
    problem = subject.problem
    name = problem.contract.checker.name
    stated = _STATED_ERROR.search(problem.statement)
    if not name.startswith("float:") or not stated or problem.interface != "stdio" or not subject.reference_code:
        return
    allowed = 10.0 ** -int(stated[1] or stated[2] or len(stated[3]) + 1)
    taken = float(name.partition(":")[2])
    if taken < FAR * allowed:
        return
    code = (
        "import contextlib, io, re, sys\n_out = io.StringIO()\nwith contextlib.redirect_stdout(_out):\n"
        f"    exec({subject.reference_code!r}, {{'__name__': '__main__'}})\n"
        f"print(re.sub(r'-?\\d+\\.\\d+', lambda x: repr(float(x[0]) * (1 + {taken / 2!r})), _out.getvalue()), end='')\n"
    )
    program = problem.runnable(Solution(language="python", code=code))
    if not subject.passes_sound(program):
        return
    yield Finding.of(
        "wrong-program-accepted",
        subject.id,
        subject.place("checker"),
        f'the statement says "{short(stated[0], 80)}"; the checker accepts floats that are {taken / 2:g} too large',
        confidence=CONFIDENCE["contract"],
        replay=ProgramReplay(
            steps=(
                Contains(says="the statement names the error", text=problem.statement, passage=stated[0]),
                Passes(says="answers with a greater one pass", program=program, suite=subject.sound_suite),
            )
        ),
    )


def _tied(subject: ProblemSubject, suspect: _Suspect, telling: Telling) -> Telling:
    """Return the difference as ambiguous where the program may only have chosen another one of several best answers."""
    phrase = _BEST.search(subject.problem.statement)
    if telling.ambiguous or telling.failed or not phrase or not _STRICTNESS.search(suspect.name):
        return telling
    if all(text[:1] in "([{'\"" for text in (telling.expected, telling.got)):
        return telling._replace(ambiguous=f'it may choose otherwise among equals: the statement says "{phrase[0]}"')
    return telling


def _contested(subject: ProblemSubject, telling: Telling, passing: list[_Suspect]) -> Telling:
    """Return the difference as ambiguous where most of the source's programs that pass agree against the reference."""
    programs = {structure_key(s.program): s.program for s in passing if s.origin == "candidate"}
    if telling.ambiguous or not programs:
        return telling
    votes: Counter[str] = Counter()
    for program in programs.values():
        (run,) = subject.judge.execute(program, subject.problem.contract, [telling.input])
        if run.verdict is Verdict.AC:
            same = subject.judge.agree(subject.problem.contract, telling.input, telling.expected, run.output)
            votes[telling.expected if same else run.output] += 1
    for_it = votes.pop(telling.expected, 0) + 1  # the reference itself
    output, against = max(votes.items(), key=lambda vote: vote[1], default=("", 0))
    if against < max(AGAINST, for_it):
        return telling._replace(backers=for_it - 1)
    return telling._replace(
        ambiguous=f"{against} programs that pass the tests agree on {short(output, 60)}, so the reference may be wrong"
    )


def check_trivial(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield findings on trivial answers that pass the suite: constants, nothing, the input, the samples."""
    suite = subject.suite
    tests = [TestCase(input=test.input, output=test.output) for _, test in subject.tests()]
    if not judges_texts(subject.problem.contract.checker):
        raise NotCheckedError("the checker judges runs, not answers")
    _ = subject.reference
    contract = suite.contract if not suite.code else subject.problem.contract
    suspects = [_Suspect(f'the trivial program "{b.label}"', "trivial", b.solution) for b in baselines(contract, tests)]
    samples = _samples(subject)
    if samples is not None:
        suspects.append(_Suspect("a program that knows the statement's samples alone", "trivial", samples))
    passing = [suspect for suspect in suspects if subject.passes_soon(suspect.program)]
    if not passing:
        return
    search = _ready(subject)  # without a reference nobody knows that a trivial answer is wrong
    told = [(s, t) for s in passing if (t := search.telling(s.program))]
    yield from _findings(subject, search, "trivial-answer-accepted", told)


def _ready(subject: ProblemSubject) -> TellingSearch:
    """Return the search. Raises ``NotCheckedError`` where something that it needs is missing."""
    if not judges_texts(subject.problem.contract.checker):
        raise NotCheckedError("the checker judges runs, so two answers cannot be compared")
    _ = subject.sound_suite
    search = subject.search
    search.legal.usable()
    return search


def _mutants(subject: ProblemSubject) -> list[_Suspect]:
    """Return mutants of the reference as they are run."""
    made = mutate(
        Solution(language="python", code=subject.reference_code),
        limit=subject.options.mutants,
        seed=subject.options.seed,
    )
    if not subject.reference_code:
        return []
    return [_Suspect(f"a mutant ({m.label})", "mutant", subject.problem.runnable(m.solution)) for m in made]


def _samples(subject: ProblemSubject) -> Solution | None:
    """Return a program that knows the answers of the statement's examples and nothing else."""
    examples = subject.search.legal.examples
    if not examples:
        return None
    problem = subject.problem
    if problem.interface == "stdio":
        table = {example.input.split().__repr__(): example.output for example in examples}
        code = f"import sys\nprint({table!r}.get(repr(sys.stdin.read().split()), ''), end='')\n"
        return Solution(language="python", code=code)
    owner, _, name = (problem.entry_point or "solve").rpartition(".")
    rows = ", ".join(f"(repr({_tuple(e.input)}), {e.output})" for e in examples)
    code = f"def {name}({'self, ' if owner else ''}*args):\n    return dict([{rows}]).get(repr(args))\n"
    if owner:
        code = f"class {owner}:\n" + "".join(f"    {line}\n" for line in code.splitlines())
    return Solution(language="python", code=code)


def _tuple(text: str) -> str:
    return text if text.startswith("(") else f"({text},)"


def _findings(
    subject: ProblemSubject, search: TellingSearch, kind: str, told: list[tuple[_Suspect, Telling]]
) -> Iterator[Finding]:
    """Yield up to ``SHOWN`` findings that together tell as many wrong programs from the reference as possible.

    Ambiguous ones are told of only where there is no clear one.
    """
    clear = [pair for pair in told if not pair[1].ambiguous]
    left = sorted(clear or told, key=lambda pair: (pair[0].origin != "candidate", len(pair[1].input), pair[1].input))
    for number in range(SHOWN if clear else 1):
        if not left:
            return
        suspect, telling = left[0]
        others = [s for s, t in left[1:] if t.input == telling.input or _told_by(subject, telling, s.program)]
        left = [(s, t) for s, t in left[1:] if s not in others]
        yield _finding(subject, search, kind, suspect, telling, others, number)


def _told_by(subject: ProblemSubject, telling: Telling, program: Solution) -> bool:
    """Return whether the input tells another program from the reference, too."""
    (run,) = subject.judge.execute(program, subject.problem.contract, [telling.input])
    return run.verdict is Verdict.AC and not subject.judge.agree(
        subject.problem.contract, telling.input, telling.expected, run.output
    )


def _finding(
    subject: ProblemSubject,
    search: TellingSearch,
    kind: str,
    suspect: _Suspect,
    telling: Telling,
    others: list[_Suspect],
    number: int,
) -> Finding:
    """Return the finding on one wrong program, with its replay."""
    contract = subject.problem.contract
    got = f"ends in {telling.failed}" if telling.failed else f"gives {short(telling.got, 80)}"
    steps: list[ReplayStep] = [
        Passes(says=f"{suspect.name} passes the tests", program=suspect.program, suite=subject.sound_suite),
        Gives(
            says=f"the reference gives {short(telling.expected, 80)} for {short(telling.input, 80)}",
            program=subject.reference,
            contract=contract,
            input=telling.input,
            output=telling.expected,
        ),
    ]
    says, program, text = f"{suspect.name} {got}", suspect.program, telling.input
    if telling.failed:
        steps.append(Ends(says=says, program=program, contract=contract, input=text, verdict=telling.failed))
    else:
        steps.append(Differs(says=says, program=program, contract=contract, input=text, output=telling.expected))
    also = f"; {len(others)} more such programs differ there, too" if others else ""
    alone = not telling.backers and not search.legal.examples and search.legal.authority == "known inputs"
    confidence = CONFIDENCE[search.legal.authority + (", the reference alone" if alone else "")]
    return Finding.of(
        kind,
        subject.id,
        subject.place(f"tests+{number}"),
        f"the tests accept {suspect.name}, which for {short(telling.input, 80)} {got} "
        f"where the reference gives {short(telling.expected, 80)}{also}",
        confidence=confidence / 2 if telling.ambiguous else confidence,
        ambiguous=telling.ambiguous,
        evidence={
            "input": short(telling.input),
            "reference": short(telling.expected),
            "program": got,
            "legal by": search.legal.authority,
            "who says what is right": "the reference alone" if alone else "the reference, and more than it",
            "code": suspect.program.code,
        },
        replay=ProgramReplay(steps=tuple(steps)),
        fixes=() if telling.ambiguous else (AddTest(input=telling.input, output=telling.expected),),
    )
