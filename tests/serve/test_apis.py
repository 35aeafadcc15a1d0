"""Every API over HTTP with the real judge behind it: same fields and words as the services it stands in for."""

import base64
import re

import pytest

from stepsmith.judge.languages import installed
from tests.serve.conftest import Address

DOUBLE = "print(int(input()) * 2)"
LOOP = "while True: pass"
CPP = '#include <cstdio>\nint main() { int n; if (scanf("%d", &n) != 1) return 3; printf("%d", 2 * n); }'
needs_cpp = pytest.mark.skipif("cpp" not in installed(), reason="no C++ compiler")


def native_case(**changes: object) -> dict[str, object]:
    case = {
        "id": "double", "language": "python", "interface": "stdio", "code": DOUBLE, "checker": "tokens",
        "tests": [{"input": "2\n", "output": "4\n"}, {"input": "5", "output": "10"}], "time_limit_s": 1,
        "license": "any key that is not ours is ignored",
    }  # fmt: skip
    return case | changes


# Our own API


def test_native_result_is_a_line_of_a_result_file(served: Address) -> None:
    result = served.post("/v1/judge", native_case()).json
    assert result["id"] == "double"
    assert result["verdict"] == "AC"
    assert [test["verdict"] for test in result["tests"]] == ["AC", "AC"]
    assert result["tests"][0]["cpu_s"] > 0
    assert result["isolation"].startswith("L")


def test_native_batch_keeps_order_and_tells_verdicts_apart(served: Address) -> None:
    codes = [DOUBLE, "print(4)", "print(", "1/0", LOOP]
    cases = [native_case(id=n, code=code) for n, code in enumerate(codes)]
    answer = served.post("/v1/judge/batch", {"cases": cases, "stop_at_first_failure": True}).json
    assert [(r["id"], r["verdict"]) for r in answer["results"]] == list(enumerate(["AC", "WA", "CE", "RTE", "TLE"]))
    assert len(answer["results"][3]["tests"]) == 1
    assert "expected '10', got '4'" in answer["results"][1]["tests"][1]["message"]


def test_native_function_case(served: Address) -> None:
    case = native_case(
        interface="function", entry_point="f", checker="literal", code="def f(a, b): return (a, b)",
        tests=[{"input": "(1, 2.0)", "output": "[1, 2]"}],
    )  # fmt: skip
    assert served.post("/v1/judge", case).json["verdict"] == "AC"


# code-judge


@pytest.mark.parametrize(
    ("solution", "expected", "success", "run_success", "reason"),
    [
        (DOUBLE, "4", True, True, ""),
        (DOUBLE, "  4 \n\n", True, True, ""),
        (DOUBLE, "5", False, True, ""),
        ("print('A')", "a", False, True, ""),
        ("1/0", "4", False, False, ""),
        ("print(4); exit(1)", "4", False, False, ""),
        ("print(", "4", False, False, ""),
        (LOOP, "4", False, False, "worker_timeout"),
    ],
)
def test_code_judge_results(
    served: Address, solution: str, expected: str | None, success: bool, run_success: bool, reason: str
) -> None:
    submission = {"type": "python", "solution": solution, "input": "2", "expected_output": expected}
    for path, more in [("/judge", set()), ("/run", {"stdout", "stderr"})]:
        result = served.post(path, submission).json
        assert set(result) == {"sub_id", "success", "run_success", "cost", "reason"} | more
        assert (result["success"], result["run_success"], result["reason"]) == (success, run_success, reason)


@pytest.mark.parametrize("path", ["/judge/batch", "/judge/long-batch", "/run/batch", "/run/long-batch"])
def test_code_judge_batches_keep_order(served: Address, path: str) -> None:
    inputs = ["3", "1", "x", "2"] * 12
    submissions = [
        {"sub_id": f"s{n}", "type": "python", "solution": DOUBLE, "input": text, "expected_output": "4"}
        for n, text in enumerate(inputs)
    ]
    submissions.append({"type": "math", "solution": "", "input": None})
    answer = served.post(path, {"type": "batch", "submissions": submissions}).json
    results = answer["results"]
    assert [r["success"] for r in results[:-1]] == [text == "2" for text in inputs]
    assert [r["run_success"] for r in results[:-1]] == [text != "x" for text in inputs]
    assert [r["sub_id"] for r in results[:-1]] == [s["sub_id"] for s in submissions[:-1]]
    assert results[-1]["reason"] == "invalid_input"
    assert isinstance(answer["sub_id"], str)


