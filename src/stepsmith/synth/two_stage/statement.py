"""Stage 2's reply: title, statement, samples, validator, perhaps a checker; read tolerantly, checked before any run."""

import ast
from collections.abc import Callable, Sequence

import msgspec

from stepsmith.core.answers import code_blocks
from stepsmith.core.integers import literal_text, read_literal
from stepsmith.core.records import Checker, Contract, Interface, Limits, Record, Style, TestCase
from stepsmith.core.several_answers import says_several_answers
from stepsmith.envs.literals import call_text
from stepsmith.llm.parsing import ParseFailure, parse_json, parse_section, sections
from stepsmith.synth.two_stage.checker import unusable_checker, written_checker
from stepsmith.synth.two_stage.filters import drop_statement
from stepsmith.synth.two_stage.settings import TwoStageSettings

VALIDATE = "validate"  # the validator's function, for function problems
SIMPLER = "simpler_solution"  # the section of a program that is said to be wrong or too slow


class Sample(Record, frozen=True, kw_only=True):
    """A worked sample as the teacher gave it; both texts as in ``TestCase``."""

    input: str
    output: str


class WrittenStatement(Record, frozen=True, kw_only=True):
    """What stage 2 wrote. ``body`` has no samples: they are added from verified tests."""

    style: Style
    title: str
    body: str
    starter_code: str
    entry_point: str | None
    samples: tuple[Sample, ...]
    validator: str
    checker: str = ""  # where several answers are right: code that defines ``check``
    simpler: tuple[str, ...] = ()  # programs that the teacher says are wrong or too slow

    @property
    def interface(self) -> Interface:
        """Functions for LeetCode, whole programs else."""
        return "function" if self.style == "leetcode" else "stdio"

    def contract(self, time_limit_s: float) -> Contract:
        """Return how solutions are called and compared."""
        checker = Checker(name="literal" if self.interface == "function" else "tokens")
        return Contract(
            interface=self.interface,
            entry_point=self.entry_point,
            limits=Limits(time_s=time_limit_s),
            checker=written_checker(self.checker, self.interface) if self.checker else checker,
        )

    def validator_contract(self) -> Contract:
        """How the validator is run: a function that returns True, or a program that exits 0."""
        if self.interface == "function":
            return Contract(interface="function", entry_point=VALIDATE, checker=Checker(name="literal"))
        return Contract(interface="stdio")

    def text(self, samples: Sequence[TestCase]) -> str:
        """The whole statement with its samples."""
        parts = [f"# {self.title}", self.body]
        for number, test in enumerate(samples, 1):
            shown = call_text(self.entry_point or "", test.input) if self.interface == "function" else test.input
            parts.append(f"### Sample {number}\n\nInput\n\n{_block(shown)}\n\nOutput\n\n{_block(test.output)}")
        return "\n\n".join(parts) + "\n"


class _WrittenSample(msgspec.Struct):
    input: object
    output: object


