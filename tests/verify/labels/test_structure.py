from stepsmith.core.records import Solution
from stepsmith.verify.labels.structure import structure_key


def _key(code, language="python"):
    return structure_key(Solution(language=language, code=code))


BASE = "def f(xs):\n    total = 0\n    for x in xs:\n        total += x\n    return total\n"


def test_names_docstrings_annotations_and_layout_do_not_matter():
    other = (
        'def f(values: list[int]) -> int:\n    """Add up."""\n    acc: int = 0  # sum\n    for v in values:\n'
        "        acc += v\n    return acc\n"
    )
    assert _key(BASE) == _key(other)


def test_constants_operators_and_builtins_do():
    assert _key(BASE) != _key(BASE.replace("= 0", "= 1"))
    assert _key(BASE) != _key(BASE.replace("+=", "-="))
    assert _key("def f(x):\n    return min(x)") != _key("def f(x):\n    return max(x)")
    assert _key("def f(a, b):\n    return a - b") != _key("def f(a, b):\n    return b - a")


def test_other_languages_lose_comments_and_space():
    a = "#include <cstdio>\nint main() { /* hi */ return 0; } // end\n"
    assert _key(a, "cpp") == _key("int main(){\n  return 0;\n}\n", "cpp")
    assert _key(a, "cpp") != _key("int main(){return 1;}", "cpp")


def test_broken_code_is_its_own_structure():
    assert _key("def f(:") == "def f(:"
    assert _key("def f():\n    '''only words'''") == _key("def f():\n    pass")
