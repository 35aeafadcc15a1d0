"""The gate of test suites, as it was and as it is: ``python benchmarks/gate.py`` writes benchmarks/results/gate.md.

Both rules work on the same seeds with all defaults of `stepsmith synth` (six turns to a chain):

- *every kind*: boundary inputs as they are drawn; some mutant must be rejected by every kind of test.
- *whole suite*: boundary inputs chosen among several by what they show; the tests reject most mutants, or some by every
  kind.

CPU seconds are those of the whole job, the programs that it runs included; the sides take turns by blocks of chains.
The hidden tests of accepted induction problems, which are all but the worked samples, then meet wrong programs that
nothing was tuned on: by the operators of `mutants.py`, which the offline teacher's gate does not use, and by the
operators of `gate.py`, which nothing else uses. Mutants that neither the tests nor a pool of inputs tells from the
golden solution are left out as equivalent.
"""

import argparse
import ast
import random
import resource
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import msgspec

from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Limits, Problem, Solution, Verdict
from stepsmith.core.stats import wilson_interval
from stepsmith.judge.local import LocalJudge
from stepsmith.pipeline.chain import grow_chain
from stepsmith.pipeline.config import Config, SynthSettings
from stepsmith.pipeline.roles import RoleFactory
from stepsmith.pipeline.synthesis import drawn_seed
from stepsmith.synth.grammar.composition import Composition
from stepsmith.synth.grammar.domain import Size
from stepsmith.synth.grammar.formats import format_case
from stepsmith.synth.grammar.inputs import DEFAULT_COUNTS, KIND_OF_SIZE, TRIES, CaseInput, draw_case, make_inputs
from stepsmith.synth.offline import COMPOSITION, draft_from_problem
from stepsmith.synth.seeds import SeedSource
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.suite.mutants import mutate

RESULTS = Path(__file__).parent / "results"
BLOCK = 5  # chains that a side makes before the other one has its turn
MUTANTS = 10  # of each family for a problem
POOL: tuple[Size, ...] = ("edge", "small", "small", "random") * 6 + ("stress",) * 3  # tell equivalent mutants
SIDES = ("every kind", "whole suite")
EVERY_KIND = 2.0  # a share of kills that no suite reaches, so that every kind is asked


# --- the rule as it was --------------------------------------------------------------------------------------------


def drawn_inputs(
    rng: random.Random, composition: Composition, counts: Mapping[Size, int] = DEFAULT_COUNTS
) -> list[CaseInput]:
    """Draw distinct inputs, boundary ones as they come."""
    made: dict[str, CaseInput] = {}
    for size, count in counts.items():
        for _ in range(count):
            for _ in range(TRIES):
                case = draw_case(rng, composition, size)
                if repr(case) not in made:
                    made[repr(case)] = CaseInput(case, KIND_OF_SIZE[size])
                    break
    return list(made.values())


# --- wrong programs that nothing else uses -------------------------------------------------------------------------

INT32 = "def int32(v):\n    return (v + 2**31) % 2**32 - 2**31 if isinstance(v, int) else v\n\n\n"
SLICES = ("1:", ":-1", "::-1", ":100")  # a loop that misses the first, the last, goes backwards, stops after a hundred


