import pytest

from stepsmith.benchmarks.reply_rules import RULES, extraction_rule, last_boxed
from stepsmith.core.errors import CaseError

CODE = "print(int(input()) + 1)"
FENCED = f"```python\n{CODE}\n```"
RULES_OF_PROGRAMS = ("strict", "strict-or-all", "last-fence", "after-last-python-fence", "first-fence-or-all")

# What each of ``RULES_OF_PROGRAMS`` takes; True stands for the program, and text for itself.
AWKWARD = {
    "one fence": (f"Text.\n{FENCED}\nText.", (True, True, True, f"\n{CODE}\n", True)),
    "no fence": (CODE, ("", True, "", True, True)),
    "prose": ("I cannot.", ("", "I cannot.", "", "I cannot.", "I cannot.")),
    "empty": ("", ("", "", "", "", "")),
    "unclosed": (f"```python\n{CODE}\n", ("", f"```python\n{CODE}\n", "", f"\n{CODE}\n", f"```python\n{CODE}")),
    "two, the right one last": (f"```python\npass\n```\n{FENCED}", (True, True, True, f"\n{CODE}\n", "pass")),
    "then its output": (f"{FENCED}\n```text\n7\n```", (True, True, "7", f"\n{CODE}\n", True)),
    "think, then the answer": (
        f"<think>\n```python\npass\n```\n</think>\n{FENCED}", (True, True, True, f"\n{CODE}\n", "pass"),
    ),
    "in an open think": (f"<think>\n{FENCED}", ("", "", True, f"\n{CODE}\n", True)),
    "tag py": (f"```py\n{CODE}\n```", (True, True, True, "", f"```py\n{CODE}\n```")),
    "tag Python": (f"```Python\n{CODE}\n```", (True, True, True, "", f"```Python\n{CODE}\n```")),
    "no tag": (f"```\n{CODE}\n```", (True, True, True, "", True)),
    "tildes": (f"~~~python\n{CODE}\n~~~", (True, True, "", f"~~~python\n{CODE}\n~~~", f"~~~python\n{CODE}\n~~~")),
    "indented": (f"1. So:\n   ```python\n   {CODE}\n   ```", (True, True, f"   {CODE}", f"\n   {CODE}\n   ", CODE)),
    "the prompt again": (
        f"```python\n# HERE\n```\n### Answer:\n{FENCED}", (True, True, True, f"\n{CODE}\n", "# HERE"),
    ),
    "a fence in prose after it": (
        f"{FENCED}\nNot ```x``` but that.", (True, True, "", f"\n{CODE}\n", True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_replies(name):
    reply, expected = AWKWARD[name]
    taken = [extraction_rule(rule).take(reply, "") for rule in RULES_OF_PROGRAMS]
    assert taken == [CODE if want is True else want for want in expected]


def test_rules_have_words_and_sources():
    assert len(RULES) > 10
    assert all(rule.says and rule.source for rule in RULES.values())
    with pytest.raises(CaseError, match="unknown extraction rule 'best'; use one of strict"):
        extraction_rule("best")


@pytest.mark.parametrize(
    ("rule", "reply", "answer"),
    [
        ("cruxeval-input", '[ANSWER]\nassert f("ba", "nana") == "banana"\n[/ANSWER]', 'f("ba", "nana")'),
        ("cruxeval-input", "f(3)", "f(3)"),
        ("cruxeval-output", "assert f(17) == 17\n[/ANSWER]\n[PYTHON]", "17"),
        ("cruxeval-output", "17", "17"),
        ("code-execution", "assert g(1) == [2]  \nmore", "[2]"),
        ("code-execution-cot", "thoughts == 3\n[ANSWER]\nassert g(1) == 4\n[/ANSWER]", "4"),
        ("test-output", "So:\nassert g(1) == 2\nassert g(1) == 3\nThat is it", "assert g(1) == 3"),
        ("test-output", "```python\n  x = 1\n```\n```\ny\n```", "  x = 1"),
        ("test-output", "nothing", ""),
        ("python-tags", "[PYTHON]\nx = 1\n[/PYTHON]", "x = 1"),
        ("python-tags", FENCED, CODE),
        ("boxed", r"\boxed{1} <think> no \boxed{\frac{1}{2}} and \boxed{3", r"\frac{1}{2}"),
        ("boxed", "12", ""),
        ("after-hashes", "She has 3.\n#### 1,234", "1234"),
        ("last-number", "First 3, then $1,200.50 in all.", "1200.50"),
        ("last-number", "none", ""),
        ("whole", " x ", " x "),
    ],
)
def test_rules_of_single_benchmarks(rule, reply, answer):
    assert extraction_rule(rule).take(reply, "") == answer


def test_a_box_may_hold_braces():
    assert last_boxed(r"\boxed{\left\{1, 2\right\}}") == r"\left\{1, 2\right\}"
    assert last_boxed(r"\fbox{x}") is None
