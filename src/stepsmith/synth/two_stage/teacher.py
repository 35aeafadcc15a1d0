"""X-Coder's teacher (SynthSmith, arXiv 2601.06953). It also refines its problems, which no published system does.

subtree ─► plan (stage 1) ─► statement, samples, validator (stage 2) ─► inputs: prompted, generated ─► solvers' programs
A failed step gives a draft with a fault, which is kept as a rejection. Solving costs most, so it comes last.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from stepsmith.core.errors import CheckerError, RequestRefused
from stepsmith.core.records import Direction, Example, Limits, Lineage, PassRate, Seed, Solution, Style, TestCase
from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.envs import ENVIRONMENTS
from stepsmith.envs.literals import call_text
from stepsmith.judge.checkers.trial import checker_fault
from stepsmith.judge.program import RunningJudge
from stepsmith.llm.parsing import ParseFailure, ask
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.draft import Draft, Fault, Feedback
from stepsmith.synth.progression import Progression, Range
from stepsmith.synth.tree.extract import seed_paths
from stepsmith.synth.tree.sample import nearby, sample_leaves, without
from stepsmith.synth.tree.tree import FeatureTree, Path, text_of
from stepsmith.synth.two_stage.draft import TwoStageDraft
from stepsmith.synth.two_stage.filters import least_words, read_solution
from stepsmith.synth.two_stage.inputs import CollectedInputs, GeneratorSupply, InputWriter, Validator
from stepsmith.synth.two_stage.plan import Plan, plan_parser
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.synth.two_stage.statement import WrittenStatement, statement_parser

PLAN, STATEMENT, SOLVE, REPAIR = "two_stage/plan", "two_stage/statement", "two_stage/solve", "two_stage/repair"
DRAWS = 10_000  # a prompt holds a random number below this, so that chains with one subtree, and new tries, differ
GROWTH = 4  # further leaves that a refinement may take a feature from; ours
MOST_GROWN = 6  # features that a problem may grow to; ours

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Corrected:
    """A sample to which the teacher had given an output that is wrong."""

    input: str  # as readers see it
    given: str
    right: str


@dataclass(frozen=True, slots=True)
class _Brief:
    """What stage 1 chooses from, and what both stages are shown of the last problem; "" for a new one."""

    leaves: tuple[Path, ...]
    least: int
    most: int
    keep: tuple[Path, ...] = ()
    last: str = ""
    direction: Direction = "new"
    feedback: Feedback | None = None
    environment: EnvironmentName = "induction"
    aim: Range | None = None
    corrected: tuple[Corrected, ...] = ()

    def shown(self) -> dict[str, object]:
        """What the templates say about the last problem."""
        feedback = self.feedback
        return {
            "last": self.last,
            "direction": self.direction,
            "rate": feedback.pass_rate if feedback else None,
            "solved": feedback.solved if feedback else (),
            "failed": feedback.failed if feedback else (),
            "environment": self.environment,
            "aim": self.aim,
            "corrected": self.corrected,
            "refuted": feedback.refuted if feedback else (),
            "shown_inputs": feedback.shown if feedback else "",
        }


class TwoStageTeacher:
    """Implements ``Teacher``. ``writer`` plans, states and makes inputs; ``solvers`` write the programs that vote."""

    def __init__(
        self,
        writer: LLM,
        solvers: Sequence[LLM],
        judge: RunningJudge,
        prompts: PromptLibrary,
        tree: FeatureTree,
        styles: Mapping[Style, float],
        settings: TwoStageSettings = TwoStageSettings(),  # noqa: B008 - frozen
        *,
        name: str,
        progression: Progression = Progression(),  # noqa: B008 - frozen
    ) -> None:
        self.name = name
        self._progression = progression
        self._writer = writer
        self._solvers = tuple(solvers)
        self._judge = judge
        self._prompts = prompts
        self._tree = without(tree, settings.avoid)
        self._styles = dict(styles)
        self._settings = settings
        self._inputs = InputWriter(writer, judge, prompts, settings)

    def propose(self, seed: Seed, environment: EnvironmentName, rng: random.Random) -> Draft:
        """Make a problem from a subtree; leaves that the seed's code shows are more likely to be in it."""
        seen = seed_paths(seed)
        pull = dict.fromkeys(seen, self._settings.seed_pull)
        leaves = sample_leaves(self._tree, self._settings.leaves, rng, pull=pull)
        draft = TwoStageDraft(
            environment=environment, direction="new", change="", provenance=(("teacher", self.name),),
            time_limit_s=self._settings.time_limit_s, seen=tuple(seen.items()), judge=self._judge,
        )  # fmt: skip
        style = rng.choices(list(self._styles), weights=list(self._styles.values()))[0]
        if environment != "induction":
            style = "leetcode"  # the other environments show functions
        brief = _Brief(leaves, self._settings.least_chosen, self._settings.most_chosen)
        return self._made(draft, style, brief, rng)

    def refine(self, draft: Draft, feedback: Feedback | None, direction: Direction, rng: random.Random) -> Draft:
        """Grow the subtree for a harder problem, shrink it for an easier one, exchange a feature for one as hard.

        The last statement, the pass rate and some attempts are shown. Raises ``TypeError`` for another teacher's draft.
        """
        if not isinstance(draft, TwoStageDraft) or draft.plan is None or draft.statement is None:
            raise TypeError("the two-stage teacher can only refine a problem that it wrote")
        chosen = draft.plan.chosen
        rate = feedback.pass_rate if feedback else None
        keep: tuple[Path, ...] = chosen
        more = nearby(self._tree, chosen, GROWTH, rng)
        if direction == "harder":
            least = most = min(len(chosen) + 1, max(MOST_GROWN, len(chosen)))
            leaves = (*chosen, *more)
        elif direction == "easier":
            least = most = max(1, len(chosen) - 1)
            leaves, keep = chosen, ()
        else:
            least = most = len(chosen)
            dropped = rng.choice(chosen)
            keep = tuple(path for path in chosen if path != dropped)
            leaves = (*keep, *more)
        new = replace(
            draft, direction=direction, change=_wanted(direction, rate), provenance=(("teacher", self.name),), raw="",
            plan=None, statement=None, inputs=(), candidates=(), supply=None, fault=None, executions=0,
        )  # fmt: skip
        aim = self._progression.aim(rate.rate, direction, feedback.held) if feedback and rate else None
        last, corrected = self._in_truth(draft, draft.statement, feedback.settled if feedback else ())
        brief = _Brief(leaves, least, most, keep, last, direction, feedback, draft.environment, aim, corrected)
        made = self._made(new, draft.statement.style, brief, rng)
        return replace(made, change=_change(made.change, chosen, made.plan)) if made.plan else made

    def _in_truth(
        self, draft: TwoStageDraft, statement: WrittenStatement, settled: Sequence[Example]
    ) -> tuple[str, tuple[Corrected, ...]]:
        """Return the statement with the settled samples, and the teacher's own outputs that turned out wrong.

        Where no sample is settled, the statement stays as the teacher wrote it.
        """
        own = {sample.input: sample.output for sample in statement.samples}
        samples = [example for example in settled if example.input in own]
        if not samples:
            return _shown(statement), ()
        corrected: list[Corrected] = []
        for example in samples:
            given = own[example.input]
            try:
                same = self._judge.agree(draft.contract, example.input, example.output, given)
            except CheckerError:  # it says nothing on this pair
                same = True
            if not same:
                function = statement.interface == "function"
                shown = call_text(statement.entry_point or "", example.input) if function else example.input
                corrected.append(Corrected(shown.rstrip("\n"), given.strip("\n"), example.output.strip("\n")))
        return statement.text([TestCase(input=one.input, output=one.output) for one in samples]), tuple(corrected)

    def _made(self, draft: TwoStageDraft, style: Style, brief: _Brief, rng: random.Random) -> TwoStageDraft:
        """Run both stages, then inputs and solvers; stop at the first fault."""
        prompt = self._prompts.render(
            PLAN,
            leaves=[text_of(path) for path in brief.leaves],
            keep=[text_of(path) for path in brief.keep],
            least=brief.least,
            most=brief.most,
            draw=rng.randrange(DRAWS),
            **brief.shown(),
        )
        plan = self._ask(prompt, plan_parser(brief.leaves, brief.least, brief.most), "plan")
        draft = replace(draft, provenance=(*draft.provenance, ("plan_prompt", self._prompts.stamp(PLAN))))
        if isinstance(plan, ParseFailure):
            return _failed(draft, plan)
        draft = replace(draft, plan=plan, provenance=(*draft.provenance, ("strategy", plan.strategy)))
        prompt = self._prompts.render(
            STATEMENT,
            uses=plan.chosen_uses(),
            strategy=plan.strategy,
            style=style,
            samples=self._settings.samples,
            least_words=least_words(self._settings.min_statement_tokens),
            time_limit=self._settings.time_limit_s,
            memory_limit=Limits().memory_mb,
            longest=self._settings.max_input_chars,
            **brief.shown(),
        )
        trials: list[tuple[WrittenStatement, Fault | None]] = []

        def tried(text: str) -> WrittenStatement | ParseFailure:
            read = statement_parser(style, self._settings)(text)
            if isinstance(read, ParseFailure):
                return read
            trials.append((read, self._fault(read)))
            fault = trials[-1][1]
            return ParseFailure(reason=fault.reason, detail=fault.detail, raw=text) if fault else read

        statement = self._ask(prompt, tried, "statement")
        draft = replace(
            draft,
            provenance=(*draft.provenance, ("statement_prompt", self._prompts.stamp(STATEMENT))),
            executions=sum(len(read.samples) for read, _ in trials),
        )
        if not isinstance(statement, ParseFailure):
            return self._completed(replace(draft, statement=statement), statement, rng)
        if trials and (last := trials[-1])[1] and last[1].detail == statement.detail:
            return replace(draft, statement=last[0], fault=last[1])
        return _failed(draft, statement)

    def _fault(self, statement: WrittenStatement) -> Fault | None:
        """Return an obvious fault of a statement's programs, or None; such a statement is sent back once."""
        if fault := Validator(self._judge, statement).fault():
            return fault
        if not statement.checker:
            return None
        samples = [Example(input=sample.input, output=sample.output) for sample in statement.samples]
        found = checker_fault(self._judge, statement.contract(self._settings.time_limit_s), samples)
        return Fault(reason="checker-fails", detail=found) if found else None

    def _completed(self, draft: TwoStageDraft, statement: WrittenStatement, rng: random.Random) -> TwoStageDraft:
        """Make inputs for a statement, then have it solved."""
        validator = Validator(self._judge, statement)
        collected = self._inputs.collect(statement, _shown(statement), rng)
        draft = replace(
            draft,
            inputs=collected.inputs,
            executions=draft.executions + collected.executions,
            provenance=(*draft.provenance, ("inputs", _tally(collected))),
        )
        if len(collected.inputs) < self._settings.min_inputs:
            detail = f"{len(collected.inputs)} valid inputs, at least {self._settings.min_inputs} are needed"
            return replace(draft, fault=Fault(reason="too-few-inputs", detail=f"{detail} ({_tally(collected)})"))
        if why := collected.under_tested(self._settings.large_input_chars):
            return replace(draft, fault=Fault(reason="under-tested", detail=why))
        if note := collected.notes.get("generated"):
            draft = replace(draft, provenance=(*draft.provenance, ("under_tested", f"no generated inputs: {note}")))
        if collected.generator:
            supply = GeneratorSupply(validator, self._judge, collected.generator, collected.inputs[0], self._settings)
            draft = replace(draft, supply=supply)
        solutions, word = self._solved(draft, statement)
        draft = replace(draft, candidates=solutions, provenance=(*draft.provenance, ("solutions", word)))
        if not solutions:
            return replace(draft, fault=Fault(reason="no-candidates", detail=word))
        return draft

    def _solved(self, draft: TwoStageDraft, statement: WrittenStatement) -> tuple[tuple[Solution, ...], str]:
        """Ask the solvers for ``solutions`` programs in all; return those that are kept, and a tally of all replies."""
        samples = [TestCase(input=sample.input, output=sample.output) for sample in statement.samples]
        problem = draft.write(samples, Solution(language="python", code=""), _NOWHERE)
        question = self._prompts.render(SOLVE, problem=ENVIRONMENTS["induction"].render(problem))
        kept: list[Solution] = []
        outcomes: Counter[str] = Counter()
        for place, solver in enumerate(self._solvers):
            count = len(range(place, self._settings.solutions, len(self._solvers)))
            if not count:
                continue
            try:
                replies = solver.complete([Message(role="user", content=question)], count, purpose="solve")
            except RequestRefused:
                outcomes["request-refused"] += count
                continue
            for reply in replies:
                code, reason = read_solution(reply, self._settings.max_completion_tokens)
                outcomes[reason or "kept"] += 1
                if code:
                    kept.append(Solution(language="python", code=code))
        return tuple(kept), ", ".join(f"{count} {what}" for what, count in sorted(outcomes.items()))

    def _ask(self, prompt: str, parse: Callable[[str], _T | ParseFailure], purpose: str) -> _T | ParseFailure:
        def repair(failure: ParseFailure) -> str:
            return self._prompts.render(REPAIR, detail=failure.detail)

        try:
            return ask(self._writer, [Message(role="user", content=prompt)], parse, repair, purpose=purpose)
        except RequestRefused as refusal:
            return ParseFailure(reason="request-refused", detail=str(refusal), raw="")


