"""A model on disk as a language model that is asked with messages: for evaluation, without a server."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.core.ids import content_id
from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.llm.records import Message, Sampling
from stepsmith.train.settings import ModelSettings
from stepsmith.train.student import ANY_CONTEXT, TEMPERATURE, model_folder, policy_name

if TYPE_CHECKING:
    from stepsmith.train.policy import Policy


class PolicyModel:
    """An ``LLM`` over a saved policy or a model in Hugging Face's format. Callers in several threads take turns.

    The same question, settings and seed give the same completions on the same machine.
    """

    def __init__(self, policy: "Policy", name: str) -> None:
        self.name = name
        self._policy = policy
        self._turn = threading.Lock()  # torch has one random generator per process

    @classmethod
    def open(cls, folder: Path) -> "PolicyModel":
        """Load a model. Raises ``ConfigError`` for a folder without one, ``MachineError`` without the extra."""
        model = model_folder(folder)
        try:
            from transformers.utils.logging import disable_progress_bar

            from stepsmith.train.policy import Policy
        except ModuleNotFoundError as missing:
            raise MachineError(
                f"a model on disk needs the package {missing.name}; run pip install 'stepsmith[train]'"
            ) from None
        disable_progress_bar()
        return cls(Policy.open(ModelSettings(path=str(model), context=ANY_CONTEXT)), policy_name(folder))

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
        wanted = sampling or Sampling()
        if wanted.top_p not in (None, 1.0) or wanted.top_k is not None:
            raise ConfigError("a model on disk samples without top_p and top_k; leave them out, or serve the model")
        prompt = messages[-1].content
        temperature = TEMPERATURE if wanted.temperature is None else wanted.temperature
        seed = int(content_id("seed", wanted.seed or 0, first, prompt)[-7:], 16)
        with self._turn:
            ((*replies,),) = self._policy.complete([prompt], n, temperature, wanted.max_tokens, seed)
        return [
            ModelOutput(
                content=reply.text,
                finish_reason="length" if reply.truncated else "stop",
                model=self.name,
                sample=first + k,
                usage=Usage(),
            )
            for k, reply in enumerate(replies)
        ]
