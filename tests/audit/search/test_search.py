import random

from stepsmith.audit.search.batches import keeps_nothing, run_batch
from stepsmith.audit.search.differences import matter_of_taste
from stepsmith.audit.search.legal import LegalInputs, contract_program
from stepsmith.audit.search.relations import relations
from stepsmith.audit.search.shapes import Shape
from stepsmith.audit.search.telling import TellingSearch
from stepsmith.audit.search.text_forms import TextForm
from stepsmith.audit.search.worded import doubt_of, worded_laws
from stepsmith.audit.subject import AuditOptions, ProblemSubject
from stepsmith.core.records import Checker, Contract, Limits, Solution, Verdict
from tests.audit.subjects import ADD, item

CONTRACT = Contract(interface="function", entry_point="add", checker=Checker(name="literal"))


def test_shapes_admit_what_the_known_values_show():
    numbers = Shape([[1, 5], [2, 9, 9], [3, 4, 8]])
    assert numbers.why_not([1, 9]) == ""
    assert numbers.why_not([1])
    assert numbers.why_not([0, 5])
    assert numbers.why_not([5, 1])
    assert numbers.why_not(["a", 1])
    brackets = Shape(["(())", "()()", "()"])
    assert brackets.why_not("()()") == ""
    assert brackets.why_not("())(") == "its brackets are not balanced"
    dates = Shape(["03-11-2000", "15-01-2012"])
    assert dates.why_not("04-12-2001") == ""
    assert dates.why_not("04/12/2001")
    words = Shape(["one two one", "two one", "one one two"])
    assert words.why_not("two three")
    assert Shape([True, False]).why_not(1)
    assert Shape([{"a": 1}, {"b": 2}]).why_not({"a": 5})
    assert Shape([2, 4, 8, 10]).why_not(5), "all are even"


def test_samples_are_mostly_legal():
    shape = Shape([[1, 5, 7], [2, 9], [3, 4, 8, 9]])
    rng = random.Random(0)
    assert sum(not shape.why_not(shape.sample(rng)) for _ in range(100)) > 50
    text = Shape(["abcd", "hello", "xyz"])
    assert sum(not text.why_not(text.sample(rng)) for _ in range(100)) > 50


def test_relations_between_arguments():
    found = relations([([1, 2, 3], 2), ([5, 1, 7], 1), ([4, 5, 9, 1], 3)])
    says = {relation.says for relation in found}
    assert "value of argument 2 <= length of argument 1" in says
    assert "argument 2 is in argument 1" not in says
    assert not all(relation.holds(([1], 2)) for relation in found)


def test_the_form_of_texts():
    form = TextForm(["2 7\n1 2\n", "3 9\n1 2 3\n", "4 9\n1 5 3 4\n"])
    assert form.understood
    assert form.why_not("3 8\n1 2 3\n") == ""
    assert form.why_not("3 8\n1 2\n") == "line 2 has another number of tokens"
    assert form.why_not("3 8\n1 2 3\n4\n") == "it has another number of lines"
    assert not TextForm(["1\n2\n", "1\n", "1 2 3\n4\n\n5\n"]).understood


def test_batches_agree_with_single_runs(judge):
    program = Solution(language="python", code="def add(a, b):\n    return a // b\n")
    runs = run_batch(judge, program, CONTRACT, ["(6, 3)", "(1, 0)", "(7, 2)"])
    assert [(run.verdict, run.output) for run in runs] == [(Verdict.AC, "2"), (Verdict.RTE, ""), (Verdict.AC, "3")]
    leaves = Solution(language="python", code="import os\ndef add(a, b):\n    return os._exit(1) if b == 0 else a\n")
    assert [run.verdict for run in run_batch(judge, leaves, CONTRACT, ["(6, 3)", "(1, 0)", "(7, 2)"])] == [
        Verdict.AC, Verdict.RTE, Verdict.AC,
    ]  # fmt: skip


def test_differences_of_taste(judge):
    def why(one, two, statement=""):
        return matter_of_taste(judge, CONTRACT, statement, "()", one, two)

    assert why("[1, 2]", "[2, 1]")
    assert not why("[1, 2]", "[2, 1]", "Return the sorted list.")
    assert why("0.33333", "0.333331") == "the answers differ by rounding only"
    assert why("'Yes'", "'yes'")
    assert why("None", "False")
    assert why("'3'", "3")
    assert why("[1]", "1")
    assert not why("3", "4")
    assert not why("[]", "[1]")
    assert not why("True", "False")
    assert why("3", "4", "Print any such number.")


def test_nothing_is_no_other_choice(judge):
    assert not matter_of_taste(judge, CONTRACT, "Return them in any order.", "()", "None", "[1]")
    assert matter_of_taste(judge, CONTRACT, "Return them in any order.", "()", "None", "[]")
    assert matter_of_taste(judge, CONTRACT, "Return any divisor.", "()", "2", "3")


