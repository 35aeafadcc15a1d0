"""Compiling: once for each content, and who is to blame when it fails."""

from types import SimpleNamespace

import msgspec
import pytest

from stepsmith.core.errors import MachineError
from stepsmith.core.records import Contract, Judgement, Limits, Solution, TestCase, Verdict
from stepsmith.judge import preparing, programs
from stepsmith.judge.binaries import BinaryCache
from stepsmith.judge.languages import language
from stepsmith.judge.local import LocalJudge
from stepsmith.sandbox.executable import RunOutcome
from stepsmith.sandbox.worker import Worker
from tests.judge.languages.programs import PROGRAMS, needs

STDIO = Contract(interface="stdio", limits=Limits(time_s=1, memory_mb=256))
SUM = [TestCase(input="1 2 3\n", output="6\n"), TestCase(input="40 2\n", output="42\n")]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with every compilation."""
    made: list[str] = []
    real = preparing._compile

    def compile_once(*arguments: object) -> tuple[bytes | None, str]:
        made.append("")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(preparing, "_compile", compile_once)
    return made


def test_a_program_is_compiled_once(cached: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("cpp")
    made = counted(monkeypatch)
    solution = Solution(language="cpp", code=PROGRAMS["cpp"]["AC"] + "// once")
    for _ in range(3):
        assert cached.judge(solution, STDIO, SUM).verdict is Verdict.AC
    assert len(made) == 1
    with LocalJudge() as other:  # with the same cache folder
        other._programs.worker_set.cache = BinaryCache(cached._programs.worker_set.cache._root)
        assert other.judge(solution, STDIO, SUM).verdict is Verdict.AC
    assert len(made) == 1


def test_a_torn_binary_is_made_again(cached: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("cpp")
    solution = Solution(language="cpp", code=PROGRAMS["cpp"]["AC"] + "// torn")
    assert cached.judge(solution, STDIO, SUM).verdict is Verdict.AC
    cache = cached._programs.worker_set.cache
    key = cache.key(language("cpp"), (("solution.cpp", solution.code),))
    path = cache._binaries / key
    for damage in (path.read_bytes()[:-1000], b"", path.read_bytes().replace(b"\x00\x00\x01", b"\x00\x00\x02")):
        path.write_bytes(damage)
        cache._recent.clear()
        made = counted(monkeypatch)
        assert cached.judge(solution, STDIO, SUM).verdict is Verdict.AC
        assert len(made) == 1


def test_a_check_of_the_syntax_is_made_once(cached: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("javascript")
    made = counted(monkeypatch)
    solution = Solution(language="javascript", code=PROGRAMS["javascript"]["AC"] + "// once")
    for _ in range(2):
        assert cached.judge(solution, STDIO, SUM).verdict is Verdict.AC
    assert len(made) == 1


# A program that makes its compiler fail, whatever way, does not compile: at once, and after one try.


def compiled(judge: LocalJudge, monkeypatch: pytest.MonkeyPatch, code: str, name: str = "cpp") -> tuple[Judgement, int]:
    """Judge a program; return the judgement and how often its compiler was started."""
    needs(name)
    starts: list[str] = []
    real = preparing._tool

    def tool(*arguments: object) -> RunOutcome:
        starts.append("")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(preparing, "_tool", tool)
    return judge.judge(Solution(language=name, code=code), STDIO, SUM), len(starts)


SLOW = """
    template <int n, int m> struct T { static const long v = T<n - 1, m>::v + T<n - 1, m + 1>::v; };
    template <int m> struct T<0, m> { static const long v = m; };
    int main() { return T<850, 1>::v % 2; }"""
LARGE = """
    #include <utility>
    template <int... n> int f(std::integer_sequence<int, n...>) { int a[] = {n...}; return a[0]; }
    int main() { return f(std::make_integer_sequence<int, 60000000>()); }"""


def test_a_compiler_that_runs_out_of_time(cached: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "COMPILE_S", 1.0)
    judgement, starts = compiled(cached, monkeypatch, SLOW)
    assert (judgement.verdict, starts) == (Verdict.CE, 1), judgement
    assert "the compiler was stopped after" in judgement.compile_output


def test_a_compiler_that_runs_out_of_address_space(cached: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "COMPILE_MEMORY_MB", 128)
    judgement, starts = compiled(cached, monkeypatch, LARGE)
    assert (judgement.verdict, starts) == (Verdict.CE, 1), judgement


def test_a_compiler_that_the_kernel_kills_for_its_memory(cached: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    if cached.isolation != "L3":
        pytest.skip("needs a control group")
    roomy = msgspec.structs.replace(language("cpp"), compile_reserve_mb=8192)
    monkeypatch.setattr(programs, "language", lambda name: roomy)
    monkeypatch.setattr(preparing, "COMPILE_MEMORY_MB", 100)
    monkeypatch.setattr(preparing, "BINARY_MB", 1)
    judgement, starts = compiled(cached, monkeypatch, LARGE + "// killed")
    assert (judgement.verdict, starts) == (Verdict.CE, 1), judgement
    assert "needed more than 100 MB of memory" in judgement.compile_output


FORGED = {
    "an error": "#error Killed signal terminated program cc1plus\nint main() {}",
    "a file's name": '#line 1 "g++: fatal error: Killed signal terminated program cc1plus"\nint main() { no; }',
    "a full disk": "#error No space left on device\nint main() {}",
    "no memory": "#error virtual memory exhausted: Cannot allocate memory\nint main() {}",
}


@pytest.mark.parametrize("code", FORGED.values(), ids=FORGED)
@pytest.mark.parametrize("level", ["L3", "L1"])
def test_a_program_cannot_speak_for_its_compiler(monkeypatch: pytest.MonkeyPatch, level: str, code: str) -> None:
    try:
        judge = LocalJudge(level)
    except MachineError as error:
        pytest.skip(str(error))
    with judge:
        judgement, starts = compiled(judge, monkeypatch, code)
    assert judgement.verdict is Verdict.CE, judgement
    assert starts <= 1 + preparing.RERUNS


def test_python_that_is_too_large_to_compile(judge: LocalJudge) -> None:
    """The fork server compiles Python itself, within the program's own control group."""
    code = "x = [" + "(1, [2]), " * 2_000_000 + "]"
    contract = Contract(interface="stdio", limits=Limits(time_s=1, memory_mb=32, output_mb=1))
    judgement = judge.judge(Solution(language="python", code=code), contract, SUM)
    assert judgement.verdict in (Verdict.CE, Verdict.MLE), judgement


