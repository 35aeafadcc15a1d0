"""Reasoning tags and fenced blocks, as models write them and as they break them."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.answers import CodeBlock, code_blocks, last_code_block, split_reasoning, strip_reasoning

LINES = st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=30), max_size=6)
TEXT = LINES.map("\n".join)
PLAIN = TEXT.filter(lambda text: not re.search(r"think|\[/?THINK", text))
# Text made of the very pieces that the parser looks at.
NOISE = st.lists(
    st.sampled_from(
        ["```", "````", "~~~", "```python", "~~~py", "    ```", " ```", "<think>", "</think>", "[THINK]", "x = 1", "\n"]
    ),
    max_size=25,
).map("\n".join)


def fenced(code: str, character: str = "`", tag: str = "python") -> str:
    runs = [len(run) for run in re.findall(re.escape(character) + "+", code)]
    marker = character * max(3, max(runs, default=0) + 1)
    return f"{marker}{tag}\n{code}\n{marker}"


@given(PLAIN)
def test_text_without_tags_is_all_answer(text: str) -> None:
    assert split_reasoning(text) == ("", text)


@given(PLAIN, PLAIN, st.sampled_from(["think", "thinking", "seed:think"]))
def test_reasoning_in_tags_is_told_from_the_answer(reasoning: str, answer: str, tag: str) -> None:
    assert split_reasoning(f"<{tag}>{reasoning}\n</{tag}>\n{answer}") == (f"{reasoning}\n", f"\n{answer}")


@given(PLAIN, PLAIN)
def test_a_closing_tag_alone_ends_reasoning_that_the_template_opened(reasoning: str, answer: str) -> None:
    assert split_reasoning(f"{reasoning}\n</think>\n{answer}") == (f"{reasoning}\n", f"\n{answer}")


@given(PLAIN, PLAIN)
def test_unterminated_reasoning_swallows_the_rest(answer: str, reasoning: str) -> None:
    assert split_reasoning(f"{answer}\n<think>{reasoning}") == (reasoning, f"{answer}\n")


@given(NOISE, NOISE)
def test_no_block_of_the_reasoning_leaks_into_the_answer(reasoning: str, answer: str) -> None:
    inner = reasoning.replace("think", "thought").replace("THINK", "THOUGHT")
    assert code_blocks(strip_reasoning(f"<think>\n{inner}\n</think>\n{answer}")) == code_blocks(strip_reasoning(answer))


@pytest.mark.parametrize(
    "answer",
    [
        'print("</think>")',
        "The tag `<think>` opens it and `</think>` ends it.",
        're.findall(r"<think>(.*?)</think>", s)',
        'f"<think>{x}</think>\\n"',
    ],
)
def test_tags_in_program_text_are_not_tags(answer: str) -> None:
    assert strip_reasoning(answer) == answer


def test_reasoning_that_speaks_of_tags_is_reasoning_to_its_real_end() -> None:
    text = "<think>I must not write </think> yet.\nStill thinking.\n</think>\nDone"
    assert split_reasoning(text)[1].strip() == "Done"
    assert split_reasoning('<think>It prints "x"</think>Done')[1] == "Done"
    assert split_reasoning("[THINK]a[/THINK]b") == ("a", "b")


def test_interleaved_reasoning_keeps_both_answers() -> None:
    assert split_reasoning("<think>a</think>one\n<think>b</think>two") == ("ab", "one\ntwo")


@given(TEXT, TEXT.filter(lambda text: "`" not in text and "~" not in text), st.sampled_from("`~"))
def test_a_block_comes_back_as_it_was_written(code: str, prose: str, character: str) -> None:
    assert code_blocks(f"{prose}\n{fenced(code, character)}\n{prose}") == [CodeBlock("python", code)]


@given(TEXT, TEXT)
def test_the_last_complete_block_wins_and_a_cut_one_never_counts(first: str, second: str) -> None:
    whole = f"{fenced(first)}\n\n{fenced(second)}"
    assert last_code_block(whole) == second
    opened_only = whole[: whole.rindex("\n")]
    assert last_code_block(opened_only) != second or first == second or second in first


@given(NOISE)
def test_blocks_are_disjoint_pieces_of_the_text_and_never_raise(text: str) -> None:
    blocks = code_blocks(text)
    assert sum(len(block.code) for block in blocks) <= len(text)
    assert last_code_block(text) in {None, *(block.code for block in code_blocks(strip_reasoning(text)))}
    assert code_blocks(text.replace("\n", "\r\n")) == blocks


def test_a_tagged_fence_inside_a_block_is_part_of_it() -> None:
    text = "```markdown\nUse\n```python\nx\n```\nso\n```\nend"
    assert code_blocks(text) == [CodeBlock("markdown", "Use\n```python\nx\n```\nso")]
    assert last_code_block(text, ["python"]) == "x"


def test_an_indented_fence_in_a_docstring_does_not_end_the_block() -> None:
    code = 'def f():\n    """\n    ```\n    f()\n    ```\n    """'
    assert code_blocks(f"```python\n{code}\n```") == [CodeBlock("python", code)]


def test_a_longer_or_other_fence_holds_shorter_and_other_ones() -> None:
    assert code_blocks("````md\n```\na\n```\n````") == [CodeBlock("md", "```\na\n```")]
    assert code_blocks("~~~\n```\na\n~~~") == [CodeBlock("", "```\na")]


def test_a_restart_after_an_unterminated_block_counts() -> None:
    assert last_code_block("```python\ndef f(\n```python\ndef f(): pass\n```") == "def f(): pass"
    assert last_code_block("```python\ndef f(): pass") is None
    assert last_code_block("no code here, only ```inline``` marks") is None


def test_a_block_in_a_list_loses_the_lists_indentation() -> None:
    assert code_blocks("1. so:\n   ```Python title=a\n   if x:\n       y\n   ```") == [
        CodeBlock("python", "if x:\n    y")
    ]


def test_languages_are_preferred_over_untagged_blocks() -> None:
    text = "```python\ncode\n```\nOutput:\n```\n42\n```\n```json\n{}\n```"
    assert last_code_block(text, ["python", "py"]) == "code"
    assert last_code_block(text) == "{}"
    assert last_code_block(text, ["rust"]) == "42"
    assert last_code_block("```json\n{}\n```", ["python"]) is None


@pytest.mark.parametrize(
    "piece",
    [
        "```a\n",
        "```\n",
        "<think>\n",
        "</think>\n",
        "``` ",
        "`",
        "x" + " " * 50,
        "```python\n```",
        "~~~a ~\n",
        "```md\n",
    ],
)
@pytest.mark.serial
def test_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * (500_000 // len(piece))
    started = time.process_time()
    last_code_block(text, ["python"])
    last_code_block(text + "\n```" * 20_000, ["python"])
    assert time.process_time() - started < 5  # linear: under 1; quadratic: minutes
