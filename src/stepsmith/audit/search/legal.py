"""Which inputs are legal: by the validators, by EvalPlus' contract, or by what the known inputs have in common.

An input for which the reference fails proves nothing either; ``telling`` sees to that.
"""

import ast
import re
import textwrap
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import msgspec

from stepsmith.audit.findings import NotCheckedError
from stepsmith.audit.search.batches import keeps_nothing, run_batch
from stepsmith.audit.search.relations import Relation, relations
from stepsmith.audit.search.shapes import Shape, is_ascending
from stepsmith.audit.search.text_forms import TextForm
from stepsmith.audit.search.worded import Law, doubt_of, worded_laws
from stepsmith.audit.subject import ProblemSubject
from stepsmith.core.errors import SandboxError
from stepsmith.core.integers import read_literal
from stepsmith.core.records import Contract, Example, Solution, Verdict
from stepsmith.verify.formats.examples import find_examples
from stepsmith.verify.formats.problems import InputValidator
from stepsmith.verify.suite.baselines import arguments
from stepsmith.verify.validation import LIMITS, validate

_LONG = re.compile(r"\d{4000}")  # longer integers are not converted to text
FEW = 3  # known inputs; with fewer the common features are mostly chance
VALIDATE = "stepsmith_legal"  # entry point of the program made from a contract


