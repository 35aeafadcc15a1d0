"""Problems with known truth and many candidates of known quality, executed once and then drawn from cheaply."""

import json
import pickle
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stepsmith.core.ids import content_id
from stepsmith.core.records import (
    Checker,
    Contract,
    Example,
    Execution,
    Judgement,
    Limits,
    Lineage,
    Seed,
    Solution,
    TestCase,
    Verdict,
)
from stepsmith.judge.checkers import UnreadableError, compare
from stepsmith.judge.local import LocalJudge
from stepsmith.synth.offline import OfflineDraft, OfflineTeacher
from stepsmith.synth.skill import SkillModel
from stepsmith.verify.formats.examples import find_examples
from stepsmith.verify.matrix import ExecutionMatrix

# These carry the samples of another problem whose function has the same name.
MIXED_UP = frozenset({"HumanEval/45", "HumanEval/53", "HumanEval/56"})
DEV = Path(__file__).parents[2] / "shared" / "data" / "dual_verify.dev.jsonl"


class RecordedJudge:
    """A judge that answers from a recording and asks the real one for what is new; counts runs like any judge."""

    isolation = "recorded"

    def __init__(self, path: Path, make: Callable[[], LocalJudge] = LocalJudge) -> None:
        self.path = path
        self.make = make
        self.real: LocalJudge | None = None
        self.runs: dict[tuple[str, str], Execution] = pickle.loads(path.read_bytes()) if path.exists() else {}
        self.agreements: dict[tuple[str, str, str, str], bool] = {}
        self.new = 0

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        key = content_id("run", solution, contract.interface, contract.entry_point, contract.limits)
        missing = [text for text in inputs if (key, text) not in self.runs]
        for start in range(0, len(missing), 4):
            part = missing[start : start + 4]
            self.real = self.real or self.make()
            self.new += len(part)
            found = self.real.execute(solution, contract, part)
            self.runs.update(((key, text), run) for text, run in zip(part, found, strict=True))
            if all(run.verdict is Verdict.TLE for run in found):  # the inputs that follow would take seconds, too
                self.runs.update(((key, text), found[0]) for text in missing[start + 4 :])
                break
        return [self.runs[key, text] for text in inputs]

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        checker = contract.checker
        key = (checker.name, contract.interface, input_text if checker.files else "", expected, actual)
        if key not in self.agreements:
            try:
                self.agreements[key] = compare(checker, contract.interface, input_text, expected, actual).ok
            except UnreadableError:  # a candidate returned what is no literal, and stands for the expected output
                self.agreements[key] = expected == actual
        return self.agreements[key]

    def judge(self, *_: object, **__: object) -> Judgement:
        raise AssertionError("verification runs programs through execute")

    def save(self) -> None:
        if self.new:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(pickle.dumps(self.runs))

    def close(self) -> None:
        self.save()
        if self.real:
            self.real.close()


@dataclass(frozen=True)
class Subject:
    """A problem, its candidates, and the truth about both."""

    name: str
    contract: Contract
    statement: str
    inputs: tuple[str, ...]
    truth: tuple[str, ...]
    candidates: tuple[Solution, ...]
    right: tuple[bool, ...]  # agrees with the truth on every input
    official: tuple[bool, ...]  # what the source says of it

    by_brute_force: bool = False  # a brute force stands by: some draws see what it says on the shortest inputs

    def draw(self, judge: RecordedJudge, n: int, seed: int, *, statement: bool = True) -> "Draw":
        """``n`` candidates drawn without replacement, in random order; everything else stays."""
        rng = random.Random(f"{self.name}/{n}/{seed}")
        rows = rng.sample(range(len(self.candidates)), min(n, len(self.candidates)))
        solutions = [self.candidates[i] for i in rows]
        examples: tuple[Example, ...] = ()
        if statement and self.by_brute_force and seed % 2:
            shortest = sorted(range(len(self.inputs)), key=lambda j: len(self.inputs[j]))[: rng.choice((3, 9))]
            examples = tuple(Example(input=self.inputs[j], output=self.truth[j]) for j in shortest)
        elif statement:
            examples = find_examples(self.statement, self.contract, solutions)
        matrix = ExecutionMatrix(judge, self.contract, solutions, self.inputs)
        return Draw(self, matrix, examples, tuple(self.right[i] for i in rows), tuple(self.official[i] for i in rows))


