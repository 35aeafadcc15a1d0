"""What a benchmark is: where its problems come from, how a model is asked, and how an answer is judged."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.benchmarks.verdict import SampleVerdict
from stepsmith.judge.protocol import Judge


class DataFile(NamedTuple):
    """One release of a benchmark's file, as it was published.

    ``sha256`` and ``md5`` are over the content, unpacked; "" where we have not had the file ourselves.
    """

    name: str  # the file's name in the data folder, without ".gz"
    source: str  # where a user gets it
    problems: int  # how many
    release: str = ""
    sha256: str = ""
    md5: str = ""

    @property
    def hash(self) -> str:
        """The hash that is known, with its kind."""
        if self.sha256:
            return f"sha256 {self.sha256}"
        return f"md5 {self.md5}" if self.md5 else "hash not known to us"


class Benchmark(Protocol):
    """One benchmark. A new one is one file with these members, and one line in ``BENCHMARKS``."""

    @property
    def name(self) -> str:
        """The name at the command line: "humaneval"."""
        ...

    @property
    def title(self) -> str:
        """The name in text: "HumanEval"."""
        ...

    @property
    def extraction(self) -> str:
        """The rule of ``EXTRACTIONS`` by which an answer is taken out of a chat model's reply."""
        ...

    @property
    def limits(self) -> str:
        """The official limits in words, for manifests: "3 s"."""
        ...

    @property
    def files(self) -> Sequence[DataFile]:
        """The files that hold its problems, the newest release first; any one of them is enough."""
        ...

    def read(self, rows: Iterable[PlacedRow]) -> list[BenchmarkProblem]:
        """Return the problems of a file's rows. Raises ``CaseError`` for a row that is not one of this benchmark."""
        ...

    def prompt(self, problem: BenchmarkProblem) -> str:
        """Return what a chat model is asked."""
        ...

    def program(self, problem: BenchmarkProblem, completion: str) -> str:
        """Return the answer that a completion of the bare prompt makes, by the official rule."""
        ...

    def judge(
        self, judge: Judge, problem: BenchmarkProblem, answers: Sequence[str], harness: HarnessSettings
    ) -> list[SampleVerdict]:
        """Judge complete answers to one problem by the official rules; the result has their order."""
        ...
