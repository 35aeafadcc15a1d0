"""What a model returned and what was paid for it. The clients, the completion cache and the ledger share these."""

from stepsmith.core.answers import split_reasoning
from stepsmith.core.records import Record


class Usage(Record, frozen=True, kw_only=True):
    """Tokens of one completion or of many. Cached ones are part of the prompt, reasoning ones of the completion."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False  # the server did not say: an upper estimate by length

    @property
    def tokens(self) -> int:
        """Prompt and completion together."""
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
    """One sample of a model's answer, kept as the server sent it; reasoning is told apart when it is read.

    ``finish_reason`` is the server's word: "stop", "length" (cut at max_tokens, or by us at the size cap),
    "content_filter", "tool_calls"; "refusal" when the model declined in the field for that; "unknown" when the
    server gave none.
    """

    content: str
    reasoning_content: str = ""  # where the server keeps reasoning in a field of its own
    refusal: str = ""
    finish_reason: str
    model: str  # as the server names itself
    sample: int  # index among the samples of one request
    usage: Usage
    cost_usd: float = 0.0

    @property
    def text(self) -> str:
        """The answer without reasoning, stripped of outer white space; "" for a refusal."""
        return split_reasoning(self.content)[1].strip()

    @property
    def reasoning(self) -> str:
        """What the model thought, in whichever form the server sent it."""
        inline = split_reasoning(self.content)[0].strip()
        return "\n".join(part for part in (self.reasoning_content.strip(), inline) if part)


class Charge(Record, frozen=True, kw_only=True):
    """What one request to a model cost. Before the answer is in, and when it is lost, it is the worst case."""

    ref: str  # unique for each request that was sent
    purpose: str  # the stage that asked: "propose", "attempt", ...
    model: str  # the model's name in the configuration
    samples: int  # completions received
    usage: Usage
    usd: float
    certain: bool  # False: worst case, because the server may have billed an answer that never arrived whole
