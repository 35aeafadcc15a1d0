"""Turn text templates into English in a style: names of values, numbers, bounds, and final corrections."""

import re
from collections.abc import Mapping, Sequence

from stepsmith.core.records import Style
from stepsmith.synth.grammar.composition import Composition, Step
from stepsmith.synth.grammar.domain import Type
from stepsmith.synth.grammar.naming import Names
from stepsmith.synth.grammar.sources import LOWERCASE


class Symbol:
    """A name in a text: ``{x}`` shows the name, ``{x[i]}`` an element, in the style's notation."""

    def __init__(self, name: str, style: Style) -> None:
        self._name = name.upper() if style == "atcoder" else name
        self._style = style

    def __str__(self) -> str:
        return f"`{self._name}`" if self._style == "leetcode" else f"${self._name}$"

    def __format__(self, _: str) -> str:
        return str(self)

    def __getitem__(self, index: object) -> str:
        place = str(index).replace(" ", "")
        if self._style == "leetcode":
            return f"`{self._name}[{index!s}]`"
        return f"${self._name}_{place}$" if len(place) == 1 else f"${self._name}_{{{place}}}$"

    @property
    def bare(self) -> str:
        """The name without marks, for use inside a formula."""
        return self._name


def step_slots(composition: Composition, names: Names, number: int, style: Style) -> dict[str, object]:
    """Return the values that a step's templates are filled with, by name."""
    step = composition.steps[number]
    slots: dict[str, object] = {
        letter: Symbol(names.values[value], style) for letter, value in zip("xz", step.inputs, strict=False)
    }
    slots["y"] = Symbol(names.values[len(composition.sources) + number], style)
    slots.update(step.constants)
    first = sum(len(earlier.given) for earlier in composition.steps[:number])
    for offset, parameter in enumerate(step.given):
        slots[parameter.name] = Symbol(names.given[first + offset], style)
    return slots


def fill(template: str, slots: Mapping[str, object], step: Step, composition: Composition) -> str:
    """Fill a feature's template, without remarks on cases that cannot occur, such as an empty input."""
    template = _without_idle_remarks(template, step, composition)
    template = _ARITHMETIC.sub(lambda match: _reckon(match, slots), template)
    return template.format_map(dict(slots))


_ARITHMETIC = re.compile(r"\{(\w+)\} ([-+]) (\d+)")


def _reckon(match: re.Match[str], slots: Mapping[str, object]) -> str:
    """Turn "{k} - 1" into a number where k is a constant."""
    value = slots[match[1]]
    if isinstance(value, int):
        return str(value + int(match[2] + match[3]))
    return f"{value} {match[2]} {match[3]}"


def _without_idle_remarks(template: str, step: Step, composition: Composition) -> str:
    """Drop remarks on an empty ``{x}`` where the domain has none, and on a missing path where there is always one."""
    domains = composition.domains()
    for letter, value in zip("xz", step.inputs, strict=False):
        domain = domains[value]
        if domain.type in (Type.INT, Type.BOOL):
            continue
        if "connected" in domain.tags:
            template = re.sub(r", or -1 if [^,.;]*(?=\.|$)", "", template)
        mark = re.escape("{" + letter + "}")
        for fewest, never in ((1, rf"{mark} is empty"), (2, rf"(?:{mark} has|there are) fewer than two elements")):
            if domain.size[0] >= fewest:
                template = re.sub(rf" \([^()]*\bif {never}\)", "", template)
                template = re.sub(rf", (?:and|or) [^,.;()]*\bif {never}(?=[.;]|$)", "", template)
                template = re.sub(rf"(?:; it is|, which is) [^,.;()]*\bif {never}(?=[.;]|$)", "", template)
                template = re.sub(rf"(?:(?<=\. )|^)(?:If {never},|It is [^.,]*\bif {never}\.)[^.]*\.?\s*", "", template)
    return template.strip()


# --- numbers and bounds ----------------------------------------------------------------------------------------------


def number(value: int, style: Style = "codeforces") -> str:
    """Write a number as statements do: 2000, 10^5, 3 · 10^6."""
    sign, size = ("-" if value < 0 else ""), abs(value)
    zeros = len(str(size)) - len(str(size).rstrip("0"))
    lead = size // 10**zeros if size else 0
    if zeros < 5 or lead > 9:
        return str(value)
    power = f"10^{zeros}" if style == "leetcode" or zeros < 10 else f"10^{{{zeros}}}"
    times = " * " if style == "leetcode" else r" \cdot "
    return sign + (power if lead == 1 else f"{lead}{times}{power}")


