"""Java: which file, which class, and the memory of its machine."""

import io
import zipfile

import pytest

from stepsmith.core.records import Contract, Limits, Solution, TestCase, Verdict
from stepsmith.judge.languages.java import JAVA, main_class, top_level_types
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.program import Program
from tests.judge.languages.programs import needs

MAIN = "static public void main(String... args) { System.out.println(3); }"
TYPES = {
    "public class A { }": [("A", True, False)],
    f"class A {{ class Inner {{ {MAIN} }} }} public final class B {{ }}": [("A", False, True), ("B", True, False)],
    "// public class No { \n/* class Neither { */ class A { String s = \"}{ class X {\"; char c = '{'; } class B {}": [
        ("A", False, False),
        ("B", False, False),
    ],
    'class A { String t = """\n } public class X { " \n"""; } interface B {} enum C { X } record D(int x) {}': [
        ("A", False, False),
        ("B", False, False),
        ("C", False, False),
        ("D", False, False),
    ],
    "abstract\npublic strictfp class A<T extends Comparable<T>> { }": [("A", True, False)],
    "class A { class": [("A", False, False)],
    "": [],
}


@pytest.mark.parametrize(("source", "types"), TYPES.items(), ids=range(len(TYPES)))
def test_top_level_types(source: str, types: list[tuple[str, bool, bool]]) -> None:
    assert top_level_types(source) == types


MAINS = {
    f"class A {{ }} class B {{ {MAIN} }}": "B",
    f"class A {{ {MAIN} }} public class B {{ {MAIN} }}": "B",
    f"package a.b; class A {{ {MAIN} }}": "a.b.A",
    "class A { } public class B { }": "B",
    "import java.util.*;": "Main",
}


@pytest.mark.parametrize(("source", "name"), MAINS.items(), ids=range(len(MAINS)))
def test_the_main_class(source: str, name: str) -> None:
    assert main_class((("x.java", source),)) == name


RUN = [
    f"public class Anything {{ {MAIN} }}",
    f"class Helper {{ }} class Program {{ {MAIN} }}",
    f"package some.where; public class Main {{ {MAIN} }}",
    f"import java.util.*; interface X {{ }} enum Y {{ A }} public class Z {{ class Inner {{ }} {MAIN} }}",
    "class Deep { static int f(int n) { return n == 0 ? 3 : f(n - 1); } "
    "public static void main(String[] a) { System.out.println(f(200000)); } }",
    "class Deeper { static int f(int n) { return n == 0 ? 3 : f(n - 1); } "
    "public static void main(String[] a) throws Exception { "
    'Thread t = new Thread(null, () -> System.out.println(f(2000000)), "", 512L << 20); t.start(); t.join(); } }',
]


@pytest.mark.parametrize("code", RUN, ids=range(len(RUN)))
def test_programs_as_contests_take_them(cached: LocalJudge, code: str) -> None:
    needs("java")
    contract = Contract(interface="stdio", limits=Limits(time_s=2, memory_mb=256))
    judgement = cached.judge(Solution(language="java", code=code), contract, [TestCase(input="", output="3")])
    assert judgement.verdict is Verdict.AC, judgement


HEAP = """class Heap { public static void main(String[] a) {
    byte[][] kept = new byte[%d][];
    for (int i = 0; i < kept.length; i++) { kept[i] = new byte[1 << 20]; kept[i][5] = 1; }
    System.out.println(3);
} }"""


@pytest.mark.parametrize(("megabytes", "verdict"), [(200, "AC"), (300, "MLE")])
def test_the_memory_limit_is_the_heap_s(cached: LocalJudge, megabytes: int, verdict: str) -> None:
    needs("java")
    contract = Contract(interface="stdio", limits=Limits(time_s=4, memory_mb=256))
    solution = Solution(language="java", code=HEAP % megabytes)
    judgement = cached.judge(solution, contract, [TestCase(input="", output="3")])
    assert judgement.verdict == verdict, judgement


def test_a_deep_recursion_that_never_ends_is_the_program_s_failure(cached: LocalJudge) -> None:
    needs("java")
    code = "class A { static int f(int n) { return f(n + 1) + 1; } public static void main(String[] a) { f(0); } }"
    contract = Contract(interface="stdio", limits=Limits(time_s=4, memory_mb=256))
    judgement = cached.judge(Solution(language="java", code=code), contract, [TestCase(input="", output="3")])
    assert judgement.verdict in ("RTE", "MLE"), judgement


def test_a_program_of_several_files(cached: LocalJudge) -> None:
    needs("java")
    sources = (
        ("main.java", "class Main { public static void main(String[] a) { System.out.println(Part.N + a[0]); } }"),
        ("Part.java", "public class Part { static final int N = 7; }"),
    )
    run = cached.run_program(Program(language="java", sources=sources, args=(" x",)))
    assert (run.verdict, run.stdout) == (Verdict.AC, "7 x\n"), run


def test_a_jar_is_the_same_for_the_same_program() -> None:
    outputs = (("classes/B.class", b"b"), ("classes/a/A.class", b"a"))
    sources = (("A.java", f"package a; class A {{ {MAIN} }}"),)
    jar = JAVA.packed(outputs, sources)
    assert jar == JAVA.packed(tuple(reversed(outputs)), sources)
    with zipfile.ZipFile(io.BytesIO(jar)) as file:
        assert file.namelist() == ["META-INF/MANIFEST.MF", "B.class", "a/A.class"]
        assert b"Main-Class: a.A\n" in file.read("META-INF/MANIFEST.MF")
