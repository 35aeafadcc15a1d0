"""Statements of a composition in the styles of Codeforces, AtCoder and LeetCode.

The definitions come from the features' templates; this file arranges them and adds what every problem needs: a
beginning, the formats, the bounds and the worked samples.
"""

import random
from collections.abc import Sequence

from stepsmith.core.integers import read_literal
from stepsmith.core.records import Interface, Record, Style
from stepsmith.synth.grammar import themes
from stepsmith.synth.grammar.composition import FEATURES, Composition
from stepsmith.synth.grammar.constraints import constraints
from stepsmith.synth.grammar.describe import Description
from stepsmith.synth.grammar.domain import Type
from stepsmith.synth.grammar.formats import arguments, parse_case
from stepsmith.synth.grammar.naming import name_values
from stepsmith.synth.grammar.program import starter_code
from stepsmith.synth.grammar.stdio_text import input_lines, layout, output_lines
from stepsmith.synth.grammar.wording import count_word, fill, lower_first, polish, step_slots, upper_first

CONNECTIVES = ("Then", "Next,", "After that,")
LONG_PARAGRAPH = 500  # characters
Sample = tuple[str, str]  # input and output, as in TestCase


class Statement(Record, frozen=True, kw_only=True):
    """What a solver reads. ``starter_code`` is empty for the stdio interface."""

    title: str
    text: str
    starter_code: str


def interface_of(style: Style) -> Interface:
    """Return the interface that a style uses."""
    return "function" if style == "leetcode" else "stdio"


def write_statement(composition: Composition, style: Style, samples: Sequence[Sample], wording: int = 0) -> Statement:
    """Write the statement; the same composition, style, samples and ``wording`` number give the same text."""
    rng = random.Random(f"{composition.id} {wording}")
    if composition.profile == "micro":
        return _micro(composition, samples, rng)
    setting = themes.setting_for(rng, composition.sources[0])
    who = rng.choice(themes.CAST)
    title = themes.title(rng, setting, who) if style == "codeforces" else _plain_title(rng, setting, style)
    write = {"codeforces": _codeforces, "atcoder": _atcoder, "leetcode": _leetcode}[style]
    text = write(composition, samples, rng, setting, who)
    return Statement(title=title, text=text, starter_code=starter_code(composition) if style == "leetcode" else "")


def _plain_title(rng: random.Random, setting: themes.Setting, style: Style) -> str:
    if style == "atcoder":
        return f"{rng.choice(themes.ADJECTIVES)} {setting.noun}"
    return rng.choice(
        (f"{setting.noun} of {rng.choice(themes.PLACES)}", f"The {rng.choice(themes.ADJECTIVES)} {setting.noun}")
    )


# --- the three styles ------------------------------------------------------------------------------------------------


def _codeforces(
    composition: Composition, samples: Sequence[Sample], rng: random.Random, setting: themes.Setting, who: str
) -> str:
    style: Style = "codeforces"
    described = Description(composition, style)
    story = [described.story(setting, who), *described.other_inputs()]
    task = rng.choice((f"Help {who} {{}}.", "Your task is to {}.", f"{who} asks you to {{}}."))
    paragraphs = [" ".join(story)]
    definitions = _definitions(composition, rng, style)
    if definitions:
        paragraphs.append(_flowing(definitions))
    paragraphs.append(upper_first(task.format(_request(composition, rng, style, "find"))))
    parts = [
        polish("\n\n".join(paragraphs), style),
        "## Input\n\n" + polish(input_lines(described), style),
        "## Output\n\n" + polish(output_lines(composition.answer), style),
        "## Examples",
    ]
    for input_text, output_text in samples:
        parts.append(f"### Input\n\n```\n{_block(input_text)}```\n\n### Output\n\n```\n{_block(output_text)}```")
    return "\n\n".join(parts) + "\n"


def _atcoder(
    composition: Composition, samples: Sequence[Sample], rng: random.Random, _: themes.Setting, __: str
) -> str:
    style: Style = "atcoder"
    described = Description(composition, style)
    paragraphs = [" ".join([f"You are given {described.all_inputs()}.", *described.representations()])]
    definitions = _definitions(composition, rng, style, connect=False)
    if definitions:
        paragraphs.append("\n\n".join(definitions))
    paragraphs.append(upper_first(_request(composition, rng, style, rng.choice(("find", "print")))) + ".")
    parts = [
        "## Problem Statement\n\n" + polish("\n\n".join(paragraphs), style),
        "## Constraints\n\n" + "\n".join(f"- {polish(line, style)}" for line in constraints(described)),
        f"## Input\n\nThe input is given from Standard Input in the following format:\n\n```\n{layout(described)}\n```",
        "## Output\n\n" + polish(output_lines(composition.answer), style),
    ]
    for place, (input_text, output_text) in enumerate(samples, start=1):
        parts.append(f"## Sample Input {place}\n\n```\n{_block(input_text)}```")
        parts.append(f"## Sample Output {place}\n\n```\n{_block(output_text)}```")
    return "\n\n".join(parts) + "\n"