def between(low: int | str, name: str, high: int | str, style: Style) -> str:
    """Write ``low ≤ name ≤ high`` in the style's notation, marks included."""
    left = number(low, style) if isinstance(low, int) else low
    right = number(high, style) if isinstance(high, int) else high
    if style == "leetcode":
        return f"`{left} <= {name} <= {right}`"
    return rf"${left} \le {name} \le {right}$"


_COUNT_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def count_word(count: int) -> str:
    """Write a small number as a word."""
    return _COUNT_WORDS[count] if count < len(_COUNT_WORDS) else str(count)


def listed(items: Sequence[str]) -> str:
    """Join with commas and a final "and"; items that hold an "and" of their own are set off by a comma before it."""
    comma = "," if any(" and " in item or ", " in item for item in items[:-1]) else ""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])}{comma} and {items[-1]}"


def alphabet_phrase(alphabet: str) -> str:
    """Return which characters a string is made of."""
    if alphabet == LOWERCASE:
        return "lowercase English letters"
    if alphabet == "0123456789":
        return "decimal digits"
    if set("0123456789") < set(alphabet):
        others = "".join(character for character in alphabet if not character.isdigit())
        return f"decimal digits and {alphabet_phrase(others)}"
    kind = "letters" if alphabet.isalpha() else "characters"
    return f"the {kind} {listed([f'`{character}`' for character in alphabet])}"


# --- polish ----------------------------------------------------------------------------------------------------------


def ordinal(value: int) -> str:
    """Write 1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


_VOWEL_NUMBER = re.compile(r"\b(a) (8\d*|11|18)\b(?!\d)")
_UNITS = "element|character|letter|place|position|time|step|word|number|item|unit|digit|edge|vertex|interval|round|part"


def polish(text: str, style: Style) -> str:
    """Correct ordinals, singulars after 1 and a/an before numbers, which templates cannot know; mark formulas."""
    text = re.sub(r"\b(\d+)-th\b", lambda match: ordinal(int(match[1])), text)
    text = re.sub(rf"\b1 ({_UNITS})s\b", r"1 \1", text)
    text = _VOWEL_NUMBER.sub(r"an \2", text)
    text = re.sub(r"'([^'\s])'", r"`\1`", text)
    text = re.sub(r" {2,}", " ", text)
    formulas = _IN_BACKTICKS if style == "leetcode" else _IN_DOLLARS
    return formulas.sub(lambda match: _formula(match[0], style), text)


# A formula in prose: names, calls and intervals, joined by operators. A number alone is no formula, and "a" is a word.
def _formulas(mark: str) -> re.Pattern[str]:
    atom = rf"(?:{mark}[\w\[\] ^{{}},+-]+{mark}|(?<![\w'`.])[b-z](?![\w'`]|\.\w)|-?\b\d+\b)"
    term = rf"(?:(?<![\w'`])[b-z]\({atom}(?: [-+*/] {atom})*\)|\[l, r\]|{atom})"
    return re.compile(rf"{term}(?: (?:<=|>=|[-=<>+*/]) {term})*|`[^`]*`|\$[^$]*\$")


_IN_DOLLARS, _IN_BACKTICKS = _formulas(r"\$"), _formulas("`")
_TEX = {"<=": r"\le", ">=": r"\ge"}


def _formula(text: str, style: Style) -> str:
    """Put one pair of marks around a formula, in place of those of its parts; leave code and lone numbers alone."""
    mark = "`" if style == "leetcode" else "$"
    if text.lstrip("-").isdigit() or not re.search(rf"[b-z]|\{mark}", text) or (text[0] in "`$" and text[0] != mark):
        return text
    bare = text.replace(mark, "")
    return f"{mark}{bare}{mark}" if mark == "`" else f"${re.sub('<=|>=', lambda match: _TEX[match[0]], bare)}$"


def lower_first(sentence: str) -> str:
    """Lower the first letter, unless the sentence begins with a name."""
    return sentence if sentence[:1] in "$`" else sentence[:1].lower() + sentence[1:]


def upper_first(sentence: str) -> str:
    """Raise the first letter."""
    return sentence[:1].upper() + sentence[1:]
