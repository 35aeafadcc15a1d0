"""Signals: what a window of code shows, and on which lines."""

import pytest

from stepsmith.core.records import Seed
from stepsmith.synth.signals import SIGNALS, read_signals

# One snippet per signal, written so that nothing else is needed to see it.
SNIPPETS = {
    "loop": "for v in x:\n    use(v)",
    "while loop": "while ready():\n    go()",
    "nested loops": "for a in x:\n    for b in y:\n        use(a, b)",
    "nesting": "if a:\n    if b:\n        go()",
    "comparison": "a < b",
    "boolean logic": "a and not b",
    "recursion": "def f(n):\n    return f(n - 1)",
    "dict use": "table = {}",
    "set use": "seen = set()",
    "sorted call": "x.sort()",
    "reversed order": "reversed(x)",
    "slicing": "x[1:3]",
    "modular arithmetic": "a % 7",
    "integer division": "a // 7",
    "multiplication": "a * b",
    "power": "a ** 2",
    "number theory": "math.gcd(a, b)",
    "digits": "n % 10",
    "bit operations": "a & b",
    "string scanning": "text.startswith(prefix)",
    "string building": "', '.join(parts)",
    "parsing": "line.split(',')",
    "regular expression": "re.findall(pattern, text)",
    "stack use": "x.pop()",
    "queue use": "work.popleft()",
    "heap use": "heapq.heappush(h, 1)",
    "accumulation": "sum(x)",
    "counting": "n += 1",
    "min/max": "max(a, b)",
    "search": "if a == b:\n    return c",
    "bisect": "mid = 3",
    "index arithmetic": "x[i + 1]",
    "grid": "x[i][j]",
    "graph": "visited = 1",
    "tree": "node.parent",
    "pairs": "for a, b in x:\n    use(a)",
    "interval": "start = 1",
    "list comprehension": "[v for v in x]",
    "comprehension": "{v: 1 for v in x}",
    "generator": "def f():\n    yield 1",
    "lambda": "lambda v: v",
    "memo": "@lru_cache\ndef f(n):\n    return n",
    "simulation": "self.state = 2",
    "exception handling": "raise ValueError",
    "class": "class A:\n    pass",
    "conditional expression": "a if b else c",
    "early exit": "for v in x:\n    break",
    "arithmetic": "a + b",
    "absolute difference": "abs(a)",
    "enumeration": "enumerate(x)",
    "combinatorics": "itertools.permutations(x)",
}


def names(code: str) -> set[str]:
    return {signal.name for signal in read_signals(Seed(source="s.py", first_line=1, code=code))}


def test_every_signal_has_a_snippet() -> None:
    assert set(SNIPPETS) == set(SIGNALS)
    assert len(SIGNALS) == len(set(SIGNALS))


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_signal_is_seen_where_it_is_and_not_in_plain_code(signal: str) -> None:
    assert signal in names(SNIPPETS[signal])
    assert signal not in names("value = other.thing(1)\nprint(value)")


def test_lines_are_those_of_the_file() -> None:
    code = "a = 1\nb = sorted(x)\nc = 2\nd = sorted(y)"
    signals = {s.name: s.lines for s in read_signals(Seed(source="s.py", first_line=101, code=code))}
    assert signals["sorted call"] == (102, 104)


def test_a_window_from_the_middle_of_a_function_is_read() -> None:
    code = (
        '        """with a docstring that started before the window.\n'
        "        total = sorted(values)\n"
        "        else:\n"
        "            while pending:\n"
        "                pending.pop()\n"
        "    def later(self):\n"
        "        return self.later(\n"
    )
    signals = {s.name: s.lines for s in read_signals(Seed(source="s.py", first_line=11, code=code))}
    assert signals["sorted call"] == (12,)
    assert signals["while loop"] == (14,)
    assert signals["stack use"] == (15,)


@pytest.mark.parametrize("code", ["", "\n\n", "def (", "this is no Python at all, is it?", "x = '\0'", "(" * 500])
def test_what_does_not_parse_shows_nothing(code: str) -> None:
    assert read_signals(Seed(source="s.py", first_line=1, code=code)) == ()


def test_a_call_of_the_parent_class_is_no_recursion() -> None:
    assert "recursion" not in names("def run(self):\n    super().run()")
    assert "recursion" in names("def run(self):\n    self.run()")