# What only the machine lacks is never held against a program.

FACTS = RunOutcome(
    exit_code=None, signal=9, cpu_s=1.0, wall_s=2.0, peak_mb=50.0, image_mb=0.0, end="", stdout=b"", too_much=False,
    stderr=b"", result=b"",
)  # fmt: skip
LACKS = [
    ({"end": "wall", "wall_s": 120.0}, "", "only 1.0 s of CPU in 120 s"),
    ({}, "machine", "the machine ran out of memory"),
    ({"exit_code": 1, "signal": None}, "machine", "the machine ran out of memory"),
    ({}, "", "a compiler was killed, and not for want of time or memory"),
]


@pytest.mark.parametrize(("facts", "kills", "reason"), LACKS, ids=range(len(LACKS)))
def test_what_the_machine_lacks_is_our_failure(
    own: LocalJudge, monkeypatch: pytest.MonkeyPatch, facts: dict[str, object], kills: str, reason: str
) -> None:
    needs("cpp")
    monkeypatch.setattr("stepsmith.judge.runs.GIVE_UP_S", 0.0)
    monkeypatch.setattr(Worker, "memory_kills", lambda self: kills)
    outcome = msgspec.structs.replace(FACTS, **facts)
    monkeypatch.setattr(preparing, "_tool", lambda *_: outcome)
    judgement = own.judge(Solution(language="cpp", code=f"// {facts}{kills}"), STDIO, SUM)
    assert judgement.verdict is Verdict.IE
    assert reason in judgement.tests[0].message


def test_a_full_disk_is_our_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """At L1 compilers work on a disk of the machine; above it, in a memory file system of a fixed size."""
    needs("cpp")
    try:
        judge = LocalJudge("L1")
    except MachineError as error:
        pytest.skip(str(error))
    monkeypatch.setattr("stepsmith.judge.runs.GIVE_UP_S", 0.0)
    failing = Solution(language="cpp", code="int main() { return no; } // full disk")
    with judge:
        assert judge.judge(failing, STDIO, SUM).verdict is Verdict.CE
        monkeypatch.setattr(preparing.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
        assert judge.judge(failing, STDIO, SUM).verdict is Verdict.IE


def test_a_compiler_that_somebody_kills_is_started_again(cached: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("cpp")
    real, lost = preparing._tool, [FACTS]
    monkeypatch.setattr(Worker, "memory_kills", lambda self: "")
    monkeypatch.setattr(preparing, "_tool", lambda *arguments: lost.pop() if lost else real(*arguments))
    solution = Solution(language="cpp", code=PROGRAMS["cpp"]["AC"] + "// killed")
    assert cached.judge(solution, STDIO, SUM).verdict is Verdict.AC
