"""The offline teacher: it composes problems from the typed grammar, guided by what a seed's code does.

It needs no network and no model. Its solvers are simulated by the stated skill model, so that there is a vote as with
real models. Like every teacher, it refines problems by their pass rate.
"""

import random
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from stepsmith.core.records import (
    Checker,
    Contract,
    Direction,
    Example,
    Interface,
    Limits,
    Lineage,
    Problem,
    Seed,
    Solution,
    Style,
    TestCase,
    WrongSolution,
)
from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.envs.fuzzing import FORM, PROGRAM, PROPERTY, FuzzingTask
from stepsmith.envs.literals import signature_of
from stepsmith.synth.derivation import MAX_SHOWN, abduction, deduction, with_task
from stepsmith.synth.draft import Draft, Fault, Feedback, LabelledProgram, TestInput
from stepsmith.synth.grammar.compose import compose
from stepsmith.synth.grammar.composition import Composition, Profile
from stepsmith.synth.grammar.domain import Size
from stepsmith.synth.grammar.formats import format_case, parse_case
from stepsmith.synth.grammar.inputs import DEFAULT_COUNTS, CaseInput, draw_case, make_inputs
from stepsmith.synth.grammar.program import Pick, entry_point, render_program
from stepsmith.synth.grammar.refine import refine
from stepsmith.synth.grammar.samples import sample_cases
from stepsmith.synth.grammar.statement import interface_of, write_statement
from stepsmith.synth.grammar.validator import validator_program
from stepsmith.synth.grammar.values import contains
from stepsmith.synth.grammar.variants import brute_force, wrong_variants
from stepsmith.synth.signals import Signal, read_signals
from stepsmith.synth.skill import SkillModel

SAMPLES = 2  # worked samples in a statement
COMPOSITION = "composition"  # the key of a problem's provenance that holds its composition as JSON
MAX_WRONG = 10  # most wrong programs that are tried against the tests

TIME_LIMIT_S = 2.0  # CPU seconds; the sizes are bounded so that a reference program needs a few hundredths of this
VALUE_SIZES: dict[Size, int] = {"edge": 3, "small": 5, "random": 3}  # few small inputs, for environments of values


@dataclass(frozen=True, slots=True)
class CompositionInputs:
    """Further inputs of a composition. Implements ``InputSupply``."""

    composition: Composition
    interface: Interface

    def draw(self, rng: random.Random) -> str:
        """Draw an edge case or a small input."""
        size: Size = "edge" if rng.random() < 0.3 else "small"
        return format_case(self.composition, self.interface, draw_case(rng, self.composition, size))

    def allows(self, text: str) -> bool:
        """Return whether the input can be parsed and is within the stated bounds."""
        try:
            case = parse_case(self.composition, self.interface, text)
        except ValueError:
            return False
        return all(contains(domain, value) for domain, value in zip(self.composition.case_domains, case, strict=True))


