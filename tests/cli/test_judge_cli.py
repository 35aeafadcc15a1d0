"""``stepsmith judge``: case files in, result files out, resuming, interrupting; one program by hand; serving."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from stepsmith.core.errors import CaseError, ConfigError, MachineError, StoreError, UserError
from tests.cli.judging import run, write
from tests.processes import heed_interrupts

COMMAND = [sys.executable, "-c", "from stepsmith.cli.judge import judge_app; judge_app()"]
GOOD = "print(int(input()) + 1)"


def case(number: int, code: str = GOOD, **changes: object) -> str:
    return json.dumps(
        {
            "id": f"case-{number}", "language": "python", "interface": "stdio", "code": code,
            "tests": [{"input": "1\n", "output": "2\n"}], "checker": "tokens", "time_limit_s": 1.0,
            "license": "MIT", "expected_verdict": "AC",
        } | changes
    )  # fmt: skip


def verdicts(path: Path) -> list[tuple[str, str]]:
    return [(r["id"], r["verdict"]) for r in map(json.loads, path.read_text().splitlines())]


def test_run_writes_results_in_the_order_of_the_cases(tmp_path: Path) -> None:
    codes = [GOOD, "print(0)", "print(", "1/0", "import time; time.sleep(0.2); print(2)", GOOD]
    cases, out = tmp_path / "cases.jsonl", tmp_path / "deep" / "results.jsonl"
    cases.write_text("\n".join(case(n, code) for n, code in enumerate(codes)) + "\n\n")
    code, output = run("run", cases, "--out", out, "--workers", 2)
    assert code == 0
    expected = ["AC", "WA", "CE", "RTE", "AC", "AC"]
    assert verdicts(out) == [(f"case-{n}", verdict) for n, verdict in enumerate(expected)]
    first = json.loads(out.read_text().splitlines()[0])
    assert set(first) == {"id", "verdict", "tests", "compile_output", "isolation", "case"}
    assert set(first["tests"][0]) >= {
        "verdict",
        "cpu_s",
        "wall_s",
        "peak_mb",
        "exit_code",
        "signal",
        "stderr",
        "message",
    }
    assert "AC 3" in output
    assert "WA 1" in output


def test_a_run_goes_on_after_its_last_whole_line(tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    cases.write_text("\n".join(case(n) for n in range(5)))
    run("run", cases, "--out", out, "--workers", 1)
    whole = out.read_bytes().splitlines(keepends=True)
    marked = whole[0].replace(b'"cpu_s":', b'"cpu_s": ')  # a line of the first run, told apart from a new one
    out.write_bytes(marked + whole[1] + whole[2][:40])
    code, output = run("run", cases, "--out", out, "--workers", 1)
    assert code == 0
    assert "2 of them judged before" in output
    assert out.read_bytes().startswith(marked + whole[1])
    assert verdicts(out) == [(f"case-{n}", "AC") for n in range(5)]
    before = out.read_bytes()
    _, output = run("run", cases, "--out", out)
    assert "judged already" in output
    assert out.read_bytes() == before


def test_results_of_edited_cases_are_not_mixed_with_new_ones(tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    cases.write_text("\n".join(case(n) for n in range(2)))
    run("run", cases, "--out", out, "--workers", 1)
    before = out.read_bytes()
    cases.write_text("\n".join([case(0), case(1, "print(3)"), case(2)]))
    with pytest.raises(CaseError, match=r"line 2.*edited since"):
        run("run", cases, "--out", out)
    assert out.read_bytes() == before
    out.write_text("something else\n")
    with pytest.raises(CaseError, match="line 1: not a result"):
        run("run", cases, "--out", out)
    assert out.read_text() == "something else\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2: Input data was truncated"),
        ('{"id" 1}', "line 2: JSON is malformed"),
        ("[]", "line 2: Expected `object`"),
        (case(1, checker="nope"), "line 2: unknown checker 'nope'"),
        (case(1, language="cobol"), "line 2: unknown language 'cobol'"),
        (case(1, tests=[]), "line 2: no tests: a program is judged by at least one"),
        (case(1, tests=[{"input": ""}]), "line 2: Object missing required field `output`"),
        (case(1, interface="function"), "line 2: `entry_point` is needed"),
        (case(1, interface="function", entry_point="f", tests=[{"input": "1", "output": "x y"}]), "tests[0]"),
        (case(1, time_limit_s=0), "line 2: `time_limit_s` must be a positive number"),
        (case(1, checker="custom-kattis"), "line 2: checker_files must hold a program"),
        (case(1, checker_flags="nonsense"), "line 2: checker 'tokens' has no flag 'nonsense'"),
        (case(1, checker_flags="'"), 'line 2: checker flags "\'": No closing quotation'),
        (case(1, code="N").encode().replace(b'"N"', b'"\xff"'), "line 2: "),
    ],
)
def test_a_wrong_line_has_an_error_and_the_others_a_verdict(tmp_path: Path, line: str | bytes, reason: str) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    bad = line if isinstance(line, bytes) else line.encode()
    cases.write_bytes(b"\n".join([case(0).encode(), bad, case(2).encode()]))
    for _ in range(2):  # also when nothing is left to do
        with pytest.raises(CaseError, match=f"1 of 3 cases could not be judged; `error` in their lines of {out}"):
            run("run", cases, "--out", out, "--workers", 1)
    assert [verdict for _, verdict in verdicts(out)] == ["AC", None, "AC"]
    result = json.loads(out.read_text().splitlines()[1])
    assert result["error"].startswith("line 2: ")
    assert reason in result["error"]
    assert result["id"] == ("case-1" if bad.startswith(b'{"id": "case-1"') and bad.endswith(b"}") else None)


def test_a_file_of_wrong_lines_only_is_one_clear_line(tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.csv", tmp_path / "results.jsonl"
    cases.write_text("id,code\n1,print(1)\n")
    with pytest.raises(CaseError, match=r"cases\.csv, line 1: .*; no line of this file can be judged"):
        run("run", cases, "--out", out)
    assert not out.exists()


def test_a_language_that_is_not_installed_stops_no_other_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    cases.write_text("\n".join([case(0), case(1, language="rust"), case(2)]))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CaseError, match="1 of 3 cases"):
        run("run", cases, "--out", out, "--workers", 1)
    assert [verdict for _, verdict in verdicts(out)] == ["AC", None, "AC"]
    assert "apt-get install rustc" in out.read_text()


def test_a_function_case(tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    code = "def f(n): return n + 1"
    cases.write_text(case(0, code, interface="function", entry_point="f", checker="literal"))
    assert run("run", cases, "--out", out, "--workers", 1)[0] == 0
    assert verdicts(out) == [("case-0", "AC")]


# Terminals and pipes

STEPSMITH = [sys.executable, "-m", "stepsmith"]


def stepsmith(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the whole command, as from a shell."""
    command = [*STEPSMITH, *map(str, arguments)]
    shell = os.environ | environment
    return subprocess.run(command, capture_output=True, text=True, env=shell, timeout=120, check=False)


