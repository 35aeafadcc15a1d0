"""Dialects of C++, and the precompiled header."""

import shutil
from pathlib import Path

import pytest

from stepsmith.core.records import Contract, Limits, Solution, TestCase
from stepsmith.judge.languages import c, language
from stepsmith.judge.local import LocalJudge
from tests.judge.languages.programs import needs

STDIO = Contract(interface="stdio", limits=Limits(time_s=2, memory_mb=256))
THREE = [TestCase(input="", output="3\n")]
POPCOUNT = "#include <bit>\n#include <iostream>\nint main() { std::cout << std::popcount(7u); }"
EXPECTED = '#include <expected>\n#include <cstdio>\nint main() { std::expected<int, int> e = 3; printf("%d", *e); }'
NEW_NAME = """
    #include <iostream>
    #include <vector>
    using namespace std;
    int data[10], size = 3;
    int main() { data[0] = size; cout << data[0]; }"""
DIALECTS = [
    ("cpp", "#include <iostream>\nint main() { int a = 3; typeof(a) b = a; std::cout << b; }", "AC"),  # a GNU extension
    ("cpp", '#include <cstdio>\nint main() { int a[] = {[0] = 3}; printf("%d", a[0]); }', "AC"),
    ("cpp", "#include <optional>\n#include <iostream>\nint main() { std::cout << *std::optional(3); }", "AC"),
    ("cpp", POPCOUNT, "CE"),
    ("cpp20", POPCOUNT, "AC"),
    ("c++20", POPCOUNT, "AC"),
    ("cpp20", EXPECTED, "CE"),
    ("cpp23", EXPECTED, "AC"),
    ("cpp17", NEW_NAME, "CE"),  # std::data and std::size are ambiguous
    ("cpp14", NEW_NAME, "AC"),
    ("cpp11", NEW_NAME, "AC"),
    ("cpp11", '#include <cstdio>\nauto f(auto x) { return x; }\nint main() { printf("%d", f(3)); }', "CE"),
    ("c", '#include <stdio.h>\nint main() { int a = 3; typeof(a) b = a; printf("%d", b); }', "AC"),
]


@pytest.mark.parametrize(("name", "code", "verdict"), DIALECTS, ids=range(len(DIALECTS)))
def test_dialects(cached: LocalJudge, name: str, code: str, verdict: str) -> None:
    needs(name)
    judgement = cached.judge(Solution(language=name, code=code), STDIO, THREE)
    assert judgement.verdict == verdict, judgement


def test_a_compiler_too_old_for_a_dialect_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    needs("cpp")
    monkeypatch.setattr(c, "_accepts", lambda compiler, dialect: False)
    assert language("cpp").installed
    assert not language("cpp23").installed
    with pytest.raises(Exception, match=r"cpp23 programs need a newer g\+\+"):
        _ = language("cpp23").path


def test_the_precompiled_header_is_used(cached: LocalJudge) -> None:
    needs("cpp")
    code = "#include <bits/stdc++.h>\nint main() { std::cout << 3; }"
    cpp, sources, folder = language("cpp"), (("a.cpp", code),), cached._programs.worker_set.cache.prepared
    (place,) = cpp.prepared(folder, sources)
    other = Path(place).with_name("gnu++11") / "bits" / "stdc++.h.gch"
    other.parent.mkdir(parents=True)
    other.touch()
    assert [header.parents[1] for header in folder.glob("*/gnu++17/bits/stdc++.h.gch")] == [Path(place)]
    assert cpp.prepared(folder, sources) == (place,)
    assert language("cpp11").prepared(folder, sources) == (str(other.parents[1]),)  # each dialect has its own
    assert cpp.prepared(folder, (("a.cpp", "int main() {}"),)) == ()
    assert f"-I{place}" in cpp.compile_command(sources, (place,))
    assert cached.judge(Solution(language="cpp", code=code), STDIO, THREE).verdict == "AC"
    shutil.rmtree(other.parents[1])


def test_precompiled_headers_of_other_compilers_are_removed(tmp_path: Path) -> None:
    for name in ("gch_old", "gch_new", "go_1"):
        (tmp_path / name / "gnu++17").mkdir(parents=True)
    c._remove_others(tmp_path / "gch_new")
    assert {path.name for path in tmp_path.iterdir()} == {"gch_new", "go_1"}
