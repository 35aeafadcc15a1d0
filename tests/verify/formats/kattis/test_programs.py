import pytest

from stepsmith.core.records import Verdict
from stepsmith.verify.formats.kattis.programs import input_validators, output_validator, submissions
from stepsmith.verify.formats.kattis.settings import read_settings
from stepsmith.verify.formats.kattis.test_data import read_tests
from stepsmith.verify.formats.problems import UnsupportedError
from tests.verify.formats.kattis.packages import CURRENT, LEGACY, package

AC, WA, TLE, RTE = Verdict.AC, Verdict.WA, Verdict.TLE, Verdict.RTE


def _submissions(tmp_path, files, base=LEGACY):
    folder = package(tmp_path, files, base)
    candidates, left_out = submissions(folder, read_settings(folder))
    return {c.name: (c.verdict, c.permitted) for c in candidates}, left_out


def test_submissions_by_folder(tmp_path):
    files = {
        "submissions/time_limit_exceeded/t.cc": "int main() {}",
        "submissions/run_time_error/r.c": "int main() {}",
        "submissions/partially_accepted/p.py": "",
        "submissions/rejected/x.java": "class X {}",
        "submissions/brute_force/b.py": "",
    }
    found, left_out = _submissions(tmp_path, files)
    assert found == {
        "accepted/a.py": (AC, ()),
        "accepted/b.py": (AC, ()),
        "wrong_answer/w.py": (WA, (AC, WA)),
        "time_limit_exceeded/t.cc": (TLE, (AC, TLE, WA)),
        "run_time_error/r.c": (RTE, (AC, RTE)),
        "partially_accepted/p.py": (WA, ()),
        "rejected/x.java": (WA, ()),
        "brute_force/b.py": (WA, (AC, RTE, TLE)),
    }
    assert list(found)[:2] == ["accepted/a.py", "accepted/b.py"]
    assert left_out == []
    assert _submissions(tmp_path, files, CURRENT)[0]["time_limit_exceeded/t.cc"] == (TLE, (AC, TLE))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"submissions/accepted/a.hs": "main = print 1"}, "accepted/a.hs: Haskell is not served"),
        ({"submissions/accepted/o.xyz": "?"}, "accepted/o.xyz: its language is not served"),
        ({"submissions/accepted/p2.py": "#!/usr/bin/env python2\nprint 1"}, "accepted/p2.py: Python 2 is not served"),
        ({"submissions/accepted/d/a.py": "import b", "submissions/accepted/d/b.py": ""}, "d: it has several files"),
        ({"submissions/accepted/d/a.py": "", "submissions/accepted/d/b.cc": ""}, "cpp and python is not served"),
        ({"submissions/slow_accepted/s.py": ""}, "slow_accepted/s.py: the package does not say whether it is right"),
        ({"submissions/accepted/latin.py": b"# \xe9\n"}, "accepted/latin.py: latin.py is not UTF-8"),
        ({"submissions/submissions.yaml": "accepted/a.py: {language: prolog}\n"}, "a.py: its language is not served"),
    ],
)
def test_submissions_that_are_left_out_are_named(tmp_path, files, words):
    left_out = _submissions(tmp_path, files)[1]
    assert len(left_out) == 1
    assert words in left_out[0]


@pytest.mark.parametrize(
    ("rules", "name", "expected"),
    [
        ("wrong_answer/w.py: {permitted: [AC, WA, RTE], required: [RTE]}", "wrong_answer/w.py", (RTE, (AC, WA))),
        ("wrong_answer: {permitted: [AC, WA, RTE]}", "wrong_answer/w.py", (WA, (AC, RTE, WA))),
        ("mixed/*.py: {permitted: [AC]}", "mixed/m.py", (AC, ())),
        ("'mixed/{m,n}.py': {required: [TLE]}", "mixed/m.py", (TLE, ())),
        ("mixed: {secret/g1: {required: [WA]}}", "mixed/m.py", (WA, ())),
        ("'*/m.py': {required: [WA, RTE]}", "mixed/m.py", (WA, ())),
        ("mixed: {authors: Someone, permitted: AC}", "mixed/m.py", (AC, ())),
    ],
)
def test_submissions_yaml(tmp_path, rules, name, expected):
    files = {"submissions/submissions.yaml": rules + "\n", "submissions/mixed/m.py": ""}
    assert _submissions(tmp_path, files, CURRENT)[0][name] == expected


