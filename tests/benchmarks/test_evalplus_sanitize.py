"""What is kept equals what EvalPlus keeps; the expected texts are its own output."""

import pytest

from stepsmith.benchmarks.evalplus_sanitize import longest_python, sanitize


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("def f(x):\n    return x\nprint(f(1))", "def f(x):\n    return x"),
        ("x = 1\ndef f():\n    print(x)", "x = 1\ndef f():\n    print(x)"),  # no return: nothing needed, all kept
        ("@cache\ndef f(x):\n    return x\ndef g(): return 1", "@cache\ndef f(x):\n    return x\ndef g(): return 1"),
        ("import os\ndef f(x):\n    return g(x)\ndef g(x):\n    return x\ndef h():\n    return 0",
         "import os\ndef f(x):\n    return g(x)\ndef g(x):\n    return x"),
        ("a, b = 1, 2\nc = 3\ndef f():\n    return a + c", "c = 3\ndef f():\n    return a + c"),
        ("Sure:\n```python\ndef f():\n    return 1\n```\nDone.", "def f():\n    return 1"),
        ("\x1b[1mdef f():\n    return 1\x1b[0m", "def f():\n    return 1"),
    ],
)  # fmt: skip
def test_sanitize(text: str, kept: str) -> None:
    assert sanitize(text, "f") == kept


def test_the_longest_part_is_taken() -> None:
    assert longest_python("not python at all\nx = 1\n\ny = 2\nthis neither") == "x = 1\n\ny = 2"