def test_code_judge_run_shows_what_was_written(served: Address) -> None:
    code = "import sys\nprint('o' * 5000)\nprint('to stderr', file=sys.stderr)"
    result = served.post("/run", {"type": "python", "solution": code}).json
    assert result["stdout"] == "o" * 1000
    assert result["stderr"] == "to stderr\n"
    broken = served.post("/run", {"type": "python", "solution": "print("}).json
    assert "SyntaxError" in broken["stderr"]


@needs_cpp
def test_code_judge_cpp(served: Address) -> None:
    results = served.post(
        "/judge/batch",
        {
            "type": "batch",
            "submissions": [
                {"type": "cpp", "solution": CPP, "input": "4", "expected_output": "8"},
                {"type": "cpp", "solution": CPP, "input": "4", "expected_output": "9"},
                {"type": "cpp", "solution": CPP, "input": "", "expected_output": "9"},
                {"type": "cpp", "solution": "int main() {", "input": "", "expected_output": ""},
            ],
        },
    ).json["results"]
    assert [(r["success"], r["run_success"]) for r in results] == [
        (True, True), (False, True), (False, False), (False, False),
    ]  # fmt: skip


# SandboxFusion


def run_code(served: Address, code: str, language: str = "python", **more: object) -> dict:
    request = {
        "compile_timeout": 10, "run_timeout": 1, "code": code, "stdin": None, "memory_limit_MB": 1024,
        "language": language, "files": {}, "fetch_files": [],
    }  # fmt: skip
    reply = served.post("/run_code", request | more)
    assert reply.status == 200
    assert set(reply.json) == {"status", "message", "compile_result", "run_result", "executor_pod_name", "files"}
    return reply.json


def test_sandbox_fusion_success(served: Address) -> None:
    answer = run_code(served, "import sys\nprint(input())\nprint('e', file=sys.stderr)", stdin="hello")
    assert answer["status"] == "Success"
    assert answer["compile_result"] is None
    result = answer["run_result"]
    assert result.pop("execution_time") > 0
    assert result == {"status": "Finished", "return_code": 0, "stdout": "hello\n", "stderr": "e\n"}


@pytest.mark.parametrize(
    ("code", "status", "code_of_return"),
    [
        ("1/0", "Finished", 1),
        ("print(", "Finished", 1),
        ("import sys; sys.exit(7)", "Finished", 7),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "Finished", -9),
        ("print('so far', flush=True)\nwhile True: pass", "TimeLimitExceeded", None),
    ],
)
def test_sandbox_fusion_failures(served: Address, code: str, status: str, code_of_return: int | None) -> None:
    answer = run_code(served, code)
    assert answer["status"] == "Failed"
    assert answer["run_result"]["status"] == status
    assert answer["run_result"]["return_code"] == code_of_return
    if status == "TimeLimitExceeded":
        assert answer["run_result"]["stdout"] == "so far\n"
    elif code_of_return == 1:
        assert "Error" in answer["run_result"]["stderr"]


def test_sandbox_fusion_too_much_memory_is_a_failure(served: Address) -> None:
    answer = run_code(served, "x = bytearray(300 << 20)", memory_limit_MB=100)
    assert answer["status"] == "Failed"
    assert answer["run_result"]["return_code"] != 0


def test_sandbox_fusion_files(served: Address) -> None:
    given = {"data/in.txt": base64.b64encode(b"\x00\xff data").decode(), "missing.txt": None}
    code = "data = open('data/in.txt', 'rb').read()\nwith open('out.bin', 'wb') as f: f.write(data[::-1])"
    answer = run_code(served, code, files=given, fetch_files=["out.bin", "never.txt"])
    assert answer["status"] == "Success", answer
    assert {name: base64.b64decode(text) for name, text in answer["files"].items()} == {"out.bin": b"atad \xff\x00"}
    assert served.post("/run_code", {"code": "", "files": {"a": "not base64!"}}).status == 422


def test_sandbox_fusion_other_languages_are_our_failure_not_the_programs(served: Address) -> None:
    answer = run_code(served, "fun main() {}", "kotlin_script")
    assert answer["status"] == "SandboxError"
    assert "kotlin_script is not served here; python, " in answer["message"]
    assert answer["run_result"] is None


