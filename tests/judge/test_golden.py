"""Golden programs: ``tests/golden/<problem>/<VERDICT>/<program>`` is judged <VERDICT>, in any language."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepsmith.core.records import Verdict
from stepsmith.judge.batch import judge_case
from stepsmith.judge.cases import Case, CaseTest, check_case
from stepsmith.judge.languages import installed, language_of
from stepsmith.judge.local import LocalJudge

GOLDEN = Path(__file__).parents[1] / "golden"
PROGRAMS = sorted(path for path in GOLDEN.glob("*/*/*") if path.parent.name in list(Verdict))


@pytest.fixture(scope="module")
def judge() -> Iterator[LocalJudge]:
    with LocalJudge() as judge:
        yield judge


def golden_case(program: Path) -> Case:
    problem = program.parents[1]
    settings = tomllib.loads((problem / "problem.toml").read_text())
    files = {name: (problem / "checker" / name).read_text() for name in settings.pop("checker_files", [])}
    inputs = sorted((problem / "tests").glob("*.in"))
    return Case(
        id=str(program.relative_to(GOLDEN)),
        language=language_of(program.name),
        code=program.read_text(),
        tests=tuple(CaseTest(input=p.read_text(), output=p.with_suffix(".ans").read_text()) for p in inputs),
        checker_files=files,
        **settings,
    )


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: str(path.relative_to(GOLDEN)))
def test_golden_programs_get_their_folders_verdict(judge: LocalJudge, program: Path) -> None:
    case = golden_case(program)
    if case.language not in installed():
        pytest.skip(f"{case.language} is not installed")
    check_case(case)
    result = judge_case(judge, case)
    assert result.verdict == program.parent.name, result
    if result.verdict is Verdict.CE:
        assert result.compile_output
        assert not result.tests
    elif result.verdict is not Verdict.IE:
        assert len(result.tests) == len(case.tests)
    if result.verdict is Verdict.WA:
        assert any(test.message for test in result.tests)


def test_goldens_cover_every_verdict_language_interface_and_checker() -> None:
    cases = [golden_case(program) for program in PROGRAMS]
    assert {program.parent.name for program in PROGRAMS} == set(Verdict)
    assert {case.language for case in cases} >= {"python", "cpp", "c", "java", "rust", "go", "javascript"}
    assert {case.interface for case in cases} == {"stdio", "function"}
    checkers = {case.checker.partition(":")[0] for case in cases}
    assert checkers == {
        "exact",
        "tokens",
        "literal",
        "unordered",
        "float",
        "custom-kattis",
        "custom-testlib",
        "interactive-kattis",
    }
    for language in ("python", "cpp"):
        mine = {p.parent.name for p, case in zip(PROGRAMS, cases, strict=True) if case.language == language}
        assert mine >= set(Verdict) - {"IE"}, language