class LegalInputs:
    """Which inputs of a problem are legal. ``authority`` says by what: "validator", "contract" or "known inputs"."""

    def __init__(self, subject: ProblemSubject) -> None:
        self._subject = subject
        problem = subject.problem
        self.known = list(dict.fromkeys([*problem.inputs, *(e.input for e in self.examples)]))
        self.function = problem.interface == "function"
        self.authority = "known inputs"
        self._contract = contract_program(subject.item.contract_code, subject.reference_code, problem.entry_point)
        if problem.validators:
            self.authority = "validator"
        elif self._contract is not None:
            self.authority = "contract"

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        """The worked examples of the statement."""
        return statement_examples(self._subject)

    def doubt(self, text: str) -> str:
        """Return why a careful reader may doubt that an input is legal, or "" if there is no reason."""
        if self.authority != "known inputs":
            return ""
        if len(self.known) < FEW:
            return f"only {len(self.known)} inputs are known, too few to tell which others are legal"
        return doubt_of(self._subject.problem.statement, text) if self.function else ""

    @cached_property
    def parsed(self) -> list[tuple[Any, ...]]:
        """The known argument tuples that are literals."""
        found = []
        for text in self.known:
            if _LONG.search(text):
                continue
            try:
                found.append(arguments(text))
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
        return found

    @cached_property
    def shapes(self) -> list[Shape]:
        """The shape of each argument; [] where calls have different numbers of arguments."""
        widths = {len(known) for known in self.parsed}
        if len(widths) != 1:
            return []
        return [Shape([known[k] for known in self.parsed]) for k in range(widths.pop())]

    @cached_property
    def _worded(self) -> list[list[Law]]:
        """The laws of each argument that the statement names and the known inputs keep."""
        statement = self._subject.problem.statement
        return [worded_laws(statement, [known[k] for known in self.parsed]) for k in range(len(self.shapes))]

    @cached_property
    def relations(self) -> list[Relation]:
        """The relations between arguments that all known inputs keep."""
        return relations(self.parsed)

    @cached_property
    def form(self) -> TextForm:
        """The form of stdio inputs."""
        return TextForm(self.known)

    def usable(self) -> None:
        """Raise ``NotCheckedError`` where it cannot be known which inputs are legal."""
        if not self.known:
            raise NotCheckedError("no inputs from which others could be made")
        if self.authority == "validator":
            return
        if self.function and not self.shapes:
            raise NotCheckedError("the known inputs have no common form")
        if not self.function and not self.form.understood:
            raise NotCheckedError("no validator, and the known inputs have no form that is understood")

    def legal(self, texts: Sequence[str]) -> list[str]:
        """Return the inputs that are legal, in order. Raises ``SandboxError`` if our own machinery fails."""
        fine = [text for text in dict.fromkeys(texts) if not self._why_not(text)]
        return self._validated(fine) if self.authority == "validator" and fine else self.contracted(fine)

    def contracted(self, texts: list[str]) -> list[str]:
        """Return the inputs that the contract's assertions accept, in order; all without a contract."""
        if self._contract is None or not texts:
            return texts
        outcomes = run_batch(self._subject.judge, self._contract, self._contract_contract, texts)
        return [text for text, run in zip(texts, outcomes, strict=True) if run.output in ("True", "None")]

    def _why_not(self, text: str) -> str:
        """Return how an input differs from all known ones; with a validator, only types count."""
        if _LONG.search(text):
            return "it has a number of thousands of digits"
        if not self.function:
            return "" if self.authority == "validator" else self.form.why_not(text)
        try:
            given = arguments(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return "it is not a literal"
        if len(given) != len(self.shapes):
            return "another number of arguments"
        if self.authority == "validator":
            return ""
        for shape, value in zip(self.shapes, given, strict=True):
            if why := shape.why_not(value):
                return why
        return self.broken_word(given) or next((r.says for r in self.relations if not r.holds(given)), "")

    def broken_word(self, given: tuple[Any, ...], *, unsorted_too: bool = False) -> str:
        """Return the law that the statement names and arguments break, or ""; ``unsorted_too`` leaves sorting out."""
        pairs = zip(self._worded, given, strict=True)
        broken = (law for laws, value in pairs for law in laws if not law.holds(value))
        return next((law.says for law in broken if not (unsorted_too and law.holds is is_ascending)), "")

    def _validated(self, texts: list[str]) -> list[str]:
        problem = self._subject.problem
        for validator in problem.validators:
            if (found := self._together(validator, texts)) is not None:
                texts = found
                continue
            one = msgspec.structs.replace(validator, args=validator.args[:1] * len(texts))
            validation = validate(self._subject.judge, [one], problem.interface, texts)
            if validation.failure:
                raise NotCheckedError(f"the validator failed: {validation.failure}")
            texts = [text for text, valid in zip(texts, validation.valid, strict=True) if valid]
        return texts

    def _together(self, validator: InputValidator, texts: list[str]) -> list[str] | None:
        """Return what a ``validate`` accepts, asked for many inputs in one process; None where that is not sure."""
        if not self.function or validator.language != "python" or validator.files:
            return None
        if not keeps_nothing(validator.code, "validate"):
            return None
        program = Solution(language="python", code=validator.code)
        contract = Contract(interface="function", entry_point="validate", limits=LIMITS)
        runs = run_batch(self._subject.judge, program, contract, texts)
        verdicts = {run.verdict for run in runs}
        if Verdict.AC not in verdicts or verdicts - {Verdict.AC, Verdict.RTE}:
            return None  # why it does not work is found input by input
        return [
            text for text, run in zip(texts, runs, strict=True) if run.verdict is Verdict.AC and run.output == "True"
        ]

    @property
    def _contract_contract(self) -> Any:
        return msgspec.structs.replace(self._subject.problem.contract, entry_point=VALIDATE, limits=LIMITS)


def contract_program(code: str, reference: str, entry_point: str | None) -> Solution | None:
    """Return a program whose function is True for the arguments that a contract's assertions accept, if there is one.

    The parameters are those of the reference's entry point. It is None for a contract that uses unknown names.
    """
    name = (entry_point or "").rpartition(".")[2]
    if not code.strip() or not name:
        return None
    try:
        tree = ast.parse(reference)
        body = ast.parse("if True:\n" + code).body[0]
    except SyntaxError:
        return None
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    if not found or not isinstance(body, ast.If):
        return None
    parameters = found[-1].args
    for argument in ast.walk(parameters):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    head = [
        ast.unparse(node)
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Assign)
        or (isinstance(node, ast.FunctionDef) and node is not found[-1])
    ]
    checks = textwrap.indent("\n".join(map(ast.unparse, body.body)), " " * 8)
    code = (
        f"def {VALIDATE}({ast.unparse(parameters)}):\n    try:\n{checks}\n        return True\n"
        "    except NameError:\n        return None\n    except Exception:\n        return False\n"
    )
    return Solution(language="python", code="\n".join([*head, code]))


def statement_examples(subject: ProblemSubject) -> tuple[Example, ...]:
    """Return the worked examples that the source gives, or else those in the statement."""
    problem = subject.problem
    if problem.examples is not None:
        return problem.examples
    found = find_examples(
        problem.statement, problem.contract, [Solution(language="python", code=subject.reference_code)]
    )
    return tuple(example for example in found if _is_input(problem.interface, example.input))


def _is_input(interface: str, text: str) -> bool:
    if interface != "function":
        return True
    try:
        read_literal(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def check_machinery(runs: Sequence[Any]) -> None:
    """Raise ``SandboxError`` where a run failed by our fault."""
    for run in runs:
        if run.verdict is Verdict.IE:
            raise SandboxError(run.message)
