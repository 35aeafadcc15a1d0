"""LiveCodeBench: tests as JSON text, private ones often compressed and pickled; samples, if any, in ``code_list``."""

import base64

import msgspec

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Example, TestKind
from stepsmith.core.unpacking import pickled_text, unpacked
from stepsmith.verify.formats.apps import stdio_checker
from stepsmith.verify.formats.json_rows import convert, decode_json
from stepsmith.verify.formats.problems import Candidate, VerifyProblem

TIME_LIMIT_S = 6.0  # the harness's own


class LiveCodeBenchTest(msgspec.Struct, frozen=True):
    """One test. A functional one has one JSON value a line as input, and a JSON value as output."""

    input: str
    output: str
    testtype: str = "stdin"
    metadata: dict[str, object] = {}


class _Row(msgspec.Struct):
    question_id: str | int
    question_content: str = ""
    starter_code: str = ""
    public_test_cases: str | list[LiveCodeBenchTest] = ""
    private_test_cases: str | list[LiveCodeBenchTest] = ""
    metadata: str | dict[str, object] = "{}"
    code_list: list[str] = []


def livecodebench_row(row: dict[str, object], *, pickles: bool = True) -> VerifyProblem:
    """Read a row. The public tests are the statement's examples. Packed tests are refused without ``pickles``."""
    read = convert(row, _Row)
    packed = isinstance(read.private_test_cases, str) and read.private_test_cases.lstrip()[:1] not in ("", "[")
    if packed and not pickles:
        raise CaseError("private_test_cases are packed with pickle, which is not read here; write them as JSON")
    public, private = _unpacked(read.public_test_cases), _unpacked(read.private_test_cases)
    metadata = decode_json(read.metadata or "{}") if isinstance(read.metadata, str) else read.metadata
    return livecodebench_problem(
        public,
        private,
        problem_id=read.question_id,
        statement=read.question_content,
        starter_code=read.starter_code,
        entry_point=metadata.get("func_name") if isinstance(metadata, dict) else None,
        candidates=tuple(
            Candidate(language="python", code=code, name=f"code_list[{k}]") for k, code in enumerate(read.code_list)
        ),
    )


def livecodebench_problem(
    public: list[LiveCodeBenchTest],
    private: list[LiveCodeBenchTest],
    *,
    problem_id: str | int,
    statement: str,
    starter_code: str,
    entry_point: object,
    candidates: tuple[Candidate, ...],
) -> VerifyProblem:
    """Return the problem of these tests; ``entry_point`` is a method of ``Solution`` where the starter code says so."""
    tests = [*public, *private]
    kinds: list[TestKind] = ["nominal"] * len(public)
    kinds += ["complex"] * len(private)
    functional = any(test.testtype == "functional" for test in tests)
    if functional and not isinstance(entry_point, str):
        raise CaseError("functional tests need `func_name` in `metadata`")
    inputs = tuple(json_arguments(test.input) if functional else test.input for test in tests)
    outputs = tuple(repr(decode_json(test.output)) if functional else test.output for test in tests)
    return VerifyProblem(
        problem_id=problem_id,
        interface="function" if functional else "stdio",
        entry_point=f"Solution.{entry_point}"
        if functional and "class Solution" in starter_code
        else _name(entry_point),
        statement=f"{statement}\n{starter_code}",
        examples=tuple(
            Example(input=given, output=output) for given, output in zip(inputs[: len(public)], outputs, strict=False)
        )
        or None,
        inputs=inputs,
        outputs=outputs,
        kinds=tuple(kinds),
        checker=None if functional else stdio_checker(outputs),
        time_limit_s=TIME_LIMIT_S,
        candidates=candidates,
        harness="livecodebench",
    )


def json_arguments(text: str) -> str:
    """Return one JSON value a line as the text of an argument tuple."""
    return repr(tuple(decode_json(line) for line in text.split("\n") if line.strip()))


def _name(entry_point: object) -> str | None:
    return entry_point if isinstance(entry_point, str) else None


def _unpacked(packed: str | list[LiveCodeBenchTest]) -> list[LiveCodeBenchTest]:
    """Return tests from a list, JSON text, or base64 of zlib of a pickled JSON text; nothing is unpickled."""
    if not isinstance(packed, str):
        return packed
    if not packed.strip():
        return []
    text = packed
    if not packed.lstrip().startswith("["):
        try:
            text = pickled_text(unpacked(base64.b64decode(packed)))
        except ValueError as error:
            raise CaseError(f"private_test_cases cannot be unpacked: {error}") from None
    return convert(decode_json(text), list[LiveCodeBenchTest])