@dataclass(frozen=True)
class Draw:
    """What a verification method sees, and what it is judged by."""

    subject: Subject
    matrix: ExecutionMatrix
    examples: tuple[Example, ...]
    right: tuple[bool, ...]
    official: tuple[bool, ...]

    def label_right(self, input_index: int, output: str | None) -> bool:
        """Whether a label is the true output."""
        return output is not None and self.matrix.agree(input_index, self.subject.truth[input_index], output)


def dev_subjects(judge: RecordedJudge, path: Path = DEV) -> list[Subject]:
    """The real population: HumanEval problems with samples of a 16B model (see the data's own README).

    Those of ``MIXED_UP`` are left out.
    """
    subjects = []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        if row["problem_id"] in MIXED_UP:
            continue
        contract = Contract(
            interface="function",
            entry_point=row["entry_point"],
            limits=Limits(time_s=1.0),
            checker=Checker(name=row["checker"]),
        )
        candidates = tuple(Solution(language="python", code=c["code"]) for c in row["candidates"])
        matrix = ExecutionMatrix(judge, contract, candidates, row["inputs"])
        right = tuple(
            all(
                run.verdict is Verdict.AC and matrix.agree(j, row["true_outputs"][j], run.output)
                for j, run in enumerate(matrix.row(i))
            )
            for i in range(len(candidates))
        )
        subjects.append(
            Subject(
                name=row["problem_id"],
                contract=contract,
                statement=row["statement"],
                inputs=tuple(row["inputs"]),
                truth=tuple(row["true_outputs"]),
                candidates=candidates,
                right=right,
                official=tuple(c["is_correct"] for c in row["candidates"]),
            )
        )
    return subjects


def draws(
    subjects: Sequence[Subject], judge: RecordedJudge, sizes: Sequence[int], seeds: int, *, statement: bool = True
) -> Iterator[tuple[int, int, Draw]]:
    """(n, seed, draw) for every subject."""
    for n in sizes:
        for seed in range(seeds):
            for subject in subjects:
                yield n, seed, subject.draw(judge, n, seed, statement=statement)


def teacher_subjects(judge: RecordedJudge, count: int, seed: int = 0) -> list[Subject]:
    """The synthetic population: problems of the offline teacher, candidates drawn from its skill model.

    Candidates are the reference or a mixture of the features' stated mistakes, so that wrong ones share theirs; a third
    of the problems each have weak, middling and strong solvers. Truth is the reference, an independent brute force
    agreeing where there is one is part of the grammar's own tests.
    """
    subjects = []
    for k in range(count):
        rng = random.Random(f"teacher/{seed}/{k}")
        skill = SkillModel(skill=(0.5, 2.2, 4.2)[k % 3])
        teacher = OfflineTeacher("contest", {"codeforces": 0.5, "atcoder": 0.2, "leetcode": 0.3}, 24, skill)
        draft = teacher.propose(Seed(source="benchmark", first_line=1, code=""), "induction", rng)
        assert isinstance(draft, OfflineDraft)
        reference = Solution(language="python", code=draft.program(["code"] * len(draft.composition.steps)))
        inputs = tuple(item.text for item in draft.inputs)
        matrix = ExecutionMatrix(judge, draft.contract, (reference, *draft.candidates), inputs)
        if any(run.verdict is not Verdict.AC for run in matrix.row(0)):
            continue
        truth = tuple(run.output for run in matrix.row(0))
        tests = [
            TestCase(input=text, output=output, kind=item.kind)
            for text, output, item in zip(inputs, truth, draft.inputs, strict=True)
        ]
        lineage = Lineage(chain_id="", turn=1, parent_id=None, change="", direction="new", seed_ref="")
        right = tuple(matrix.first_difference(0, i) is None for i in range(1, len(matrix.solutions)))
        subjects.append(
            Subject(
                name=f"teacher/{seed}/{k}",
                contract=draft.contract,
                statement=draft.write(tests, reference, lineage).statement,
                inputs=inputs,
                truth=truth,
                candidates=draft.candidates,
                right=right,
                official=right,
                by_brute_force=draft.brute_force is not None,
            )
        )
    return subjects
