"""The policy: a tokenizer that writes anything, replies that depend on nothing beside, folders that open again."""

from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("torch")

import msgspec
import torch
from hypothesis import given
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.envs import ENVIRONMENTS
from stepsmith.train.policy import Policy, PromptFormat, read_prompt_format
from stepsmith.train.settings import ModelSettings
from tests.train.small_runs import FORM, MODEL, a_policy, some_problems, weights_of

PROBLEMS = some_problems(4)
DIGITS = "0123456789"  # each is a token of its own
PROMPTS = ["Add 1.", "Given a list of numbers, return the sum of those that are even, then negate it.", "Sort."]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return a_policy(PROBLEMS)


@pytest.fixture(scope="module")
def saved(policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("policy") / "model"
    policy.save(folder)
    return folder


def opened(folder: Path, **changes: object) -> Policy:
    return Policy.open(msgspec.structs.replace(MODEL, path=str(folder), **changes))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_tokenizer_writes_any_text(policy: Policy, text: str) -> None:
    ids = policy.tokenizer.encode(text)
    assert policy.tokenizer.decode(ids) == text
    tokens = policy.tokenizer.convert_ids_to_tokens(ids)
    assert all(token in DIGITS for token in tokens if set(token) & set(DIGITS))


def test_the_same_texts_and_seed_give_the_same_policy(policy: Policy) -> None:
    again, other = a_policy(PROBLEMS), a_policy(PROBLEMS, seed=1)
    assert again.tokenizer.get_vocab() == policy.tokenizer.get_vocab()
    assert all(torch.equal(weight, weights_of(policy)[name]) for name, weight in weights_of(again).items())
    assert not all(torch.equal(weight, weights_of(policy)[name]) for name, weight in weights_of(other).items())
    assert policy.parameters == sum(w.numel() for w in {id(w): w for w in policy.model.parameters()}.values()) < 10_000


def test_a_prompt_ends_where_the_reply_begins(policy: Policy) -> None:
    decode = policy.tokenizer.decode
    assert decode(policy.encode("Add 1.")) == "<|user|>Add 1.<|end|><|assistant|>"
    assert decode(policy.encode("Add 1.", "x + 1")) == "<|user|>Add 1.<|end|><|assistant|>x + 1<|end|>"
    problem = PROBLEMS[0]
    assert policy.prompt(problem) == ENVIRONMENTS["induction"].brief(problem)
    full = Policy(policy.model, policy.tokenizer, PromptFormat(prompt="full"), policy.context, "x")
    assert full.prompt(problem) == ENVIRONMENTS["induction"].render(problem)


def test_a_reply_does_not_depend_on_what_is_asked_beside_it() -> None:
    """Prompts of a batch are padded; a model with strong opinions would see it."""
    policy = a_policy(PROBLEMS)
    with torch.no_grad():
        for weight in policy.model.parameters():
            weight.mul_(8)
    together = policy.complete(PROMPTS, 1, 0.0, 12, seed=0)
    alone = [policy.complete([prompt], 1, 0.0, 12, seed=0)[0] for prompt in PROMPTS]
    assert together == alone
    assert len({reply.text for (reply,) in alone}) == 3


def test_replies_are_the_seeds_and_leave_no_trace(policy: Policy) -> None:
    torch.manual_seed(5)
    policy.model.train()
    before = torch.random.get_rng_state()
    first = policy.complete(PROMPTS, 3, 1.0, 8, seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert policy.model.training
    torch.rand(3)
    assert policy.complete(PROMPTS, 3, 1.0, 8, seed=1) == first
    assert policy.complete(PROMPTS, 3, 1.0, 8, seed=2) != first
    assert [len(given) for given in first] == [3, 3, 3]
    assert len({reply.text for given in first for reply in given}) > 1


def writing(policy: Policy, written: Sequence[Sequence[int]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the model 'generate' these tokens."""
    monkeypatch.setattr(policy, "_tokens", lambda *_: written)


def test_a_reply_ends_at_its_end_or_is_cut_off(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    (a, b), end, pad = policy.tokenizer.encode("ab"), policy.tokenizer.eos_token_id, policy.tokenizer.pad_token_id
    writing(policy, [[a, b, end, pad], [a, b, a, b], [end, b, end, a]], monkeypatch)
    replies = [reply for (reply,) in policy.complete(["x", "x", "x"], 1, 0.0, 4, seed=0)]
    assert [(reply.text, reply.truncated) for reply in replies] == [("ab", False), ("abab", True), ("", False)]


def test_no_reply_goes_beyond_the_context(policy: Policy) -> None:
    narrow = Policy(policy.model, policy.tokenizer, FORM, len(policy.encode("Sort.")) + 3, "narrow")
    ((reply,),) = narrow.complete(["Sort."], 1, 0.0, 50, seed=0)
    assert len(policy.tokenizer.encode(reply.text)) <= 3


def test_losses_are_those_of_the_completion_alone(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [(PROMPTS[0], "return 1"), (PROMPTS[1], "x"), (PROMPTS[2], "return sorted(x)")]
    found = policy.losses(pairs)
    for (prompt, reply), nats in zip(pairs, found, strict=True):
        start, ids = len(policy.encode(prompt)), torch.tensor([policy.encode(prompt, reply)])
        labels = ids.clone()
        labels[:, :start] = -100
        with torch.no_grad():
            mean = policy.model(input_ids=ids, labels=labels).loss.item()
        assert nats == pytest.approx(mean * (ids.shape[1] - start), rel=1e-4)
    monkeypatch.setattr("stepsmith.train.policy.LOGITS", 1)  # one at a time
    assert policy.losses(pairs) == pytest.approx(found, rel=1e-4)
    assert policy.losses([]) == []


def test_a_saved_policy_answers_alike(policy: Policy, saved: Path) -> None:
    again = opened(saved)
    assert again.prompt_format == policy.prompt_format == read_prompt_format(str(saved))
    assert again.complete(PROMPTS, 1, 0.0, 16, seed=0) == policy.complete(PROMPTS, 1, 0.0, 16, seed=0)
    assert again.complete(PROMPTS, 2, 1.0, 16, seed=3) == policy.complete(PROMPTS, 2, 1.0, 16, seed=3)
    assert again.ends() == policy.ends() == {policy.tokenizer.eos_token_id}
    assert opened(saved, context=100).context == 100
    assert opened(saved, context=9999).context == MODEL.context  # what the model states


def test_adapters_are_saved_with_the_model(tmp_path: Path) -> None:
    policy = a_policy(PROBLEMS)
    torch.manual_seed(0)
    policy.model = get_peft_model(
        policy.model, LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    )
    inputs = torch.tensor([policy.encode(PROMPTS[1])])
    with torch.no_grad():
        adapted = policy.model(input_ids=inputs).logits
    policy.save(tmp_path)
    assert not (tmp_path / "adapter_config.json").exists()
    with torch.no_grad():
        plain = AutoModelForCausalLM.from_pretrained(tmp_path)(input_ids=inputs).logits
        untouched = a_policy(PROBLEMS).model(input_ids=inputs).logits
    torch.testing.assert_close(plain, adapted, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(plain, untouched, atol=1e-3)
    opened(tmp_path)


def test_weights_that_are_trained_stay_in_float32(saved: Path) -> None:
    """A step of 1e-6 on a weight of 0.02 is nothing in bfloat16."""
    small = torch.tensor(0.02, dtype=torch.bfloat16)
    assert small + 1e-6 == small
    full, adapters = opened(saved, dtype="bfloat16"), opened(saved, dtype="bfloat16", lora_rank=4)
    assert {weight.dtype for weight in full.model.parameters()} == {torch.float32}
    assert {weight.dtype for weight in adapters.model.parameters()} == {torch.bfloat16}
    seen: list[torch.dtype] = []
    full.model.lm_head.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    full.complete(["Sort."], 1, 0.0, 2, seed=0)
    assert set(seen) == {torch.bfloat16}


def test_a_tokenizer_without_chat_template_is_refused(policy: Policy, saved: Path, tmp_path: Path) -> None:
    policy.save(tmp_path)
    (tmp_path / "chat_template.jinja").unlink()
    with pytest.raises(ConfigError, match=r"no chat template; give one as model\.chat_template"):
        opened(tmp_path)
    given = "{% for m in messages %}{{ m['content'] }}!{% endfor %}"
    other = opened(tmp_path, chat_template=given)
    assert other.tokenizer.decode(other.encode("Add 1.")) == "Add 1.!"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "config.json").unlink(), "cannot be loaded"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be loaded"),
        (lambda folder: (folder / "model.safetensors").unlink(), "cannot be loaded"),
        (lambda folder: (folder / "stepsmith.json").write_text('{"prompt": "long"}'), "Invalid enum value 'long'"),
    ],
    ids=["no config", "cut off", "no weights", "unknown prompt_format"],
)
def test_a_folder_that_cannot_be_opened_says_so(policy: Policy, tmp_path: Path, spoil: object, says: str) -> None:
    policy.save(tmp_path)
    spoil(tmp_path)  # type: ignore[operator]
    with pytest.raises(ConfigError, match=says) as error:
        opened(tmp_path)
    assert "\n" not in str(error.value)


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be loaded"):
        Policy.open(ModelSettings(path=str(tmp_path / "nothing")))


def test_without_a_form_the_full_one_is_asked(policy: Policy, tmp_path: Path) -> None:
    policy.save(tmp_path)
    (tmp_path / "stepsmith.json").unlink()
    assert opened(tmp_path).prompt_format == PromptFormat()


def test_a_device_that_is_too_small_says_what_to_lower(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(policy, "_tokens", generate)
    with pytest.raises(MachineError, match=r"lower rl\.max_completion_length"):
        policy.complete(PROMPTS, 1, 0.0, 4, seed=0)
