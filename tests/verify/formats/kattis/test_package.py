import os
from pathlib import Path

import pytest

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Example
from stepsmith.verify.formats.kattis.package import kattis_package, package_folders
from stepsmith.verify.formats.problems import UnreadProblem, UnsupportedError
from stepsmith.verify.formats.reading import ProblemSource, read_problems
from stepsmith.verify.verifier import VerifyOptions, verify_problem
from tests.verify.formats.kattis.packages import CURRENT, LEGACY, package

ACCEPTS = "import sys\nn = int(sys.stdin.read())\nlimit = int(sys.argv[1].partition('=')[2]) if sys.argv[1:] else 100\n"
VALIDATOR = ACCEPTS + "sys.exit(42 if 0 <= n <= limit else 43)\n"
# Accepts every way to write n as a sum of two; the answer file says nothing.
SUMS = {
    "problem.yaml": "validation: custom\n",
    "output_validators/v/check.py": (
        "import sys\nfrom rule import right\nn = int(open(sys.argv[1]).read())\n"
        "sys.exit(42 if right(n, sys.stdin.read().split()) else 43)\n"
    ),
    "output_validators/v/rule.py": "def right(n, words):\n    return len(words) == 2 and sum(map(int, words)) == n\n",
    "data/sample/1.ans": "",
    "data/secret/a.ans": "",
    "data/secret/b.ans": "",
    "submissions/accepted/a.py": "n = int(input())\nprint(1, n - 1)\n",
    "submissions/accepted/b.py": "n = int(input())\nprint(n - 2, 2)\n",
    "submissions/wrong_answer/w.py": "print(2, 2)\n",
}
# The interactor answers questions about a number from 1 to 100; seven are enough.
GUESS = {
    "problem.yaml": "type: interactive\nproblem_format_version: 2025-09\nlimits: {time_limit: 1}\n",
    "output_validator/v.py": (
        "import sys\nn = int(open(sys.argv[1]).read())\n"
        "for _ in range(7):\n    g = int(input())\n    if g == n:\n"
        "        print('right', flush=True)\n        sys.exit(42)\n"
        "    print('lower' if n < g else 'higher', flush=True)\nsys.exit(43)\n"
    ),
    "data/sample/1.interaction": ">50\n<right\n",
    "data/valid_output/x.in": "3\n",
    "data/valid_output/x.ans": "",
    "data/valid_output/x.out": "3\n",
    "submissions/accepted/a.py": (
        "low, high, said = 1, 100, ''\nwhile said != 'right':\n    m = (low + high) // 2\n    print(m, flush=True)\n"
        "    said = input()\n    low, high = (low, m - 1) if said == 'lower' else (m + 1, high)\n"
    ),
    "submissions/accepted/b.py": (
        "import bisect\ndef low(n):\n    print(n, flush=True)\n    said = input()\n    if said == 'right':\n"
        "        raise SystemExit\n    return said == 'lower'\n"
        "bisect.bisect_left(range(1, 101), True, key=low)\n"
    ),
    "submissions/wrong_answer/w.py": "for n in range(90, 97):\n    print(n, flush=True)\n    input()\n",
    "submissions/wrong_answer/leaves.py": "print(50)\n",
    "submissions/run_time_error/r.py": "print(int('x'))\n",
    "submissions/time_limit_exceeded/loops.py": "while True: pass\n",
}
# The first pass writes a word, the second gets it back in capitals.
TWICE = {
    "problem.yaml": "type: multi-pass\nproblem_format_version: 2025-09\nlimits: {time_limit: 1}\n",
    "output_validator/v.py": (
        "import os, sys\ngiven, said, mark = open(sys.argv[1]).read(), sys.stdin.read().split(), sys.argv[3] + 'seen'\n"
        "if os.path.exists(mark):\n    sys.exit(42 if said == ['done'] and given == 'WORD' else 43)\n"
        "if said != ['word']:\n    sys.exit(43)\n"
        "open(mark, 'w').close()\nopen(sys.argv[3] + 'nextpass.in', 'w').write(said[0].upper())\nsys.exit(42)\n"
    ),
    "submissions/accepted/a.py": "print('done' if input() == 'WORD' else 'word')\n",
    "submissions/accepted/b.py": "import sys\nprint('done' if sys.stdin.read().isupper() else 'word')\n",
    "submissions/wrong_answer/w.py": "print('word')\n",
    "submissions/run_time_error/r.py": "print('word' if input() != 'WORD' else 1 // 0)\n",
}


