import ast

import pytest

from stepsmith.core.records import Contract, Limits, Solution, Verdict
from stepsmith.verify.formats.harness import HARNESSES, harness_accepts, with_prelude

STDIO = Contract(interface="stdio", limits=Limits(time_s=6.0))


@pytest.mark.parametrize("harness", ["apps", "taco", "prime", "livecodebench"])
@pytest.mark.parametrize(
    "code",
    [
        "d = defaultdict(list)\nd[1].append(gcd(12, 8))\nprint(d[1], heappop([3]), math.sqrt(4), List[int])",
        "'''doc'''\nfrom __future__ import annotations\nprint(len(list(permutations([1, 2]))), Counter('aa')['a'])",
        "def f(n): return 0 if n == 0 else 1 + f(n - 1)\nprint(f(20000))",
        "@lru_cache(None)\ndef f(n): return n\nprint(f(3), stdin.readline())",
        "from math import pow\nprint(sum(map(int, ['1'])), pow(2, 3))",
    ],
)
def test_programs_that_lean_on_the_imports_run(local_judge, harness, code):
    program = Solution(language="python", code=with_prelude(code, harness))
    (run,) = local_judge.execute(program, STDIO, ["1\n"])
    assert run.verdict is Verdict.AC, run.message
    (bare,) = local_judge.execute(Solution(language="python", code=code), STDIO, ["1\n"])
    assert (bare.verdict is Verdict.AC) == ("from math" in code)


def test_builtins_are_not_shadowed(local_judge):
    names = ("pow", "open", "compile", "abs", "sum", "any", "max")
    code = f"import builtins\nprint(*({', '.join(f'{name} is builtins.{name}' for name in names)},))\nCounter()"
    outputs = {
        local_judge.execute(Solution(language="python", code=with_prelude(code, name)), STDIO, [""])[0].output
        for name in ("prime", "livecodebench")
    }
    assert outputs == {"True True True True True True True\n"}


@pytest.mark.parametrize(
    ("code", "imports"),
    [
        ("print(1)", False),
        ("import heapq\nheapq.heappop([1])", False),
        ("def f(x):\n    y = x\n    return [z for z in y if (w := z)]\nclass A:\n    b = 1\n    c = b", False),
        ("def f():\n    global g\n    g = 1\nf()\nprint(g, __name__)", False),
        (
            "try:\n    pass\nexcept OSError as error:\n    print(error)\nfor i, (j, *k) in []:\n    print(i, j, k)",
            False,
        ),
        ("print(Counter())", True),
        ("def f():\n    import heapq\ndef g():\n    return heapq", True),
        ("from math import *\nprint(sqrt(4))", True),
        ("eval('Counter()')", True),
        ("class S:\n    def f(self, x: List[int]): ...", True),
        ("def f(:", True),
    ],
)
def test_only_programs_that_need_the_imports_get_them(code, imports):
    for harness in ("apps", "prime"):
        assert ("collections" in with_prelude(code, harness)) is imports
        assert "setrecursionlimit" in with_prelude(code, harness)


def test_numpy_is_imported_where_np_is_used():
    assert "numpy" in with_prelude("print(np.zeros(1))", "apps")
    assert "numpy" in with_prelude("exec('np.zeros(1)')", "taco")
    assert "numpy" not in with_prelude("np = Counter()", "apps")
    assert "numpy" not in with_prelude("print(np.zeros(1))", "livecodebench")


@pytest.mark.parametrize("harness", HARNESSES)
@pytest.mark.parametrize(
    "code", ["", "x = 1", "'''a\nb'''", "from __future__ import annotations\nx = 1", "def f(:", "'a'; x = 1\ny = 2"]
)
def test_the_program_itself_stays_whole(harness, code):
    changed = with_prelude(code, harness)
    try:
        before, after = (ast.dump(ast.parse(text)) for text in (code, changed))
    except SyntaxError:
        assert changed.endswith(code)
        return
    for node in ast.parse(code).body:
        assert ast.dump(node) in after
    assert ast.get_docstring(ast.parse(code)) == ast.get_docstring(ast.parse(changed))
    assert before


@pytest.mark.parametrize(
    ("harness", "interface", "expected", "actual", "accepted"),
    [
        # an expected list stands for its first element, too
        ("apps", "function", "[5]", "5", True),
        ("apps", "function", "[[1, 2]]", "(1, 2)", True),
        ("taco", "function", "[{1: 1}]", "{1: 1}", True),
        ("prime", "function", "['a', 'b']", "'a'", True),
        ("apps", "function", "[5]", "6", False),
        ("apps", "function", "5", "[5]", False),
        ("apps", "function", "[]", "None", False),
        ("apps", "function", "[1]", "not a literal", False),
        ("livecodebench", "function", "[5]", "5", False),
        # APPS: lines as sets of tokens, numbers to three decimals
        ("apps", "stdio", "1 2\n3\n", "3\n2 1\n", True),
        # PRIME as in verl: numbers one a line and nearly equal, unless all are whole; no sets
        ("prime", "stdio", "1 2\n3\n", "3\n2 1\n", False),
        ("prime", "stdio", "0.33333\n", "0.333331\n", True),
        ("prime", "stdio", "0.3333\n", "0.33331\n", False),
        ("prime", "stdio", "1000000\n", "1000001\n", False),
        ("prime", "stdio", "a \n b\n", "a\nb", True),
        ("apps", "stdio", "1000000\n", "1000001\n", True),
        ("apps", "stdio", "1\n2\n", "1\n3\n", False),
        ("apps", "stdio", "yes\n", "no\n", False),
        ("apps", "stdio", "1 2\n", "1\n2\n", False),
        # TACO: the text where APPS has lines
        ("taco", "stdio", "1 2\n3\n", "3\n2 1\n", False),
        ("taco", "stdio", "1\n0\n", "0\n1\n", True),
        ("taco", "stdio", "10\n", "01\n", False),
        # LiveCodeBench: numbers of a line by value, lines one by one
        ("livecodebench", "stdio", "1.0 2\nyes\n", "1 2.00\nyes\n", True),
        ("livecodebench", "stdio", "50000000000000001\n", "50000000000000000\n", False),
        ("livecodebench", "stdio", "0.3333\n", "0.33331\n", False),
        ("livecodebench", "stdio", "1\n2\n", "1 2\n", False),
        ("livecodebench", "stdio", "a 1.0\n", "a 1\n", False),
        # CodeContests: tokens without case, numbers within 1e-5
        ("codecontests", "stdio", "Yes 1.000001\n", "YES\n1\n", True),
        ("codecontests", "stdio", "3\n", "3.00002\n", False),
        ("codecontests", "stdio", "3\n", "3 3\n", False),
        ("codecontests", "function", "1", "2", False),
    ],
)
def test_what_a_harness_accepts_beyond_our_checkers(harness, interface, expected, actual, accepted):
    assert harness_accepts(harness, interface, expected, actual) is accepted
