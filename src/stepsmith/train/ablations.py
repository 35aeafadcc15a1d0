"""Ablations of a training set, for studies: fewer tasks, wrong labels, no chains.

``shape`` works on problems as they were made, ``select`` on problems that the policy has rated. Both are pure but for
the judge that runs wrong programs; neither touches the problems that training is measured on.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Band, Environment, Problem, Record, Solution, Verdict
from stepsmith.core.stats import band_of
from stepsmith.judge.protocol import Judge
from stepsmith.verify.suite.mutants import mutate

Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]
MUTANTS = 12  # wrong programs that are tried for a problem
SEEN = 6  # a wrong golden solution must fail at least one of so many tests
LEVELS: tuple[tuple[Band, ...], ...] = (("easy", "easy-medium"), ("medium",), ("hard",))  # of a chain


class AblationSettings(Record, frozen=True, kw_only=True):
    """What is changed in a stage's problems before they are rated; the defaults change nothing.

    A task is a turn of a chain in an environment (of exercises, a composition); its problems differ in their solution,
    and those that do not count once.
    ``wrong_labels`` is a share of expected outputs, each replaced by what a wrong program gives (``tests``: every
    output by its own lot), or a share of problems of which all outputs are those of one wrong program (``programs``:
    a golden solution that is wrong). ``wrong_goldens`` is a share of problems whose solution becomes a wrong program.
    """

    environments: tuple[Environment, ...] = ()  # only these; empty: all
    unique: Count = 0  # tasks; 0: all
    solutions: Count = 0  # per task, at most; 0: all
    wrong_labels: Share = 0.0
    wrong: Literal["tests", "programs"] = "tests"
    wrong_goldens: Share = 0.0

    @property
    def needs_judge(self) -> bool:
        """Whether wrong programs are run."""
        return self.wrong_labels > 0 or self.wrong_goldens > 0


class SelectSettings(Record, frozen=True, kw_only=True):
    """Which rated problems are trained on; the defaults take all.

    ``chains`` takes of every chain with members on at least ``levels`` levels one of each: easy (or easy-medium),
    medium, hard. ``disjoint`` takes as many problems with the same histogram of bands, no two of one chain. From the
    same problems both take equally many: as many chains as can be matched.
    """

    low: Share = 0.0  # Deep Dive keeps .01 <= p <= .97
    high: Share = 1.0
    structure: Literal["any", "chains", "disjoint"] = "any"
    levels: Annotated[int, Meta(ge=2, le=3)] = 3  # Deep Dive's chains have all three
    count: Count = 0  # problems, at most; 0: all


def shape(
    problems: Sequence[Problem], settings: AblationSettings, seed: int, judge: Judge | None = None
) -> list[Problem]:
    """Return the changed problems; the same arguments give the same ones, in the same order.

    What was done to a problem is in its provenance under ``shaped``. Raises ``ConfigError`` where the problems do not
    allow it, ``ValueError`` without the judge that ``settings.needs_judge`` asks for.
    """
    chosen = [p for p in problems if not settings.environments or p.environment in settings.environments]
    if settings.unique or settings.solutions:
        chosen = _fewer(chosen, settings.unique, settings.solutions, seed)
    if not settings.needs_judge:
        return chosen
    if judge is None:
        raise ValueError("wrong labels and wrong goldens need a judge: wrong programs are run")
    if others := sorted({p.environment for p in chosen} - {"induction"}):
        raise ConfigError(f"wrong labels are made for induction alone, but there are problems in {', '.join(others)}")
    if settings.wrong_labels and settings.wrong == "tests":
        chosen = [_some_wrong(problem, settings.wrong_labels, judge, seed) for problem in chosen]
    elif settings.wrong_labels:
        chosen = _in_some(chosen, settings.wrong_labels, judge, seed, "labels")
    if settings.wrong_goldens:
        chosen = _in_some(chosen, settings.wrong_goldens, judge, seed, "golden")
    return chosen


def select(problems: Sequence[Problem], settings: SelectSettings, seed: int) -> list[Problem]:
    """Return the problems to train on, in their order. Raises ``ConfigError`` where none would be left.

    But for the defaults, every problem needs a pass rate.
    """
    if settings == SelectSettings():
        return list(problems)
    if unrated := sum(not _rated(problem) for problem in problems):
        raise ConfigError(
            f"{unrated} of {len(problems)} problems have no pass rate to select by; set rl.initial_samples"
        )
    kept = [p for p in problems if settings.low <= _rate(p) <= settings.high]
    bands = Counter(band_of(_rate(problem)) for problem in kept)
    if settings.structure == "any":
        limit = settings.count or len(kept)
        chosen = derive_rng(seed, "select").sample(kept, min(limit, len(kept)))
    else:
        chains, disjoint = _matched(kept, settings.levels, settings.count or len(kept), seed)
        chosen = chains if settings.structure == "chains" else disjoint
    if not chosen:
        counts = ", ".join(f"{count} {band}" for band, count in sorted(bands.items())) or "none"
        raise ConfigError(
            f"no problem is left to train on: of {len(problems)}, those with a pass rate in {settings.low:g}.."
            f"{settings.high:g} are {counts}"
            + (
                f", and no chain has {settings.levels} levels that can be matched"
                if settings.structure != "any"
                else ""
            )
        )
    ids = {problem.id for problem in chosen}
    return [problem for problem in problems if problem.id in ids]


def _rated(problem: Problem) -> bool:
    return problem.pass_rate is not None and problem.pass_rate.attempts > 0


def _rate(problem: Problem) -> float:
    return problem.pass_rate.rate if problem.pass_rate else 0.0


def _fewer(problems: Sequence[Problem], unique: int, solutions: int, seed: int) -> list[Problem]:
    """Keep ``unique`` tasks and ``solutions`` solutions of each (0: all), at random."""
    tasks: dict[tuple[str, int, str], dict[str, Problem]] = defaultdict(dict)
    for problem in problems:
        tasks[problem.lineage.chain_id, problem.lineage.turn, problem.environment][problem.golden.id] = problem
    if unique > len(tasks):
        raise ConfigError(f"shape.unique asks for {unique} tasks, but there are {len(tasks)}; make more exercises")
    rng = derive_rng(seed, "tasks")
    names = rng.sample(list(tasks), unique) if unique else list(tasks)
    kept: list[Problem] = []
    for name in names:
        group = list(tasks[name].values())
        kept += rng.sample(group, min(solutions, len(group))) if solutions else group
    return kept


class _WrongProgram(NamedTuple):
    """A wrong program that runs to a normal end, with its wrong outputs by test."""

    program: Solution
    wrong: dict[int, str]


def _wrong_programs(problem: Problem, places: Sequence[int], judge: Judge, seed: int) -> Iterator[_WrongProgram]:
    """Yield plausible programs that are wrong on some of the tests at ``places``: mutants of the problem's solution."""
    inputs = [problem.tests[k].input for k in places]
    mutants = mutate(problem.golden, limit=MUTANTS, seed=seed)
    for mutant in derive_rng(seed, "slips", problem.id).sample(mutants, len(mutants)):
        runs = judge.execute(mutant.solution, problem.contract, inputs)
        if any(run.verdict is not Verdict.AC for run in runs):
            continue
        wrong = {k: r.output for k, r in zip(places, runs, strict=True) if _differs(problem, k, r.output, judge)}
        if wrong:
            yield _WrongProgram(mutant.solution, wrong)


