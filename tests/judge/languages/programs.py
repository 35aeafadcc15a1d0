"""One program for each language and verdict; they add up numbers on stdin, or fail in the way that the key says."""

import pytest

from stepsmith.judge.languages import language

_CPP = {
    "AC": "#include <iostream>\nint main() { long s = 0, x; while (std::cin >> x) s += x; std::cout << s; }",
    "WA": "int main() {}",
    "CE": "int main() { undeclared(); }",
    "RTE": "#include <vector>\nint main() { std::vector<int> v; return v.at(3); }",
    "TLE": "int main() { for (volatile int i = 0;;) {} }",
    "MLE": "#include <cstring>\nint main() { for (;;) memset(new char[1 << 20], 1, 1 << 20); }",
}
PROGRAMS = {
    "python": {"AC": "print(sum(map(int, input().split())))"},
    "cpp": _CPP,
    "cpp11": {"AC": _CPP["AC"]},
    "cpp14": {"AC": _CPP["AC"]},
    "cpp20": {"AC": _CPP["AC"]},
    "cpp23": {"AC": _CPP["AC"]},
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
        "MLE": "x = [1]\nwhile True: x += x",
    },
    "java": {
        "AC": """
            import java.util.Scanner;
            public class Sum {
                public static void main(String[] args) {
                    Scanner in = new Scanner(System.in);
                    long sum = 0;
                    while (in.hasNextLong()) sum += in.nextLong();
                    System.out.println(sum);
                }
            }""",
        "WA": "class Silent { public static void main(String[] args) {} }",
        "CE": "public class Sum { public static void main(String[] args) { undeclared(); } }",
        "RTE": "class Sum { public static void main(String[] args) { int[] a = {}; a[3] = 1; } }",
        "TLE": "class Sum { public static void main(String[] args) { for (;;) {} } }",
        "MLE": """class Sum { public static void main(String[] args) {
            java.util.List<long[]> kept = new java.util.ArrayList<>();
            for (;;) kept.add(new long[1 << 17]);
        } }""",
    },
    "rust": {
        "AC": """
            use std::io::Read;
            fn main() {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).unwrap();
                let sum: i64 = text.split_whitespace().map(|word| word.parse::<i64>().unwrap()).sum();
                println!("{}", sum);
            }""",
        "WA": "fn main() {}",
        "CE": "fn main() { undeclared(); }",
        "RTE": "fn main() { let v: Vec<i32> = Vec::new(); println!(\"{}\", v[3]); }",
        "TLE": "fn main() { let mut i = 0u64; loop { i = std::hint::black_box(i + 1); } }",
        "MLE": "fn main() { let mut kept = Vec::new(); loop { kept.push(vec![1u8; 1 << 20]); } }",
    },
    "go": {
        "AC": """
            package main
            import ("bufio"; "fmt"; "os")
            func main() {
                in, sum, x := bufio.NewReader(os.Stdin), 0, 0
                for { if _, err := fmt.Fscan(in, &x); err != nil { break }; sum += x }
                fmt.Println(sum)
            }""",
        "WA": "package main\nfunc main() {}",
        "CE": "package main\nfunc main() { undeclared() }",
        "RTE": "package main\nfunc main() { var v []int; println(v[3]) }",
        "TLE": "package main\nfunc main() { for {} }",
        "MLE": """
            package main
            func main() {
                kept := [][]byte{}
                for {
                    block := make([]byte, 1<<20)
                    for i := range block { block[i] = 1 }
                    kept = append(kept, block)
                }
            }""",
    },
    "javascript": {
        "AC": """
            const words = require("fs").readFileSync(0, "utf8").split(/\\s+/).filter(Boolean);
            console.log(words.map(Number).reduce((a, b) => a + b, 0));""",
        "WA": "console.log(0)",
        "CE": "let a = ;",
        "RTE": "undefined.x",
        "TLE": "for (;;) {}",
        "MLE": "const kept = []; for (;;) kept.push(new Array(1000).fill(1.5));",
    },
}  # fmt: skip
CASES = [(name, verdict) for name, programs in PROGRAMS.items() for verdict in programs]


def needs(name: str) -> None:
    """Skip the test where a language cannot be judged."""
    row = language(name)
    if not row.installed:
        pytest.skip(f"{name} is not installed: {row.package}")
