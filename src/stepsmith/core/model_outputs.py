"""Records of what a model returned and what it cost, shared by the clients, the completion cache and the ledger."""

from stepsmith.core.answers import split_reasoning
from stepsmith.core.records import Record


class Usage(Record, frozen=True, kw_only=True):
    """Tokens of one or more completions. Cached tokens are part of the prompt, reasoning tokens of the completion."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False  # the server did not report them: an upper estimate from the length

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return self._combined(other, 1)

    def __sub__(self, other: "Usage") -> "Usage":
        return self._combined(other, -1)

    def _combined(self, other: "Usage", sign: int) -> "Usage":
        return Usage(
            prompt_tokens=self.prompt_tokens + sign * other.prompt_tokens,
            completion_tokens=self.completion_tokens + sign * other.completion_tokens,
            cached_tokens=self.cached_tokens + sign * other.cached_tokens,
            reasoning_tokens=self.reasoning_tokens + sign * other.reasoning_tokens,
            estimated=self.estimated or other.estimated,
        )


class ModelOutput(Record, frozen=True, kw_only=True):
    """One completion as the server sent it. Reasoning is separated from the answer only when it is read.

    ``finish_reason`` is the value that the server sent: "stop", "length" (cut off at max_tokens, or by us at the size
    cap), "content_filter" or "tool_calls"; or "refusal" where the server sent a refusal, or "unknown" without a value.
    """

    content: str
    reasoning_content: str = ""  # for servers that send reasoning in a separate field
    refusal: str = ""
    finish_reason: str
    model: str  # the name that the server sent
    sample: int  # index of this completion in its request
    usage: Usage
    cost_usd: float = 0.0

    @property
    def text(self) -> str:
        """The answer without reasoning and without surrounding white space; "" for a refusal."""
        return split_reasoning(self.content)[1].strip()

    @property
    def reasoning(self) -> str:
        """The reasoning, from its own field and from tags in the content."""
        inline = split_reasoning(self.content)[0].strip()
        return "\n".join(part for part in (self.reasoning_content.strip(), inline) if part)


class Charge(Record, frozen=True, kw_only=True):
    """The cost of one request to a model. It is an upper bound until the answer arrives, and if it never does."""

    ref: str  # unique per request
    purpose: str  # the stage of the request: "propose", "attempt", ...
    model: str  # the model's name in the configuration
    samples: int  # completions received
    usage: Usage
    usd: float
    certain: bool  # False: an upper bound, because the server may have billed an answer that did not arrive