@dataclass(frozen=True, slots=True)
class OfflineDraft:
    """The draft of a problem, made from a composition. Implements ``Draft``."""

    composition: Composition
    signals: tuple[Signal, ...]  # signals of the seed, which also guide refinement
    environment: EnvironmentName
    style: Style
    direction: Direction
    change: str
    cases: tuple[CaseInput, ...]  # the worked samples first
    candidates: tuple[Solution, ...]
    brute_force: Solution | None
    wrong: tuple[LabelledProgram, ...]
    theme_seed: int
    fault: Fault | None = None  # always None: the grammar makes only complete problems
    executions: int = 0
    examples: tuple[Example, ...] = ()
    defining: bool = False
    claimed_wrong: tuple[Solution, ...] = ()  # empty: known wrong programs are in ``wrong``

    @property
    def interface(self) -> Interface:
        """Whole programs (stdio) for Codeforces and AtCoder, functions for LeetCode."""
        return interface_of(self.style)

    @property
    def contract(self) -> Contract:
        """How solutions are called and outputs compared, which depends on the interface."""
        function = self.interface == "function"
        return Contract(
            interface=self.interface,
            entry_point=entry_point(self.composition) if function else None,
            limits=Limits(time_s=TIME_LIMIT_S),
            checker=Checker(name="literal" if function else "tokens"),
        )

    @property
    def inputs(self) -> tuple[TestInput, ...]:
        """The cases as text."""
        return tuple(
            TestInput(text=format_case(self.composition, self.interface, item.case), kind=item.kind)
            for item in self.cases
        )

    @property
    def supply(self) -> CompositionInputs:
        """The grammar's own generators and bounds."""
        return CompositionInputs(self.composition, self.interface)

    def program(self, picks: Sequence[Pick]) -> str:
        """Return the program in which every step is the given piece: its code, or one of its mistakes."""
        return render_program(self.composition, self.interface, picks)

    def write(self, tests: Sequence[TestCase], golden: Solution, lineage: Lineage) -> Problem:
        """Write the statement with the worked samples, which are the first tests; no samples without known outputs."""
        samples = [(test.input, test.output) for test in tests[:SAMPLES] if test.confidence > 0]
        written = write_statement(self.composition, self.style, samples, self.theme_seed)
        return Problem(
            environment="induction",
            style=self.style,
            title=written.title,
            statement=written.text,
            contract=self.contract,
            starter_code=written.starter_code,
            task="{}",
            features=self.composition.uses(),
            tests=tuple(tests),
            examples=tuple(Example(input=text, output=output) for text, output in samples),
            golden=golden,
            validator=validator_program(self.composition, self.interface),
            lineage=lineage,
            provenance=((COMPOSITION, msgspec.json.encode(self.composition, order="deterministic").decode()),),
        )

    def derive(self, base: Problem, wrong: Sequence[WrongSolution], rng: random.Random) -> Problem | None:
        """Turn the verified function problem into one of the other environments."""
        return _DERIVE[self.environment](self, base, wrong, rng)


Derivation = Callable[[OfflineDraft, Problem, Sequence[WrongSolution], random.Random], Problem | None]


def _fuzzing(draft: OfflineDraft, base: Problem, wrong: Sequence[WrongSolution], rng: random.Random) -> Problem | None:
    """Return a problem with a wrong program that a short test rejects; the property compares it with a right one."""
    faulty = [w for w in wrong if len(base.tests[w.killed_by].input) <= MAX_SHOWN]
    if not faulty:
        return None
    chosen = rng.choice(faulty)
    entry = base.contract.entry_point or ""
    arguments = ", ".join(signature_of(base.golden.code, entry).parameters)
    definition = (draft.brute_force or base.golden).code
    task = FuzzingTask(
        program=_renamed(chosen.solution.code, entry, PROGRAM),
        pre_test_f=validator_program(draft.composition, "function", FORM),
        test_f=(
            f"def {PROPERTY}({arguments}):\n"
            f"{textwrap.indent(_renamed(definition, entry, 'expected').strip(), '    ')}\n\n"
            f"    return {PROGRAM}({arguments}) == expected({arguments})\n"
        ),
    )
    statement = (
        f"Here are three Python functions: `{PROGRAM}`, which has a mistake, `{FORM}`, which says whether arguments "
        f"are well formed, and `{PROPERTY}`, which says whether `{PROGRAM}` is right on them."
    )
    others = [index for index in range(len(base.tests)) if index != chosen.killed_by]
    problem = with_task(base, "fuzzing", statement, task, [*others, chosen.killed_by], wrong)
    return msgspec.structs.replace(
        problem,
        contract=msgspec.structs.replace(base.contract, entry_point=PROGRAM),
        golden=Solution(language="python", code=_renamed(base.golden.code, entry, PROGRAM)),
        wrong=tuple(
            msgspec.structs.replace(
                w, solution=Solution(language="python", code=_renamed(w.solution.code, entry, PROGRAM))
            )
            for w in problem.wrong
        ),
    )


_DERIVE: dict[EnvironmentName, Derivation] = {
    "induction": lambda _, base, __, ___: base,
    "abduction": lambda _, base, wrong, rng: abduction(base, wrong, rng),
    "deduction": lambda _, base, wrong, rng: deduction(base, wrong, rng),
    "fuzzing": _fuzzing,
}


