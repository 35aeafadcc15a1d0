"""What each built-in checker accepts, on both interfaces, and where its message says that outputs differ."""

import pytest

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Checker
from stepsmith.judge.checkers import check_checker, compare, is_custom


def ok(name: str, expected: str, actual: str, *flags: str, interface: str = "stdio") -> bool:
    return compare(Checker(name=name, flags=flags), interface, "", expected, actual).ok


def message(name: str, expected: str, actual: str, *flags: str, interface: str = "stdio") -> str:
    result = compare(Checker(name=name, flags=flags), interface, "", expected, actual)
    assert not result.ok
    return result.message


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("a b\n", "a b\n", True),
        ("a b", "a b\n", True),
        ("a b\n", "a b", True),
        ("a b\n", "a b\n\n", False),
        ("a b\n", "a  b\n", False),
        ("a b\n", "a b \n", False),
        ("a\n", "A\n", False),
        ("", "\n", True),
        ("", " ", False),
    ],
)
def test_exact_text(expected: str, actual: str, same: bool) -> None:
    assert ok("exact", expected, actual) is same


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("[1, 2]", "[1,2]", True),
        ("[1, 2]", "(1, 2)", False),
        ("1", "1.0", False),
        ("1", "True", False),
        ("'a'", '"a"', True),
        ("0.1", "0.10000000000000001", True),
        ("0.1", "0.1000000001", False),
        ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", True),
        ("nan", "nan ", True),
    ],
)
def test_exact_value(expected: str, actual: str, same: bool) -> None:
    assert ok("exact", expected, actual, interface="function") is same


LONG = "7" * 5001


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        (LONG, f"{LONG} ", True),
        (LONG, f"+{LONG}", True),
        (LONG, "0" * 5000 + "7", False),
        ("7", "0" * 5000 + "7", True),
        (LONG, f"-{LONG}", False),
        (LONG, f"{LONG[:-1]}8", False),
        (LONG, "0x" + "f" * 5000, False),
        (LONG, "inf", False),
        (f"[{LONG}, 1]", f"({LONG},1)", True),
        (f"{{'a': {LONG}}}", f"{{'a': {LONG}, }}", True),
        (f"[1, {LONG}]", f"[1, {LONG}0]", False),
    ],
)
@pytest.mark.parametrize("name", ["literal", "float:1e-6", "unordered"])
def test_integers_of_any_length(name: str, expected: str, actual: str, same: bool) -> None:
    assert ok(name, expected, actual, interface="function") is same


