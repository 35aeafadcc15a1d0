"""The execution matrix: candidates × inputs → executions, run once, kept, and clustered by what the checker accepts."""

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from stepsmith.core.records import Contract, Execution, Solution, Verdict
from stepsmith.judge.checkers import is_custom
from stepsmith.judge.protocol import Judge
from stepsmith.verify.verdicts import Verdicts

# Whether an output is right where another one is expected: (matrix, input index, expected, output).
Accepts = Callable[["ExecutionMatrix", int, str, str], bool]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Candidates whose outputs on one input the checker takes for the same answer."""

    output: str  # of the first member; the checker accepts the others for it
    members: tuple[int, ...]  # candidate indices, ascending

    @property
    def size(self) -> int:
        """Number of votes."""
        return len(self.members)


class ExecutionMatrix:
    """Runs candidates on inputs through a judge, each distinct program at most once on each distinct input.

    Nothing runs at construction. ``fill`` runs those of the wanted cells that have not been run, so a caller who stops
    early pays only for what it looked at; ``executions`` counts the runs. Programs are the same if their text is the
    same or, for Python, if they parse to the same tree (layout and comments do not count).
    """

    def __init__(self, judge: Judge, contract: Contract, solutions: Sequence[Solution], inputs: Sequence[str]) -> None:
        self.judge = judge
        self.contract = contract
        self.solutions = tuple(solutions)
        self.inputs = tuple(inputs)
        self._keys = tuple(_program_key(s) for s in self.solutions)
        self._program = _first_equal(self._keys)
        self._cells: dict[tuple[tuple[str, str], str], Execution] = {}  # (program, input) -> run
        self._known: Counter[str] = Counter()  # input -> cells that have been run
        self._runs: Counter[str] = Counter()
        self._clusters: dict[int, tuple[int, tuple[Cluster, ...]]] = {}  # input index -> (cells then known, clusters)

    def extended(self, inputs: Sequence[str], solutions: Sequence[Solution] | None = None) -> "ExecutionMatrix":
        """Return a matrix over other inputs, and other solutions if given, that shares the runs and their count.

        Sharing goes both ways: what either of them runs, neither runs again.
        """
        other = ExecutionMatrix(self.judge, self.contract, () if solutions is None else solutions, inputs)
        if solutions is None:
            other.solutions, other._keys, other._program = self.solutions, self._keys, self._program
        other._cells, other._known, other._runs = self._cells, self._known, self._runs
        return other

    @property
    def executions(self) -> int:
        """Number of runs so far; a program that does not compile makes none."""
        return self._runs.total()

    @property
    def distinct(self) -> int:
        """Number of distinct programs."""
        return len(set(self._program))

    def program_of(self, candidate: int) -> int:
        """Index of the first candidate that is the same program."""
        return self._program[candidate]

    def fill(self, inputs: Iterable[int] | None = None, candidates: Iterable[int] | None = None) -> None:
        """Run the missing cells of ``candidates`` × ``inputs`` (None: all), one judge call for each program."""
        columns = range(len(self.inputs)) if inputs is None else inputs
        texts = list(dict.fromkeys(self.inputs[j] for j in columns))
        rows = range(len(self.solutions)) if candidates is None else candidates
        for program in dict.fromkeys(self._program[i] for i in rows):
            key = self._keys[program]
            missing = [text for text in texts if (key, text) not in self._cells]
            if missing:
                for text, run in zip(missing, self._count(self.solutions[program], missing), strict=True):
                    self._cells[key, text] = run
                self._known.update(missing)

    def at(self, candidate: int, input_index: int) -> Execution:
        """Return the execution of a candidate on an input; run it now if it has not been run."""
        self.fill((input_index,), (candidate,))
        return self._cells[self._keys[candidate], self.inputs[input_index]]

    def has(self, candidate: int, input_index: int) -> bool:
        """Return whether a candidate has been run on an input."""
        return (self._keys[candidate], self.inputs[input_index]) in self._cells

    def row(self, candidate: int) -> tuple[Execution, ...]:
        """Return all executions of a candidate, in the order of the inputs; run those that are missing."""
        self.fill(candidates=(candidate,))
        return tuple(self.at(candidate, j) for j in range(len(self.inputs)))

    def rerun(self, candidate: int, inputs: Iterable[int] | None = None) -> tuple[int, ...]:
        """Run a candidate once more and return the inputs on which its result differs from the one in the matrix.

        All runs of a judge may start from the same random state, so a Python program that mentions ``random`` is
        reseeded. A run that hit a limit (TLE, MLE) or failed by our fault (IE), before or now, proves nothing.
        """
        columns = list(range(len(self.inputs)) if inputs is None else inputs)
        again = self._count(_reseeded(self.solutions[candidate]), [self.inputs[j] for j in columns])
        unsure = {Verdict.TLE, Verdict.MLE, Verdict.IE}
        changed = []
        for j, new in zip(columns, again, strict=True):
            old = self.at(candidate, j)
            if old.verdict in unsure or new.verdict in unsure:
                continue
            if old.verdict != new.verdict or (new.verdict is Verdict.AC and not self.agree(j, old.output, new.output)):
                changed.append(j)
        return tuple(changed)

    def first_difference(self, expected: int, actual: int, inputs: Iterable[int] | None = None) -> int | None:
        """Return the first of ``inputs`` (None: all) on which ``actual`` fails or differs from ``expected``, or None.

        Both are candidates. More and more inputs are run at a time, so that a difference is found cheaply. A run that
        failed by our fault (IE) is no difference; inputs on which ``expected`` has no output are passed over.
        """
        order = list(range(len(self.inputs)) if inputs is None else inputs)
        done, step = 0, 1
        while done < len(order):
            chunk = order[done : done + step]
            self.fill(chunk, (expected, actual))
            for j in chunk:
                right, run = self.at(expected, j), self.at(actual, j)
                if right.verdict is not Verdict.AC or run.verdict is Verdict.IE:
                    continue
                if run.verdict is not Verdict.AC or not self.agree(j, right.output, run.output):
                    return j
            done, step = done + len(chunk), 2 * step
        return None

    def verdicts(self, expected: Sequence[str | None], accepts: Accepts | None = None) -> Verdicts:
        """Return the verdicts of candidates where ``expected`` are the right outputs; inputs without one are passed.

        ``accepts`` stands in for ``agree``.
        """
        same = accepts or ExecutionMatrix.agree

        def verdicts(candidate: int, inputs: Sequence[int]) -> list[Verdict]:
            self.fill(inputs, (candidate,))
            found = []
            for j in inputs:
                run, output = self.at(candidate, j), expected[j]
                wrong = run.verdict is Verdict.AC and output is not None and not same(self, j, output, run.output)
                found.append(Verdict.WA if wrong else run.verdict)
            return found

        return verdicts

    def slowest(self, candidate: int) -> float:
        """Return the most CPU seconds of a candidate's runs on the inputs; runs the missing ones."""
        return max((run.cpu_s for run in self.row(candidate)), default=0.0)

    def too_slow(self) -> list[float]:
        """Return the CPU seconds of the runs so far that exceeded the time limit."""
        return [run.cpu_s for run in self._cells.values() if run.verdict is Verdict.TLE]

    def agree(self, input_index: int, expected: str, actual: str) -> bool:
        """Return whether the problem's checker accepts ``actual`` for ``expected``; equal text is always accepted.

        ``expected`` may be a candidate's output; where the checker cannot read it, only the same text agrees with it.
        """
        if expected == actual:
            return True
        return self.judge.agree(self.contract, self.inputs[input_index], expected, actual)

    def clusters(self, input_index: int) -> tuple[Cluster, ...]:
        """Return the votes on one input, the largest cluster first, then by first member; run what is missing.

        Only runs that ended normally vote. Equal texts are one group before the checker is asked; then each text joins
        the first group whose output the checker accepts for it; a checker program has to accept it the other way, too.
        """
        self.fill((input_index,))
        return self.clusters_so_far(input_index)

    def clusters_so_far(self, input_index: int) -> tuple[Cluster, ...]:
        """Return the clusters among the runs that were made so far; run nothing."""
        known = self._known[self.inputs[input_index]]
        if self._clusters.get(input_index, (-1, ()))[0] != known:
            self._clusters[input_index] = known, self._cluster(input_index)
        return self._clusters[input_index][1]

    def _cluster(self, input_index: int) -> tuple[Cluster, ...]:
        """Group the outputs on one input."""
        texts: dict[str, list[int]] = {}
        for i in range(len(self.solutions)):
            run = self._cells.get((self._keys[i], self.inputs[input_index]))
            if run is not None and run.verdict is Verdict.AC:
                texts.setdefault(run.output, []).append(i)
        groups: dict[str, list[int]] = {}
        for text, members in self._answers(input_index, texts).items():
            home = next((known for known in groups if self._same(input_index, known, text)), text)
            groups.setdefault(home, []).extend(members)
        found = (Cluster(output, tuple(sorted(members))) for output, members in groups.items())
        return tuple(sorted(found, key=lambda c: (-c.size, c.members[0])))

    def _answers(self, input_index: int, texts: dict[str, list[int]]) -> dict[str, list[int]]:
        """Return the texts that can be answers.

        A text that a checker program refuses even for itself is left out. If the program refuses all texts, all are
        kept: its answers then have another form than outputs.
        """
        if not is_custom(self.contract.checker):
            return texts
        text_of_input = self.inputs[input_index]
        fine = {
            text: members
            for text, members in texts.items()
            if self.judge.agree(self.contract, text_of_input, text, text)
        }
        return fine or texts

    def _same(self, input_index: int, known: str, text: str) -> bool:
        """Say whether two outputs are one vote. A checker program has to accept each of them for the other."""
        return self.agree(input_index, known, text) and (
            not is_custom(self.contract.checker) or self.agree(input_index, text, known)
        )

    def failures(self) -> Counter[Verdict]:
        """Count the verdicts other than AC of all runs so far, once for each candidate that is the program."""
        times = Counter(self._keys)
        found: Counter[Verdict] = Counter()
        for (program, _), run in self._cells.items():
            if run.verdict is not Verdict.AC and program in times:
                found[run.verdict] += times[program]
        return found

    def _count(self, solution: Solution, texts: Sequence[str]) -> list[Execution]:
        """Run a program on inputs and count the runs."""
        runs = self.judge.execute(solution, self.contract, texts)
        self._runs["executions"] += sum(run.verdict is not Verdict.CE for run in runs)
        return runs


def _program_key(solution: Solution) -> tuple[str, str]:
    """Return a key that is equal for equal programs."""
    if solution.language == "python":
        try:
            return "python tree", ast.dump(ast.parse(solution.code))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass  # it does not parse: only the same text is the same program
    return solution.language, solution.code


def _reseeded(solution: Solution) -> Solution:
    """Return the program with another random state, if it may use one."""
    if solution.language != "python" or "random" not in solution.code:
        return solution
    try:
        tree = ast.parse(solution.code)
        head = sum(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in tree.body)
        head += ast.get_docstring(tree, clean=False) is not None
        tree.body[head:head] = ast.parse("import random\nrandom.seed(20260101)\ndel random").body
        return Solution(language="python", code=ast.unparse(ast.fix_missing_locations(tree)) + "\n")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return solution


def _first_equal(keys: Sequence[object]) -> tuple[int, ...]:
    """Return, for each position, the first position with an equal key."""
    first: dict[object, int] = {}
    return tuple(first.setdefault(key, i) for i, key in enumerate(keys))
