"""A model on disk as a language model that is asked with messages: for evaluation, without a server.

Implements ``LLM``, and ``evaluate.asking.BatchLLM``: questions in batches are several times as fast.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.core.ids import content_id
from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.llm.records import Message, Sampling
from stepsmith.scoring.completion import Completion
from stepsmith.train.settings import ModelSettings
from stepsmith.train.student import ANY_CONTEXT, TEMPERATURE, model_folder, policy_name

if TYPE_CHECKING:
    from stepsmith.train.policy import Policy


Precision = Literal["float32", "bfloat16"]
BATCH = 32  # questions: more speed up a CPU little, and padding grows with them


class PolicyModel:
    """A saved policy or a model in Hugging Face's format. Callers in several threads take turns.

    The same questions, settings and seed give the same completions on the same machine.
    """

    batch = BATCH

    def __init__(self, policy: "Policy", name: str) -> None:
        self.name = name
        self._policy = policy
        self._turn = threading.Lock()  # torch has one random generator per process

    @classmethod
    def open(cls, folder: Path, dtype: Precision = "float32") -> "PolicyModel":
        """Load a model that computes in ``dtype``.

        Raises ``ConfigError`` for a folder without one, ``MachineError`` without the extra.
        """
        model = model_folder(folder)
        try:
            from transformers.utils.logging import disable_progress_bar

            from stepsmith.train.policy import Policy
        except ModuleNotFoundError as missing:
            raise MachineError(
                f"a model on disk needs the package {missing.name}; run pip install 'stepsmith[train]'"
            ) from None
        disable_progress_bar()
        settings = ModelSettings(path=str(model), context=ANY_CONTEXT, dtype=dtype)
        return cls(Policy.open(settings, trained=False), policy_name(folder))

    def complete(
        self,
        messages: Sequence[Message],
        n: int = 1,
        sampling: Sampling | None = None,
        purpose: str = "",  # noqa: ARG002 - nothing is booked
        *,
        first: int = 0,
    ) -> list[ModelOutput]:
        """See ``LLM``. Raises ``ConfigError`` for settings that this model cannot follow."""
        seed = int(content_id("seed", (sampling or Sampling()).seed or 0, first, messages[-1].content)[-7:], 16)
        (found,) = self._complete([messages], n, sampling or Sampling(), seed)
        return [msgspec.structs.replace(one, sample=first + one.sample) for one in found]

    def complete_batch(
        self, questions: Sequence[Sequence[Message]], n: int, sampling: Sampling
    ) -> list[list[ModelOutput]]:
        """See ``BatchLLM``. Raises as ``complete``."""
        seed = int(content_id("seed", sampling.seed or 0, *(question[-1].content for question in questions))[-7:], 16)
        return self._complete(questions, n, sampling, seed)

    def _complete(
        self, questions: Sequence[Sequence[Message]], n: int, sampling: Sampling, seed: int
    ) -> list[list[ModelOutput]]:
        if sampling.top_p not in (None, 1.0) or sampling.top_k is not None:
            raise ConfigError("a model on disk samples without top_p and top_k; leave them out, or serve the model")
        prompts = [question[-1].content for question in questions]
        temperature = TEMPERATURE if sampling.temperature is None else sampling.temperature
        with self._turn:
            answers = self._policy.complete(prompts, n, temperature, sampling.max_tokens, seed)
        return [[self._output(reply, k) for k, reply in enumerate(replies)] for replies in answers]

    def _output(self, reply: Completion, sample: int) -> ModelOutput:
        return ModelOutput(
            content=reply.text,
            finish_reason="length" if reply.truncated else "stop",
            model=self.name,
            sample=sample,
            usage=Usage(),
        )