class Change(ast.NodeTransformer):
    """Makes the change of the given number, in the order of the tree; ``family`` stays "" where there are fewer."""

    def __init__(self, number: int, names: Sequence[str]) -> None:
        self.left, self.names, self.family = number, names, ""

    def wanted(self, family: str) -> bool:
        """Count one possible change, and say whether it is the one to make."""
        self.left -= 1
        if self.left == -1:
            self.family = family
        return self.left == -1

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Sums, differences and products overflow."""
        self.generic_visit(node)
        if isinstance(node.op, (ast.Add, ast.Mult, ast.Sub)) and self.wanted("overflow"):
            return expression(f"int32({ast.unparse(node)})")
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Another variable is read."""
        if isinstance(node.ctx, ast.Load) and node.id in self.names:
            for other in self.names:
                if other != node.id and self.wanted("name"):
                    return expression(other)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Loops go over a part; neighbouring statements change places; a statement is done twice."""
        super().generic_visit(node)
        if isinstance(node, (ast.For, ast.comprehension)):
            for piece in SLICES:
                if self.wanted("loop"):
                    node.iter = expression(f"list({ast.unparse(node.iter)})[{piece}]")
        body = getattr(node, "body", None)
        simple = (ast.Assign, ast.AugAssign, ast.Expr)
        for k in range(len(body) if isinstance(body, list) else 0):
            if isinstance(body[k], (ast.AugAssign, ast.Expr)) and self.wanted("twice"):
                body.insert(k, body[k])
                break
            if k and isinstance(body[k], simple) and isinstance(body[k - 1], simple) and self.wanted("order"):
                body[k - 1], body[k] = body[k], body[k - 1]
                break
        return node


def expression(text: str) -> ast.expr:
    """Parse an expression."""
    return ast.parse(text, mode="eval").body


def other_mutants(code: str, limit: int, rng: random.Random) -> list[str]:
    """Return up to ``limit`` programs with one change each, the families of changes taken in turn."""
    tree = ast.parse(code)
    names = sorted(
        {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    )
    families: dict[str, list[str]] = {}
    number = 0
    while True:
        change = Change(number, names)
        changed = ast.unparse(ast.fix_missing_locations(change.visit(ast.parse(code))))
        if not change.family:
            break
        families.setdefault(change.family, []).append((INT32 if change.family == "overflow" else "") + changed + "\n")
        number += 1
    for programs in families.values():
        rng.shuffle(programs)
    turns = [programs[turn] for turn in range(limit) for programs in families.values() if turn < len(programs)]
    return list(dict.fromkeys(turns))[:limit]


# --- the comparison --------------------------------------------------------------------------------------------------

Kills = dict[str, tuple[int, int]]  # family -> (mutants that the tests reject, mutants that are wrong)


@dataclass
class Side:
    """What one rule has made so far."""

    proposed: int = 0
    accepted: int = 0
    runs: int = 0
    cpu_s: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    compositions: set[str] = field(default_factory=set)  # of the accepted problems of induction
    met: dict[str, tuple[int, Kills]] = field(default_factory=dict)  # composition -> (tests, mutants), of some of them

    def add(self, other: "Side") -> None:
        """Take in what another block of chains has made."""
        for name in vars(self):
            old, new = getattr(self, name), getattr(other, name)
            setattr(self, name, old | new if isinstance(old, (set, dict)) and name != "reasons" else old + new)


def block(task: tuple[int, range, int]) -> dict[str, Side]:
    """Make a block of chains by both rules, and let some of the accepted problems meet mutants."""
    seed, chains, limit = task
    return {rule: grow(rule, seed, chains, limit) for rule in SIDES}


def grow(rule: str, seed: int, chains: range, limit: int) -> Side:
    """Make a block of chains by one rule."""
    config, inputs = Config(synth=SynthSettings(seed=seed)), make_inputs
    if rule == "every kind":
        admission = msgspec.structs.replace(config.admission, enough_kills=EVERY_KIND)
        config, inputs = msgspec.structs.replace(config, admission=admission), drawn_inputs
    side, problems, seeds = Side(), {}, SeedSource()
    before = cpu_s()
    with mock.patch("stepsmith.synth.offline.make_inputs", inputs), LocalJudge() as judge:
        roles = RoleFactory(config, judge, None)
        for index in chains:
            chain = grow_chain(index, config, drawn_seed(config, seeds, index), roles.make(), judge)
            side.proposed += chain.proposed
            side.runs += chain.executions
            side.accepted += len(chain.problems)
            side.reasons.update(rejection.reason for rejection in chain.rejections)
            problems |= {dict(p.provenance)[COMPOSITION]: p for p in chain.problems if p.environment == "induction"}
    side.cpu_s = cpu_s() - before
    side.compositions = set(problems)
    with LocalJudge() as judge:
        for key in sorted(problems, key=lambda key: derive_rng(seed, key).random())[:limit]:
            side.met[key] = len(problems[key].tests), kills(judge, problems[key], seed)
    return side


def cpu_s() -> float:
    """CPU seconds of this process and of all its children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def kills(judge: LocalJudge, problem: Problem, seed: int) -> Kills:
    """Let a problem's hidden tests meet mutants; those that nothing tells from the golden solution are not counted."""
    rng = derive_rng(seed, "gate", problem.golden.code)
    draft = draft_from_problem(problem)
    assert draft is not None
    form = draft.composition, draft.interface
    pool = [format_case(*form, draw_case(rng, draft.composition, size)) for size in POOL]
    contract = msgspec.structs.replace(problem.contract, limits=Limits(time_s=0.5))
    shown = {example.input for example in problem.examples}
    hidden = [test for test in problem.tests if test.input not in shown]
    families = {
        "operators of `mutants.py`": [mutant.solution for mutant in mutate(problem.golden, limit=MUTANTS, seed=seed)],
        "operators of `gate.py`": [
            Solution(language="python", code=code) for code in other_mutants(problem.golden.code, MUTANTS, rng)
        ],
    }
    found = {}
    for family, programs in families.items():
        judgements = [judge.judge(p, contract, hidden, stop_at_first_failure=True) for p in programs]
        passing = [p for p, done in zip(programs, judgements, strict=True) if done.tests[-1].verdict is Verdict.AC]
        matrix = ExecutionMatrix(judge, contract, [problem.golden, *passing], pool)
        usable = [j for j, run in enumerate(matrix.row(0)) if run.verdict is Verdict.AC]
        alive = sum(matrix.first_difference(0, i, usable) is not None for i in range(1, len(passing) + 1))
        killed = len(programs) - len(passing)
        found[family] = killed, killed + alive
    return found


