"""Benchmarks: their problems as typed records, how a model is asked, and how an answer is judged."""

from stepsmith.benchmarks.benchmark import Benchmark
from stepsmith.benchmarks.cruxeval import CruxEval
from stepsmith.benchmarks.data_set import DataSet
from stepsmith.benchmarks.evalplus import HumanEvalPlus, MbppPlus
from stepsmith.benchmarks.humaneval import HumanEval
from stepsmith.benchmarks.livecodebench import CodeExecution, OutputPrediction
from stepsmith.benchmarks.maths import AIME, GSM8K, MATH_500
from stepsmith.benchmarks.mbpp import FULL, SANITIZED, Mbpp

_ALL: tuple[Benchmark, ...] = (
    HumanEval(),
    HumanEvalPlus(),
    Mbpp("mbpp", "MBPP (sanitized)", SANITIZED),
    Mbpp("mbpp-full", "MBPP (full)", FULL),
    MbppPlus(),
    *(CruxEval(task, cot=cot) for task in ("input", "output") for cot in (False, True)),
    *(CodeExecution(cot=cot) for cot in (False, True)),
    OutputPrediction(),
    MATH_500,
    AIME,
    GSM8K,
    DataSet(),
)
BENCHMARKS: dict[str, Benchmark] = {benchmark.name: benchmark for benchmark in _ALL}