def _verified(judge, folder, **options):
    return verify_problem(kattis_package(folder), judge, VerifyOptions(**options))


@pytest.mark.parametrize("base", [LEGACY, CURRENT])
def test_packages_are_problems(tmp_path, base):
    problem = kattis_package(package(tmp_path / "double", {"data/secret/c.in": "6\n"}, base))
    assert problem.problem_id == "double"
    assert problem.inputs == ("3\n", "4\n", "5\n", "6\n")
    assert problem.outputs == ("6\n", "8\n", "10\n", None)
    assert problem.kinds == ("nominal", "complex", "complex", "complex")
    assert problem.examples == (Example(input="3\n", output="6\n"),)
    assert "Print twice n." in problem.statement
    assert problem.contract.checker.name == "tokens"


@pytest.mark.parametrize("base", [LEGACY, CURRENT])
def test_a_package_from_start_to_end(tmp_path, local_judge, base):
    report = _verified(local_judge, package(tmp_path, {}, base))
    assert report.status == "accepted"
    assert report.audit.confirmed == 3
    assert report.audit.verdict_mismatches == ()
    assert report.suite.survivors == ()
    assert (report.left_out, report.faults) == ((), ())


def test_flags_of_the_default_validator_are_honoured(tmp_path, local_judge):
    files = {
        "data/test_group.yaml": "output_validator_args: [float_tolerance, '1e-3']\n",
        **{
            f"data/{name}.ans": f"{value}\n" for name, value in (("sample/1", 6.001), ("secret/a", 8), ("secret/b", 10))
        },
        "submissions/accepted/b.py": "print(2.0001 * int(input()))\n",
    }
    report = _verified(local_judge, package(tmp_path, files, CURRENT), strength=False)
    assert (report.status, report.audit.confirmed, report.audit.verdict_mismatches) == ("accepted", 3, ())


def test_output_arguments_that_differ_between_tests_are_refused(tmp_path):
    files = {"data/secret/test_group.yaml": "output_validator_args: [case_sensitive]\n"}
    with pytest.raises(UnsupportedError, match="data/secret/b: case_sensitive"):
        kattis_package(package(tmp_path, files, CURRENT))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"include/python3/x.py": ""}, "include/ is not served"),
        ({"static_validator/v.py": ""}, "static_validator/ is not served"),
        ({"problem.yaml": "validation: custom interactive\n"}, "no output validator"),
        ({"problem.yaml": "type: multi-pass interactive\n"}, "multi-pass and interactive without an output validator"),
        (
            {"problem.yaml": "validation: custom\n", "output_validators/data.txt": "", "output_validators/v.php": ""},
            "PHP",
        ),
    ],
)
def test_what_is_not_served_is_named(tmp_path, files, words):
    with pytest.raises(UnsupportedError, match=words):
        kattis_package(package(tmp_path, files))


def test_input_validators_get_their_flags(tmp_path, local_judge):
    files = {
        "input_validators/v.py": VALIDATOR,
        "data/testdata.yaml": "input_validator_flags: max=100\n",
        "data/secret/testdata.yaml": "input_validator_flags: max=4\n",
    }
    report = _verified(local_judge, package(tmp_path, files), strength=False)
    assert [test.valid for test in report.tests] == [True, True, False]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"input_validators/v/validate.cpp": "this is not c++"}, "the validator v does not compile"),
        ({"input_validators/v.py": "import nowhere\n"}, "v.py crashes on every input: ModuleNotFoundError"),
    ],
)
def test_an_input_validator_that_does_not_work_rejects_nothing(tmp_path, local_judge, files, words):
    report = _verified(local_judge, package(tmp_path, files))
    assert (report.status, report.reason) == ("rejected", "validator-failed")
    assert words in report.detail


def test_an_output_validator_that_does_not_work_is_no_wrong_answer(tmp_path, local_judge):
    files = {**SUMS, "output_validators/v/rule.py": "right = 1 / 0\n"}
    report = _verified(local_judge, package(tmp_path, files))
    assert (report.status, report.reason) == ("rejected", "judge-failed")