def _leetcode(
    composition: Composition, samples: Sequence[Sample], rng: random.Random, _: themes.Setting, __: str
) -> str:
    style: Style = "leetcode"
    described = Description(composition, style)
    paragraphs = [" ".join([f"You are given {described.all_inputs()}.", *described.representations()])]
    definitions = _definitions(composition, rng, style)
    if definitions:
        paragraphs.append(_flowing(definitions))
    paragraphs.append(upper_first(_request(composition, rng, style, "return")) + ".")
    parts = [polish("\n\n".join(paragraphs), style)]
    for place, (input_text, output_text) in enumerate(samples, start=1):
        shown = _named_arguments(composition, input_text)
        result = _json(read_literal(output_text))
        parts.append(f"**Example {place}:**\n\nInput: {shown}\n\nOutput: {result}")
    parts.append("**Constraints:**\n\n" + "\n".join(f"- {polish(line, style)}" for line in constraints(described)))
    return "\n\n".join(parts) + "\n"


def _micro(composition: Composition, samples: Sequence[Sample], rng: random.Random) -> Statement:
    """Write the short form of pipelines: one instruction after another on one value."""
    steps = []
    for step in composition.steps:
        steps.append(FEATURES[step.feature].do.format(**dict(step.constants)))
    source = composition.sources[0]
    noun = "string" if source.type is Type.STR else "list"
    if not steps[-1].startswith("return "):
        steps.append("return the result")
    joined = rng.choice((", then ", "; then ")).join(steps)
    bound = (
        f"at most {source.size[1]} letters from {source.alphabet[0]} to {source.alphabet[-1]}"
        if source.type is Type.STR
        else f"at most {source.size[1]} integers from {source.values[0]} to {source.values[1]}"
    )
    lines = [polish(f"Given a {noun} x of {bound}, {joined}.", "codeforces").replace("$", "")]
    lines += [f"f({_inner(input_text)}) = {output_text}" for input_text, output_text in samples]
    title = upper_first(f"{noun} pipeline of {_steps_phrase(len(composition.steps))}")
    return Statement(title=title, text="\n".join(lines) + "\n", starter_code=starter_code(composition))


def _steps_phrase(count: int) -> str:
    return f"{count_word(count)} step{'s' if count > 1 else ''}"


# --- pieces ----------------------------------------------------------------------------------------------------------


def _definitions(composition: Composition, rng: random.Random, style: Style, *, connect: bool = True) -> list[str]:
    """Return the sentences that define every value but the answer, in order."""
    names = name_values(composition, interface_of(style))
    count = len(composition.steps) - 1
    offset = rng.randrange(len(CONNECTIVES))
    sentences = []
    for number in range(count):
        step = composition.steps[number]
        template = rng.choice(FEATURES[step.feature].let)
        sentence = upper_first(fill(template, step_slots(composition, names, number, style), step, composition))
        if connect and count > 1 and sentence[0].isalpha():
            sentence = _connected(rng, sentence, number, count, offset)
        sentences.append(sentence)
    return sentences


def _flowing(definitions: list[str]) -> str:
    """Set short definitions in one paragraph, and give long ones a paragraph each."""
    length = sum(map(len, definitions))
    return ("\n\n" if length > LONG_PARAGRAPH else " ").join(definitions)


def _connected(rng: random.Random, sentence: str, number: int, count: int, offset: int) -> str:
    """Put "First,", "Then" or another connective in front of a definition."""
    if number == 0:
        plain = "first" in sentence.lower() or rng.random() < 0.5
        return sentence if plain else f"First, {lower_first(sentence)}"
    if number == count - 1 and count > 2 and "final" not in sentence:
        return f"Finally, {lower_first(sentence)}"
    return f"{CONNECTIVES[(number + offset) % len(CONNECTIVES)]} {lower_first(sentence)}"


def _request(composition: Composition, rng: random.Random, style: Style, verb: str) -> str:
    """Return "find the number of ...", or "determine whether ..." for a truth value."""
    names = name_values(composition, interface_of(style))
    last = len(composition.steps) - 1
    step = composition.steps[last]
    ask = fill(rng.choice(FEATURES[step.feature].ask), step_slots(composition, names, last, style), step, composition)
    if composition.answer.type is Type.BOOL:
        return f"return `True` if {ask}, and `False` otherwise" if verb == "return" else f"determine whether {ask}"
    comma = "," if ask.startswith(("for every", "for each")) else ""
    return f"{verb}{comma} {ask}"


def _block(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _named_arguments(composition: Composition, input_text: str) -> str:
    """Show an argument tuple as ``nums = [1, 2], k = 3``."""
    names = name_values(composition, "function")
    labels = [name for i in range(len(composition.sources)) for name in names.components(i)] + list(names.given)
    values = arguments(composition, parse_case(composition, "function", input_text))
    return ", ".join(f"{label} = {_json(value)}" for label, value in zip(labels, values, strict=True))


def _json(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value).replace("'", '"')


def _inner(input_text: str) -> str:
    """Return the one argument of a literal tuple as text."""
    return input_text.strip()[1:-2]