# The lineage of a problem that only the solvers see.
_NOWHERE = Lineage(chain_id="", turn=1, parent_id=None, change="", direction="new", seed_ref="")


def _shown(statement: WrittenStatement) -> str:
    """The statement with the teacher's own samples."""
    return statement.text([TestCase(input=sample.input, output=sample.output) for sample in statement.samples])


def _failed(draft: TwoStageDraft, failure: ParseFailure) -> TwoStageDraft:
    return replace(draft, raw=failure.raw, fault=Fault(reason=failure.reason, detail=failure.detail))


def _tally(collected: CollectedInputs) -> str:
    parts = [f"{name} {valid}/{proposed} kept" for name, (valid, proposed) in collected.counts.items()]
    cut = [f"{collected.too_long} too long and left out"] if collected.too_long else []
    return "; ".join([*parts, *cut, *(f"{name}: {note}" for name, note in collected.notes.items())])


def _wanted(direction: Direction, rate: PassRate | None) -> str:
    wanted = {"harder": "a harder problem", "easier": "an easier problem"}.get(direction, "another problem as hard")
    return f"Asked for {wanted}" + (f" after {rate.passes} of {rate.attempts} attempts passed" if rate else "")


def _change(asked: str, before: Sequence[Path], plan: Plan) -> str:
    """Return what was asked for, and which features were added and removed, as text."""
    came = [path[-1] for path in plan.chosen if path not in before]
    went = [path[-1] for path in before if path not in plan.chosen]
    parts = [f"{word} {', '.join(names)}" for word, names in (("added", came), ("left out", went)) if names]
    return f"{asked}; {' and '.join(parts)}." if parts else f"{asked}."
