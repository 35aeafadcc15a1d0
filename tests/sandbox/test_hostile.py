"""Every program in tests/hostile attacks; its header says what stops it and which verdicts are right.

Header keys: ``attack``, ``stopped by``, ``verdict``; for limits ``time`` and ``wall`` (seconds), ``memory`` and
``output`` (MB); for functions ``interface``, ``entry``, ``input``, ``expected``, ``tests``; ``expand: TOKEN = TEXT *
COUNT`` writes what no file should hold. A program prints ``held`` when its attacks failed and ``BROKEN`` when not.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sandbox.world import SECRET, World, descendants, descriptors, world

from stepsmith.core.errors import MachineError
from stepsmith.core.records import Checker, Contract, Limits, Solution, TestCase, Verdict
from stepsmith.judge.languages import installed
from stepsmith.judge.local import LocalJudge

FOLDER = Path(__file__).parents[1] / "hostile"
PROGRAMS = sorted(path for path in FOLDER.glob("*/*.*") if path.suffix != ".pyc")
SLOW = {"TLE", "MLE"}
BENIGN = Solution(language="python", code="print(sum(map(int, input().split())))")


def header(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        if not line.startswith(("# ", "// ")):
            break
        key, _, value = line.lstrip("#/ ").partition(": ")
        found[key] = value
    return found


def expanded(text: str, rule: str | None) -> str:
    if rule is None:
        return text
    token, _, what = rule.partition(" = ")
    piece, _, count = what.partition(" * ")
    head, _, body = text.partition(rule)
    return head + rule + body.replace(token, piece.encode().decode("unicode_escape") * int(count))


@pytest.fixture(scope="module")
def target() -> Iterator[World]:
    with world() as it:
        yield it


@pytest.fixture(scope="module", params=["L3", "L2", "L1"])
def judge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalJudge]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEPSMITH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        patch.setenv("THE_SECRET", SECRET)
        try:
            judge = LocalJudge(request.param)
        except MachineError as error:
            pytest.skip(str(error))
        with judge:
            yield judge


def test_there_are_many() -> None:
    assert len(PROGRAMS) >= 100
    for path in PROGRAMS:
        assert {"attack", "stopped by", "verdict"} <= header(path.read_text()).keys(), path


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_attack_fails(path: Path, judge: LocalJudge, target: World, best: int) -> None:
    text = path.read_text()
    about = header(text)
    language = path.parent.name
    if language not in installed():
        pytest.skip(f"{language} is not installed")
    allowed = set(about["verdict"].split())
    if judge.isolation != f"L{best}" and not allowed.isdisjoint(SLOW):
        pytest.skip("limits work alike on all levels")
    function = about.get("interface") == "function"
    contract = Contract(
        interface="function" if function else "stdio",
        entry_point=about.get("entry"),
        limits=Limits(
            time_s=float(about.get("time", 0.5)),
            wall_s=float(about["wall"]) if "wall" in about else None,
            memory_mb=int(about.get("memory", 256)),
            output_mb=float(about.get("output", 8)),
        ),
        checker=Checker(name="literal" if function else "exact"),
    )
    test = TestCase(input=about.get("input", target.targets), output=about.get("expected", "held\n"))
    count = int(about.get("tests", 1))
    processes, open_files = descendants(os.getpid()), descriptors()

    solution = Solution(language=language, code=expanded(text, about.get("expand")))
    # A Python program with one test is compiled and run by one process, and with two tests by several.
    both = language == "python" and count == 1 and allowed.isdisjoint(SLOW)
    for tests in ([test] * count, [test] * 2) if both else ([test] * count,):
        try:
            judgement = judge.judge(solution, contract, tests)
        except MachineError as error:  # at L1 programs run as a user who may not read the toolchain
            pytest.skip(str(error))
        assert judgement.verdict in allowed, judgement
        assert "BROKEN" not in judgement.compile_output
        assert SECRET not in judgement.compile_output
        assert len({result.verdict for result in judgement.tests}) <= 1
        for result in judgement.tests:
            assert "BROKEN" not in result.stderr
            assert SECRET not in result.stderr
            assert result.peak_mb < 700
    target.assert_unharmed()
    assert judge.judge(BENIGN, Contract(interface="stdio"), [TestCase(input="1 2", output="3")]).verdict is Verdict.AC
    # A worker may have been started for what came before; whatever else is left belongs to this program.
    assert len(descendants(os.getpid())) <= len(processes) + 1
    assert len(descriptors()) <= len(open_files) + 2