def test_a_contract_says_what_is_legal(judge):
    program = contract_program("\n    assert a > 0, 'no' # $_CONTRACT_$\n", ADD, "add")
    called = Contract(interface="function", entry_point="stepsmith_legal")
    assert [run.output for run in judge.execute(program, called, ["(1, 2)", "(0, 2)"])] == ["True", "False"]
    assert contract_program("", ADD, "add") is None


def test_the_search_starts_from_legal_inputs(judge):
    subject = ProblemSubject(item(), judge, AuditOptions(inputs=40))
    search = TellingSearch(subject, LegalInputs(subject))
    assert len(search.pool) > 10
    assert all(1 <= eval(text)[0] <= 10 for text, _ in search.pool)
    assert search.telling(Solution(language="python", code=ADD)) is None
    telling = search.telling(Solution(language="python", code="def add(a, b):\n    return a + b + (a == 4)\n"))
    assert telling.input.startswith("(4, ")


def test_inputs_that_are_no_literals_run_alone_and_in_order(judge):
    contract = Contract(interface="function", entry_point="f", limits=Limits(time_s=2.0))
    program = Solution(language="python", code="def f(x):\n    return x\n")
    runs = run_batch(judge, program, contract, ["(1,)", "(float,", "(2,)", "(3,)"])
    assert [run.output for run in runs if run.verdict is Verdict.AC] == ["1", "2", "3"]
    assert runs[1].verdict is not Verdict.AC


def test_brackets_and_dates_keep_the_form_of_known_ones():
    groups = Shape(["(()()) ((()))", "() (())", "(()(()))"])
    assert groups.why_not("(()) ()") == ""
    assert "spaces" in groups.why_not("(( ()))")
    dates = Shape(["03-11-2000", "15-1-2012", "2003-04"])
    assert dates.why_not("04-2-2040") == ""
    assert dates.why_not("4-1-2")


def test_laws_that_the_statement_names():
    primes = "Return the largest prime factor of n. Assume n > 1 and is not a prime."
    assert not any(law.holds(7) for law in worded_laws(primes, [15, 27, 63]))
    assert all(law.holds(9) for law in worded_laws(primes, [15, 27, 63]))
    assert worded_laws("Return the largest factor.", [15, 27, 63]) == []
    assert worded_laws("Return True if n is prime.", [4, 6, 9]) == [], "tests without a prime are weak"
    assert worded_laws("Return the first even number, or -1 if there is none.", [[1, 2], [4, 7]]) == []
    evens = worded_laws("Return the first even and the first odd number.", [[1, 2], [4, 7, 9]])
    assert [law.holds([1, 3]) for law in evens] == [False, True]
    (matrix,) = worded_laws("Return the trace of a matrix.", [[[1, 2], [3, 4]]])
    assert matrix.holds([[1, 2, 3], [4, 5, 6]])
    assert not matrix.holds([[1, 2], [3]])
    assert worded_laws("Return the largest prime in the list.", [[1, 4, 5], [3, 9]])[0].holds([7, 8])
    assert doubt_of("Sort an array of non-negative integers.", "([1, -2],)")
    assert not doubt_of("Sort an array of non-negative integers.", "([1, 0],)")
    assert not doubt_of("Count the positive numbers and the negative numbers.", "([1, -2],)")


def test_what_keeps_nothing_between_calls():
    plain = "import math\nLEAST = 1\ndef _low(x=0):\n    return x < LEAST\ndef validate(x):\n    seen = []\n"
    assert keeps_nothing(plain + "    seen.append(x)\n    return not _low(x) and math.isqrt(x) < 9\n", "validate")
    for keeping in (
        "seen = []\ndef validate(x):\n    return not seen.append(x)\n",
        "def validate(x, seen=[]):\n    seen.append(x)\n    return len(seen) < 2\n",
        "n = 0\ndef validate(x):\n    global n\n    n += 1\n    return n < 2\n",
        "def validate(x):\n    validate.n = 1\n    return True\n",
        "def validate(x):\n    return validate.__dict__.setdefault('x', x) == x\n",
        "import random\ndef validate(x):\n    return random.random() < .5\n",
        "import re\ndef validate(x):\n    re._cache[x] = 1\n    return len(re._cache) < 2\n",
        "from functools import cache\n@cache\ndef validate(x):\n    return True\n",
        "def validate(x):\n    return 'n' not in globals()\n",
        "class V:\n    n = 0\ndef validate(x):\n    return True\n",
    ):
        assert not keeps_nothing(keeping, "validate"), keeping
    assert not keeps_nothing("def other(x):\n    return True\n", "validate")
    assert not keeps_nothing("def validate(x:\n", "validate")
