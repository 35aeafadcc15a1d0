"""Test inputs of a statement: its samples, by prompting, by a generator program; all of them past the validator."""

import ast
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from stepsmith.core.errors import RequestRefused, SandboxError
from stepsmith.core.records import Solution, TestKind, Verdict
from stepsmith.judge.program import ProgramRunner
from stepsmith.judge.protocol import Judge
from stepsmith.llm.parsing import ParseFailure, ask, parse_code, parse_json
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.draft import Fault, TestInput
from stepsmith.synth.generators import KINDS, Generated, run_generator
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.synth.two_stage.statement import Statement, input_text

INPUTS, GENERATOR, REPAIR = "two_stage/inputs", "two_stage/generator", "two_stage/repair"
SEEDS = 2**31

# Paper B prompts for four sizes and weights four kinds; which is which is our reading.
KIND_OF_SIZE: dict[str, TestKind] = {"edge": "boundary", "small": "nominal", "medium": "complex", "large": "stress"}


class _Prompted(msgspec.Struct):
 source -> (valid, proposed)  size: str
 source -> (valid, proposed)  input: object


@dataclass(frozen=True, slots=True)
class Validator:
 source -> (valid, proposed)  """A statement's validator in the sandbox."""

 source -> (valid, proposed)  judge: Judge
 source -> (valid, proposed)  statement: Statement

 source -> (valid, proposed)  def allowed(self, inputs: Sequence[str]) -> list[bool]:
 source -> (valid, proposed)      """Say for each input whether it is within the statement. Raises ``SandboxError`` when our machinery fails."""
 source -> (valid, proposed)      program = Solution(language="python", code=self.statement.validator)
 source -> (valid, proposed)      runs = self.judge.execute(program, self.statement.validator_contract(), inputs)
 source -> (valid, proposed)      if failed := [run for run in runs if run.verdict is Verdict.IE]:
 source -> (valid, proposed)          raise SandboxError(f"a validator could not be run: {failed[0].message}")
 source -> (valid, proposed)      function = self.statement.interface == "function"
 source -> (valid, proposed)      return [run.verdict is Verdict.AC and (not function or run.output.strip() == "True") for run in runs]

 source -> (valid, proposed)  def fault(self) -> Fault | None:
 source -> (valid, proposed)      """What is wrong with it on the face of it: it refuses a sample, or lets nonsense pass."""
 source -> (valid, proposed)      samples = [sample.input for sample in self.statement.samples]
 source -> (valid, proposed)      nonsense = _nonsense(self.statement)
 source -> (valid, proposed)      allowed = self.allowed([*samples, *nonsense])
 source -> (valid, proposed)      for sample, fine in zip(samples, allowed, strict=False):
 source -> (valid, proposed)          if not fine:
 source -> (valid, proposed)              return Fault(reason="sample-invalid", detail=f"the validator refuses the sample {sample[:200]!r}")
 source -> (valid, proposed)      if all(allowed[len(samples) :]):
 source -> (valid, proposed)          return Fault(reason="validator-accepts-anything", detail=f"the validator lets {nonsense[0]!r} pass")
 source -> (valid, proposed)      return None


@dataclass(slots=True)
class Collected:
 source -> (valid, proposed)  """The valid inputs, samples first, and how many of which source were proposed and valid."""

 source -> (valid, proposed)  inputs: tuple[TestInput, ...] = ()
 source -> (valid, proposed)  generator: str = ""  # the program, where there is a usable one
 source -> (valid, proposed)  counts: dict[str, tuple[int, int]] = field(default_factory=dict)  # source -> (valid, proposed)
 source -> (valid, proposed)  notes: dict[str, str] = field(default_factory=dict)  # source -> why it gave nothing
 source -> (valid, proposed)  executions: int = 0


