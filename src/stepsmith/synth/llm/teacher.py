"""Deep Dive's teacher (arXiv 2603.24202): a model that proposes problems from seeds and refines them by pass rate.

ask ─► read ─► gates (message, two runs of ``f``, which inputs are well formed; ``gates``) ─► solvers
What fails is sent back with its reason, once for each reason; what still fails is a draft with a fault, which is kept
as a rejection.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from stepsmith.core.errors import RequestRefused
from stepsmith.core.ids import content_id
from stepsmith.core.records import Direction, Lineage, PassRate, Seed, TestCase
from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.judge.protocol import Judge
from stepsmith.llm.parsing import ParseFailure, ask
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.draft import Draft, Fault, Feedback
from stepsmith.synth.llm.allowed import AllowedInputs
from stepsmith.synth.llm.draft import SHOWN, LLMDraft
from stepsmith.synth.llm.gates import tried
from stepsmith.synth.llm.reply import INPUTS, TeacherReply, parse_reply
from stepsmith.synth.llm.solvers import solve
from stepsmith.synth.progression import Progression

PROPOSE, REFINE, REPAIR = "teacher/propose", "teacher/refine", "teacher/repair"
REPAIRS = 2  # at most so many repairs of one proposal, each for a different reason; ours
EXCERPT = 2_000  # characters of a student's reply that the teacher is shown; ours
DRAWS = 10_000  # a prompt holds a random number below this, so that chains with one seed, and new tries, differ


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
        settled = {example.input: example.output for example in feedback.settled} if feedback else {}
        pairs = zip(draft.reply.inputs, draft.outputs, draft.cases, strict=False)
        corrected = [
            (case[0], output, settled[text])
            for text, output, case in pairs
            if text in settled and not self._judge.agree(draft.contract, text, settled[text], output)
        ]
        prompt = self._prompts.render(
            REFINE,
            corrected=corrected,
            code=draft.reply.code,
            cases=draft.cases,
            message=draft.reply.message,
            rate=rate,
            solved=feedback.solved if feedback else (),
            failed=feedback.failed if feedback else (),
            shown_inputs=feedback.shown if feedback else "",
            excerpt=EXCERPT,
            environment=draft.environment,
            direction=direction,
            draw=rng.randrange(DRAWS),
            count=INPUTS,
            shown=SHOWN,
            aim=self._progression.aim(rate.rate if rate else 0.0, direction, feedback.held if feedback else ()),
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
        blank = LLMDraft(environment=environment, direction=direction, change=change, provenance=provenance)
        drafts = [blank]

        def check(text: str) -> LLMDraft | ParseFailure:
            """Read a reply and pass it through the gates; what was made of it is kept in ``drafts``."""
            reply = parse_reply(text, environment)
            last = replace(blank, executions=drafts[-1].executions)
            if isinstance(reply, ParseFailure):
                drafts.append(replace(last, raw=text, fault=Fault(reason=reply.reason, detail=reply.detail)))
                return reply
            drafts.append(tried(self._judge, replace(last, reply=reply), reply))
            fault = drafts[-1].fault
            return ParseFailure(reason=fault.reason, detail=fault.detail, raw=text) if fault else drafts[-1]

        def repair(failure: ParseFailure) -> str:
            return self._prompts.render(REPAIR, detail=failure.detail, environment=environment, count=INPUTS)

        try:
            ask(self._llm, [Message(role="user", content=prompt)], check, repair, purpose=purpose, repairs=REPAIRS)
        except RequestRefused as refusal:
            drafts.append(drafts[-1].with_fault(Fault(reason="request-refused", detail=str(refusal))))
        return drafts[-1] if drafts[-1].fault else self._completed(drafts[-1])

    def _completed(self, draft: LLMDraft) -> LLMDraft:
        """Add to a draft without a fault: a random order of inputs, the inputs that are allowed, solvers' programs."""
        reply = draft.reply
        assert reply is not None
        if draft.environment == "induction":
            draft, reply = _in_drawn_order(draft, reply)
            draft = replace(draft, supply=AllowedInputs(self._judge, reply.form, reply.inputs))
        if draft.environment == "induction" and self._solvers:
            tests = [TestCase(input=i, output=o) for i, o in zip(reply.inputs, draft.outputs, strict=True)]
            problem = draft.write(tests, draft.program, NOWHERE)
            return replace(draft, asked=len(self._solvers), solvers=solve(self._solvers, self._prompts, problem))
        return draft


def _in_drawn_order(draft: LLMDraft, reply: TeacherReply) -> tuple[LLMDraft, TeacherReply]:
    """Return draft and reply with the inputs in a random order that depends on the reply alone; the first are shown.

    Teachers write the plainest inputs first. In their order, the hidden inputs would always be of the same kind.
    """
    order = list(range(len(reply.inputs)))
    random.Random(content_id("order", reply.code, reply.inputs)).shuffle(order)
    reply = msgspec.structs.replace(reply, inputs=tuple(reply.inputs[place] for place in order))
    return replace(draft, reply=reply, outputs=tuple(draft.outputs[place] for place in order)), reply


# The lineage of a problem that only the solvers see.
NOWHERE = Lineage(chain_id="", turn=1, parent_id=None, change="", direction="new", seed_ref="")


def _change(direction: Direction, rate: PassRate | None) -> str:
    """Return what the teacher was asked for, as a sentence."""
    wanted = {"harder": "a harder problem", "easier": "an easier problem"}.get(direction, "another problem as hard")
    return (
        f"Asked for {wanted} after {rate.passes} of {rate.attempts} attempts passed."
        if rate
        else f"Asked for {wanted}."
    )