@pytest.mark.parametrize("base", [LEGACY, CURRENT])
def test_a_validator_of_its_own_decides(tmp_path, local_judge, base):
    """Its programs print different outputs, and the answers are empty."""
    files = dict(SUMS)
    if base is CURRENT:
        files = {name.replace("output_validators", "output_validator"): text for name, text in SUMS.items()}
        files["problem.yaml"] = CURRENT["problem.yaml"]
    report = _verified(local_judge, package(tmp_path, files, base))
    assert (report.status, report.audit.confirmed, report.audit.verdict_mismatches) == ("accepted", 3, ())
    assert [(test.output, test.support, test.voters) for test in report.tests] == [("", 2, 2)] * 3
    assert report.suite.kill_rate == 1.0
    assert report.suite.branch_coverage == 1.0


@pytest.mark.parametrize("files", [GUESS, TWICE], ids=["interactive", "multi-pass"])
def test_submissions_that_talk_with_the_validator_fare_as_their_folders_say(tmp_path, local_judge, files):
    report = _verified(local_judge, package(tmp_path, files, CURRENT), mutants=3)
    assert (report.status, report.audit.confirmed, report.audit.verdict_mismatches) == ("accepted", 3, ())
    assert (report.suite.kill_rate, report.suite.branch_coverage) == (1.0, None)
    assert report.left_out == (() if files is TWICE else ("data/valid_output/x: an output alone shows nothing here",))


def test_an_interactive_submission_in_the_wrong_folder_is_named(tmp_path, local_judge):
    files = {**GUESS, "submissions/wrong_answer/w.py": GUESS["submissions/accepted/a.py"]}
    report = _verified(local_judge, package(tmp_path, files, CURRENT), strength=False)
    (mismatch,) = report.audit.verdict_mismatches
    assert mismatch.endswith("(wrong_answer/w.py) is called WA and passes every test")


def test_programs_that_the_validator_refuses_are_named(tmp_path, local_judge):
    files = {
        **SUMS,
        "submissions/accepted/b.py": "print(2, 2)\n",
        "submissions/wrong_answer/w.py": "print(1, int(input()) - 1)\n",
    }
    report = _verified(local_judge, package(tmp_path, files))
    assert (report.status, report.reason) == ("rejected", "claims-contradict")
    assert report.audit.verdict_mismatches == (
        "candidate 1 (accepted/b.py) is called AC and gets WA on test 0",
        "candidate 2 (wrong_answer/w.py) is called WA and passes every test",
    )


def test_answers_that_the_validator_refuses_for_every_trusted_program(tmp_path, local_judge):
    files = {**SUMS, "output_validators/v/rule.py": "def right(n, words):\n    return n == 3\n"}
    report = _verified(local_judge, package(tmp_path, files))
    assert (report.status, report.reason) == ("rejected", "answers-refused")
    assert [doubt.index for doubt in report.audit.wrong] == [1, 2]


def test_submissions_fare_as_their_folders_say(tmp_path, local_judge):
    files = {
        "submissions/time_limit_exceeded/t.py": "while True: pass\n",
        "submissions/run_time_error/r.py": "1 // 0\n",
        "submissions/run_time_error/m.py": "a = bytearray(3 << 30)\nfor i in range(0, len(a), 4096): a[i] = 1\n",
        "submissions/wrong_answer/crash.py": "n = int(input())\nprint(2 * n if n < 5 else 1 // 0)\n",
        "submissions/time_limit_exceeded/fast.py": "print(1)\n",
        "problem.yaml": CURRENT["problem.yaml"] + "limits:\n  memory: 256\n",  # m.py meets it before the time limit
    }
    report = _verified(local_judge, package(tmp_path, files, CURRENT), strength=False)
    assert report.audit.verdict_mismatches == (
        "candidate 4 (time_limit_exceeded/fast.py) is called TLE and gets WA on test 0",
        "candidate 6 (wrong_answer/crash.py) is called WA and gets RTE on test 2",
    )


def test_the_time_limit_follows_from_the_accepted_submissions(tmp_path, local_judge):
    spin = "import time\nn = int(input())\nwhile time.process_time() < {}: pass\nprint(2 * n)\n"
    files = {"submissions/time_limit_exceeded/t.py": spin.format(1.6), "submissions/accepted/b.py": spin.format(0.1)}
    report = _verified(local_judge, package(tmp_path, files), strength=False)  # 5 x 0.1 s, rounded up: 1 s
    assert report.audit.verdict_mismatches == ()
    files["problem.yaml"] = "limits: {time_multiplier: 25}\n"  # 3 s
    report = _verified(local_judge, package(tmp_path, files), strength=False)
    assert len(report.audit.verdict_mismatches) == 1