class InputWriter:
 source -> (valid, proposed)  """Asks ``llm`` for inputs and generators and keeps what is valid."""

 source -> (valid, proposed)  def __init__(
 source -> (valid, proposed)      self, llm: LLM, judge: Judge, runner: ProgramRunner, prompts: PromptLibrary, settings: TwoStageSettings
 source -> (valid, proposed)  ):
 source -> (valid, proposed)      self._llm = llm
 source -> (valid, proposed)      self._judge = judge
 source -> (valid, proposed)      self._runner = runner
 source -> (valid, proposed)      self._prompts = prompts
 source -> (valid, proposed)      self._settings = settings

 source -> (valid, proposed)  def collect(self, statement: Statement, text: str, rng: random.Random) -> Collected:
 source -> (valid, proposed)      """Collect inputs for ``statement``; ``text`` is how it is shown. At most one request each, and one repair."""
 source -> (valid, proposed)      collected = Collected()
 source -> (valid, proposed)      sources = {"samples": [TestInput(text=sample.input, kind="nominal") for sample in statement.samples]}
 source -> (valid, proposed)      if self._settings.prompted_inputs:
 source -> (valid, proposed)          sources["prompted"] = self._prompted(statement, text, collected)
 source -> (valid, proposed)      if self._settings.generator:
 source -> (valid, proposed)          sources["generated"] = self._generated(statement, text, rng, collected)
 source -> (valid, proposed)      distinct: dict[str, tuple[str, TestInput]] = {}
 source -> (valid, proposed)      for source, inputs in sources.items():
 source -> (valid, proposed)          for item in inputs:
 source -> (valid, proposed)              if len(item.text) <= self._settings.max_input_chars:
 source -> (valid, proposed)                  distinct.setdefault(item.text, (source, item))
 source -> (valid, proposed)      allowed = Validator(self._judge, statement).allowed(list(distinct))
 source -> (valid, proposed)      collected.executions += len(distinct)
 source -> (valid, proposed)      kept = [entry for entry, fine in zip(distinct.values(), allowed, strict=True) if fine]
 source -> (valid, proposed)      collected.inputs = tuple(item for _, item in kept)
 source -> (valid, proposed)      collected.counts = {
 source -> (valid, proposed)          name: (sum(source == name for source, _ in kept), len(inputs)) for name, inputs in sources.items()
 source -> (valid, proposed)      }
 source -> (valid, proposed)      return collected

 source -> (valid, proposed)  def _prompted(self, statement: Statement, text: str, collected: Collected) -> list[TestInput]:
 source -> (valid, proposed)      function = statement.interface == "function"
 source -> (valid, proposed)      prompt = self._prompts.render(INPUTS, statement=text, count=self._settings.prompted_inputs, function=function)
 source -> (valid, proposed)      try:
 source -> (valid, proposed)          found = ask(
 source -> (valid, proposed)              self._llm,
 source -> (valid, proposed)              [Message(role="user", content=prompt)],
 source -> (valid, proposed)              lambda answer: parse_json(answer, list[_Prompted]),
 source -> (valid, proposed)              self._repair,
 source -> (valid, proposed)              purpose="inputs",
 source -> (valid, proposed)          )
 source -> (valid, proposed)      except RequestRefused as refusal:
 source -> (valid, proposed)          found = ParseFailure(reason="request-refused", detail=str(refusal), raw="")
 source -> (valid, proposed)      if isinstance(found, ParseFailure):
 source -> (valid, proposed)          collected.notes["prompted"] = found.reason
 source -> (valid, proposed)          return []
 source -> (valid, proposed)      inputs: list[TestInput] = []
 source -> (valid, proposed)      for item in found:
 source -> (valid, proposed)          given = input_text(item.input, statement.interface)
 source -> (valid, proposed)          if given is not None:
 source -> (valid, proposed)              kind = KIND_OF_SIZE.get(item.size.strip().lower(), "nominal")
 source -> (valid, proposed)              inputs.append(TestInput(text=given, kind=kind))
 source -> (valid, proposed)      return inputs

 source -> (valid, proposed)  def _generated(self, statement: Statement, text: str, rng: random.Random, collected: Collected) -> list[TestInput]:
 source -> (valid, proposed)      """Ask for a generator and run it; one that fails is sent back once, with what it said."""
 source -> (valid, proposed)      seed = rng.randrange(SEEDS)
 source -> (valid, proposed)      runs: list[Generated] = []

 source -> (valid, proposed)      def tried(answer: str) -> str | ParseFailure:
 source -> (valid, proposed)          code = parse_code(answer, "python", "py", "python3")
 source -> (valid, proposed)          if isinstance(code, ParseFailure):
 source -> (valid, proposed)              return code
 source -> (valid, proposed)          runs.append(
 source -> (valid, proposed)              run_generator(
 source -> (valid, proposed)                  self._runner,
 source -> (valid, proposed)                  code,
 source -> (valid, proposed)                  seed,
 source -> (valid, proposed)                  statement.interface,
 source -> (valid, proposed)                  time_s=self._settings.generator_time_s,
 source -> (valid, proposed)                  longest=self._settings.max_input_chars,
 source -> (valid, proposed)              )
 source -> (valid, proposed)          )
 source -> (valid, proposed)          collected.executions += runs[-1].runs
 source -> (valid, proposed)          if runs[-1].reason:
 source -> (valid, proposed)              return ParseFailure(reason=runs[-1].reason, detail=runs[-1].detail, raw=answer)
 source -> (valid, proposed)          return code

 source -> (valid, proposed)      prompt = self._prompts.render(
 source -> (valid, proposed)          GENERATOR,
 source -> (valid, proposed)          statement=text,
 source -> (valid, proposed)          function=statement.interface == "function",
 source -> (valid, proposed)          kinds=KINDS,
 source -> (valid, proposed)          least=self._settings.generator_cases,
 source -> (valid, proposed)          count=self._settings.generated_inputs,
 source -> (valid, proposed)          longest=self._settings.max_input_chars,
 source -> (valid, proposed)      )
 source -> (valid, proposed)      try:
 source -> (valid, proposed)          code = ask(self._llm, [Message(role="user", content=prompt)], tried, self._repair, purpose="generator")
 source -> (valid, proposed)      except RequestRefused as refusal:
 source -> (valid, proposed)          code = ParseFailure(reason="request-refused", detail=str(refusal), raw="")
 source -> (valid, proposed)      if isinstance(code, ParseFailure):
 source -> (valid, proposed)          collected.notes["generated"] = code.reason
 source -> (valid, proposed)          return []
 source -> (valid, proposed)      collected.generator = code
 source -> (valid, proposed)      return list(_spread(runs[-1].inputs, self._settings.generated_inputs))

 source -> (valid, proposed)  def _repair(self, failure: ParseFailure) -> str:
 source -> (valid, proposed)      return self._prompts.render(REPAIR, detail=failure.detail)


