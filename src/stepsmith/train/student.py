"""A trained policy as the student of a synthesis run: it gets the prompt and writes completions.

Importing this module needs no torch; opening a policy does.
"""

import hashlib
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.core.records import Problem
from stepsmith.scoring.completion import Completion
from stepsmith.store.training_log import MODEL
from stepsmith.synth.draft import Attempts, Draft
from stepsmith.train.settings import ModelSettings

if TYPE_CHECKING:
    from stepsmith.train.policy import Policy

POLICY = "policy "  # the name of such a student begins with this
TEMPERATURE = 1.0  # the default of training; our choice
ANY_CONTEXT = 2**20  # tokens: no limit beside the policy's own
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
SHAPING = (
    *WEIGHTS,
    "tokenizer.json",
    "chat_template.jinja",
    "stepsmith.json",
)  # files that decide what the policy answers
DIGITS = 12  # hexadecimal digits of the hash in a name: 48 bits

_generating = threading.Lock()  # torch has one random generator per process


class PolicyStudent:
    """Implements ``Student``. The same generator state gives the same attempts on the same machine.

    ``threads`` is the number of threads that torch uses during an attempt (None: unchanged). It changes rounding, and
    so the samples. The student may be used from several threads; they take turns.
    """

    def __init__(
        self, policy: "Policy", name: str, *, temperature: float = TEMPERATURE, threads: int | None = None
    ) -> None:
        self.name = name
        self._policy, self._temperature, self._threads = policy, temperature, threads

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Load a saved policy for float32 on the CPU with one thread. Raises ``ConfigError``, ``MachineError``."""
        try:
            from transformers.utils.logging import disable_progress_bar

            from stepsmith.train.policy import Policy
        except ModuleNotFoundError as missing:
            raise MachineError(
                f"a policy as student needs the package {missing.name}; run pip install 'stepsmith[train]'"
            ) from None
        disable_progress_bar()
        model = model_folder(folder)
        policy = Policy.open(ModelSettings(path=str(model), context=ANY_CONTEXT), device="cpu")
        return cls(policy, policy_name(folder), threads=1)

    def attempts(self, draft: Draft | None, problem: Problem, rng: random.Random) -> Attempts:  # noqa: ARG002
        """See ``Student``. If the prompt leaves no room for a completion, attempts are cut off and say so."""
        return lambda n: self._attempt(problem, n, rng.randrange(2**31))

    def _attempt(self, problem: Problem, attempts: int, seed: int) -> list[Completion]:
        policy = self._policy
        prompt = policy.prompt(problem)
        length = len(policy.encode(prompt))
        if length >= policy.context:
            why = f"No answer: the prompt has {length} tokens, and the model takes {policy.context} in all."
            return [Completion(text=why, truncated=True)] * attempts
        with _generating, _threads(self._threads):
            (replies,) = policy.complete(
                [prompt], attempts, self._temperature, policy.prompt_format.max_completion_length, seed
            )
        return replies


def model_folder(folder: Path) -> Path:
    """Return the folder of the model, given the folder of a training run or of a model. Raises ``ConfigError``."""
    for place in (folder, folder / MODEL):
        if (place / "config.json").is_file() and any(next(place.glob(kind), None) for kind in WEIGHTS):
            return place
    if (folder / "checkpoints").is_dir():
        raise ConfigError(f"{folder} is a training run without a {MODEL} folder; finish it with --resume first")
    raise ConfigError(
        f"{folder} holds no policy: give the folder of a training run, or of a model in Hugging Face's format "
        "(config.json and *.safetensors)"
    )


def policy_name(folder: Path) -> str:
    """Return the name of a policy for manifests: a hash of its weights, tokenizer and prompt format.

    The name does not depend on the folder. Raises ``ConfigError`` if the folder holds no policy.
    """
    model = model_folder(folder)
    digest = hashlib.blake2b()
    for path in sorted({path for kind in SHAPING for path in model.glob(kind)}):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, hashlib.blake2b).digest()
        digest.update(path.name.encode() + b"\0" + content)
    return f"{POLICY}{digest.hexdigest()[:DIGITS]}"


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Let torch compute with ``count`` threads inside this context; None: no change."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
