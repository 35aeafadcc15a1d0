"""Refused requests (HTTP 400, 413, 422): which setting to change, and when refusals end a run.

A single refusal may be caused by one prompt. The same refusal many times in a row, without an answer in between, is
caused by the configuration, and the run ends.
"""

import re
from collections import defaultdict

from stepsmith.core.errors import ConfigError, EndpointError, RequestRefused
from stepsmith.llm.failures import AttemptError
from stepsmith.llm.records import ModelSpec, Sampling

# How many refusals in a row end a run: in a stage that never got an answer, and in one that did. If a server refuses
# one prompt in ten, twelve in a row have a probability of 10^-12.
MOST_AT_FIRST, MOST_LATER = 3, 12

# Servers' messages that name a limit: for prompt and answer together, or for the answer alone.
_CONTEXT = (
    r"maximum context length (?:is|of) (\d+)",  # OpenAI, vLLM, SGLang
    r"(\d+) maximum context length",  # Mistral
    r"exceed context limit: \d+ \+ \d+ > (\d+)",  # Anthropic
    r"tokens > (\d+) maximum",
    r"max_new_tokens`? must be <= ?(\d+)",  # text-generation-inference
    r"maximum number of tokens allowed \((\d+)\)",  # Gemini
    r"context (?:size|window|limit)\D{0,30}(\d+)",  # llama.cpp
)
_OUTPUT = (
    r"at most (\d+) (?:completion|output) tokens",  # OpenAI
    r"max_(?:completion_)?tokens: \d+ > (\d+)",  # Anthropic
    r"max_(?:completion_)?tokens\W+(?:is|should be|must be in) \W*\d+, ?(\d+)",  # DeepSeek, Qwen
    r"max_(?:completion_)?tokens\W+must be (?:less than or equal to|at most|<=) \W*(\d+)",  # Groq
    r"supported range is from \d+ \(inclusive\) to (\d+)",  # Gemini
)
_TOO_LONG = re.compile(
    r"context.{0,20}length|context.{0,40}exceed|exceed.{0,60}context|too many tokens|prompt is too long"
    r"|max_(?:completion_|new_)?tokens.{0,40}too large|maximum allowed number of output tokens",
    re.I | re.S,
)
_SAMPLING_FIELDS = ("temperature", "top_p", "top_k", "max_tokens", "seed", "stop", "reasoning_effort")
_OTHER_FIELDS = {"max_completion_tokens": "sampling.max_tokens", "stream": "stream", "n": "n_support", "model": "model"}


def refused(failure: AttemptError, spec: ModelSpec, sampling: Sampling) -> EndpointError | ConfigError:
    """Return the error for a refused request: the server's message, and which setting to change.

    It is a ``ConfigError`` if every request would be refused, because ``max_tokens`` is above the server's limit.
    """
    said, text = f"{spec.name}: {failure}".rstrip(". "), str(failure)
    setting = f"models.{spec.name}.sampling.max_tokens"
    context, output = _limit(_CONTEXT, text), _limit(_OUTPUT, text)
    limit = output or context
    if limit is not None and sampling.max_tokens >= limit:
        return ConfigError(f"{said}. {setting} is {sampling.max_tokens}, and the server's limit is {limit}: lower it.")
    if limit is not None or failure.code == "context_length_exceeded" or _TOO_LONG.search(text):
        size = f" of {limit} tokens" if limit else ""
        return RequestRefused(
            f"{said}. The prompt and the answer together do not fit into the server's context{size}: lower {setting} "
            f"(now {sampling.max_tokens}), or serve the model with a larger context."
        )
    return RequestRefused(
        f"{said}. The endpoint refuses this request; look at {_setting_named(failure, spec, sampling)}."
    )


class RefusalWatch:
    """Counts the refusals of one model by stage, and raises ``ConfigError`` when they repeat."""

    def __init__(self) -> None:
        self._answered: set[str] = set()
        self._in_a_row: dict[str, int] = defaultdict(int)
        self._words: dict[str, str] = {}
        self._verdict: ConfigError | None = None

    def check(self) -> None:
        """Raise the ``ConfigError`` that ended the run, if there is one, so that nothing more is sent."""
        if self._verdict is not None:
            raise ConfigError(str(self._verdict))

    def answered(self, stage: str) -> None:
        """Note that a request of a stage was answered."""
        self._answered.add(stage)
        self._in_a_row[stage] = 0

    def refused(self, stage: str, refusal: RequestRefused) -> None:
        """Note that a request of a stage was refused. Raises ``ConfigError`` if that happens too often in a row."""
        words = re.sub(r"\d+", "#", str(refusal))
        self._in_a_row[stage] = self._in_a_row[stage] + 1 if self._words.get(stage) == words else 1
        self._words[stage] = words
        if self._in_a_row[stage] >= (MOST_LATER if stage in self._answered else MOST_AT_FIRST):
            self._verdict = ConfigError(
                f"the last {self._in_a_row[stage]} requests of the stage {stage or 'without a name'} were refused in "
                f"the same way. {refusal}"
            )
            self.check()


def _limit(patterns: tuple[str, ...], text: str) -> int | None:
    for pattern in patterns:
        if match := re.search(pattern, text, re.I):
            return int(match[1])
    return None


def _setting_named(failure: AttemptError, spec: ModelSpec, sampling: Sampling) -> str:
    """Return the settings that the server's message names; if it names none, the table of the model."""
    table = f"models.{spec.name}"
    places = {name: f"sampling.{name}" for name in _SAMPLING_FIELDS} | _OTHER_FIELDS
    places |= {name: f"sampling.extra.{name}" for name in sampling.extra}
    text = str(failure)
    named = [
        f"{table}.{place}"
        for name, place in places.items()
        if name == failure.param or (len(name) > 1 and name != "model" and re.search(rf"\b{re.escape(name)}\b", text))
    ]
    return " and ".join(dict.fromkeys(named)) or f"[{table}], [{table}.sampling] and the length of the prompt"
