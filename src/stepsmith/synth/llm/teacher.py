"""Deep Dive's teacher (arXiv 2603.24202): a model that proposes problems from seeds and refines them by pass rate.

ask ─► read (one repair) ─► message: no code, stands alone ─► run ``f`` twice ─► fuzzing: the mistake shows ─► solvers
Whatever fails on the way is a draft with a fault, which is kept as a rejection.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from stepsmith.core.errors import RequestRefused, SandboxError
from stepsmith.core.ids import content_id
from stepsmith.core.records import Direction, Execution, Lineage, PassRate, Seed, TestCase, Verdict
from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.core.stats import BAND_EDGES
from stepsmith.envs.fuzzing import FAILS, HOLDS, ILL_FORMED, PROGRAM, examine
from stepsmith.envs.literals import call_text
from stepsmith.judge.protocol import Judge
from stepsmith.llm.parsing import ParseFailure, ask
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.draft import Draft, Fault, Feedback
from stepsmith.synth.llm.draft import CONTRACT, SHOWN, LLMDraft, fuzzing_task
from stepsmith.synth.llm.leakage import leaked_code, relies_on_unseen
from stepsmith.synth.llm.reply import INPUTS, TeacherReply, parse_reply
from stepsmith.synth.llm.solvers import solve

PROPOSE, REFINE, REPAIR = "teacher/propose", "teacher/refine", "teacher/repair"
EXCERPT = 2_000  # characters of a student's reply that the teacher is shown; ours
DRAWS = 10_000  # the number in a prompt that makes chains with the same seed, and turns after a failed one, differ

# Deep Dive's chains are built from a hard problem down: hard .05-.16, medium .41-.59, easy .81-.91.
CHAIN_HARD, CHAIN_MEDIUM, CHAIN_EASY = (0.05, 0.16), (0.41, 0.59), (0.81, 0.91)
HARD_LOW = 0.10  # below it Deep Dive has no bin
Range = tuple[float, float]  # of pass rates


@dataclass(frozen=True, slots=True)
class Progression:
    """Which pass rate the teacher is asked to aim at."""

    medium: Range  # Deep Dive: .35 to .65
    easy_high: float  # Deep Dive: .97, above which nothing is kept
    hard_first: bool  # chains go from a hard problem down

    def first(self) -> Range | None:
        """For a problem from a seed; None: not said."""
        return CHAIN_HARD if self.hard_first else None

    def next(self, rate: float, direction: Direction) -> Range | None:
        """For the next problem after one with pass rate ``rate``; None for one that is as hard."""
        if direction == "sideways":
            return None
        if self.hard_first:
            if direction == "harder":
                return CHAIN_HARD
            return CHAIN_MEDIUM if rate < BAND_EDGES[0][0] else CHAIN_EASY
        if direction == "harder":
            return self.medium if rate > self.medium[1] else (HARD_LOW, self.medium[0])
        return self.medium if rate < self.medium[0] else (self.medium[1], self.easy_high)


class LLMTeacher:
    """Implements ``Teacher``. ``solvers`` vote on the outputs of induction problems beside the teacher's program."""

    def __init__(
        self,
        llm: LLM,
        judge: Judge,
        prompts: PromptLibrary,
        progression: Progression,
        *,
        name: str,
        solvers: Sequence[LLM] = (),
    ) -> None:
        self.name = name
        self._llm = llm
        self._judge = judge
        self._prompts = prompts
        self._progression = progression
        self._solvers = tuple(solvers)

    def propose(self, seed: Seed, environment: EnvironmentName, rng: random.Random) -> Draft:
        """Ask for a first problem from a seed."""
        prompt = self._prompts.render(
            PROPOSE,
            seed=seed.code,
            environment=environment,
            draw=rng.randrange(DRAWS),
            count=INPUTS,
            shown=SHOWN,
            aim=self._progression.first(),
        )
        return self._draft(prompt, "propose", PROPOSE, environment, "new", "")

    def refine(self, draft: Draft, feedback: Feedback | None, direction: Direction, rng: random.Random) -> Draft:
        """Ask for a next problem in view of how the last one went. Raises ``TypeError`` for another teacher's draft."""
        if not isinstance(draft, LLMDraft) or draft.reply is None:
            raise TypeError("a model can only refine a problem that a model wrote")
        rate = feedback.pass_rate if feedback else None
        prompt = self._prompts.render(
            REFINE,
            code=draft.reply.code,
            cases=draft.cases,
            message=draft.reply.message,
            rate=rate,
            solved=feedback.solved if feedback else (),
            failed=feedback.failed if feedback else (),
            excerpt=EXCERPT,
            environment=draft.environment,
            direction=direction,
            draw=rng.randrange(DRAWS),
            count=INPUTS,
            shown=SHOWN,
            aim=self._progression.next(rate.rate if rate else 0.0, direction),
        )
        return self._draft(prompt, "refine", REFINE, draft.environment, direction, _change(direction, rate))

    def _draft(
        self,
        prompt: str,
        purpose: str,
        template: str,
        environment: EnvironmentName,
        direction: Direction,
        change: str,
    ) -> LLMDraft:
        provenance = (
            ("teacher", self.name),
            ("prompt", self._prompts.stamp(template)),
            ("prompt_id", content_id("msg", prompt)),
        )
        draft = LLMDraft(environment=environment, direction=direction, change=change, provenance=provenance)
        reply = self._asked(prompt, environment, purpose)
        if isinstance(reply, ParseFailure):
            return replace(draft, raw=reply.raw, fault=Fault(reason=reply.reason, detail=reply.detail))
        return self._tried(replace(draft, reply=reply), reply)

    def _asked(self, prompt: str, environment: EnvironmentName, purpose: str) -> TeacherReply | ParseFailure:
        def repair(failure: ParseFailure) -> str:
            return self._prompts.render(REPAIR, detail=failure.detail, environment=environment, count=INPUTS)

        def read(text: str) -> TeacherReply | ParseFailure:
            return parse_reply(text, environment)

        try:
            return ask(self._llm, [Message(role="user", content=prompt)], read, repair, purpose=purpose)
        except RequestRefused as refusal:
            return ParseFailure(reason="request-refused", detail=str(refusal), raw="")

    def _tried(self, draft: LLMDraft, reply: TeacherReply) -> LLMDraft:
        """Find out what is wrong with a readable reply, the cheapest things first; then ask the solvers."""
        if fault := _message_fault(reply):
            return replace(draft, fault=fault)
        runs, fault = self._run(draft, reply)
        draft = replace(draft, executions=len(runs), outputs=tuple(run.output for run in runs[: len(reply.inputs)]))
        if fault:
            return replace(draft, fault=fault)
        if draft.environment == "fuzzing":
            return self._fuzzed(draft, reply)
        if draft.environment == "induction" and self._solvers:
            tests = [TestCase(input=i, output=o) for i, o in zip(reply.inputs, draft.outputs, strict=True)]
            problem = draft.write(tests, draft.program, NOWHERE)
            return replace(draft, asked=len(self._solvers), solvers=solve(self._solvers, self._prompts, problem))
        return draft

    def _run(self, draft: LLMDraft, reply: TeacherReply) -> tuple[list[Execution], Fault | None]:
        """Run ``f`` twice on every input, as far as it goes well."""
        runs: list[Execution] = []
        # The first input alone: a program that never ends usually never does, and each such run is costly.
        for part in (reply.inputs[:1], reply.inputs[1:], reply.inputs):
            runs += self._judge.execute(draft.program, CONTRACT, part)
            if fault := _run_fault(reply.inputs, runs):
                return runs, fault
        return runs, None

    def _fuzzed(self, draft: LLMDraft, reply: TeacherReply) -> LLMDraft:
        """Check that the mistake shows on some inputs and not on others."""
        runs = examine(self._judge, fuzzing_task(reply.code), CONTRACT, reply.inputs)
        draft = replace(draft, executions=draft.executions + len(runs))
        if fault := _property_fault(runs):
            return replace(draft, fault=fault)
        first = next(text for text, run in zip(reply.inputs, runs, strict=True) if run.output == FAILS)
        return replace(draft, counterexample=first)


