"""Ablations of a training set, for studies: fewer tasks, wrong labels, no chains.

``shape`` changes problems as the teacher made them; ``select`` chooses among problems that the policy has rated. Their
results depend on their arguments alone. Neither changes the held-out problems, on which the policy is evaluated.
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
from stepsmith.synth.grammar.program import Pick, render_program
from stepsmith.synth.grammar.statement import interface_of
from stepsmith.synth.offline import draft_from_problem
from stepsmith.verify.suite.mutants import mutate

Mistakes = Literal["mutants", "habits"]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]
MUTANTS = 12  # how many wrong programs are tried for one problem
SEEN = 6  # a wrong golden solution must fail one of the first SEEN tests
LEVELS: tuple[tuple[Band, ...], ...] = (("easy", "easy-medium"), ("medium",), ("hard",))  # difficulty levels of a chain


class AblationSettings(Record, frozen=True, kw_only=True):
    """What is changed in a stage's problems before they are rated; the defaults change nothing.

    A task is one turn of a chain in one environment (for exercises: one composition). The problems of a task differ in
    their golden solutions; problems with the same solution count once.

    ``wrong_labels`` is a share of expected outputs or of problems, as ``wrong`` says. With ``tests``, each expected
    output is replaced with this probability by the output of a wrong program. With ``programs``, this share of the
    problems gets all its expected outputs from one wrong program, as if the golden solution were wrong.
    ``wrong_goldens`` is the share of problems whose golden solution is replaced by a wrong program.

    Wrong programs are random mutants of the golden solution. With ``mistakes`` "habits" they are systematic, as a
    model's are: each operation has one typical mistake of the grammar, which is the same wherever it is made.
    """

    environments: tuple[Environment, ...] = ()  # keep problems of these environments; empty: all
    unique: Count = 0  # number of tasks to keep; 0: all
    solutions: Count = 0  # most solutions to keep per task; 0: all
    wrong_labels: Share = 0.0
    wrong: Literal["tests", "programs"] = "tests"
    wrong_goldens: Share = 0.0
    mistakes: Mistakes = "mutants"

    @property
    def needs_judge(self) -> bool:
        """True if wrong programs must be run."""
        return self.wrong_labels > 0 or self.wrong_goldens > 0


class SelectSettings(Record, frozen=True, kw_only=True):
    """Which rated problems are trained on; the defaults take all.

    There are three levels: easy (or easy-medium), medium, hard. The structure ``chains`` takes chains that have
    problems on at least ``levels`` levels, and one problem per level of each. The structure ``disjoint`` takes the same
    number of problems with the same number in each band, but no two from one chain. Given the same problems, both
    structures take equally many, so that a study can compare them.
    """

    low: Share = 0.0  # lowest pass rate that is kept; Deep Dive: .01
    high: Share = 1.0  # highest pass rate that is kept; Deep Dive: .97
    structure: Literal["any", "chains", "disjoint"] = "any"
    levels: Annotated[int, Meta(ge=2, le=3)] = 3  # Deep Dive's chains have all three
    count: Count = 0  # most problems to take; 0: all


def shape(
    problems: Sequence[Problem], settings: AblationSettings, seed: int, judge: Judge | None = None
) -> list[Problem]:
    """Return the changed problems; the same arguments give the same ones, in the same order.

    The provenance of a changed problem says under ``shaped`` what was changed. Raises ``ConfigError`` if the settings
    cannot be applied to these problems, ``ValueError`` if ``settings.needs_judge`` is true and there is no judge.
    """
    chosen = [p for p in problems if not settings.environments or p.environment in settings.environments]
    if settings.unique or settings.solutions:
        chosen = _fewer(chosen, settings.unique, settings.solutions, seed)
    if not settings.needs_judge:
        return chosen
    if judge is None:
        raise ValueError("wrong labels and wrong golden solutions need a judge, which runs wrong programs")
    if others := sorted({p.environment for p in chosen} - {"induction"}):
        raise ConfigError(
            f"wrong labels need problems of induction, but some are of {', '.join(others)}; "
            'set ablation.environments = ["induction"]'
        )
    if settings.wrong_labels and settings.wrong == "tests":
        chosen = [_some_wrong(problem, settings, judge, seed) for problem in chosen]
    elif settings.wrong_labels:
        chosen = _in_some(chosen, settings, judge, seed, "labels")
    if settings.wrong_goldens:
        chosen = _in_some(chosen, settings, judge, seed, "golden")
    return chosen


def select(problems: Sequence[Problem], settings: SelectSettings, seed: int) -> list[Problem]:
    """Return the problems to train on, in their order. Raises ``ConfigError`` if none is left.

    Every problem needs a pass rate, unless the settings are the defaults.
    """
    if settings == SelectSettings():
        return list(problems)
    if unrated := sum(not _rated(problem) for problem in problems):
        raise ConfigError(
            f"{unrated} of {len(problems)} problems have no pass rate, which rl.select needs; set rl.initial_samples"
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
            f"rl.select leaves no problem to train on: of {len(problems)} problems, those with a pass rate from "
            f"{settings.low:g} to {settings.high:g} are: {counts}"
            + (
                f"; and no chain has problems on {settings.levels} levels that other chains can match"
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
    """Keep ``unique`` random tasks, and ``solutions`` random solutions of each (0: all)."""
    tasks: dict[tuple[str, int, str], dict[str, Problem]] = defaultdict(dict)
    for problem in problems:
        tasks[problem.lineage.chain_id, problem.lineage.turn, problem.environment][problem.golden.id] = problem
    if unique > len(tasks):
        raise ConfigError(f"ablation.unique asks for {unique} tasks, but there are {len(tasks)}; make more exercises")
    rng = derive_rng(seed, "tasks")
    names = rng.sample(list(tasks), unique) if unique else list(tasks)
    kept: list[Problem] = []
    for name in names:
        group = list(tasks[name].values())
        kept += rng.sample(group, min(solutions, len(group))) if solutions else group
    return kept


class _WrongProgram(NamedTuple):
    """A wrong program that ends normally, and its wrong outputs by the number of the test."""

    program: Solution
    wrong: dict[int, str]


def _wrong_programs(
    problem: Problem, places: Sequence[int], mistakes: Mistakes, judge: Judge, seed: int
) -> Iterator[_WrongProgram]:
    """Yield programs with a mistake that are wrong on some of the tests with the numbers ``places``."""
    inputs = [problem.tests[k].input for k in places]
    rng = derive_rng(seed, "slips", problem.id)
    if mistakes == "habits":
        programs = _habits(problem)
    else:
        programs = [mutant.solution for mutant in mutate(problem.golden, limit=MUTANTS, seed=seed)]
    for program in rng.sample(programs, len(programs)):
        runs = judge.execute(program, problem.contract, inputs)
        if any(run.verdict is not Verdict.AC for run in runs):
            continue
        wrong = {k: r.output for k, r in zip(places, runs, strict=True) if _differs(problem, k, r.output, judge)}
        if wrong:
            yield _WrongProgram(program, wrong)


def _habits(problem: Problem) -> list[Solution]:
    """Return a program for each operation of a problem of the grammar, with the first typical mistake of it."""
    draft = draft_from_problem(problem)
    if draft is None:
        return []
    composition, interface = draft.composition, interface_of(problem.style)
    found = []
    for place, feature in enumerate(composition.features):
        if feature.wrong:
            picks: list[Pick] = ["code"] * len(composition.steps)
            picks[place] = 0
            found.append(Solution(language="python", code=render_program(composition, interface, picks)))
    return found


def _differs(problem: Problem, test: int, output: str, judge: Judge) -> bool:
    right = problem.tests[test]
    return not judge.agree(problem.contract, right.input, right.output, output)


def _some_wrong(problem: Problem, settings: AblationSettings, judge: Judge, seed: int) -> Problem:
    """Replace expected outputs with a probability: by a wrong program's output, or else another test's."""
    rng = derive_rng(seed, "labels", problem.id)
    wanted = [k for k in range(len(problem.tests)) if rng.random() < settings.wrong_labels]
    outputs: dict[int, str] = {}
    for slip in _wrong_programs(problem, wanted, settings.mistakes, judge, seed) if wanted else ():
        outputs = slip.wrong | outputs
        if len(outputs) == len(wanted):
            break
    for k in (k for k in wanted if k not in outputs):
        others = [test.output for test in problem.tests if _differs(problem, k, test.output, judge)]
        if others:
            outputs[k] = rng.choice(others)
    return _relabelled(problem, outputs)


def _in_some(
    problems: Sequence[Problem], settings: AblationSettings, judge: Judge, seed: int, what: Literal["labels", "golden"]
) -> list[Problem]:
    """Give a random share of the problems the labels (or the golden solution) of a wrong program.

    The problems are chosen among those for which a wrong program is found.
    """
    share = settings.wrong_labels if what == "labels" else settings.wrong_goldens
    wanted, result = round(share * len(problems)), list(problems)
    done = 0
    for k in derive_rng(seed, "wrong", what).sample(range(len(result)), len(result)):
        if done == wanted:
            break
        places = range(len(result[k].tests) if what == "labels" else min(SEEN, len(result[k].tests)))
        slip = next(_wrong_programs(result[k], places, settings.mistakes, judge, seed), None)
        if slip is None:
            continue
        done += 1
        if what == "golden":
            result[k] = _noted(msgspec.structs.replace(result[k], golden=slip.program), "the solution is wrong")
        else:
            result[k] = _relabelled(result[k], slip.wrong)
    if done < wanted:
        raise ConfigError(
            f"a wrong program was found for only {done} of {len(problems)} problems, but {wanted} are asked for; "
            f"lower ablation.{'wrong_goldens' if what == 'golden' else 'wrong_labels'}"
        )
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
    """Return two lists: problems of whole chains, and equally many problems of the same bands from different chains.

    Each has at most ``most`` problems. Chains are taken one by one in random order. A chain is skipped if the second
    list cannot be extended by problems of its bands (a bipartite matching of problems to chains, grown by augmenting
    paths).
    """
    rng = derive_rng(seed, "matched")
    by_chain: dict[str, dict[Band, list[Problem]]] = defaultdict(lambda: defaultdict(list))
    for problem in sorted(problems, key=lambda p: p.id):
        by_chain[problem.lineage.chain_id][band_of(_rate(problem))].append(problem)
    taken: list[Problem] = []
    holder: dict[str, int] = {}  # chain -> number of the problem (in ``taken``) that it is matched with
    bands: list[Band] = []  # band of each problem in ``taken``
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
    """Find a chain for a problem, moving others to other chains if necessary (Kuhn's algorithm)."""
    for chain in by_chain:
        if chain not in tried and by_chain[chain].get(bands[stone]):
            tried.add(chain)
            if chain not in holder or _augment(holder[chain], bands, by_chain, holder, tried):
                holder[chain] = stone
                return True
    return False
