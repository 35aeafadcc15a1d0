"""The simulated student: its attempts are real programs, drawn from a stated skill model. It never learns.

It replaces a language model if there is none. Its answer is a program of the grammar with random mistakes, or a value
that such a program computes. So judging, rating and refinement work as with a real student. Every report says that the
student is simulated.
"""

import random
from collections.abc import Callable

import msgspec

from stepsmith.core.records import Checker, Contract, Problem, Solution, Verdict
from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.envs import ENVIRONMENTS, Answer
from stepsmith.envs.abduction import AbductionTask
from stepsmith.envs.deduction import DeductionTask
from stepsmith.judge.protocol import Judge
from stepsmith.scoring.completion import Completion
from stepsmith.synth.draft import Attempts, Draft
from stepsmith.synth.grammar.formats import format_case
from stepsmith.synth.grammar.inputs import draw_case
from stepsmith.synth.grammar.program import Pick, entry_point, render_program
from stepsmith.synth.offline import OfflineDraft
from stepsmith.synth.skill import SkillModel

IDEAS = 4  # number of inputs that the student considers when it looks for one (abduction, fuzzing)
NO_ANSWER = "I could not find a solution."


class SimulatedStudent:
    """Attempts problems of the offline teacher; needs their composition, which a real student never sees."""

    name = "simulated"

    def __init__(self, model: SkillModel, judge: Judge) -> None:
        self.model = model
        self.judge = judge

    def attempts(self, draft: Draft | None, problem: Problem, rng: random.Random) -> Attempts:
        """See ``Student``. Raises ``TypeError`` for a draft that is not the offline teacher's."""
        if not isinstance(draft, OfflineDraft):
            raise TypeError("the simulated student can only attempt problems of the offline teacher")
        environment = ENVIRONMENTS[problem.environment]
        think = _THINK[problem.environment](self, draft, problem)

        def attempt() -> Completion:
            return Completion(text=NO_ANSWER if rng.random() < self.model.no_answer else environment.write(think(rng)))

        return lambda n: [attempt() for _ in range(n)]

    def _induction(self, draft: OfflineDraft, _: Problem) -> Callable[[random.Random], Answer]:
        """Answer with the program that the student believes to be right."""

        def think(rng: random.Random) -> Answer:
            return Answer(text=draft.program(self.model.believe(draft.composition, rng)))

        return think

    def _deduction(self, draft: OfflineDraft, problem: Problem) -> Callable[[random.Random], Answer]:
        """Answer with the output of the program that the student believes in; no answer if that program crashes."""
        shown = msgspec.json.decode(problem.task, type=DeductionTask).input
        outputs: dict[tuple[Pick, ...], str] = {}

        def think(rng: random.Random) -> Answer:
            picks = self.model.believe(draft.composition, rng)
            if picks not in outputs:
                outputs[picks] = self._outputs(draft, picks, [shown])[0] or "None"
            return Answer(text=outputs[picks])

        return think

    def _abduction(self, draft: OfflineDraft, problem: Problem) -> Callable[[random.Random], Answer]:
        """Consider some inputs, one of them right; answer one that the believed program maps to the output."""
        shown = msgspec.json.decode(problem.task, type=AbductionTask).output
        ideas = self._ideas(draft, problem.tests[0].input)
        outputs: dict[tuple[Pick, ...], list[str | None]] = {}

        def think(rng: random.Random) -> Answer:
            picks = self.model.believe(draft.composition, rng)
            if picks not in outputs:
                outputs[picks] = self._outputs(draft, picks, ideas)
            fitting = [idea for idea, output in zip(ideas, outputs[picks], strict=True) if output == shown]
            return Answer(text=rng.choice(fitting or ideas))

        return think

    def _fuzzing(self, draft: OfflineDraft, problem: Problem) -> Callable[[random.Random], Answer]:
        """Find a counter-example among some inputs if the student notices the mistake; else answer a random one."""
        ideas = self._ideas(draft, problem.tests[-1].input)

        def think(rng: random.Random) -> Answer:
            seen_through = self.model.notices(draft.composition, rng)
            return Answer(text=ideas[0] if seen_through else rng.choice(ideas))

        return think

    def _ideas(self, draft: OfflineDraft, known: str) -> list[str]:
        """Return a known right input, then others that the statement allows; the same for every attempt."""
        rng = random.Random(known)
        composition = draft.composition
        others = [format_case(composition, "function", draw_case(rng, composition, "small")) for _ in range(IDEAS - 1)]
        return list(dict.fromkeys([known, *others]))

    def _outputs(self, draft: OfflineDraft, picks: tuple[Pick, ...], inputs: list[str]) -> list[str | None]:
        """Return the output of a believed program on each input; None if it fails."""
        program = Solution(language="python", code=render_program(draft.composition, "function", picks))
        contract = Contract(
            interface="function", entry_point=entry_point(draft.composition), checker=Checker(name="literal")
        )
        runs = self.judge.execute(program, contract, inputs)
        return [run.output if run.verdict is Verdict.AC else None for run in runs]


Think = Callable[[random.Random], Answer]
_THINK: dict[EnvironmentName, Callable[[SimulatedStudent, OfflineDraft, Problem], Think]] = {
    "induction": SimulatedStudent._induction,
    "deduction": SimulatedStudent._deduction,
    "abduction": SimulatedStudent._abduction,
    "fuzzing": SimulatedStudent._fuzzing,
}
