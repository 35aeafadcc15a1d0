"""How strong a test suite is: which wrong programs pass it, and which branches of the golden it does not reach."""

from collections.abc import Sequence

from stepsmith.core.records import Contract, Record, Solution, TestCase
from stepsmith.core.stats import wilson_interval
from stepsmith.judge.protocol import Judge
from stepsmith.verify.judged_runs import JudgedRuns
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.suite.admission import output_entropy
from stepsmith.verify.suite.coverage import branch_coverage
from stepsmith.verify.suite.mutants import Mutant, split_equivalent
from stepsmith.verify.verdicts import Verdicts, first_failure


class SuiteStrength(Record, frozen=True, kw_only=True):
    """Kill rate over wrong programs and mutants with its interval, branch coverage, entropy, time-limit margin."""

    tests: int
    wrong: int  # programs that the suite ought to reject: wrong candidates, and mutants that are not equivalent
    killed: int
    kill_rate: float | None  # over all of them; None without wrong programs
    kill_rate_low: float  # 95% Wilson interval
    kill_rate_high: float
    mutants: int
    equivalent_mutants: int  # left out: same outputs as the golden on every input of the pool
    survivors: tuple[str, ...]  # labels of the wrong programs that pass
    branch_coverage: float | None  # of the golden; None if it cannot be measured
    output_entropy_bits: float
    time_margin: float | None  # time limit over the slowest golden run, rounded down to a power of two, at most 64
    separation: float | None  # fastest run that was too slow over the slowest golden run, rounded alike; None without
    kill_rate_mutants: float | None = None  # of mutants that are not equivalent
    kill_rate_real: float | None = None  # of wrong candidates, whose mistakes nobody constructed


def suite_strength(
    judge: Judge,
    contract: Contract,
    golden: Solution,
    tests: Sequence[TestCase],
    wrong: Sequence[Solution] = (),
    mutants: Sequence[Mutant] = (),
    *,
    wrong_names: Sequence[str] = (),
    pool: Sequence[str] = (),
    coverage: bool = True,
    judged: bool = False,
) -> SuiteStrength:
    """Run the suite on programs that it should reject, each up to its first failing test.

    ``tests`` are taken as right: the golden passes them. Mutants that no test rejects are also run on ``pool``
    (inputs outside the suite, as many as can be afforded); those that agree with the golden there too are equivalent
    as far as anybody can tell and are left out. ``wrong`` are known to be wrong and always count; ``wrong_names`` are
    their names among the survivors. ``judged`` is for problems whose checker cannot compare two outputs.
    """
    inputs, outputs = [test.input for test in tests], [test.output for test in tests]
    suspects = (*wrong, *(mutant.solution for mutant in mutants))
    names = tuple(wrong_names) or tuple(f"candidate {k}" for k in range(len(wrong)))
    programs = (golden, *suspects)
    runs: JudgedRuns | ExecutionMatrix
    if judged:
        runs = JudgedRuns(judge, contract, programs, tests)
        verdicts: Verdicts = runs.verdicts
    else:
        runs = ExecutionMatrix(judge, contract, programs, inputs)
        verdicts = runs.verdicts(outputs)
    passed = [i for i in range(1, len(programs)) if first_failure(verdicts, i, range(len(tests))) is None]
    surviving = [mutants[i - 1 - len(wrong)] for i in passed if i > len(wrong)]
    alive, equivalent = split_equivalent(judge, contract, golden, surviving, pool) if pool else ((), tuple(surviving))
    survivors = (*(names[i - 1] for i in passed if i <= len(wrong)), *(mutant.label for mutant in alive))
    total = len(suspects) - len(equivalent)
    killed = total - len(survivors)
    low, high = wilson_interval(killed, total)
    wrong_killed = len(wrong) - sum(i <= len(wrong) for i in passed)
    counted = total - len(wrong)
    covered = branch_coverage(judge, contract, golden, inputs) if coverage else None
    slowest = runs.slowest(0)
    return SuiteStrength(
        tests=len(tests),
        wrong=total,
        killed=killed,
        kill_rate=killed / total if total else None,
        kill_rate_low=low,
        kill_rate_high=high,
        mutants=len(mutants),
        equivalent_mutants=len(equivalent),
        survivors=survivors,
        branch_coverage=covered.rate if covered else None,
        output_entropy_bits=round(output_entropy(outputs), 3),
        time_margin=time_margin(contract.limits.time_s, slowest),
        separation=time_margin(min(slow), slowest) if (slow := runs.too_slow()) else None,
        kill_rate_mutants=(killed - wrong_killed) / counted if counted else None,
        kill_rate_real=wrong_killed / len(wrong) if wrong else None,
    )


def time_margin(limit_s: float, slowest_s: float) -> float | None:
    """Return how many times the slowest run fits into the limit, as a power of two up to 64, so that repeats agree.

    0 if it does not fit, None where it took no time that can be measured.
    """
    if slowest_s <= 0:
        return None
    margin = 1.0
    while margin < 64 and 2 * margin * slowest_s <= limit_s:
        margin *= 2
    return margin if slowest_s <= limit_s else 0.0
