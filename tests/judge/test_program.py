"""Whole programs: several files, arguments, a folder of their own."""

import msgspec
import pytest

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Contract, Limits, Solution, Verdict
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.program import Program
from tests.judge.languages.programs import needs

STDIO = Contract(interface="stdio", limits=Limits(time_s=1, memory_mb=256))


def test_a_program_of_several_files(judge: LocalJudge) -> None:
    needs("cpp")
    sources = (
        (
            "main.cpp",
            '#include "part.h"\n#include <cstdio>\nint main(int, char **v) { printf("%d %s", part(), v[1]); }',
        ),
        ("part.cpp", '#include "part.h"\nint part() { return 7; }'),
        ("part.h", "int part();"),
    )
    run = judge.run_program(Program(language="cpp", sources=sources, args=("x y",)))
    assert (run.verdict, run.stdout) == (Verdict.AC, "7 x y")
    sources = (("main.py", "import part, sys\nprint(part.N, sys.argv)"), ("part.py", "N = 7"))
    run = judge.run_program(Program(language="python", sources=sources, args=("x y",)))
    assert (run.verdict, run.stdout) == (Verdict.AC, "7 ['main.py', 'x y']\n")


@pytest.mark.parametrize("name", ["-fplugin=evil.cpp", "@options.cpp", "-.cpp"])
def test_a_file_s_name_is_no_option(judge: LocalJudge, name: str) -> None:
    needs("cpp")
    source = '#include <cstdio>\nint main() { puts("ran"); }'
    run = judge.run_program(Program(language="cpp", sources=((name, source),)))
    assert (run.verdict, run.stdout) == (Verdict.AC, "ran\n"), run


def test_a_whole_program_with_files(judge: LocalJudge) -> None:
    code = "import sys\nopen('out/a', 'w').write(open('in.txt').read().upper())\nsys.exit(int(sys.stdin.read()))"
    program = Program(
        language="python", sources=(("main.py", code),), stdin="42", files=(("in.txt", "text"), ("out/", "")),
        collect=("out/a", "out/b"), limits=Limits(time_s=1),
    )  # fmt: skip
    run = judge.run_program(program)
    assert (run.verdict, run.exit_code, run.files) == (Verdict.RTE, 42, (("out/a", b"TEXT"),))
    broken = judge.run_program(Program(language="python", sources=(("main.py", "("),)))
    assert broken.verdict is Verdict.CE
    slow = judge.run_program(
        Program(language="python", sources=(("main.py", "while True: pass"),), limits=Limits(time_s=0.2))
    )
    assert slow.verdict is Verdict.TLE


BROKEN = "print('x' if 1 else)"
CODEC = "# coding: idna\nimport stringprep\nprint(hasattr(stringprep, 'in_table_a1'))"


@pytest.mark.parametrize("extra", [(), (("data", "x"),)], ids=["at once", "opened"])
@pytest.mark.parametrize(
    "sources",
    [
        (("main.py", BROKEN), ("traceback.py", "raise SystemExit(3)")),
        (("main.py", CODEC), ("stringprep.py", "raise SystemExit(3)")),
        (("traceback.py", BROKEN),),
        (("stringprep.py", CODEC),),
    ],
    ids=["traceback", "codec", "is traceback", "is codec"],
)
def test_the_compiler_imports_no_file_of_the_program(
    judge: LocalJudge, sources: tuple[tuple[str, str], ...], extra: tuple[tuple[str, str], ...]
) -> None:
    """It may need modules, for a codec or its message; it runs where the program's own limits do not hold yet."""
    run = judge.run_program(Program(language="python", sources=sources, files=extra))
    if BROKEN in sources[0][1]:
        assert run.verdict is Verdict.CE, run
        assert "SyntaxError: invalid syntax" in run.compile_output
    else:
        assert (run.verdict, run.stdout) == (Verdict.AC, "True\n"), run


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "", ".", "a//b", "a\0b"])
def test_names_that_leave_the_folder_are_the_caller_s_mistake(judge: LocalJudge, name: str) -> None:
    program = Program(language="python", sources=(("main.py", ""),))
    with pytest.raises(CaseError):
        judge.run_program(msgspec.structs.replace(program, files=((name, "x"),)))
    with pytest.raises(CaseError):
        judge.run_program(msgspec.structs.replace(program, collect=(name,)))
    with pytest.raises(CaseError):
        judge.run_program(msgspec.structs.replace(program, sources=((name, ""),)))


def test_as_many_files_and_arguments_as_promised(judge: LocalJudge) -> None:
    code = "import os, sys\nprint(len(os.listdir('.')), len(sys.argv))"
    program = Program(
        language="python", sources=(("main.py", code),), args=("x",) * 200,
        files=tuple((f"f{i}", "") for i in range(199)),
    )  # fmt: skip
    assert judge.run_program(program).stdout == "200 201\n"  # the program's own file is in its folder too
    with pytest.raises(CaseError, match="200 files"):
        judge.run_program(msgspec.structs.replace(program, files=program.files * 2))
    with pytest.raises(CaseError, match="200 arguments"):
        judge.run_program(msgspec.structs.replace(program, args=("x",) * 201))


def test_numpy_where_it_is_installed(judge: LocalJudge) -> None:
    pytest.importorskip("numpy")
    code = "import numpy as np\ndef f(n): return [np.arange(n), np.int64(3), np.float64(0.5)]"
    contract = Contract(interface="function", entry_point="f")
    (run,) = judge.execute(Solution(language="python", code=code), contract, ["(3,)"])
    assert (run.verdict, run.output) == (Verdict.AC, "[[0, 1, 2], 3, 0.5]"), run
    (absent,) = judge.execute(Solution(language="python", code="import pytest"), STDIO, [""])
    assert absent.verdict is Verdict.RTE
