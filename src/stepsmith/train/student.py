"""A trained policy as the student of the synthesis: it sees only the problem and writes its own answers.

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
from stepsmith.synth.draft import Draft
from stepsmith.train.settings import ModelSettings

if TYPE_CHECKING:
    from stepsmith.train.policy import Policy

POLICY = "policy "  # the names of such students begin with this
TEMPERATURE = 1.0  # as in training; ours
ANY_CONTEXT = 2**20  # tokens: a saved policy's own limit holds
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
SHAPING = (
    *WEIGHTS,
    "tokenizer.json",
    "chat_template.jinja",
    "stepsmith.json",
)  # files that decide what the policy answers
DIGITS = 12  # of the hash in a name; 48 bits

_generating = threading.Lock()  # torch has one source of random numbers per process


class PolicyStudent:
    """Implements ``Student``. The same generator state gives the same attempts on the same machine.

    With ``threads`` torch computes in so many while an attempt is made, whatever it does elsewhere: the number shapes
    rounding, and so what is sampled. May be used from several threads; they take turns.
    """

    def __init__(
        self, policy: "Policy", name: str, *, temperature: float = TEMPERATURE, threads: int | None = None
    ) -> None:
        self.name = name
        self._policy, self._temperature, self._threads = policy, temperature, threads

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Load a saved policy: float32 on the CPU, one thread. Raises ``ConfigError`` and ``MachineError``."""
        try:
            from transformers.utils.logging import disable_progress_bar

            from stepsmith.train.policy import Policy
        except ModuleNotFoundError as missing:
            raise MachineError(
                f"a policy as student needs the {missing.name} package: pip install 'stepsmith[train]'"
            ) from None
        disable_progress_bar()
        model = model_folder(folder)
        policy = Policy.open(ModelSettings(path=str(model), context=ANY_CONTEXT), device="cpu")
        return cls(policy, policy_name(folder), threads=1)

    def attempt(self, draft: Draft, problem: Problem, attempts: int, rng: random.Random) -> list[Completion]:  # noqa: ARG002
        """Sample ``attempts`` replies; a prompt that leaves no room for one makes failed attempts that say so."""
        policy, seed = self._policy, rng.randrange(2**31)
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
    """Return where the model of a training run, or of a model folder, lies. Raises ``ConfigError``."""
    for place in (folder, folder / MODEL):
        if (place / "config.json").is_file() and any(next(place.glob(kind), None) for kind in WEIGHTS):
            return place
    if (folder / "checkpoints").is_dir():
        raise ConfigError(f"{folder} is a training run without a {MODEL} folder: finish it with --resume first.")
    raise ConfigError(
        f"{folder} holds no policy: give the folder of a training run, or of a model in Hugging Face's format "
        "(config.json and *.safetensors)."
    )


def policy_name(folder: Path) -> str:
    """Return a policy's name for manifests: a hash of its weights, tokenizer and prompt format, wherever they lie.

    Raises ``ConfigError``.
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
    """Let torch compute in ``count`` threads for a while; None: as it does."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
