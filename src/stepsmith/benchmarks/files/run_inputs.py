# mypy: ignore-errors
# ruff: noqa: F821
"""Runs inside the sandbox, after ``harness.py``: EvalPlus' comparison with what the reference returns.

``expected_outputs`` runs the reference, as ``trusted_exec`` does; ``run_sample`` a sample, as ``unsafe_execute`` does.
``DATASET``, ``ENTRY_POINT``, ``INPUTS`` (literals) and ``EXPECTED`` stand at the end of the program.
"""

import base64
import marshal
import math
from copy import deepcopy

OUTPUT_NOT_NONE = ("check_str", "text_match_three", "text_starta_endb")
SET_EQUAL = (
    "similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly", "larg_nnum",
    "intersection_array", "find_dissimilar", "Diff",
)  # fmt: skip
NAMES = {"__builtins__": {}, "inf": math.inf, "nan": math.nan, "set": set, "frozenset": frozenset}
SAFE_INTEGER = 1 << 53  # below it an integer and its float are equal


def expected_outputs(token, program):
    """Report what the reference returns for each input, packed, and the CPU seconds that each took."""
    outputs, seconds = [], []
    try:
        scope = {}
        with Swallowed():
            exec(program, scope)
            function = scope[ENTRY_POINT]
            for arguments in read_inputs(INPUTS):
                given = deepcopy(arguments)
                started = _clock()
                outputs.append(function(*given))
                seconds.append(round(_clock() - started, 4))
    except BaseException as error:
        report(token, "failed", words(error), "", [])
    if DATASET == "mbpp" and ENTRY_POINT in OUTPUT_NOT_NONE:
        outputs = [output is not None for output in outputs]
    report(token, "passed", "", packed(outputs), seconds)


def run_sample(token, program, first, last, limits, total_s, atol, depth):
    """Run a sample on the inputs ``first`` to ``last - 1`` and report the first that it fails."""
    guard(program, without_open=True)
    inputs, expected = read_inputs(INPUTS[first:last]), unpacked(EXPECTED)[first:last]
    status, text, index, shown = "passed", "", -1, ""
    sys.setrecursionlimit(depth)
    TIMER.program = program
    TIMER.allow(total_s)
    scope = {}
    try:
        with Swallowed():
            exec(program, scope)
            function = scope[ENTRY_POINT]
        for index, (given, wanted) in enumerate(zip(inputs, expected, strict=True)):
            output = shown = None
            TIMER.start(limits[index])
            try:
                with Swallowed():
                    output = function(*given)
            finally:
                TIMER.stop()
            status, shown = "wrong", output
            atol = compare(given, output, wanted, atol)
            status = "passed"
        index = -1
    except TimeoutException:
        status, text = "timed out", TIMER.why
    except BaseException as error:
        status, text = status if status == "wrong" else "failed", words(error)
        if isinstance(error, SyntaxError) and error.filename == "<string>" and error.__traceback__.tb_next is None:
            status = "syntax"
    report(token, status, text, TIMER.most, TIMER.rang, index if index < 0 else first + index, brief(shown))


def compare(given, output, wanted, atol):
    """Raise unless an output is right by EvalPlus' rules; return the tolerance, which floats raise from there on."""
    exact = output == wanted
    if DATASET == "mbpp":
        if ENTRY_POINT == "are_equivalent":  # Mbpp/164
            exact = exact or True
        elif ENTRY_POINT == "sum_div":  # Mbpp/295
            exact = exact or output == 0
        elif ENTRY_POINT == "surface_Area":  # Mbpp/581
            exact = exact or abs(output - _surface_area(*given)) <= atol
        elif ENTRY_POINT == "digit_distance_nums":  # Mbpp/558
            exact = exact or output == _digit_distance(*given)
        elif ENTRY_POINT in SET_EQUAL:
            exact = set(output) == set(wanted)
        elif ENTRY_POINT in OUTPUT_NOT_NONE:
            exact = output == wanted if isinstance(output, bool) else wanted == (output is not None)
    if DATASET == "humaneval" and ENTRY_POINT == "find_zero":  # HumanEval/32
        assert abs(_polynomial(*given, output)) <= atol
        return atol
    if atol == 0 and is_floats(wanted):
        atol = 1e-6
    if not exact and atol != 0:
        assert type(output) == type(wanted)  # noqa: E721
        if isinstance(wanted, list | tuple):
            assert len(output) == len(wanted)
        assert all_close(output, wanted, atol)
    else:
        assert exact
    return atol


def is_floats(value):
    """Return whether a value is a float, or a list, tuple or array of floats."""
    if isinstance(value, float):
        return True
    if isinstance(value, list | tuple) and value:
        return all(isinstance(item, float) for item in value)
    if "numpy" in sys.modules:
        import numpy

        if isinstance(value, numpy.ndarray):
            return value.dtype == numpy.float64 or value.dtype == numpy.float32
    return False


def all_close(output, wanted, atol):
    """Return ``numpy.allclose(output, wanted, rtol=1e-07, atol=atol)``, without numpy where the values are plain."""
    pairs = None
    if plain_number(output) and plain_number(wanted):
        pairs = [(output, wanted)]
    elif type(output) in (list, tuple) and all(map(plain_number, output)) and all(map(plain_number, wanted)):
        pairs = list(zip(output, wanted, strict=True))
    if pairs is None:
        import numpy

        return numpy.allclose(output, wanted, rtol=1e-07, atol=atol)
    return all(
        a == b or (math.isfinite(a) and math.isfinite(b) and abs(a - b) <= atol + 1e-07 * abs(b)) for a, b in pairs
    )


def plain_number(value):
    """Return whether numpy computes with a value as Python does with floats."""
    return type(value) is float or (type(value) is int and abs(value) < SAFE_INTEGER)


def _surface_area(base_edge, height):
    slant_height = math.sqrt((base_edge / 2) ** 2 + height**2)
    return round(base_edge**2 + 4 * (base_edge * slant_height) / 2)


def _digit_distance(first, second):
    first, second = str(first), str(second)
    longest = max(len(first), len(second))
    return sum(abs(int(a) - int(b)) for a, b in zip(first.zfill(longest), second.zfill(longest), strict=True))


def _polynomial(coefficients, x):
    return sum([coefficient * math.pow(x, i) for i, coefficient in enumerate(coefficients)])


def read_inputs(texts):
    """Return the argument tuples that literals write."""
    digits = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    found = [eval(text, dict(NAMES)) for text in texts]
    sys.set_int_max_str_digits(digits)
    return found


def packed(values):
    """Return values as text: by marshal, or by pickle where they are of other classes."""
    try:
        return base64.b64encode(b"m" + marshal.dumps(values)).decode()
    except ValueError:
        import pickle

        return base64.b64encode(b"p" + pickle.dumps(values)).decode()


def unpacked(text):
    """Return the values of ``packed``."""
    data = base64.b64decode(text)
    if data[:1] == b"m":
        return marshal.loads(data[1:])
    import pickle

    return pickle.loads(data[1:])


def brief(value):
    """Return the start of a value's text."""
    try:
        text = repr(value)
    except BaseException:
        return ""
    return text if len(text) <= 300 else text[:299] + "…"