def test_invalid_data_tests_the_validators(tmp_path, local_judge):
    files = {
        "input_validators/v.py": VALIDATOR,
        "data/invalid_input/negative.in": "-1\n",
        "data/invalid_input/fine.in": "7\n",
        "data/invalid_output/wrong.in": "3\n",
        "data/invalid_output/wrong.ans": "6\n",
        "data/invalid_output/wrong.out": "7\n",
        "data/invalid_output/right.in": "3\n",
        "data/invalid_output/right.ans": "6\n",
        "data/invalid_output/right.out": " 6 \n",
        "data/valid_output/ok.in": "3\n",
        "data/valid_output/ok.ans": "6\n",
        "data/valid_output/ok.out": "6\n",
        "data/valid_output/bad.in": "3\n",
        "data/valid_output/bad.ans": "6\n",
        "data/valid_output/bad.out": "5\n",
        "data/valid_output/half.in": "3\n",
    }
    report = _verified(local_judge, package(tmp_path, files, CURRENT), strength=False)
    assert len(report.tests) == 3
    assert report.faults == (
        "data/invalid_input/fine: no input validator rejects it",
        "data/invalid_output/right: the output validator accepts it",
        "data/valid_output/bad: the output validator rejects it",
    )
    assert report.left_out == ("data/valid_output/half: it has no .ans or no .out",)


def test_parts_that_are_not_used_are_named(tmp_path):
    files = {
        "problem.yaml": "type: scoring\nflavour: sweet\n",
        "data/invalid_answers/x.in": "1\n",
        "data/invalid_input/x.in": "x\n",
        "input_validators/v.ctd": "INT(1, 2)",
        "submissions/accepted/a.hs": "",
    }
    assert kattis_package(package(tmp_path, files)).left_out == (
        "problem.yaml: flavour: not a key of the format",
        "data/invalid_input: the package has no input validator that is run",
        "scores: every test is passed or failed",
        "data/invalid_answers: not a folder of the format",
        "input validator v.ctd: Checktestdata is not run",
        "submissions/accepted/a.hs: Haskell is not served",
    )


def test_one_odd_package_stops_nothing(tmp_path):
    package(tmp_path / "a", {})
    package(tmp_path / "b", {"problem.yaml": "limits: {memory: lots}\n"})
    package(tmp_path / "c", {"data/secret/a.in": b"\xff\xfe"})
    package(tmp_path / "d", {"problem.yaml": "type: submit-answer\n"})
    package(tmp_path / "e", {})
    found = list(read_problems(ProblemSource(tmp_path)))
    assert [item.problem_id for item in found] == ["a", "b", "c", "d", "e"]
    assert [item.reason for item in found if isinstance(item, UnreadProblem)] == [
        "unreadable",
        "unreadable",
        "unsupported",
    ]
    assert found[2].detail == "package c: data/secret/a: a.in is not UTF-8: byte 0"


def test_what_is_no_package(tmp_path):
    with pytest.raises(CaseError, match="holds none"):
        list(package_folders(tmp_path))
    archive = tmp_path / "sum.kpp"
    archive.write_bytes(b"PK")
    with pytest.raises(CaseError, match="an archive; unpack it"):
        list(package_folders(archive))


@pytest.mark.parametrize(
    ("name", "target", "why"),
    [
        ("data/secret/x.in", "/etc/hostname", "is a link that leaves the package"),
        ("data/secret/more", "/etc", "is a link that leaves the package"),
        ("data/secret/x.in", "../../../outside", "is a link that leaves the package"),
        ("data/secret/loop", "..", "is a link to a folder around it"),
    ],
)
def test_a_package_cannot_show_other_files_of_the_machine(tmp_path: Path, name: str, target: str, why: str) -> None:
    folder = package(tmp_path / "p", {})
    (tmp_path / "outside").write_text("secret")
    (folder / name).symlink_to(target)
    with pytest.raises(CaseError, match=f"{name} {why}"):
        kattis_package(folder)


def test_a_link_inside_a_package_is_a_file_of_it_and_a_pipe_is_none(tmp_path: Path) -> None:
    folder = package(tmp_path / "p", {})
    (folder / "data/secret/c.in").symlink_to("a.in")
    (folder / "data/secret/c.ans").symlink_to("a.ans")
    assert len(kattis_package(folder).inputs) == 4
    os.mkfifo(folder / "data/secret/d.in")
    with pytest.raises(CaseError, match="is a pipe or a device"):
        kattis_package(folder)