def statement_parser(style: Style, settings: TwoStageSettings) -> Callable[[str], WrittenStatement | ParseFailure]:
    """Return the parser of stage 2's reply in ``style``; what X-Coder drops is a failure with its reason."""

    def parse(text: str) -> WrittenStatement | ParseFailure:
        parts: dict[str, str] = {}
        for name in ("title", "statement", "validator", *(("starter_code",) if style == "leetcode" else ())):
            found = parse_section(text, name)
            if isinstance(found, ParseFailure):
                return found
            parts[name] = found
        body = parts["statement"].strip()
        if dropped := drop_statement(body, settings.min_statement_tokens):
            return ParseFailure(reason=dropped[0], detail=dropped[1], raw=text)
        starter = _unfenced(parts["starter_code"]) if style == "leetcode" else ""
        validator = _unfenced(parts["validator"])
        entry_point = None
        if style == "leetcode":
            entry_point = find_entry_point(starter)
            if entry_point is None:
                detail = "the starter code does not define a function, or a class with a method"
                return ParseFailure(reason="no-entry-point", detail=detail, raw=text)
        if fault := _validator_fault(validator, style):
            return ParseFailure(reason="no-validator", detail=fault, raw=text)
        checker = _unfenced(given[-1]) if (given := [part for part in sections(text, "checker") if part]) else ""
        if checker and (fault := unusable_checker(checker)):
            return ParseFailure(reason="unusable-checker", detail=fault, raw=text)
        if not checker and (phrase := says_several_answers(body)):
            detail = (
                f"the statement lets several answers be right ({phrase!r}): say which of them counts, so that there is "
                "one right output for every input, or give a checker"
            )
            return ParseFailure(reason="many-valid-answers", detail=detail, raw=text)
        samples = _samples(text, style)
        if isinstance(samples, ParseFailure):
            return samples
        if len(samples) < settings.samples:
            detail = f"there are {len(samples)} different samples, at least {settings.samples} are needed"
            return ParseFailure(reason="too-few-samples", detail=detail, raw=text)
        return WrittenStatement(
            style=style,
            title=" ".join(parts["title"].strip("# \n").split())[:120],
            body=body,
            starter_code=starter,
            entry_point=entry_point,
            samples=samples,
            validator=validator,
            checker=checker,
            simpler=_programs(text, SIMPLER),
        )

    return parse


def input_text(value: object, interface: Interface) -> str | None:
    """Return a test input as stored: a list of arguments as a tuple, or the text; None if it is neither."""
    if interface == "stdio":
        return (value if value.endswith("\n") else value + "\n") if isinstance(value, str) and value else None
    if isinstance(value, str):  # arguments as Python text
        try:
            value = read_literal(value.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    return literal_text(tuple(value)) if isinstance(value, (list, tuple)) else None


def find_entry_point(starter: str) -> str | None:
    """Return the last function, or the first method of the last class, that starter code defines."""
    try:
        body = ast.parse(starter if starter.rstrip()[-1:] != ":" else starter.rstrip() + " pass").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in reversed(body):
        if isinstance(node, ast.ClassDef):
            methods = [part.name for part in node.body if isinstance(part, ast.FunctionDef) and part.name[:2] != "__"]
            if methods:
                return f"{node.name}.{methods[0]}"
        if isinstance(node, ast.FunctionDef):
            return node.name
    return None


def _samples(text: str, style: Style) -> tuple[Sample, ...] | ParseFailure:
    section = parse_section(text, "samples")
    if isinstance(section, ParseFailure):
        return section
    found = parse_json(section, list[_WrittenSample])
    if isinstance(found, ParseFailure):
        return ParseFailure(reason="no-samples", detail=f"the samples: {found.detail}", raw=text)
    interface: Interface = "function" if style == "leetcode" else "stdio"
    samples: dict[str, Sample] = {}
    for sample in found:
        given = input_text(sample.input, interface)
        if given is not None:
            output = literal_text(sample.output) if interface == "function" else str(sample.output)
            samples.setdefault(given, Sample(input=given, output=output))
    return tuple(samples.values())


def _validator_fault(code: str, style: Style) -> str:
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"the validator does not parse: {error}"
    if style == "leetcode" and not any(isinstance(node, ast.FunctionDef) and node.name == VALIDATE for node in body):
        return f"the validator does not define {VALIDATE}"
    return "" if body else "the validator is empty"


def _programs(text: str, name: str) -> tuple[str, ...]:
    """Return the different programs in sections called ``name``; text that does not parse is left out."""
    found: dict[str, None] = {}
    for section in sections(text, name):
        code = _unfenced(section)
        try:
            if ast.parse(code).body:
                found[code] = None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return tuple(found)


def _unfenced(text: str) -> str:
    """The code of a section, whether or not it stands in a fence."""
    blocks = code_blocks(text)
    return (blocks[-1].code if blocks else text).strip("\n") + "\n"


def _block(text: str) -> str:
    return f"```text\n{text.rstrip(chr(10))}\n```"
