"""A small built-in problem in each environment; a rehearsal uses it where a model's problem cannot be used."""

from stepsmith.core.records import Environment
from stepsmith.synth.llm.draft import LLMDraft
from stepsmith.synth.llm.reply import TeacherReply

CODE = """def f(values, step):
    kept = []
    for place, value in enumerate(values):
        if place % step == 0:
            kept.append(value * 2)
    return kept
"""
FAULTY = """def f(values, step):
    return sorted(values)[::step]


def pre_test_f(values, step):
    return isinstance(values, list) and len(values) > 0 and isinstance(step, int) and step > 0


def test_f(values, step):
    return f(values, step)[0] == values[0]
"""
INPUTS = ("([1, 2, 3, 4, 5], 2)", "([7, 0, 7], 1)", "([4, 9, 6, 1], 3)", "([5], 2)", "([3, 8, 1, 1, 2, 6], 4)")
OUTPUTS = ("[2, 6, 10]", "[14, 0, 14]", "[8, 2]", "[10]", "[6, 4]")
FAULTY_OUTPUTS = ("[1, 3, 5]", "[0, 7, 7]", "[1, 9]", "[5]", "[1, 6]")
COUNTEREXAMPLE = INPUTS[1]
MESSAGE = "Goods pass on a belt. Every so many of them is taken, beginning with the first, and its weight is doubled."


def stock_draft(environment: Environment) -> LLMDraft:
    """Return a draft without a fault, as a teacher might have written it."""
    fuzzing = environment == "fuzzing"
    return LLMDraft(
        environment=environment,
        direction="new",
        change="",
        provenance=(),
        reply=TeacherReply(code=FAULTY if fuzzing else CODE, inputs=INPUTS, message=MESSAGE),
        outputs=FAULTY_OUTPUTS if fuzzing else OUTPUTS,
        counterexample=COUNTEREXAMPLE if fuzzing else "",
    )