@pytest.mark.parametrize(
    ("flags", "expected", "actual", "same"),
    [
        ("", "Hello  World", "hello\nworld\n", True),
        ("", "a b", "a", False),
        ("", "a", "a b", False),
        ("", "", " \n", True),
        ("", "1", "1.0", False),
        ("", "a\xa0b", "a b", False),  # a no-break space is no white space in C
        ("", "É", "é", False),  # only ASCII letters have case
        ("case_sensitive", "Yes", "yes", False),
        ("space_change_sensitive", "a b\n", "a b\n", True),
        ("space_change_sensitive", "a b\n", "a  b\n", False),
        ("space_change_sensitive", "a b\n", "a b", False),
        ("space_change_sensitive", "a b", "a b\n", False),
        ("space_change_sensitive", "a b\n", "A B\n", True),
        ("float_tolerance 0.1", "1.0", "1.05", True),
        ("float_tolerance 0.1", "100", "109.9", True),
        ("float_absolute_tolerance 0.1", "100", "109.9", False),
        ("float_relative_tolerance 0.1", "100", "109.9", True),
        ("float_relative_tolerance 0.1", "0", "0.0001", False),
        ("float_tolerance 0.1", "1", "one", False),
        ("float_tolerance 0.1", "one", "One", True),
        ("float_tolerance 0.1", "nan", "NaN", True),
        ("float_tolerance 0.1", "1", "nan", False),
        ("float_tolerance 0.1", "inf", "1e999", False),
        ("float_tolerance 0.1", "1000", "1_000", False),
        ("float_tolerance 0.1", "16", "0x10", True),  # C reads hexadecimal
        ("float_tolerance 0.1", "1", "1e+", True),  # and so glibc reads a dangling exponent
        ("float_tolerance 0", "1", "1.0", True),
    ],
)
def test_tokens_as_the_kattis_validator_has_them(flags: str, expected: str, actual: str, same: bool) -> None:
    assert ok("tokens", expected, actual, *flags.split()) is same


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("[1, (2, 3)]", "([1, [2, 3]])", True),
        ("1", "1.0", True),
        ("1", "True", True),
        ("0", "False", True),
        ("1", "'1'", False),
        ("None", "0", False),
        ("1.0", "1.0000000009", True),
        ("1.0", "1.000000002", False),
        ("1e12", "1000000000000.9", True),
        ("1000000000000", "1000000000001", False),  # integers have no tolerance
        ("0.0", "9e-10", True),
        ("nan", "nan ", True),
        ("[nan]", "[0.0]", False),
        ("inf", "-inf", False),
        ("inf", "1e308", False),
        ("[-inf, Infinity]", "[float('-inf'), inf]", False),  # nothing is evaluated
        ("{1, 2, 3}", "{3, 2, 1}", True),
        ("{1, 2, 3}", "[1, 2, 3]", False),
        ("{0.1, 0.2}", "{0.2000000000001, 0.1}", True),
        ("{(1, 2), (3, 4)}", "{(3, 4.0), (1, 2)}", True),
        ("set()", "{}", False),
        ("set()", "frozenset()", True),
        ("{'a': [1, {'b': (2,)}]}", "{'a': [1.0, {'b': [2]}]}", True),
        ("{'a': 1}", "{'a': 1, 'b': 2}", False),
        ("{1: 'x'}", "{1.0: 'x'}", True),
        ("{0.1: 'x'}", "{0.1000000000001: 'x'}", True),
        ("{'a': 1, 'a': 2}", "{'a': 2}", True),
        ('[true, null, "x"]', "[True, None, 'x']", True),
        ("'caf\\u00e9'", "'café'", True),
        ("'a\\nb'", '"""a\nb"""', True),
        ("b'ab'", "b'ab' ", True),
        ("b'ab'", "'ab'", False),
        ("(1+2j)", "(1+2.0000000001j)", True),
        ("(1)", "1", True),
        ("(1,)", "1", False),
        ("10**2", "100", None),
        ("[1, 2", "[1, 2", True),  # identical texts need no reading
        ("[]", "[[]]", False),
    ],
)
def test_literal_values(expected: str, actual: str, same: bool | None) -> None:
    if same is None:
        with pytest.raises(CaseError, match="not a Python literal"):
            ok("literal", expected, actual, interface="function")
    else:
        assert ok("literal", expected, actual, interface="function") is same


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("[1, 2]\n", "[1,2]", True),
        ("true", "True\n", True),
        ("[1]\nyes", "[1.0]\nyes\n", True),
        ("[1]\nyes", "[1.0]\nno\n", False),
        ("[1]\n[2]", "[1]\n[2]\n[3]", False),
    ],
)
def test_literal_on_printed_output(expected: str, actual: str, same: bool) -> None:
    assert ok("literal", expected, actual) is same


@pytest.mark.parametrize(
    ("name", "expected", "actual", "same"),
    [
        ("float:1e-3", "[1, 0.5]", "(1, 0.5004)", True),
        ("float:1e-3", "[1000, 0.5]", "[1001, 0.5]", False),
        ("float:1e-3", "1000.0", "1001", True),
        ("float:0", "1.0", "1", True),
        ("tokens", "'Yes  no'", "'yes no'", True),
        ("tokens", "'Yes no'", "'yes'", False),
    ],
)
def test_tolerances_on_values(name: str, expected: str, actual: str, same: bool) -> None:
    assert ok(name, expected, actual, interface="function") is same


@pytest.mark.parametrize(
    ("expected", "actual", "flags", "same"),
    [
        ("[3, 1, 2]", "[1, 2, 3]", "", True),
        ("[3, 1, 1]", "[1, 3, 3]", "", False),
        ("[3, 1]", "[1, 3, 3]", "", False),
        ("[3, 1, 2]", "{1, 2, 3}", "", True),
        ("[[1, 2], [3]]", "[[3], [1, 2]]", "", True),
        ("[[1, 2], [3]]", "[[3], [2, 1]]", "", False),
        ("[[1, 2], [3]]", "[[3], [2, 1]]", "nested", True),
        ("[0.1, 0.2]", "[0.2, 0.1000000000001]", "", True),
        ("[0.1, 0.2]", "[0.21, 0.11]", "float_tolerance 0.02", True),
        ("[1.0, 1.5]", "[1.5, 2.0]", "float_absolute_tolerance 0.5", True),  # equal first would be wrong
        ("{'a': [1, 2]}", "{'a': [2, 1]}", "", False),
        ("['b', 'a']", "['a', 'b']", "", True),
        ("'ab'", "'ba'", "", False),
    ],
)
def test_unordered_values(expected: str, actual: str, flags: str, same: bool) -> None:
    assert ok("unordered", expected, actual, *flags.split(), interface="function") is same