# Where a problem stands that only the solvers see.
NOWHERE = Lineage(chain_id="", turn=1, parent_id=None, change="", direction="new", seed_ref="")


def _message_fault(reply: TeacherReply) -> Fault | None:
    if leak := leaked_code(reply.message, reply.code):
        return Fault(reason="message-leaks-code", detail=leak)
    if words := relies_on_unseen(reply.message):
        return Fault(
            reason="message-not-alone", detail=f"it speaks of something that the student has not seen: {words!r}"
        )
    return None


def _run_fault(inputs: Sequence[str], runs: Sequence[Execution]) -> Fault | None:
    """What is wrong with runs of ``f`` on the inputs, one round after the other."""
    _check_ours(runs)
    for position, run in enumerate(runs):
        number = position % len(inputs)
        place = f"input {number + 1}, {call_text(PROGRAM, inputs[number])[:120]}"
        if run.verdict is not Verdict.AC:
            return Fault(reason="invalid-input", detail=f"{place}, ends with {run.verdict}: {run.message[:200]}")
        if run.output != runs[number].output:
            said = f"gives {runs[number].output[:80]}, then {run.output[:80]}"
            return Fault(reason="non-deterministic", detail=f"{place}, {said}")
    return None


def _property_fault(runs: Sequence[Execution]) -> Fault | None:
    _check_ours(runs)
    said = [run.output for run in runs]
    if ILL_FORMED in said:
        return Fault(reason="invalid-input", detail=f"pre_test_f refuses input {said.index(ILL_FORMED) + 1}")
    if FAILS not in said:
        return Fault(reason="no-counterexample", detail="test_f does not return False for any of the inputs")
    if HOLDS not in said:
        return Fault(reason="property-never-holds", detail="test_f does not return True for any of the inputs")
    return None


def _check_ours(runs: Sequence[Execution]) -> None:
    """Raise ``SandboxError`` where our own machinery failed."""
    if failed := [run for run in runs if run.verdict is Verdict.IE]:
        raise SandboxError(f"a teacher's program could not be run: {failed[0].message}")


def _change(direction: Direction, rate: PassRate | None) -> str:
    """What the teacher was asked for, as a sentence."""
    wanted = {"harder": "a harder problem", "easier": "an easier problem"}.get(direction, "another problem as hard")
    return (
        f"Asked for {wanted} after {rate.passes} of {rate.attempts} attempts passed."
        if rate
        else f"Asked for {wanted}."
    )