def _renamed(code: str, old: str, new: str) -> str:
    return re.sub(rf"\b{re.escape(old)}\b", new, code)


def draft_from_problem(problem: Problem) -> OfflineDraft | None:
    """Return the draft that a problem was made from, for refinement; None if its record does not hold one.

    The features and bounds in the record must be the same as in today's grammar.
    """
    text = dict(problem.provenance).get(COMPOSITION)
    if text is None:
        return None
    try:
        composition = msgspec.json.decode(text, type=Composition)
        same = composition.uses() == problem.features
        if not same or validator_program(composition, interface_of(problem.style)) != problem.validator:
            return None
    except (msgspec.DecodeError, KeyError, ValueError):  # another version: a feature is missing or has other parameters
        return None
    return OfflineDraft(
        composition=composition,
        signals=(),  # the seed's signals are not in the record; the steps still name theirs
        environment=problem.environment,
        style=problem.style,
        direction=problem.lineage.direction,
        change=problem.lineage.change,
        cases=(),
        candidates=(problem.golden,),
        brute_force=None,
        wrong=(),
        theme_seed=0,
    )


class OfflineTeacher:
    """Proposes compositions and refines them."""

    name = "offline"

    def __init__(self, profile: Profile, styles: Mapping[Style, float], voters: int, voter_skill: SkillModel) -> None:
        self.profile = profile
        self.styles = dict(styles)
        self.voters = voters
        self.voter_skill = voter_skill

    def propose(self, seed: Seed, environment: EnvironmentName, rng: random.Random) -> Draft:
        """Compose a problem, guided by the seed's signals."""
        signals = read_signals(seed)
        composition = compose(rng, signals, profile=self.profile)
        return self._draft(composition, signals, environment, self._style(environment, rng), "new", "", rng)

    def refine(self, draft: Draft, feedback: Feedback | None, direction: Direction, rng: random.Random) -> Draft:
        """Change the composition in the wanted direction. Raises ``TypeError`` for another teacher's draft.

        The pass rate has decided ``direction``; this teacher does not read the attempts.
        """
        if not isinstance(draft, OfflineDraft):
            raise TypeError("the offline teacher can only refine its own problems")
        composition, change = refine(rng, draft.composition, direction, draft.signals)
        return self._draft(composition, draft.signals, draft.environment, draft.style, direction, change, rng)

    def _style(self, environment: EnvironmentName, rng: random.Random) -> Style:
        """Return a random style. Abduction, deduction, fuzzing and the profile micro always use functions."""
        if environment != "induction" or self.profile == "micro":
            return "leetcode"
        return rng.choices(list(self.styles), weights=list(self.styles.values()))[0]

    def _draft(
        self,
        composition: Composition,
        signals: tuple[Signal, ...],
        environment: EnvironmentName,
        style: Style,
        direction: Direction,
        change: str,
        rng: random.Random,
    ) -> OfflineDraft:
        interface = interface_of(style)
        samples = [CaseInput(case, "nominal") for case in sample_cases(rng, composition, SAMPLES)]
        shown = [repr(item.case) for item in samples]
        sizes = DEFAULT_COUNTS if environment == "induction" else VALUE_SIZES
        others = [item for item in make_inputs(rng, composition, sizes) if repr(item.case) not in shown]
        beliefs = [self.voter_skill.believe(composition, rng) for _ in range(self.voters)]
        slow = brute_force(composition, interface)
        return OfflineDraft(
            composition=composition,
            signals=signals,
            environment=environment,
            style=style,
            direction=direction,
            change=change,
            cases=(*samples, *others),
            candidates=tuple(_python(render_program(composition, interface, picks)) for picks in beliefs),
            brute_force=_python(slow) if slow else None,
            wrong=tuple(
                LabelledProgram(label=variant.label, solution=_python(variant.code))
                for variant in wrong_variants(composition, interface, rng)[:MAX_WRONG]
            ),
            theme_seed=rng.randrange(2**32),
        )


def _python(code: str) -> Solution:
    return Solution(language="python", code=code)
