"""Reading a teacher's reply: what is forgiven, what is not, and what its author is told."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Environment
from stepsmith.envs.literals import call_text
from stepsmith.llm.parsing import ParseFailure
from stepsmith.synth.llm.draft import fuzzing_task
from stepsmith.synth.llm.reply import TeacherReply, parse_reply

CODE = "def f(xs, k=2):\n    return [x for x in xs if x % k]"
INPUTS = ("[1, 2], 3", "[4]", "[5, 6], k=4", "f([7], 5)", "[9, 9]")


def reply(code: str = CODE, inputs: tuple[str, ...] = INPUTS, message: str | None = "Odd ones.") -> str:
    blocks = [f"```python\n{code}\n```", *(f"```input\n{text}\n```" for text in inputs)]
    if message is not None:
        blocks.append(f"```message\n{message}\n```")
    return "Sure!\n\n" + "\n\n".join(blocks) + "\n\nHope that helps."


def read(text: str, environment: Environment = "induction") -> TeacherReply:
    found = parse_reply(text, environment)
    assert isinstance(found, TeacherReply), found
    return found


def fault(text: str, environment: Environment = "induction") -> ParseFailure:
    found = parse_reply(text, environment)
    assert isinstance(found, ParseFailure), found
    assert found.raw == text
    assert found.detail
    return found


def test_a_reply_in_the_papers_form() -> None:
    found = read(reply())
    assert found.code == CODE + "\n"
    assert found.inputs == ("([1, 2], 3)", "([4],)", "([5, 6], 4)", "([7], 5)", "([9, 9],)")
    assert found.message == "Odd ones."
    assert found.parameters == ["xs", "k"]


def test_reasoning_and_drafts_before_the_answer_are_passed_over() -> None:
    thinking = "<think>\n```python\ndef f(x):\n    return 1\n```\n```input\n0\n```\n</think>\n"
    assert read(thinking + reply()).code == CODE + "\n"


def test_elements_instead_of_fences() -> None:
    text = (
        f"```python\n{CODE}\n```\n"
        + "".join(f"<input>[{i}], 2</input>\n" for i in range(5))
        + "<message>Odd.</message>"
    )
    assert read(text).inputs[4] == "([4], 2)"


def test_a_message_after_a_label() -> None:
    for label in ("**Message:** ", "Message: ", "### Message:\n\n", "**Message**: "):
        assert (
            read(reply(message=None).removesuffix("\n\nHope that helps.") + f"\n\n{label}Odd\nones.").message
            == "Odd\nones."
        )
    assert fault(reply(message=None) + "\nNo message: sorry.").reason == "no-message"


def test_more_than_five_inputs_are_cut() -> None:
    assert len(read(reply(inputs=tuple(f"[{i}]" for i in range(9)))).inputs) == 5


@pytest.mark.parametrize(
    ("text", "reason", "says"),
    [
        ("I would rather not.", "no-code", "no complete code block"),
        (reply(code="def f(x:\n  return"), "syntax-error", "does not parse"),
        (reply(code="def g(x):\n    return x"), "no-function", "does not define f"),
        (reply(code="class A:\n    def f(self):\n        return 1"), "no-function", "top level"),
        (reply(code="def f(*xs):\n    return xs"), "wrong-signature", "plain parameters"),
        (reply(code="def f():\n    return 1"), "wrong-signature", "plain parameters"),
        (reply(inputs=("[1]",) * 2), "too-few-inputs", "there are 2"),
        (reply(inputs=("[1]", "[2]", "[3]", "[4]", "[i for i in x]")), "wrong-input", "input block 5"),
        (reply(inputs=("[1]", "xs", "[3]", "[4]", "[5]")), "wrong-input", "input block 2"),
        (reply(inputs=("[1], 2, 3", "[2]", "[3]", "[4]", "[5]")), "wrong-input", "3 arguments"),
        (reply(inputs=("k=1", "[2]", "[3]", "[4]", "[5]")), "wrong-input", "no value for the parameter xs"),
        (reply(inputs=("[1], y=2", "[2]", "[3]", "[4]", "[5]")), "wrong-input", "y is not a parameter"),
        (reply(inputs=("[1]", "[2]", "[3]", "[4]", " [1 ] ")), "repeated-input", "not different"),
        (reply(inputs=("[1e999]", "[2]", "[3]", "[4]", "[5]")), "wrong-input", "no spelling"),
        (reply(message=None), "no-message", "message"),
        (reply(message=""), "no-message", "message"),
        (reply()[:-40], "no-message", "message"),
        (reply(message="m" * 5000), "message-too-long", "5000"),
        (reply(code=CODE + "\n#" + "x" * 30_000), "code-too-long", "30"),
    ],
)
def test_what_cannot_be_used_says_why(text: str, reason: str, says: str) -> None:
    found = fault(text)
    assert found.reason == reason
    assert says in found.detail


def test_fuzzing_needs_three_functions_of_one_shape() -> None:
    assert "pre_test_f and test_f" in fault(reply(), "fuzzing").detail
    odd = CODE + "\n\ndef pre_test_f(xs):\n    return True\n\ndef test_f(xs, k=2):\n    return True"
    assert fault(reply(code=odd), "fuzzing").reason == "wrong-arity"
    even = odd.replace("pre_test_f(xs)", "pre_test_f(xs, k=2)")
    assert read(reply(code=even), "fuzzing").code.startswith("def f(")


def test_the_three_functions_are_taken_apart_and_helpers_stay_with_the_program() -> None:
    code = (
        "import math\n\n\ndef helper(x):\n    return math.isqrt(x)\n\n\ndef pre_test_f(x):\n    return x >= 0\n\n\n"
        "def f(x):\n    return helper(x)\n\n\ndef test_f(x):\n    # exact\n    return f(x) ** 2 <= x\n"
    )
    task = fuzzing_task(code)
    assert task.pre_test_f == "def pre_test_f(x):\n    return x >= 0\n"
    assert task.test_f == "def test_f(x):\n    # exact\n    return f(x) ** 2 <= x\n"
    assert "helper" in task.program
    assert "def f(x)" in task.program
    assert "test_f" not in task.program
    names: dict[str, object] = {}
    exec(f"{task.program}\n{task.pre_test_f}\n{task.test_f}", names)
    assert names["test_f"](17)  # type: ignore[operator]


LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(LITERALS, min_size=5, max_size=5, unique_by=repr), st.lists(LITERALS, min_size=5, max_size=5))
def test_any_literals_come_back_as_they_were_written(firsts: list[object], seconds: list[object]) -> None:
    texts = [f"{a!r}, {b!r}" for a, b in zip(firsts, seconds, strict=True)]
    if any("```" in text for text in texts):
        return
    found = read(reply(inputs=tuple(texts)))
    assert [ast.literal_eval(text) for text in found.inputs] == list(zip(firsts, seconds, strict=True))
    assert ast.literal_eval(call_text("f", found.inputs[0])[1:]) == (firsts[0], seconds[0])


@given(st.text(max_size=300))
def test_no_text_is_an_accident(text: str) -> None:
    for wrapped in (text, reply(code=text or "x"), reply(inputs=(text,) * 5), reply(message=text)):
        assert isinstance(parse_reply(wrapped, "fuzzing"), ParseFailure | TeacherReply)