def _differs(problem: Problem, test: int, output: str, judge: Judge) -> bool:
    right = problem.tests[test]
    return not judge.agree(problem.contract, right.input, right.output, output)


def _some_wrong(problem: Problem, share: float, judge: Judge, seed: int) -> Problem:
    """Replace each expected output, with chance ``share``, by a wrong program's, or else by another test's."""
    rng = derive_rng(seed, "labels", problem.id)
    wanted = [k for k in range(len(problem.tests)) if rng.random() < share]
    outputs: dict[int, str] = {}
    for slip in _wrong_programs(problem, wanted, judge, seed) if wanted else ():
        outputs = slip.wrong | outputs
        if len(outputs) == len(wanted):
            break
    for k in (k for k in wanted if k not in outputs):
        others = [test.output for test in problem.tests if _differs(problem, k, test.output, judge)]
        if others:
            outputs[k] = rng.choice(others)
    return _relabelled(problem, outputs)


def _in_some(
    problems: Sequence[Problem], share: float, judge: Judge, seed: int, what: Literal["labels", "golden"]
) -> list[Problem]:
    """Let one wrong program label (or solve) a share of the problems, chosen at random among those that have one."""
    wanted, result = round(share * len(problems)), list(problems)
    done = 0
    for k in derive_rng(seed, "wrong", what).sample(range(len(result)), len(result)):
        if done == wanted:
            break
        places = range(len(result[k].tests) if what == "labels" else min(SEEN, len(result[k].tests)))
        slip = next(_wrong_programs(result[k], places, judge, seed), None)
        if slip is None:
            continue
        done += 1
        if what == "golden":
            result[k] = _noted(msgspec.structs.replace(result[k], golden=slip.program), "the solution is wrong")
        else:
            result[k] = _relabelled(result[k], slip.wrong)
    if done < wanted:
        raise ConfigError(f"only {done} of {len(problems)} problems have a plausible wrong program; {wanted} are asked")
    return result


