"""Test inputs of a statement: its samples, by prompting, by a generator program; all of them past the validator."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from stepsmith.core.errors import RequestRefused, SandboxError
from stepsmith.core.integers import read_literal
from stepsmith.core.records import Interface, Solution, TestKind, Verdict
from stepsmith.judge.program import ProgramRunner, RunningJudge
from stepsmith.judge.protocol import Judge
from stepsmith.llm.parsing import ParseFailure, ask, parse_code, parse_json
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.draft import Fault, TestInput
from stepsmith.synth.generators import KINDS, MEMORY_MB, Generated, run_generator
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.synth.two_stage.statement import WrittenStatement, input_text

INPUTS, GENERATOR, REPAIR = "two_stage/inputs", "two_stage/generator", "two_stage/repair"
SEEDS = 2**31
NOTE = 160  # characters of what a generator said when it failed

# X-Coder prompts for four sizes and weights four kinds; which is which is our reading.
KIND_OF_SIZE: dict[str, TestKind] = {"edge": "boundary", "small": "nominal", "medium": "complex", "large": "stress"}


class _Prompted(msgspec.Struct):
    size: str
    input: object


@dataclass(frozen=True, slots=True)
class Validator:
    """A statement's validator in the sandbox."""

    judge: Judge
    statement: WrittenStatement

    def allowed(self, inputs: Sequence[str]) -> list[bool]:
        """Say for each input whether it is within the statement. Raises ``SandboxError`` when our machinery fails."""
        program = Solution(language="python", code=self.statement.validator)
        runs = self.judge.execute(program, self.statement.validator_contract(), inputs)
        if failed := [run for run in runs if run.verdict is Verdict.IE]:
            raise SandboxError(f"a validator could not be run: {failed[0].message}")
        function = self.statement.interface == "function"
        return [run.verdict is Verdict.AC and (not function or run.output.strip() == "True") for run in runs]

    def fault(self) -> Fault | None:
        """Return an obvious fault, or None: the validator refuses a sample, or accepts nonsense."""
        samples = [sample.input for sample in self.statement.samples]
        nonsense = _nonsense(self.statement)
        allowed = self.allowed([*samples, *nonsense])
        for sample, fine in zip(samples, allowed, strict=False):
            if not fine:
                return Fault(reason="sample-invalid", detail=f"the validator refuses the sample {sample[:200]!r}")
        if all(allowed[len(samples) :]):
            return Fault(reason="validator-accepts-anything", detail=f"the validator lets {nonsense[0]!r} pass")
        return None


@dataclass(slots=True)
class CollectedInputs:
    """The valid inputs, samples first, and by source how many were proposed and how many are valid."""

    inputs: tuple[TestInput, ...] = ()
    generator: str = ""  # the program, where there is a usable one
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)  # source -> (valid and new, proposed)
    notes: dict[str, str] = field(default_factory=dict)  # source -> why it gave nothing
    too_long: int = 0  # inputs that were left out because they have more characters than are allowed
    executions: int = 0

    def under_tested(self, large: int) -> str:
        """Return why large inputs are missing, or "" if they are not.

        They are missing if no input has at least ``large`` characters and something went wrong. Where a generator works
        and none of its inputs is too long, the statement's bounds may just be small.
        """
        if any(len(item.text) >= large for item in self.inputs):
            return ""
        if note := self.notes.get("generated"):
            return f"no input has {large} characters or more, and the generator program gave none: {note}"
        if self.too_long:
            return f"no input has {large} characters or more; {self.too_long} were too long and were left out"
        return ""