class GeneratorSupply:
 source -> (valid, proposed)  """More inputs from a generator program that has proved itself: the shorter half of what each seed gives.

 source -> (valid, proposed)  Implements ``InputSupply``. Where the program gives nothing valid any more, a known input is given again.
 source -> (valid, proposed)  """

 source -> (valid, proposed)  def __init__(
 source -> (valid, proposed)      self, validator: Validator, runner: ProgramRunner, code: str, known: TestInput, settings: TwoStageSettings
 source -> (valid, proposed)  ) -> None:
 source -> (valid, proposed)      self._validator = validator
 source -> (valid, proposed)      self._runner = runner
 source -> (valid, proposed)      self._code = code
 source -> (valid, proposed)      self._known = known
 source -> (valid, proposed)      self._settings = settings

 source -> (valid, proposed)  def draw(self, rng: random.Random) -> str:
 source -> (valid, proposed)      """Return a small input that the statement allows."""
 source -> (valid, proposed)      interface = self._validator.statement.interface
 source -> (valid, proposed)      time_s, longest = self._settings.generator_time_s, self._settings.max_input_chars
 source -> (valid, proposed)      run = run_generator(self._runner, self._code, rng.randrange(SEEDS), interface, time_s=time_s, longest=longest)
 source -> (valid, proposed)      texts = sorted((item.text for item in run.inputs), key=lambda text: (len(text), text))
 source -> (valid, proposed)      shorter = texts[: (len(texts) + 1) // 2]
 source -> (valid, proposed)      chosen = rng.choice(shorter) if shorter else self._known.text
 source -> (valid, proposed)      return chosen if self.allows(chosen) else self._known.text

 source -> (valid, proposed)  def allows(self, text: str) -> bool:
 source -> (valid, proposed)      """Say whether the statement allows an input."""
 source -> (valid, proposed)      return self._validator.allowed([text])[0]


def _spread(inputs: Sequence[TestInput], count: int) -> tuple[TestInput, ...]:
 source -> (valid, proposed)  """At most ``count`` of the inputs, kinds taken in turn, in the generator's order."""
 source -> (valid, proposed)  by_kind: dict[TestKind, list[int]] = {}
 source -> (valid, proposed)  for index, item in enumerate(inputs):
 source -> (valid, proposed)      by_kind.setdefault(item.kind, []).append(index)
 source -> (valid, proposed)  in_turn = [
 source -> (valid, proposed)      places[turn] for turn in range(len(inputs)) for places in by_kind.values() if turn < len(places)
 source -> (valid, proposed)  ]  # fmt: skip
 source -> (valid, proposed)  return tuple(inputs[index] for index in sorted(in_turn[:count]))


def _nonsense(statement: Statement) -> list[str]:
 source -> (valid, proposed)  """Inputs that hardly any statement allows; a validator has to refuse one of them."""
 source -> (valid, proposed)  if statement.interface == "function":
 source -> (valid, proposed)      count = len(ast.literal_eval(statement.samples[0].input))
 source -> (valid, proposed)      return [repr((None,) * count), repr((object.__name__,) * (count + 1))]
 source -> (valid, proposed)  return ["", "-99999999999999999999999 x\n", "\x01\n"]