def _relabelled(problem: Problem, outputs: dict[int, str]) -> Problem:
    if not outputs:
        return problem
    tests = tuple(
        msgspec.structs.replace(test, output=outputs.get(k, test.output)) for k, test in enumerate(problem.tests)
    )
    note = f"{len(outputs)} of {len(tests)} expected outputs are wrong"
    return _noted(msgspec.structs.replace(problem, tests=tests), note)


def _noted(problem: Problem, note: str) -> Problem:
    return msgspec.structs.replace(problem, provenance=(*problem.provenance, ("shaped", note)))


def _matched(problems: Sequence[Problem], levels: int, most: int, seed: int) -> tuple[list[Problem], list[Problem]]:
    """Return stones of whole chains, at most ``most``, and as many problems of different chains, alike in bands.

    Chains are taken one by one, at random; one whose bands cannot be matched is passed over (a bipartite matching of
    stones to chains that grows by augmenting paths).
    """
    rng = derive_rng(seed, "matched")
    by_chain: dict[str, dict[Band, list[Problem]]] = defaultdict(lambda: defaultdict(list))
    for problem in sorted(problems, key=lambda p: p.id):
        by_chain[problem.lineage.chain_id][band_of(_rate(problem))].append(problem)
    taken: list[Problem] = []
    holder: dict[str, int] = {}  # which stone holds a chain
    bands: list[Band] = []  # of the stones to match
    for chain in rng.sample(sorted(by_chain), len(by_chain)):
        on_levels = [[p for band in level for p in by_chain[chain].get(band, ())] for level in LEVELS]
        stones = [rng.choice(members) for members in on_levels if members]
        if len(stones) < levels or len(taken) + len(stones) > most:
            continue
        before = dict(holder)
        bands += [band_of(_rate(stone)) for stone in stones]
        if all(_augment(k, bands, by_chain, holder, set()) for k in range(len(taken), len(bands))):
            taken += stones
        else:
            holder, bands = before, bands[: len(taken)]
    return taken, [rng.choice(by_chain[chain][bands[k]]) for chain, k in sorted(holder.items())]


def _augment(
    stone: int, bands: Sequence[Band], by_chain: dict[str, dict[Band, list[Problem]]], holder: dict[str, int],
    tried: set[str],
) -> bool:  # fmt: skip
    """Find a chain for a stone, moving others to other chains where need be (Kuhn's algorithm)."""
    for chain in by_chain:
        if chain not in tried and by_chain[chain].get(bands[stone]):
            tried.add(chain)
            if chain not in holder or _augment(holder[chain], bands, by_chain, holder, tried):
                holder[chain] = stone
                return True
    return False
