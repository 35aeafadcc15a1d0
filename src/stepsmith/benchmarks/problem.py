"""One problem of a benchmark, in the same form for every benchmark."""

from stepsmith.core.records import Record, TestCase


class Assertion(Record, frozen=True, kw_only=True):
    """One test of a benchmark that could be taken out of its check program.

    ``text`` is a Python statement that calls the entry point by its name and raises if the answer is wrong.
    ``arguments`` is the argument tuple as a literal if the test makes one call with literal arguments, and ``expected``
    the literal that the result must equal if the test says no more than that; "" otherwise.
    """

    text: str
    arguments: str = ""
    expected: str = ""


class BenchmarkProblem(Record, frozen=True, kw_only=True):
    """One problem of a benchmark. What a benchmark does not have is empty.

    ``check`` is the official check program: Python that runs after an answer, in the same name space, and raises if the
    answer is wrong. ``assertions`` are its single tests, as far as they can be taken apart; ``setup`` (imports and
    classes) must run before one of them runs alone. ``inputs`` are argument tuples as literals, and the right answer to
    each is what ``reference`` returns; the first ``base_inputs`` are those of the original benchmark (EvalPlus).
    ``tests`` are inputs with outputs, on standard input or as arguments.
    """

    task_id: str  # "HumanEval/37", "Mbpp/2"
    prompt: str  # as the file has it
    statement: str = ""  # the words alone, without code
    entry_point: str = ""
    reference: str = ""  # a complete program that solves the problem
    setup: str = ""
    check: str = ""
    assertions: tuple[Assertion, ...] = ()
    inputs: tuple[str, ...] = ()
    base_inputs: int = 0
    atol: float = 0.0  # absolute tolerance of EvalPlus' comparison
    contract: str = ""  # EvalPlus: assertions at the start of the function that say which inputs are legal
    tests: tuple[TestCase, ...] = ()
    answer: str = ""  # the expected answer, where an answer is text and no program
    interface: str = "function"  # how an answer is run: "function", "stdio", or "text" for an answer that is no program
    language: str = "python"
    difficulty: str = ""
    date: str = ""  # ISO date of publication
    features: tuple[str, ...] = ()
    environment: str = ""
    details: tuple[tuple[str, str], ...] = ()  # what a benchmark needs beside this, as text
