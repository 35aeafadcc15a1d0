"""Models that keep a record of what they are asked, what they reply, and what was understood of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from stepsmith.core.errors import ConfigError, EndpointError
from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.llm.advice import advice_on
from stepsmith.llm.parsing import ParseFailure
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message, ModelSpec, Sampling
from stepsmith.synth.llm.draft import LLMDraft
from stepsmith.synth.two_stage.plan import Plan
from stepsmith.synth.two_stage.statement import WrittenStatement


@dataclass(slots=True)
class RehearsedRequest:
    """One request with its replies, and what was understood of them."""

    purpose: str  # the stage, as in the ledger
    note: str  # which of several requests of a stage it is: an environment, "refinement"; "" for none
    model: str
    prompt: str  # the last message
    outputs: list[ModelOutput] = field(default_factory=list)
    understood: bool = False
    words: str = ""  # what was understood, or why nothing was
    advice: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What was asked for, in words."""
        return f"{self.purpose}: {self.note}" if self.note else self.purpose

    @property
    def usage(self) -> Usage:
        """Tokens of all replies."""
        return sum((output.usage for output in self.outputs), Usage())

    @property
    def usd(self) -> float:
        """What the replies cost."""
        return sum(output.cost_usd for output in self.outputs)


@dataclass(slots=True)
class RehearsalRecord:
    """All requests of a rehearsal in their order. ``note`` goes onto the next ones."""

    requests: list[RehearsedRequest] = field(default_factory=list)
    note: str = ""
    told: set[str] = field(default_factory=set)  # advice that was given already


class RehearsedModel:
    """Hands requests on to a model and records them. Implements ``LLM`` and ``Witness``."""

    def __init__(self, model: LLM, spec: ModelSpec, record: RehearsalRecord) -> None:
        self._model = model
        self._spec = spec
        self._record = record

    def complete(
        self,
        messages: Sequence[Message],
        n: int = 1,
        sampling: Sampling | None = None,
        purpose: str = "",
        *,
        first: int = 0,
    ) -> list[ModelOutput]:
        """See ``LLM``. An error is recorded before it is raised; its message says what to change."""
        request = RehearsedRequest(purpose, self._record.note, self._spec.name, messages[-1].content)
        self._record.requests.append(request)
        try:
            outputs = self._model.complete(messages, n, sampling, purpose, first=first)
        except (EndpointError, ConfigError) as error:
            request.words = str(error)
            raise
        request.outputs = list(outputs)
        advice = advice_on(outputs, sampling or self._spec.sampling, self._spec)
        request.advice = tuple(line for line in advice if f"{self._spec.name} {line}" not in self._record.told)
        self._record.told |= {f"{self._spec.name} {line}" for line in advice}
        return outputs

    def understood(self, parsed: object) -> None:
        """Record what was understood of the last reply."""
        request = self._record.requests[-1]
        request.understood = not isinstance(parsed, ParseFailure)
        request.words = f"{parsed.reason}: {parsed.detail}" if isinstance(parsed, ParseFailure) else described(parsed)


def described(parsed: object) -> str:
    """Say in a few words what was understood of a reply."""
    match parsed:
        case LLMDraft(reply=reply) if reply is not None:
            function = f"f({', '.join(reply.parameters)})"
            return f"a function {function}, {len(reply.inputs)} inputs and a message of {len(reply.message)} characters"
        case Plan(chosen=chosen):
            return f"a plan on {len(chosen)} features: {', '.join(path[-1] for path in chosen)}"
        case WrittenStatement(title=title, samples=samples, checker=checker):
            programs = "a validator and a checker" if checker else "a validator"
            return f"the statement {title!r} with {len(samples)} samples and {programs}"
        case str(code):
            return f"a program of {len(code.splitlines())} lines"
        case [*items]:
            return f"{len(items)} inputs"
    return "an answer in the form that was asked for"
