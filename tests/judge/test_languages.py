import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stepsmith.core.errors import CaseError, MachineError
from stepsmith.core.records import Contract, Limits, Solution, TestCase, Verdict
from stepsmith.judge import preparing
from stepsmith.judge.binaries import BinaryCache
from stepsmith.judge.languages import installed, language, language_of
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.program import Program

STDIO = Contract(interface="stdio", limits=Limits(time_s=1, memory_mb=256))
SUM = [TestCase(input="1 2 3\n", output="6\n"), TestCase(input="40 2\n", output="42\n")]

PROGRAMS = {
    "cpp": {
        "AC": "#include <iostream>\nint main() { long s = 0, x; while (std::cin >> x) s += x; std::cout << s; }",
        "WA": "int main() {}",
        "CE": "int main() { undeclared(); }",
        "RTE": "#include <vector>\nint main() { std::vector<int> v; return v.at(3); }",
        "TLE": "int main() { for (volatile int i = 0;;) {} }",
        "MLE": "#include <cstring>\nint main() { for (;;) memset(new char[1 << 20], 1, 1 << 20); }",
    },
    "c": {
        "AC": '#include <stdio.h>\nint main() { int s = 0, x; while (scanf("%d", &x) == 1) s += x; printf("%d", s); }',
        "WA": "int main() {}",
        "CE": "int main() { return",
        "RTE": "int main() { return 3; }",
    },
    "pypy": {
        "AC": "print(sum(map(int, input().split())))",
        "WA": "print(0)",
        "CE": "print(",
        "RTE": "1 / 0",
        "TLE": "while True: pass",
    },
    "python": {"AC": "print(sum(map(int, input().split())))"},
}
CASES = [(name, verdict) for name, programs in PROGRAMS.items() for verdict in programs]


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalJudge]:
    """A judge with a cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEPSMITH_CACHE", str(tmp_path_factory.mktemp("cache")))
        with LocalJudge() as judge:
            yield judge


@pytest.mark.parametrize(("name", "verdict"), CASES)
def test_verdicts_in_every_language(cached: LocalJudge, name: str, verdict: str) -> None:
    if name not in installed():
        pytest.skip(f"{name} is not installed")
    judgement = cached.judge(Solution(language=name, code=PROGRAMS[name][verdict]), STDIO, SUM)
    assert judgement.verdict == verdict, judgement
    if verdict == "CE":
        assert "solution." in judgement.compile_output


def needs(name: str) -> None:
    if name not in installed():
        pytest.skip(f"{name} is not installed")


def test_names_and_endings() -> None:
    assert {language(name).name for name in ("C++", "cpp17", "cc")} == {"cpp"}
    assert language("Python3").name == "python"
    assert language_of("a/b.CC") == "cpp"
    assert language_of("x.py") == "python"
    with pytest.raises(CaseError, match="unknown language"):
        language("brainfuck")
    with pytest.raises(CaseError, match="no ending of a known language"):
        language_of("README")


def test_a_missing_tool_names_its_package(cached: LocalJudge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed() == ["python"]
    with pytest.raises(MachineError, match="apt-get install g\\+\\+"):
        cached.judge(Solution(language="cpp", code=""), STDIO, SUM)


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
        other._worker_set.cache = BinaryCache(cached._worker_set.cache._root)
        assert other.judge(solution, STDIO, SUM).verdict is Verdict.AC
    assert len(made) == 1


def test_a_torn_binary_is_made_again(cached: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("cpp")
    solution = Solution(language="cpp", code=PROGRAMS["cpp"]["AC"] + "// torn")
    assert cached.judge(solution, STDIO, SUM).verdict is Verdict.AC
    cache = cached._worker_set.cache
    key = cache.key(language("cpp"), (("solution.cpp", solution.code),))
    path = cache._binaries / key
    for damage in (path.read_bytes()[:-1000], b"", path.read_bytes().replace(b"\x00\x00\x01", b"\x00\x00\x02")):
        path.write_bytes(damage)
        cache._recent.clear()
        made = counted(monkeypatch)
        assert cached.judge(solution, STDIO, SUM).verdict is Verdict.AC
        assert len(made) == 1


def test_the_cache_is_bounded_and_forgets_the_oldest(tmp_path: Path) -> None:
    cache = BinaryCache(tmp_path / "cache", max_mb=1)
    for i in range(20):
        cache.put(f"bin_{i}", bytes(100_000))
        os.utime(cache._binaries / f"bin_{i}", (i, i))
        cache._recent.clear()
        assert cache.get("bin_0") is not None  # used again and again
    kept = {path.name for path in cache._binaries.iterdir()}
    assert len(kept) <= 10
    assert {"bin_0", "bin_19"} <= kept
    assert cache.get("bin_1") is None


def test_a_cache_folder_that_others_could_change_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    BinaryCache(folder).put("bin_x", b"x")
    (folder / "binaries").chmod(0o777)
    cache = BinaryCache(folder)
    assert cache.get("bin_x") is None
    root = cache._root
    assert root != folder
    cache.close()
    assert not root.exists()


def test_a_full_disk_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = BinaryCache(tmp_path / "cache")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stepsmith.judge.binaries._replace", full)
    cache.put("bin_x", b"x")
    assert not list(cache._binaries.iterdir())


def test_the_precompiled_header_is_used(cached: LocalJudge) -> None:
    needs("cpp")
    code = "#include <bits/stdc++.h>\nint main() { int s = 0, x; while (std::cin >> x) s += x; std::cout << s; }"
    assert cached.judge(Solution(language="cpp", code=code), STDIO, SUM).verdict is Verdict.AC
    headers = list(cached._worker_set.cache.headers.glob("*/bits/stdc++.h.gch"))
    assert len(headers) == 1
    options = cached._worker_set.cache.header_options(language("cpp"), (("a.cpp", code),))
    assert options == (f"-I{headers[0].parents[1]}",)
    assert cached._worker_set.cache.header_options(language("cpp"), (("a.cpp", "int main() {}"),)) == ()


def test_a_program_of_several_files(cached: LocalJudge) -> None:
    needs("cpp")
    sources = (
        (
            "main.cpp",
            '#include "part.h"\n#include <cstdio>\nint main(int, char **v) { printf("%d %s", part(), v[1]); }',
        ),
        ("part.cpp", '#include "part.h"\nint part() { return 7; }'),
        ("part.h", "int part();"),
    )
    run = cached.run_program(Program(language="cpp", sources=sources, args=("x y",)))
    assert (run.verdict, run.stdout) == (Verdict.AC, "7 x y")
    sources = (("main.py", "import part, sys\nprint(part.N, sys.argv)"), ("part.py", "N = 7"))
    run = cached.run_program(Program(language="python", sources=sources, args=("x y",)))
    assert (run.verdict, run.stdout) == (Verdict.AC, "7 ['main.py', 'x y']\n")


@pytest.mark.parametrize("name", ["-fplugin=evil.cpp", "@options.cpp", "-.cpp"])
def test_a_file_s_name_is_no_option(cached: LocalJudge, name: str) -> None:
    needs("cpp")
    source = '#include <cstdio>\nint main() { puts("ran"); }'
    run = cached.run_program(Program(language="cpp", sources=((name, source),)))
    assert (run.verdict, run.stdout) == (Verdict.AC, "ran\n"), run


def test_a_whole_program_with_files(cached: LocalJudge) -> None:
    code = "import sys\nopen('out/a', 'w').write(open('in.txt').read().upper())\nsys.exit(int(sys.stdin.read()))"
    program = Program(
        language="python", sources=(("main.py", code),), stdin="42", files=(("in.txt", "text"), ("out/", "")),
        collect=("out/a", "out/b"), limits=Limits(time_s=1),
    )  # fmt: skip
    run = cached.run_program(program)
    assert (run.verdict, run.exit_code, run.files) == (Verdict.RTE, 42, (("out/a", b"TEXT"),))
    broken = cached.run_program(Program(language="python", sources=(("main.py", "("),)))
    assert broken.verdict is Verdict.CE
    slow = cached.run_program(
        Program(language="python", sources=(("main.py", "while True: pass"),), limits=Limits(time_s=0.2))
    )
    assert slow.verdict is Verdict.TLE


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "", ".", "a//b", "a\0b"])
def test_names_that_leave_the_folder_are_the_caller_s_mistake(cached: LocalJudge, name: str) -> None:
    program = Program(language="python", sources=(("main.py", ""),))
    with pytest.raises(CaseError):
        cached.run_program(msgspec.structs.replace(program, files=((name, "x"),)))
    with pytest.raises(CaseError):
        cached.run_program(msgspec.structs.replace(program, collect=(name,)))
    with pytest.raises(CaseError):
        cached.run_program(msgspec.structs.replace(program, sources=((name, ""),)))


def test_as_many_files_and_arguments_as_promised(cached: LocalJudge) -> None:
    code = "import os, sys\nprint(len(os.listdir('.')), len(sys.argv))"
    program = Program(
        language="python", sources=(("main.py", code),), args=("x",) * 200,
        files=tuple((f"f{i}", "") for i in range(199)),
    )  # fmt: skip
    assert cached.run_program(program).stdout == "199 201\n"
    with pytest.raises(CaseError, match="200 files"):
        cached.run_program(msgspec.structs.replace(program, files=program.files * 2))
    with pytest.raises(CaseError, match="200 arguments"):
        cached.run_program(msgspec.structs.replace(program, args=("x",) * 201))


def test_numpy_where_it_is_installed(cached: LocalJudge) -> None:
    pytest.importorskip("numpy")
    code = "import numpy as np\ndef f(n): return [np.arange(n), np.int64(3), np.float64(0.5)]"
    contract = Contract(interface="function", entry_point="f")
    (run,) = cached.execute(Solution(language="python", code=code), contract, ["(3,)"])
    assert (run.verdict, run.output) == (Verdict.AC, "[[0, 1, 2], 3, 0.5]"), run
    (absent,) = cached.execute(Solution(language="python", code="import pytest"), STDIO, [""])
    assert absent.verdict is Verdict.RTE


def test_a_compiler_that_is_killed_is_not_the_program_s_fault(
    cached: LocalJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("cpp")
    real, words = preparing._word, ["g++: fatal error: Killed signal terminated program cc1plus"]

    def word(outcome: object, compile_s: float) -> str:
        return words.pop() if words else real(outcome, compile_s)  # type: ignore[arg-type]

    monkeypatch.setattr(preparing, "_word", word)
    failing = Solution(language="cpp", code="int main() { return no; } // killed")
    assert cached.judge(failing, STDIO, SUM).verdict is Verdict.CE
    assert not words  # it was tried again