@pytest.mark.parametrize(
    "rules", ["mixed: {permitted: [AC, WA]}", "'mixed/*/x': {required: [WA]}", "mixed: {permitted: [ZZ]}"]
)
def test_submissions_of_which_nothing_is_said_are_left_out(tmp_path, rules):
    files = {"submissions/submissions.yaml": rules + "\n", "submissions/mixed/m.py": ""}
    found, left_out = _submissions(tmp_path, files, CURRENT)
    assert "mixed/m.py" not in found
    assert "mixed/m.py" in left_out[0]


def _output_validator(tmp_path, files, base):
    folder = package(tmp_path, files, base)
    return output_validator(folder, read_settings(folder))


CUSTOM = {"problem.yaml": "validation: custom\n"}


@pytest.mark.parametrize(
    ("base", "files", "names"),
    [
        (LEGACY, {}, []),
        (LEGACY, {"output_validators/v.py": "pass"}, []),  # validation: default
        (LEGACY, {**CUSTOM, "output_validators/v.py": "pass"}, ["v.py"]),
        (LEGACY, {**CUSTOM, "output_validators/V.java": "class V {}"}, ["V.java"]),
        (LEGACY, {**CUSTOM, "output_validators/v.cc": "", "output_validators/v.h": ""}, ["v.cc", "v.h"]),
        (LEGACY, {**CUSTOM, "output_validators/d/z.h": "", "output_validators/d/v.cpp": ""}, ["v.cpp", "z.h"]),
        (CURRENT, {}, []),
        (CURRENT, {f"output_validator/d/{name}": "" for name in ("__main__.py", "__init__.py", "a.py")},
         ["__main__.py", "a.py", "__init__.py"]),
        (CURRENT, {"output_validator/d/v.cc": "", "output_validator/d/sub/w.cc": ""}, ["sub/w.cc", "v.cc"]),
    ],
)  # fmt: skip
def test_output_validators(tmp_path, base, files, names):
    assert list(_output_validator(tmp_path, files, base)) == names


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (CUSTOM, "custom, but the package has no output validator"),
        ({**CUSTOM, "output_validators/a.py": "", "output_validators/b.py": ""}, "2 output validators: a.py, b.py"),
        ({**CUSTOM, "output_validators/v/run": "#!/bin/sh", "output_validators/v/v.py": ""}, "v: its run script"),
        ({**CUSTOM, "output_validators/v.hs": ""}, "v.hs: Haskell is not served"),
    ],
)
def test_output_validators_that_cannot_be_used_are_refused(tmp_path, files, words):
    with pytest.raises(UnsupportedError, match=words):
        _output_validator(tmp_path, files, LEGACY)


def test_input_validators(tmp_path):
    files = {
        "input_validators/a.py": "import sys\nsys.exit(42)",
        "input_validators/b/main.cc": '#include "h.h"',
        "input_validators/b/h.h": "",
        "input_validators/c.ctd": "INT(1, 2)",
        "input_validators/d.rb": "",
        "input_validators/README.md": "words",
        "input_format_validators/old.cpp": "",
        "input_format_validators/shared.h": "",
        "data/secret/testdata.yaml": "input_validator_flags: {name: a.py, flags: max=3}\n",
    }
    folder = package(tmp_path, files)
    settings = read_settings(folder)
    validators, left_out = input_validators(folder, settings, read_tests(folder, settings, "secret"))
    assert [(v.name, v.language, v.file_name, list(v.files)) for v in validators] == [
        ("old.cpp", "cpp", "old.cpp", ["shared.h"]),
        ("a.py", "python", "a.py", []),
        ("b", "cpp", "main.cc", ["h.h"]),
    ]
    assert [v.args for v in validators] == [((), ()), (("max=3",), ("max=3",)), ((), ())]
    assert {v.accepts for v in validators} == {(42,)}
    assert left_out == ["input validator c.ctd: Checktestdata is not run", "input validator d.rb: Ruby is not served"]
