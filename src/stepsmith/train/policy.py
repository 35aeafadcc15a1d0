"""The policy: a causal language model with its tokenizer and prompt format. Needs the extra ``train``."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import msgspec
import torch
from peft import PeftModel
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.core.records import Problem
from stepsmith.envs import ENVIRONMENTS
from stepsmith.scoring.completion import Completion
from stepsmith.train.decoding import decode
from stepsmith.train.settings import ModelSettings, PromptLength

FORM = "stepsmith.json"  # file in a model's folder that holds its prompt format
PAD, USER, ASSISTANT, END = "<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"
TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
# No token crosses the border between two clauses, lines or digits. So the words for an operation become the same tokens
# wherever they stand in a statement.
PIECES = r"\d|[,;] (?:then |next, |and then )?|\n+|[^\d,;\n]+|[,;]"
BATCH = 128  # completions that are generated, or whose losses are computed, together
LOGITS = 2**25  # numbers in the output of one forward pass that computes losses: 128 MiB


class PromptFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a saved policy is prompted: which prompt text, and at most how many tokens it generates."""

    prompt: PromptLength = "full"
    max_completion_length: int = 512


class Policy:
    """A model that writes completions. ``name`` says where it came from."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        prompt_format: PromptFormat,
        context: int,
        name: str,
    ) -> None:
        self.model, self.tokenizer, self.prompt_format, self.context, self.name = (
            model,
            tokenizer,
            prompt_format,
            context,
            name,
        )
        self.computes_in = torch.float32
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = "left"

    @classmethod
    def from_scratch(
        cls, settings: ModelSettings, prompt_format: PromptFormat, texts: Iterable[str], seed: int
    ) -> Self:
        """Return a new decoder and a tokenizer learnt from ``texts``. The same texts and seed give the same policy."""
        torch.manual_seed(seed)
        tokenizer = _learn_tokenizer(texts, settings)
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(tokenizer),
                hidden_size=settings.hidden,
                intermediate_size=settings.intermediate,
                num_hidden_layers=settings.layers,
                num_attention_heads=settings.heads,
                num_key_value_heads=settings.heads,
                max_position_embeddings=settings.context,
                tie_word_embeddings=True,
                bos_token_id=None,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        )
        return cls(model, tokenizer, prompt_format, settings.context, "from scratch")

    @classmethod
    def open(
        cls,
        settings: ModelSettings,
        prompt_format: PromptFormat | None = None,
        device: str | None = None,
        *,
        trained: bool = True,
    ) -> Self:
        """Load ``settings.path``. Raises ``ConfigError`` if it cannot be loaded.

        By default the prompt format is the one in the folder, and the device is the GPU if there is one. A model that
        is not ``trained`` any more has its weights in the precision in which it computes.
        """
        try:
            tokenizer = AutoTokenizer.from_pretrained(settings.path)
            model = AutoModelForCausalLM.from_pretrained(settings.path, dtype=_weights_dtype(settings, trained=trained))
        except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
            why = " ".join(str(error).split())[:200]
            raise ConfigError(f"the model {settings.path} cannot be loaded: {why}") from None
        if settings.chat_template:
            tokenizer.chat_template = settings.chat_template
        if not tokenizer.chat_template:
            raise ConfigError(
                f"the tokenizer of {settings.path} has no chat template; give one as model.chat_template, for instance "
                "that of an instruct model of the same family"
            )
        stated = getattr(model.config, "max_position_embeddings", settings.context)
        model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        policy = cls(
            model,
            tokenizer,
            prompt_format or read_prompt_format(settings.path),
            min(settings.context, stated),
            settings.path,
        )
        policy.computes_in = getattr(torch, settings.dtype)
        return policy

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(weight.numel() for weight in self.model.parameters())

    def fingerprint(self) -> str:
        """Return a hash of what decides the completions: weights, tokenizer, prompt format."""
        digest = hashlib.blake2b(digest_size=16)
        for name, weight in sorted(self.model.state_dict().items()):
            digest.update(name.encode() + weight.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
        digest.update(msgspec.json.encode([self.prompt_format, self.context, str(self.computes_in)]))
        digest.update(self.tokenizer.backend_tokenizer.to_str().encode())
        digest.update((self.tokenizer.chat_template or "").encode())
        return digest.hexdigest()

    def save(self, folder: Path) -> None:
        """Write the model, the tokenizer and the prompt format. LoRA adapters are merged into the model."""
        folder.mkdir(parents=True, exist_ok=True)
        if isinstance(self.model, PeftModel):
            self.model = self.model.merge_and_unload()
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        (folder / FORM).write_bytes(msgspec.json.format(msgspec.json.encode(self.prompt_format)))

    def prompt(self, problem: Problem) -> str:
        """Return the prompt that the policy gets for a problem."""
        return ask(problem, self.prompt_format)

    def encode(self, prompt: str, reply: str | None = None) -> list[int]:
        """Return the tokens of a prompt in the chat template, up to where the completion begins, or with ``reply``."""
        chat = [{"role": "user", "content": prompt}]
        if reply is not None:
            chat.append({"role": "assistant", "content": reply})
        tokens: list[int] = self.tokenizer.apply_chat_template(chat, add_generation_prompt=reply is None)["input_ids"]
        return tokens

    def complete(
        self, prompts: Sequence[str], samples: int, temperature: float, max_tokens: int, seed: int
    ) -> list[list[Completion]]:
        """Return ``samples`` completions for each prompt, of at most ``max_tokens`` tokens; temperature 0 is greedy.

        The result has one list per prompt. The same prompts, settings and seed give the same completions on the same
        machine. The state of torch's random generator is the same after the call as before. Raises ``MachineError``
        if the device runs out of memory.
        """
        asked = [self.encode(prompt) for prompt in prompts]
        order = sorted((index for index in range(len(asked)) for _ in range(samples)), key=lambda i: len(asked[i]))
        found: list[list[Completion]] = [[] for _ in prompts]
        was_training = self.model.training
        self.model.eval()
        try:
            with torch.random.fork_rng(), torch.inference_mode(), self.autocast():
                torch.manual_seed(seed)
                for start in range(0, len(order), BATCH):
                    part = order[start : start + BATCH]
                    for index, reply in zip(
                        part, self._generate([asked[i] for i in part], temperature, max_tokens), strict=True
                    ):
                        found[index].append(reply)
        except torch.OutOfMemoryError:
            raise MachineError(
                "the device ran out of memory while generating; lower rl.max_completion_length or model.context"
            ) from None
        finally:
            self.model.train(was_training)
        return found

    def losses(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return for each (prompt, completion) the cross entropy of the completion, in nats.

        It is summed over the tokens of the completion, with the token that ends it.
        """
        starts = [len(self.encode(prompt)) for prompt, _ in pairs]
        rows = [self.encode(prompt, reply) for prompt, reply in pairs]
        size = min(BATCH, max(1, LOGITS // (max(map(len, rows), default=1) * len(self.tokenizer))))
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))  # little padding
        found: dict[int, float] = {}
        was_training = self.model.training
        self.model.eval()
        try:
            with torch.inference_mode(), self.autocast():
                for start in range(0, len(order), size):
                    part = order[start : start + size]
                    losses = self._losses([starts[row] for row in part], [rows[row] for row in part])
                    found |= zip(part, losses, strict=True)
        finally:
            self.model.train(was_training)
        return [found[row] for row in range(len(rows))]

    def _losses(self, starts: Sequence[int], rows: Sequence[list[int]]) -> list[float]:
        """Return the cross entropy of each row from ``starts`` on, computed in one batch."""
        width, pad = max(map(len, rows)), self.tokenizer.pad_token_id
        tokens = torch.tensor([ids + [pad] * (width - len(ids)) for ids in rows], device=self.model.device)
        mask = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids in rows], device=self.model.device)
        logits = self.model(input_ids=tokens, attention_mask=mask).logits[:, :-1].float()
        each = torch.nn.functional.cross_entropy(logits.transpose(1, 2), tokens[:, 1:], reduction="none")
        return [
            each[row, start - 1 : len(ids) - 1].sum().item()
            for row, (start, ids) in enumerate(zip(starts, rows, strict=True))
        ]

    def _generate(self, asked: list[list[int]], temperature: float, max_tokens: int) -> list[Completion]:
        """Generate one completion per prompt, in one batch that is padded on the left."""
        ends = self.ends()
        replies = []
        for ids in self._tokens(asked, temperature, max_tokens):
            stop = next((place for place, token in enumerate(ids) if token in ends), None)
            text = self.tokenizer.decode(ids[:stop], skip_special_tokens=True)
            replies.append(Completion(text=text, truncated=stop is None, limit=max_tokens))
        return replies

    def _tokens(self, asked: list[list[int]], temperature: float, max_tokens: int) -> list[list[int]]:
        width, pad = max(map(len, asked)), self.tokenizer.pad_token_id
        most = max(1, min(max_tokens, self.context - width))
        if self.model.device.type == "cpu":
            return decode(self.model, asked, ends=self.ends(), temperature=temperature, max_tokens=most)
        tokens = torch.tensor([[pad] * (width - len(ids)) + ids for ids in asked], device=self.model.device)
        mask = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in asked], device=self.model.device)
        sampling = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature else {}
        out = self.model.generate(
            input_ids=tokens,
            attention_mask=mask,
            max_new_tokens=most,
            pad_token_id=pad,
            **(sampling or {"do_sample": False}),
        )
        written: list[list[int]] = out[:, width:].tolist()
        return written

    def autocast(self) -> torch.autocast:
        """Return a context in which torch computes in the same precision as in training."""
        lower = self.computes_in != torch.float32
        return torch.autocast(self.model.device.type, dtype=self.computes_in if lower else None, enabled=lower)

    def ends(self) -> frozenset[int]:
        """Return the tokens that end a completion."""
        declared = self.model.generation_config.eos_token_id
        tokens = declared if isinstance(declared, list) else [declared]
        return frozenset(token for token in (*tokens, self.tokenizer.eos_token_id) if token is not None)