@needs_cpp
def test_sandbox_fusion_cpp(served: Address) -> None:
    answer = run_code(served, CPP, "cpp", stdin="21")
    assert answer["status"] == "Success"
    assert (answer["compile_result"]["status"], answer["compile_result"]["return_code"]) == ("Finished", 0)
    assert answer["run_result"]["stdout"] == "42"
    broken = run_code(served, "int main() { return undeclared; }", "cpp")
    assert broken["status"] == "Failed"
    assert broken["compile_result"]["return_code"] == 1
    assert "undeclared" in broken["compile_result"]["stderr"]
    assert broken["run_result"] is None


# Piston


def execute(served: Address, code: str, language: str = "python", files: tuple = (), **more: object) -> dict:
    request = {"language": language, "version": "*", "files": [{"name": "main", "content": code}, *files]}
    reply = served.post("/api/v2/execute", request | more)
    assert reply.status == 200, reply.body
    return reply.json


def test_piston_runtimes(served: Address) -> None:
    runtimes = {runtime["language"]: runtime for runtime in served.get("/api/v2/runtimes").json}
    assert "py" in runtimes["python"]["aliases"]
    assert ("c++" in runtimes) == ("cpp" in installed())


def test_piston_execute(served: Address) -> None:
    helper = {"name": "helper.py", "content": "def shout(text): return text.upper()"}
    data = {"name": "data.bin", "content": "00ff", "encoding": "hex"}
    code = "import sys, helper\nprint(helper.shout(input()), sys.argv[1:], open('data.bin', 'rb').read())\nsys.exit(5)"
    answer = execute(served, code, "py", (helper, data), stdin="in", args=["a", "b c"])
    assert answer["language"] == "python"
    run = answer["run"]
    assert run["stdout"] == "IN ['a', 'b c'] b'\\x00\\xff'\n"
    assert (run["code"], run["signal"], run["status"]) == (5, None, "RE")
    assert run["output"] == run["stdout"]
    assert answer["compile"]["code"] == 0


def test_piston_limits_show_as_signals(served: Address) -> None:
    slow = execute(served, LOOP, run_timeout=300)["run"]
    assert (slow["code"], slow["signal"], slow["status"]) == (None, "SIGKILL", "TO")
    large = execute(served, "x = bytearray(300 << 20)", run_memory_limit=100_000_000)["run"]
    assert (large["code"], large["signal"], large["status"]) == (None, "SIGKILL", "SG")


def test_piston_requests_that_make_no_sense(served: Address) -> None:
    for change, reason in [
        ({"language": "cobol"}, "cobol-* runtime is unknown"),
        ({"files": []}, "files"),
        ({"files": [{"content": "zz", "encoding": "hex"}]}, "files[0].content"),
        ({"run_timeout": 10**9}, "run_timeout"),
        ({"args": ["a\0b"]}, "arguments"),
        ({"args": ["a"] * 1000}, "arguments"),
        ({"files": [{"content": "", "name": f"f{n}"} for n in range(300)]}, "200 files"),
    ]:
        reply = served.post("/api/v2/execute", {"language": "py", "version": "*", "files": [{"content": ""}]} | change)
        assert reply.status == 400
        assert reason in reply.json["message"]


NULLS = ["stdin", "args", "run_timeout", "run_cpu_time", "compile_timeout", "run_memory_limit", "compile_memory_limit"]


def test_piston_takes_null_for_what_is_not_given(served: Address) -> None:
    code = "import sys\nprint(repr(sys.stdin.read()), sys.argv[1:])"
    answer = execute(served, code, **dict.fromkeys(NULLS), compile_cpu_time=None)
    assert answer["run"]["stdout"] == "'\\n' []\n"  # Piston ends every input with a newline
    files = [{"name": None, "content": "print(7)", "encoding": None}, {"content": "x", "encoding": "latin1"}]
    reply = served.post("/api/v2/execute", {"language": "python", "version": "*", "files": files})
    assert reply.json["run"]["stdout"] == "7\n"