class InputWriter:
    """Asks ``llm`` for inputs and generators and keeps what is valid."""

    def __init__(self, llm: LLM, judge: RunningJudge, prompts: PromptLibrary, settings: TwoStageSettings) -> None:
        self._llm = llm
        self._judge = judge
        self._prompts = prompts
        self._settings = settings

    def collect(self, statement: WrittenStatement, text: str, rng: random.Random) -> CollectedInputs:
        """Collect inputs for ``statement``; ``text`` is how it is shown. At most one request each, and one repair."""
        collected = CollectedInputs()
        sources = {"samples": [TestInput(text=sample.input, kind="nominal") for sample in statement.samples]}
        if self._settings.prompted_inputs:
            sources["prompted"] = self._prompted(statement, text, collected)
        if self._settings.generator:
            sources["generated"] = self._generated(statement, text, rng, collected)
        distinct: dict[str, tuple[str, TestInput]] = {}
        for source, inputs in sources.items():
            for item in inputs:
                if len(item.text) > self._settings.max_input_chars:
                    collected.too_long += 1
                else:
                    distinct.setdefault(item.text, (source, item))
        allowed = Validator(self._judge, statement).allowed(list(distinct))
        collected.executions += len(distinct)
        kept = [entry for entry, fine in zip(distinct.values(), allowed, strict=True) if fine]
        collected.inputs = tuple(item for _, item in kept)
        collected.counts = {
            name: (sum(source == name for source, _ in kept), len(inputs)) for name, inputs in sources.items()
        }
        return collected

    def _prompted(self, statement: WrittenStatement, text: str, collected: CollectedInputs) -> list[TestInput]:
        function = statement.interface == "function"
        prompt = self._prompts.render(INPUTS, statement=text, count=self._settings.prompted_inputs, function=function)
        try:
            found = ask(
                self._llm,
                [Message(role="user", content=prompt)],
                lambda answer: _read_inputs(answer, statement.interface),
                self._repair,
                purpose="inputs",
            )
        except RequestRefused as refusal:
            found = ParseFailure(reason="request-refused", detail=str(refusal), raw="")
        if isinstance(found, ParseFailure):
            collected.notes["prompted"] = found.reason
            return []
        return found

    def _generated(
        self, statement: WrittenStatement, text: str, rng: random.Random, collected: CollectedInputs
    ) -> list[TestInput]:
        """Ask for a generator and run it; one that fails is sent back once, with what it said."""
        seed = rng.randrange(SEEDS)
        runs: list[Generated] = []

        def tried(answer: str) -> str | ParseFailure:
            code = parse_code(answer, "python", "py", "python3")
            if isinstance(code, ParseFailure):
                return code
            runs.append(
                run_generator(
                    self._judge,
                    code,
                    seed,
                    statement.interface,
                    time_s=self._settings.generator_time_s,
                    longest=self._settings.max_input_chars,
                )
            )
            collected.executions += runs[-1].runs
            if runs[-1].reason:
                return ParseFailure(reason=runs[-1].reason, detail=runs[-1].detail, raw=answer)
            return code

        prompt = self._prompts.render(
            GENERATOR,
            statement=text,
            function=statement.interface == "function",
            kinds=KINDS,
            least=self._settings.generator_cases,
            count=self._settings.generated_inputs,
            longest=self._settings.max_input_chars,
            time_limit=self._settings.generator_time_s,
            memory_limit=MEMORY_MB,
        )
        try:
            code = ask(self._llm, [Message(role="user", content=prompt)], tried, self._repair, purpose="generator")
        except RequestRefused as refusal:
            code = ParseFailure(reason="request-refused", detail=str(refusal), raw="")
        if isinstance(code, ParseFailure):
            why = f" ({code.detail.rstrip().splitlines()[-1][:NOTE]})" if runs and runs[-1].reason else ""
            collected.notes["generated"] = f"{code.reason}{why}"
            return []
        collected.generator = code
        collected.too_long += runs[-1].too_long
        return list(_spread(runs[-1].inputs, self._settings.generated_inputs))

    def _repair(self, failure: ParseFailure) -> str:
        return self._prompts.render(REPAIR, detail=failure.detail)


class GeneratorSupply:
    """Draws further inputs from a generator program that has worked: the shorter half of its inputs for each seed.

    Implements ``InputSupply``; one run serves many draws. Where the program gives no valid input any more, a known one
    is returned again.
    """

    def __init__(
        self, validator: Validator, runner: ProgramRunner, code: str, known: TestInput, settings: TwoStageSettings
    ) -> None:
        self._validator = validator
        self._runner = runner
        self._code = code
        self._known = known
        self._settings = settings
        self._ready: list[str] = []

    def draw(self, rng: random.Random) -> str:
        """Return a small input that the statement allows."""
        if not self._ready:
            self._ready = self._more(rng)
        return self._ready.pop() if self._ready else self._known.text

    def allows(self, text: str) -> bool:
        """Say whether the statement allows an input."""
        return self._validator.allowed([text])[0]

    def _more(self, rng: random.Random) -> list[str]:
        interface = self._validator.statement.interface
        time_s, longest = self._settings.generator_time_s, self._settings.max_input_chars
        run = run_generator(self._runner, self._code, rng.randrange(SEEDS), interface, time_s=time_s, longest=longest)
        texts = sorted((item.text for item in run.inputs), key=lambda text: (len(text), text))
        shorter = texts[: (len(texts) + 1) // 2]
        allowed = self._validator.allowed(shorter)
        valid = [text for text, fine in zip(shorter, allowed, strict=True) if fine]
        return rng.sample(valid, len(valid))


def _read_inputs(answer: str, interface: Interface) -> list[TestInput] | ParseFailure:
    """Read prompted inputs. It is a failure if most of them are neither text nor, for functions, lists of arguments."""
    found = parse_json(answer, list[_Prompted])
    if isinstance(found, ParseFailure):
        return found
    inputs: list[TestInput] = []
    refused: list[str] = []
    for number, item in enumerate(found, 1):
        given = input_text(item.input, interface)
        if given is None:
            refused.append(f"input {number}, {repr(item.input)[:80]}")
        else:
            inputs.append(TestInput(text=given, kind=KIND_OF_SIZE.get(item.size.strip().lower(), "nominal")))
    if len(refused) > len(inputs) or not inputs:
        wanted = "a text that is not empty" if interface == "stdio" else "a list of arguments"
        detail = f"{refused[0]}, is not {wanted}" if refused else "it has no inputs"
        return ParseFailure(reason="wrong-input", detail=detail, raw=answer)
    return inputs


def _spread(inputs: Sequence[TestInput], count: int) -> tuple[TestInput, ...]:
    """At most ``count`` of the inputs, kinds taken in turn, in the generator's order."""
    by_kind: dict[TestKind, list[int]] = {}
    for index, item in enumerate(inputs):
        by_kind.setdefault(item.kind, []).append(index)
    in_turn = [
        places[turn] for turn in range(len(inputs)) for places in by_kind.values() if turn < len(places)
    ]  # fmt: skip
    return tuple(inputs[index] for index in sorted(in_turn[:count]))


def _nonsense(statement: WrittenStatement) -> list[str]:
    """Inputs that hardly any statement allows; a validator has to refuse one of them."""
    if statement.interface == "function":
        count = len(read_literal(statement.samples[0].input))
        return [repr((None,) * count), repr((object.__name__,) * (count + 1))]
    return ["", "-99999999999999999999999 x\n", "\x01\n"]
