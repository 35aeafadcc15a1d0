import pytest

from stepsmith.core.errors import CaseError
from stepsmith.verify.formats.kattis.settings import read_settings
from stepsmith.verify.formats.kattis.test_data import read_tests, unused_data
from stepsmith.verify.formats.problems import UnsupportedError
from tests.verify.formats.kattis.packages import CURRENT, LEGACY, package

TOLERANCE = "float_tolerance 1e-6"
SECRET = "data/secret/test_group.yaml"


def _tests(tmp_path, part, files, base=LEGACY):
    folder = package(tmp_path, files, base)
    return read_tests(folder, read_settings(folder), part)


def test_tests_come_in_order_of_their_names(tmp_path):
    files = {"data/secret/g/2.in": "1\n", "data/secret/g/1.in": "2\n", "data/secret/.hidden.in": "x"}
    tests = _tests(tmp_path, "secret", files)
    assert [test.name for test in tests] == ["secret/a", "secret/b", "secret/g/1", "secret/g/2"]
    assert [test.answer for test in tests] == ["8\n", "10\n", None, None]
    assert _tests(tmp_path, "nothing", {}) == []


@pytest.mark.parametrize(
    ("base", "files", "args"),
    [
        (LEGACY, {"problem.yaml": "validator_flags: case_sensitive\n"}, ["case_sensitive"] * 2),
        (LEGACY, {"data/testdata.yaml": "output_validator_flags: float_tolerance 1e-6\n"}, [TOLERANCE] * 2),
        (
            LEGACY,
            {
                "problem.yaml": "validator_flags: case_sensitive\n",
                "data/secret/testdata.yaml": "output_validator_flags: {name: v, flags: space_change_sensitive}\n",
            },
            ["case_sensitive space_change_sensitive"] * 2,
        ),
        (CURRENT, {"data/test_group.yaml": "output_validator_args: [float_tolerance, '1e-6']\n"}, [TOLERANCE] * 2),
        (CURRENT, {SECRET: "output_validator_args: [a b]\n"}, ["a b"] * 2),
        (CURRENT, {"data/secret/b.yaml": "output_validator_args: [x]\n"}, ["", "x"]),
    ],
)  # fmt: skip
def test_output_arguments_come_from_the_nearest_group(tmp_path, base, files, args):
    tests = _tests(tmp_path, "secret", files, base)
    assert [" ".join(test.output_args) for test in tests] == args


@pytest.mark.parametrize(
    ("base", "files", "args"),
    [
        (LEGACY, {"data/testdata.yaml": "input_validator_flags: max=100\n"}, {"": ("max=100",)}),
        (LEGACY, {"data/testdata.yaml": "input_validator_flags: {name: v.py, flags: a b}\n"}, {"v.py": ("a", "b")}),
        (CURRENT, {SECRET: "input_validator_args: [max=100]\n"}, {"": ("max=100",)}),
        (CURRENT, {SECRET: "input_validator_args: {v: [a, b], w: []}\n"}, {"v": ("a", "b"), "w": ()}),
        (LEGACY, {}, {"": ()}),
    ],
)  # fmt: skip
def test_input_arguments(tmp_path, base, files, args):
    assert _tests(tmp_path, "secret", files, base)[0].input_args == args


@pytest.mark.parametrize(
    ("files", "error", "words"),
    [
        ({"data/secret/a.yaml": "args: [x]\n"}, UnsupportedError, "data/secret/a: submissions get no command-line"),
        ({"data/secret/a.files/x.txt": "x"}, UnsupportedError, "secret/a.files: submissions get no files"),
        ({SECRET: "static_validation_score: 1\n"}, UnsupportedError, "static validation"),
        ({"data/secret/a.in": b"\xff\n"}, CaseError, "data/secret/a: a.in is not UTF-8"),
        ({SECRET: "output_validator_args: {a: 1}\n"}, CaseError, "must be text or a list"),
        ({SECRET: "[\n"}, CaseError, "not YAML"),
    ],
)
def test_what_cannot_be_served_or_read_is_named(tmp_path, files, error, words):
    with pytest.raises(error, match=words):
        _tests(tmp_path, "secret", files, CURRENT)


def test_folders_that_the_format_does_not_have(tmp_path):
    folder = package(
        tmp_path, {"data/invalid_answers/bad.in": "7\n", "data/invalid_input/x.in": "x", "data/.git/x": ""}
    )
    assert unused_data(folder) == ["data/invalid_answers: not a folder of the format"]