def ask(problem: Problem, prompt_format: PromptFormat) -> str:
    """Return the prompt for a problem in this format."""
    environment = ENVIRONMENTS[problem.environment]
    return environment.brief(problem) if prompt_format.prompt == "brief" else environment.render(problem)


def _weights_dtype(settings: ModelSettings, *, trained: bool) -> torch.dtype:
    """Return float32 for weights that are trained: bfloat16 would lose updates smaller than 1/256 of a weight."""
    return torch.float32 if trained and not settings.lora_rank else getattr(torch, settings.dtype)


def read_prompt_format(folder: str) -> PromptFormat:
    """Return the prompt format that a folder holds; without one, the default with the full prompt."""
    path = Path(folder) / FORM
    try:
        return msgspec.json.decode(path.read_bytes(), type=PromptFormat)
    except FileNotFoundError:
        return PromptFormat()
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path}: {error}") from None


def _learn_tokenizer(texts: Iterable[str], settings: ModelSettings) -> PreTrainedTokenizerBase:
    """Learn a byte-level BPE on clauses (``PIECES``): it encodes any text, and frequent clauses as few tokens."""
    learnt = Tokenizer(models.BPE())
    learnt.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    learnt.decoder = decoders.ByteLevel()
    learnt.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=settings.vocabulary,
            special_tokens=[PAD, USER, ASSISTANT, END],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=learnt,
        pad_token=PAD,
        eos_token=END,
        clean_up_tokenization_spaces=False,
        model_max_length=settings.context,
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer
