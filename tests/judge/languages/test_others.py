"""Go, Rust and JavaScript: what programs of contests do that could go wrong in the sandbox."""

import os
import subprocess
from pathlib import Path

import pytest

from stepsmith.core.records import Contract, Limits, Solution, TestCase, Verdict
from stepsmith.judge.languages import go, language, rust
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.program import Program
from tests.judge.languages.programs import needs

STDIO = Contract(interface="stdio", limits=Limits(time_s=2, memory_mb=256))
THREE = [TestCase(input="3\n", output="3\n")]
RUN = [
    ("javascript", "const f = n => n ? f(n - 1) : 3; console.log(f(100000));"),  # V8's own limit is about 10,000
    ("javascript", "require('readline').createInterface({input: process.stdin}).on('line', l => console.log(l))"),
    ("javascript", "let s = ''; process.stdin.on('data', d => s += d).on('end', () => console.log(s))"),
    ("javascript", "process.stdout.write(BigInt(3).toString()); setTimeout(() => process.exit(0), 1)"),
    (
        "go",
        """
        package main
        import "fmt"
        func main() {
            c, n := make(chan int), 0
            for i := 0; i < 300; i++ { go func() { c <- 1 }() }
            for i := 0; i < 300; i++ { n += <-c }
            fmt.Println(n / 100)
        }""",
    ),
    (
        "go",
        """
        package main
        import ("fmt"; "sort"; "strings"; "math/big"; "container/heap"; "time"; "regexp")
        var _, _, _, _ = sort.Ints, strings.Split, time.Now, regexp.MustCompile
        var _ heap.Interface
        func main() { fmt.Println(big.NewInt(3)) }""",
    ),
    (
        "rust",
        """
        fn f(n: u32) -> u32 { if n == 0 { 3 } else { std::hint::black_box(f(n - 1)) } }
        fn main() {
            let deep = std::thread::Builder::new().stack_size(512 << 20);
            deep.spawn(|| println!("{}", f(500000))).unwrap().join().unwrap();
        }""",
    ),
    (
        "rust",
        """
        use std::collections::*;
        fn main() { let mut m = HashMap::new(); m.insert(1, 3); println!("{}", m[&1]); }""",
    ),
]


@pytest.mark.parametrize(("name", "code"), RUN, ids=[f"{name}-{i}" for i, (name, _) in enumerate(RUN)])
def test_programs_as_contests_take_them(cached: LocalJudge, name: str, code: str) -> None:
    needs(name)
    judgement = cached.judge(Solution(language=name, code=code), STDIO, THREE)
    assert judgement.verdict is Verdict.AC, judgement


SEVERAL = {
    "go": (
        ("main.go", "package main\nfunc main() { println(part()) }"),
        ("part.go", "package main\nfunc part() int { return 7 }"),
    ),
    "rust": (("main.rs", 'mod part;\nfn main() { eprintln!("{}", part::N); }'), ("part.rs", "pub const N: i32 = 7;")),
    "javascript": (("main.js", "console.error(require('./part').N)"), ("part.js", "exports.N = 7")),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_programs_of_several_files(cached: LocalJudge, name: str) -> None:
    needs(name)
    run = cached.run_program(Program(language=name, sources=SEVERAL[name]))
    assert (run.verdict, run.stderr) == (Verdict.AC, "7\n"), run


def test_rustup_s_proxy_is_not_what_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy looks for toolchains in the home folder of whoever calls it, which is another one in the sandbox."""
    needs("rust")
    real = language("rust").path
    proxy = tmp_path / "rustc"
    proxy.write_text(f'#!/bin/sh\n[ "$HOME" != / ] || exit 1\nexec {real} "$@"\n')
    proxy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert rust.RUST.path == real
    assert rust.RUST.path != proxy


def test_go_s_library_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("go")
    (config,) = go.GO.prepared(tmp_path, ())
    assert "packagefile fmt=" in Path(config).read_text()

    def never(*_: object) -> None:
        raise AssertionError("listed again")

    monkeypatch.setattr(subprocess, "run", never)
    assert go.GO.prepared(tmp_path, ()) == (config,)
