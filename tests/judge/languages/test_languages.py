"""The table of languages: names, verdicts in each, what is said of a missing tool, limits by language."""

from pathlib import Path

import pytest

from stepsmith.core.errors import CaseError, MachineError
from stepsmith.core.records import Contract, Limits, Solution, TestCase, Verdict
from stepsmith.judge.languages import TABLE, check_time_factors, installed, language, language_of
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.program import Program
from stepsmith.judge.verdicts import allowance, run_limits
from tests.judge.languages.programs import CASES, PROGRAMS, needs

STDIO = Contract(interface="stdio", limits=Limits(time_s=0.5, memory_mb=128))
SUM = [TestCase(input="1 2 3\n", output="6\n"), TestCase(input="40 2\n", output="42\n")]


@pytest.mark.parametrize(("name", "verdict"), CASES)
def test_verdicts_in_every_language(cached: LocalJudge, name: str, verdict: str) -> None:
    needs(name)
    judgement = cached.judge(Solution(language=name, code=PROGRAMS[name][verdict]), STDIO, SUM)
    assert judgement.verdict == verdict, judgement
    if verdict == "CE":
        assert f"{language(name).endings[0]}:" in judgement.compile_output or "solution.py" in judgement.compile_output


def test_every_language_has_programs() -> None:
    assert PROGRAMS.keys() == {row.name for row in TABLE}


NAMES = {
    "cpp": "C++ cc cxx g++ cpp17 c++17 gnu++17", "cpp11": "c++11 gnu++11", "cpp14": "C++14", "cpp20": "c++20",
    "cpp23": "C++23", "python": "Python3 py", "pypy": "pypy3", "c": "c17", "java": "Java", "rust": "rs", "go": "golang",
    "javascript": "js nodejs node",
}  # fmt: skip


@pytest.mark.parametrize(("name", "others"), NAMES.items())
def test_names(name: str, others: str) -> None:
    assert {language(other).name for other in [name, *others.split()]} == {name}


def test_unknown_names_list_those_that_exist() -> None:
    with pytest.raises(CaseError, match=r"unknown language 'brainfuck'; use one of python, cpp, .*javascript"):
        language("brainfuck")


def test_endings() -> None:
    found = {name: language_of(f"a/{name}") for name in ("b.CC", "x.py", "M.java", "m.rs", "m.go", "m.js", "m.c")}
    assert [*found.values()] == ["cpp", "python", "java", "rust", "go", "javascript", "c"]
    with pytest.raises(CaseError, match="no ending of a known language"):
        language_of("README")


@pytest.mark.parametrize("row", [row for row in TABLE if row.tool], ids=lambda row: row.name)
def test_a_missing_tool_names_its_package(
    row, cached: LocalJudge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed() == ["python"]
    with pytest.raises(
        MachineError, match=f"{row.name} programs need .*apt-get install {row.package}".replace("+", r"\+")
    ):
        cached.judge(Solution(language=row.name, code=""), STDIO, SUM)


def test_a_time_factor_multiplies_cpu_and_wall_limits() -> None:
    limits = Limits(time_s=1.5, wall_s=4.0, memory_mb=256)
    own = allowance(limits, language("java"), 3.0)
    assert (own.limits.time_s, own.limits.wall_s) == (4.5, 12.0)
    assert own.limits.memory_mb == 256 + language("java").runtime_mb
    assert run_limits(own).reserve_mb == language("java").reserve_mb
    assert allowance(limits, language("python")).limits == limits


BUSY = {
    "python": "import time\nwhile time.process_time() < 0.6: pass\nprint(6)",
    "javascript": "let u; do { u = process.cpuUsage() } while (u.user + u.system < 6e5)\nconsole.log(6)",
}


@pytest.mark.parametrize("name", BUSY)
def test_time_factors_are_settings(name: str) -> None:
    """A program that works for 0.6 s under a limit of 0.4 s."""
    needs(name)
    contract = Contract(interface="stdio", limits=Limits(time_s=0.4))
    for factor, verdict in ((1.0, "TLE"), (4.0, "AC")):
        with LocalJudge(time_factors={name.upper(): factor}) as judge:
            judgement = judge.judge(Solution(language=name, code=BUSY[name]), contract, SUM[:1])
        assert judgement.verdict == verdict, judgement


def test_the_factors_of_languages_are_those_of_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "judge.md").read_text()
    for row in TABLE:
        line = next(line for line in page.splitlines() if line.startswith(f"| `{row.name}`"))
        cells = [cell.strip() for cell in line.split("|")]
        assert cells[-4:-2] == [f"{row.time_factor:g}", f"{row.runtime_mb}"], row.name
        assert {f"`{name}`" for name in row.aliases} <= {*cells[2].replace(",", "").split()}, row.name
        assert cells[3] == (f"`{row.package}`" if row.package else ""), row.name


@pytest.mark.parametrize("factors", [{"java": 0.0}, {"java": -1.0}, {"java": float("nan")}, {"cobol": 2.0}])
def test_factors_that_make_no_sense(factors: dict[str, float]) -> None:
    with pytest.raises(CaseError, match=r"time factor|unknown language"):
        check_time_factors(factors)


# What programs of every language may not do. Node, Java and Go start more threads than their program asks for.
HOSTILE = {
    "java": """class Hostile { public static void main(String[] args) {
        try { Runtime.getRuntime().exec("/bin/true"); System.out.println("BROKEN"); } catch (Exception e) {}
    } }""",
    "javascript": "if (!require('child_process').spawnSync('/bin/true').error) console.log('BROKEN')",
    "rust": 'fn main() { if std::process::Command::new("/bin/true").spawn().is_ok() { println!("BROKEN"); } }',
    "go": 'package main\nimport "os"\nfunc main() {\n'
    '  if _, e := os.StartProcess("/bin/true", nil, &os.ProcAttr{}); e == nil { println("BROKEN") }\n}',
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_writable_folder_gives_no_other_rights(cached: LocalJudge, name: str) -> None:
    """Whole programs may write into their folder; they still start no processes. See also tests/hostile."""
    needs(name)
    source = (language(name).main, HOSTILE[name])
    run = cached.run_program(Program(language=name, sources=(source,), files=(("data.txt", "x"),)))
    assert (run.verdict, run.stdout, run.stderr) == (Verdict.AC, "", ""), run