def test_a_pipe_for_a_file_of_cases_is_one_clear_line(tmp_path: Path) -> None:
    """It would have to be read more than once."""
    os.mkfifo(tmp_path / "cases")
    done = stepsmith("judge", "run", tmp_path / "cases", "--out", tmp_path / "out.jsonl")
    assert done.returncode == 2
    assert done.stderr.startswith(f"stepsmith: {tmp_path / 'cases'} is a pipe")
    assert done.stderr.count("\n") == 1


def test_pipes_for_the_files_of_one_program(tmp_path: Path) -> None:
    program = tmp_path / "a.py"
    program.write_text(GOOD)
    for name, text in (("in", "1"), ("ans", "2")):
        os.mkfifo(tmp_path / name)
        threading.Thread(target=(tmp_path / name).write_text, args=(text,)).start()
    done = stepsmith("judge", "one", program, "--in", tmp_path / "in", "--ans", tmp_path / "ans")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("answer", "code"), [("", 1), (None, 0)])
def test_one_ends_with_its_own_code_when_nobody_reads(tmp_path: Path, answer: str | None, code: int) -> None:
    """``stepsmith judge one ... | head -0``: the reader leaves before anything is written."""
    program, given = tmp_path / "a.py", tmp_path / "a.in"
    program.write_text("for i in range(300): print(i, 'x' * 300)")
    given.write_text("")
    expected = tmp_path / "a.ans"
    expected.write_text("".join(f"{i} {'x' * 300}\n" for i in range(300)) if answer is None else answer)
    reader, writer = os.pipe()
    os.close(reader)
    command = [*STEPSMITH, "judge", "one", program, "--in", given, "--ans", expected]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (code, "")