def kill_table(sides: Mapping[str, Side]) -> Iterator[str]:
    """Yield the lines of the table of kill rates."""
    before, after = (sides[rule] for rule in SIDES)
    both = before.met.keys() & after.met.keys()
    groups = {
        "all, every kind": before.met,
        "all, whole suite": after.met,
        "accepted by both rules, every kind": {key: before.met[key] for key in sorted(both)},
        "accepted by both rules, whole suite": {key: after.met[key] for key in sorted(both)},
        "accepted by the whole suite alone": {k: v for k, v in after.met.items() if k not in before.compositions},
    }
    families = list(next(iter(after.met.values()))[1])
    yield f"| problems | tests each | {' | '.join(families)} |"
    yield "|---" * (len(families) + 2) + "|"
    for name, met in groups.items():
        cells = []
        for family in families:
            killed, wrong = (sum(found[family][k] for _, found in met.values()) for k in (0, 1))
            low, high = wilson_interval(killed, wrong)
            cells.append(f"{killed}/{wrong} = {killed / max(1, wrong):.3f} ({low:.3f}–{high:.3f})")
        tests = sum(count for count, _ in met.values()) / max(1, len(met))
        yield f"| {name}: {len(met)} | {tests:.1f} | {' | '.join(cells)} |"


def tables(sides: Mapping[str, Side], command: str) -> Iterator[str]:
    """Yield the lines of the page."""
    yield from [
        "# The gate of test suites, measured",
        "",
        (__doc__ or "").split("\n\n", 1)[1].strip(),
        "",
        f"`{command}`",
    ]
    yield from ["", "## Yield", "", "| rule | proposed | accepted | share | runs each | CPU s | accepted per CPU s |"]
    yield "|---" * 7 + "|"
    for rule, side in sides.items():
        low, high = wilson_interval(side.accepted, side.proposed)
        share = f"{side.accepted / side.proposed:.3f} ({low:.3f}–{high:.3f})"
        yield (
            f"| {rule} | {side.proposed} | {side.accepted} | {share} "
            f"| {side.runs / side.accepted:.0f} | {side.cpu_s:.0f} | {side.accepted / side.cpu_s:.2f} |"
        )
    yield from ["", "## Rejections", "", f"| reason | {' | '.join(SIDES)} |", "|---|---|---|"]
    for reason in sorted(set().union(*(side.reasons for side in sides.values()))):
        yield f"| `{reason}` | {' | '.join(str(sides[rule].reasons[reason]) for rule in SIDES)} |"
    yield from ["", "## Kill rates on mutants that nothing was tuned on", ""]
    yield from kill_table(sides)


def main() -> None:
    """Run both sides, and write the page anew after every block of chains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chains", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--problems", type=int, default=6, help="problems of each block and rule that meet mutants")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    sides = {rule: Side() for rule in SIDES}
    tasks = [
        (options.seed, range(first, min(first + BLOCK, options.chains)), options.problems)
        for first in range(0, options.chains, BLOCK)
    ]
    RESULTS.mkdir(exist_ok=True)
    done = 0
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        for task, made in zip(tasks, pool.map(block, tasks), strict=True):
            done += len(task[1])
            for rule in SIDES:
                sides[rule].add(made[rule])
            command = f"python benchmarks/gate.py --chains {done} --seed {options.seed} --problems {options.problems}"
            page = "\n".join(tables(sides, command)) + "\n"
            (RESULTS / "gate.md").write_text(page)
            print(page, flush=True)


if __name__ == "__main__":
    main()