@pytest.mark.parametrize(
    ("expected", "actual", "flags", "same"),
    [
        ("1 2\n3 4\n", "3 4\n\n1  2", "", True),
        ("1 2\n3 4\n", "3 4\n2 1", "", False),
        ("1 2\n3 4\n", "3 4\n1 2\n1 2", "", False),
        ("3 1 2\n", "1\n2\n3\n", "", True),
        ("a\nb", "B\nA", "", True),
        ("a\nb", "B\nA", "case_sensitive", False),
        ("x 1.5\ny 2", "y 2.0\nx 1.49", "float_tolerance 0.1", True),
        ("[2, 1]\n", "[1, 2]\n", "", True),
        ("[2, 1]\n", "1 2\n", "", False),
    ],
)
def test_unordered_lines(expected: str, actual: str, flags: str, same: bool) -> None:
    assert ok("unordered", expected, actual, *flags.split()) is same


@pytest.mark.parametrize(
    ("got", "place"),
    [
        (message("exact", "a\nb\n", "a\nc\n"), "line 2: expected 'b', got 'c'"),
        (message("exact", "a\nb\n", "a\n"), "line 2: expected 'b', got the end"),
        (message("tokens", "1 2\n3 4", "1 2\n3 5"), "line 2, token 4: expected '4', got '5'"),
        (message("tokens", "1 2", "1\n"), "line 1, token 2: expected '2', got the end"),
        (message("tokens", "1", "1\n2"), "line 2, token 2: expected the end, got '2'"),
        (message("float:1e-6", "2.0", "2.5"), "line 1, token 1: expected '2.0', got '2.5' (absolute error 0.5"),
        (
            message("tokens", "a b", "a  b", "space_change_sensitive"),
            "line 1, before token 2: expected white space ' '",
        ),
        (message("literal", "{'a': [1, 2]}", "{'a': [1, 3]}", interface="function"), "['a'][1]: expected 2, got 3"),
        (message("literal", "[1, 2]", "[1]", interface="function"), "value: expected 2 elements, got 1"),
        (message("literal", "1", "<object>", interface="function"), "the returned value is not a literal"),
        (message("unordered", "[1, 2]", "[1, 1]", interface="function"), "no element matches the expected 2"),
        (message("tokens", "x" * 500 + "a", "x" * 500 + "b"), "(from character 486)"),
    ],
)
def test_messages_name_the_first_difference(got: str, place: str) -> None:
    assert place in got
    assert len(got) < 400


@pytest.mark.parametrize(
    ("checker", "reason"),
    [
        (Checker(name="tokenz"), "unknown checker"),
        (Checker(name="float"), "unknown checker"),
        (Checker(name="float:"), "tolerance"),
        (Checker(name="float:-1"), "tolerance"),
        (Checker(name="float:nan"), "tolerance"),
        (Checker(name="exact", flags=("case_sensitive",)), "no flags"),
        (Checker(name="literal", flags=("x",)), "no flags"),
        (Checker(name="tokens", flags=("ignore_case",)), "no flag 'ignore_case'"),
        (Checker(name="tokens", flags=("nested",)), "no flag 'nested'"),
        (Checker(name="tokens", flags=("float_tolerance",)), "needs a number"),
        (Checker(name="tokens", flags=("float_tolerance", "x")), "needs a number"),
        (Checker(name="unordered", flags=("space_change_sensitive",)), "no flag"),
    ],
)
def test_a_checker_or_flag_that_does_not_exist_is_a_case_error(checker: Checker, reason: str) -> None:
    with pytest.raises(CaseError, match=reason):
        compare(checker, "stdio", "", "1", "2")
    with pytest.raises(CaseError, match=reason):
        check_checker(checker, "stdio")


def test_custom_checkers_need_their_program_and_only_they_take_files() -> None:
    assert is_custom(Checker(name="custom-kattis"))
    assert not is_custom(Checker(name="tokens"))
    check_checker(Checker(name="custom-testlib", files=(("check.py", "print()"),)), "stdio")
    with pytest.raises(CaseError, match="checker_files"):
        check_checker(Checker(name="custom-testlib"), "stdio")
    with pytest.raises(CaseError, match="checker_files"):
        check_checker(Checker(name="tokens", files=(("check.py", "print()"),)), "stdio")