BAD_NAMES = {
    "../x": "not a plain relative path",
    "a/../../x": "not a plain relative path",
    "/etc/x": "not a plain relative path",
    "..": "not a plain relative path",
    ".": "not a plain relative path",
    "./x": "not a plain relative path",
    "a//b": "not a plain relative path",
    "a\0b": "not a plain relative path",
    "/": "not a plain relative path",
    "folder/": "a folder's name",
    "x" * 300: "too long",
    "d/" * 600 + "x": "too long",
    "main": "two files are named 'main'",
    "main/x": "both a file and a folder",
    "same/b": "two files are named 'same/b'",
    "same/b/c": "both a file and a folder",
}


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: repr(name[:12]))
@pytest.mark.parametrize("more", [(), ({"name": "grader_config", "content": ""}, {"name": "input.txt", "content": ""})])
def test_piston_names_that_cannot_be_are_the_request_s_mistake(served: Address, name: str, more: tuple) -> None:
    files = [{"name": "main", "content": "print(1)"}, {"name": "same/b", "content": ""}, {"name": name, "content": ""}]
    reply = served.post("/api/v2/execute", {"language": "python", "version": "*", "files": [*files, *more]})
    assert reply.status == 400, reply.body
    assert BAD_NAMES[name] in reply.json["message"]


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a\0b", "x" * 300])
@pytest.mark.parametrize("key", ["files", "fetch_files"])
def test_sandbox_fusion_names_that_cannot_be(served: Address, key: str, name: str) -> None:
    reply = served.post("/run_code", {"code": "", key: {name: ""} if key == "files" else [name]})
    assert reply.status == 422, reply.body


PRINTS = {
    "java": ('class A { public static void main(String[] a) { System.out.print("hi"); } }', "java", "java", "java"),
    "rust": ('fn main() { print!("hi"); }', "rust", "rs", "rust"),
    "go": ('package main\nimport "fmt"\nfunc main() { fmt.Print("hi") }', "go", "golang", "go"),
    "javascript": ("process.stdout.write('hi')", "nodejs", "js", "javascript"),
    "cpp20": ('#include <cstdio>\n#include <bit>\nint main() { printf("hi"); }', "", "cf_c++20", "c++20"),
}  # fmt: skip


@pytest.mark.parametrize("name", PRINTS)
def test_other_languages_under_the_services_names(served: Address, name: str) -> None:
    if name not in installed():
        pytest.skip(f"{name} is not installed")
    code, fusion, piston, runtime = PRINTS[name]
    answer = execute(served, code, piston)
    assert (answer["language"], answer["run"]["stdout"], answer["run"]["code"]) == (runtime, "hi", 0)
    assert re.fullmatch(r"[0-9]+(\.[0-9]+)+", answer["version"])
    broken = execute(served, "(", piston)
    assert broken["compile"]["code"] == 1
    if fusion:
        answer = run_code(served, code, fusion)
        assert (answer["status"], answer["run_result"]["stdout"]) == ("Success", "hi")
        assert (answer["compile_result"] is None) == (name == "javascript")
        broken = run_code(served, "(", fusion)
        assert broken["status"] == "Failed"
        assert (broken["run_result"] or broken["compile_result"])["return_code"] == 1


@needs_cpp
def test_piston_cpp_with_a_header(served: Address) -> None:
    files = (
        {"name": "twice.h", "content": "int twice(int);"},
        {"name": "twice.cpp", "content": "int twice(int n) { return 2 * n; }"},
    )
    answer = execute(served, '#include "twice.h"\nint main() { return twice(4); }', "c++", files)
    assert (answer["compile"]["code"], answer["run"]["code"]) == (0, 8)
    broken = execute(served, "int main() {", "c++17")
    assert broken["compile"]["code"] == 1
    assert "error" in broken["compile"]["stderr"]


# open-r1's Codeforces jobs


def graded(
    served: Address, code: str, *, answer: str = "3\r\n", checker: str = "", mode: str = "stdio"
) -> tuple[str, int]:
    files = [
        {"name": "input.txt", "content": "1 2\r\n"},
        {"name": "correct_output.txt", "content": answer},
        {"name": "grader_config", "content": f"TIME_LIMIT=0.5\nMEMORY_LIMIT=256.0\nINPUT_MODE={mode}"},
    ]
    if checker:
        files.append({"name": "checker.py", "content": checker})
    result = execute(served, code, "cf_python3", tuple(files), run_timeout=10500)
    assert result["compile"]["code"] == 0
    return result["run"]["stdout"].strip(), result["run"]["code"]