def test_a_run_goes_on_when_nobody_reads_its_progress(tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    cases.write_text("\n".join(case(n) for n in range(3)))
    reader, writer = os.pipe()
    os.close(reader)
    command = [*STEPSMITH, "judge", "run", cases, "--out", out, "--workers", "1"]
    done = subprocess.run(command, stdout=writer, stderr=writer, timeout=120, check=False)
    os.close(writer)
    assert done.returncode == 0
    assert verdicts(out) == [(f"case-{n}", "AC") for n in range(3)]


def test_results_that_nobody_reads_are_one_clear_line(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(case(0))
    reader, writer = os.pipe()
    os.close(reader)
    command = [*STEPSMITH, "judge", "run", cases, "--out", "/dev/stdout", "--workers", "1"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    os.close(writer)
    assert done.returncode == 2
    assert "stepsmith: cannot write /dev/stdout: Broken pipe" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_that_is_not_utf_8(tmp_path: Path) -> None:
    program, given, answer = tmp_path / "a.py", tmp_path / "a.in", tmp_path / "é.ans"
    program.write_text("print('naïve ☃')")
    given.write_text("")
    answer.write_text("naive")
    done = stepsmith(
        "judge", "one", program, "--in", given, "--ans", answer, PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0"
    )
    assert done.returncode == 1
    assert "WA" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("text", ["java", "java=", "java=x", "=2", "cobol=2", "java=0", "java=nan"])
def test_a_time_factor_that_makes_no_sense(tmp_path: Path, text: str) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(case(0))
    with pytest.raises(UserError, match=r"--time-factor|time factor|unknown language"):
        run("run", cases, "--out", tmp_path / "out", "--workers", 1, "--time-factor", text)


def test_time_factors(tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "out.jsonl"
    code = "import time\nwhile time.process_time() < 0.6: pass\nprint(2)"
    cases.write_text(case(0, code, time_limit_s=0.3))
    run("run", cases, "--out", out, "--workers", 1, "--time-factor", "py=9", "--time-factor", "java=3")
    assert verdicts(out) == [("case-0", "AC")]


def test_files_that_cannot_be_used_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="cannot read"):
        run("run", tmp_path / "none.jsonl", "--out", tmp_path / "out.jsonl")
    cases = tmp_path / "cases.jsonl"
    cases.write_text(case(0))
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        run("run", cases, "--out", tmp_path / "file" / "out.jsonl")
    with pytest.raises(MachineError, match="--allow-unsafe"):
        run("run", cases, "--out", tmp_path / "out.jsonl", "--isolation", "L0")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said(tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "out.jsonl"
    cases.write_text(case(0))
    out.symlink_to("/dev/full")
    with pytest.raises(StoreError, match="full"):
        run("run", cases, "--out", out, "--workers", 1)


@pytest.mark.serial
def test_an_interrupted_run_says_how_to_go_on_and_does(tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    codes = [GOOD, GOOD, "import time; time.sleep(60)", GOOD]
    cases.write_text("\n".join(case(n, code, time_limit_s=30) for n, code in enumerate(codes)))
    command = [*COMMAND, "run", str(cases), "--out", str(out), "--workers", "1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts)
    deadline = time.monotonic() + 30
    while not out.exists() or out.read_bytes().count(b"\n") < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert process.returncode == 130
    assert "2 of 4 results" in errors
    assert "Traceback" not in errors
    assert verdicts(out) == [("case-0", "AC"), ("case-1", "AC")]
    cases.write_text(cases.read_text().replace("sleep(60)", "sleep(60)"))
    assert out.read_bytes().endswith(b"\n")


def test_memory_stays_flat_over_many_cases(tmp_path: Path) -> None:
    """Reading and resuming hold one case at a time: 300 cases of 1 MB in a process that may use 200 MB more."""
    cases, out = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    with cases.open("w") as file:
        for n in range(300):
            file.write(case(n, "#" * 1_000_000) + "\n")
    program = (
        "import resource, sys; from pathlib import Path; from stepsmith.judge.cases import read_cases, resume_point\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "assert sum(1 for _ in read_cases(Path(sys.argv[1]))) == 300\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", program, cases, out], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 40_000  # KiB


# One program by hand


def test_one_accepts(tmp_path: Path) -> None:
    f = write(tmp_path, a__py=GOOD, a__in="1\n", a__ans="2\n", b__in="5", b__ans="6")
    code, output = run(
        "one", f["a__py"], "--in", f["a__in"], "--ans", f["a__ans"], "--in", f["b__in"], "--ans", f["b__ans"]
    )
    assert code == 0
    assert "a.in: AC" in output
    assert "b.in: AC" in output


def test_one_calls_functions_and_takes_custom_checkers(tmp_path: Path) -> None:
    validate = "import sys\nsys.exit(42 if abs(int(sys.stdin.read()) - int(open(sys.argv[2]).read())) < 3 else 43)"
    f = write(tmp_path, f__py="def f(a, b): return (a, b)", f__in="(1, 2)", f__ans="[1, 2]",
              p__py="print(4)", p__in="", p__ans="6", far__ans="60", validate__py=validate)  # fmt: skip
    assert run("one", f["f__py"], "--in", f["f__in"], "--ans", f["f__ans"], "--entry-point", "f")[0] == 0
    custom = ("--checker", "custom-kattis", "--checker-file", f["validate__py"])
    assert run("one", f["p__py"], "--in", f["p__in"], "--ans", f["p__ans"], *custom)[0] == 0
    assert run("one", f["p__py"], "--in", f["p__in"], "--ans", f["far__ans"], *custom)[0] == 1
    with pytest.raises(CaseError, match="one expected output per input"):
        run("one", f["f__py"], "--in", f["f__in"], "--in", f["f__in"], "--ans", f["f__ans"])
    with pytest.raises(CaseError, match="not a Python literal"):
        run("one", f["f__py"], "--in", f["f__in"], "--ans", f["f__py"], "--entry-point", "f")
    with pytest.raises(CaseError, match=r"f\.py: the input is not the arguments of a function"):
        run("one", f["f__py"], "--in", f["f__py"], "--ans", f["f__ans"], "--entry-point", "f")


def test_one_takes_an_interactor(tmp_path: Path) -> None:
    interactor = "import sys\nprint(7, flush=True)\nsys.exit(42 if input() == '8' else 43)"
    f = write(tmp_path, p__py=GOOD, q__py="print(input())", p__in="", p__ans="", interactor__py=interactor)
    test = (
        "--in",
        f["p__in"],
        "--ans",
        f["p__ans"],
        "--checker",
        "interactive-kattis",
        "--checker-file",
        f["interactor__py"],
    )
    code, output = run("one", f["p__py"], *test)
    assert (code, output.splitlines()[0][:8]) == (0, "p.in: AC")
    code, output = run("one", f["q__py"], *test)
    assert (code, output.splitlines()[0][:8]) == (1, "p.in: WA")
    assert "the interactor rejects" in output


# Serving


def test_serve_listens_judges_and_stops(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--workers", "1"], stderr=subprocess.PIPE, text=True,
        env=os.environ | {"STEPSMITH_TOKEN": "secret"},
    )  # fmt: skip
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        address = line.split()[2]
        assert address.startswith("http://127.0.0.1:")
        request = urllib.request.Request(
            f"{address}/v1/judge",
            case(1).encode(),
            {"Content-Type": "application/json", "Authorization": "Bearer secret"},
        )
        with urllib.request.urlopen(request, timeout=20) as reply:
            assert json.load(reply)["verdict"] == "AC"
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_serve_refuses_a_public_address_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEPSMITH_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="--token"):
        run("serve", "--host", "0.0.0.0", "--port", "0")