def test_codeforces_jobs_are_graded(served: Address) -> None:
    add = "print(sum(map(int, input().split())))"
    assert graded(served, add) == ("1", 0)
    assert graded(served, "print(4)") == ("0", 0)
    assert graded(served, "print('yes\\n NO')", answer="YES no\n") == ("1", 0)
    assert graded(served, LOOP) == ("0", 124)
    assert graded(served, "1/0") == ("0", 1)
    nearby = "import sys\nprint(int(abs(int(open(sys.argv[3]).read()) - int(open(sys.argv[2]).read())) < 2))"
    assert graded(served, "print(4)", checker=nearby) == ("1", 0)
    assert graded(served, "print(5)", checker=nearby) == ("0", 0)


def test_codeforces_programs_never_see_the_correct_output(served: Address) -> None:
    peek = "import os\nprint([name for _, _, names in os.walk('.') for name in names])"
    stdout, code = graded(served, peek, answer="['correct_output.txt']")
    assert (stdout, code) == ("0", 0)


def test_codeforces_jobs_with_files(served: Address) -> None:
    code = "with open('output.txt', 'w') as f: print(sum(map(int, open('input.txt').read().split())), file=f)"
    assert graded(served, code, mode="file") == ("1", 0)


# open-r1's IOI jobs

IOI = {
    "graders/twice.h": "long long twice(int n);",
    "graders/grader.cpp": (
        '#include "twice.h"\n#include <cstdio>\n'
        'int main() { int n; if (scanf("%d", &n) == 1) printf("%lld\\n", twice(n)); }'
    ),
    "graders/grader_config.json": '{"task_type": "Batch", "time_limit": 0.5, "memory_limit": 134217728}',
    "input.txt": "21\n",
    "correct_output.txt": "42\n",
}


def scored(served: Address, body: str, **files: str) -> tuple[str, dict]:
    submission = {"graders/twice.cpp": f'#include "twice.h"\nlong long twice(int n) {{ {body} }}'}
    more = {name.replace("__", "/"): text for name, text in files.items()}
    all_files = [{"name": name, "content": text} for name, text in (submission | IOI | more).items()]
    reply = served.post("/api/v2/execute", {"language": "cms_ioi", "version": "*", "files": all_files})
    assert reply.status == 200, reply.body
    return reply.json["run"]["stdout"].strip(), reply.json


@needs_cpp
def test_ioi_jobs_are_scored(served: Address) -> None:
    assert scored(served, "return 2 * n;")[0] == "1"
    assert scored(served, "return n;")[0] == "0"
    score, slow = scored(served, "volatile int m = n; while (m) ; return 0;")
    assert (score, slow["run"]["code"]) == ("0", 124)
    assert "Time limit exceeded" in slow["run"]["stderr"]
    assert scored(served, "return m;")[1]["compile"]["code"] == 1


@needs_cpp
def test_ioi_checkers_give_partial_scores(served: Address) -> None:
    checker = (
        "#include <cstdio>\n#include <fstream>\n#include \"close.h\"\nint main(int, char **argv) {\n"
        "std::ifstream right(argv[2]), given(argv[3]); int a, b; right >> a; given >> b;\n"
        'printf("%.2f", score(a, b)); fprintf(stderr, "off by %d", a - b); }'
    )  # fmt: skip
    files = {
        "checker/checker.cpp": checker,
        "checker/close.h": "inline double score(int a, int b) { return a == b ? 1 : .5; }",
    }
    files = {name.replace("/", "__"): text for name, text in files.items()}
    assert scored(served, "return 2 * n;", **files)[0] == "1.00"
    score, answer = scored(served, "return 2 * n - 3;", **files)
    assert (score, answer["run"]["stderr"]) == ("0.50", "off by 3")


def test_ioi_jobs_of_other_kinds_are_said(served: Address) -> None:
    files = [{"name": name, "content": text} for name, text in IOI.items()]
    for change, reason in [
        ({"graders/grader_config.json": '{"task_type": "Communication", "time_limit": 1}'}, "Communication"),
        ({"graders/grader_config.json": "{}"}, "task_type"),
        ({}, "submission"),
    ]:
        changed = [file | {"content": change.get(file["name"], file["content"])} for file in files]
        reply = served.post("/api/v2/execute", {"language": "cms_ioi", "version": "*", "files": changed})
        assert reply.status == 400
        assert reason in reply.json["message"]
