"""What known values have in common: types, ranges, lengths, alphabets, order. New values must have it, too.

This is deliberately narrow. A value that goes beyond what the known ones show (a larger number, an empty list where no
known one is empty) may be outside what the author meant, so it proves nothing.
"""

import itertools
import math
import random
import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}
FEW_LETTERS = 4  # an alphabet of at most so many characters is meant literally: "01", "()"
FIXED_WIDTH = 6  # sequences of one length up to this have a shape for each position
ENOUGH = 4  # different values from which a law is believed
KEPT = 60  # known values that are kept for sampling

_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)

Way = Literal[
    "type", "value", "zero", "negative", "small", "large", "digits", "rule", "order", "repeats",
    "empty", "short", "long", "characters", "spaces", "form", "words", "brackets",
]  # fmt: skip


class Break(NamedTuple):
    """One way in which a value differs from all known ones."""

    way: Way
    says: str


class Shape:
    """The shape of one place in the arguments: of an argument, of the elements of a list, of keys and values."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = _distinct(values)[:KEPT]
        self.types = {type(value) for value in values}
        numbers = [v for v in values if type(v) in (int, float) and math.isfinite(v)]
        self.low: float = min(numbers, default=0)
        self.high: float = max(numbers, default=0)
        self.number_laws = _kept(_NUMBER_LAWS, _distinct(numbers))
        self.digits = max((_digits(v) for v in numbers if isinstance(v, float)), default=0)
        self.text = _TextShape([v for v in values if isinstance(v, str)])
        sequences = [v for v in values if isinstance(v, list | tuple)]
        sets = [v for v in values if isinstance(v, set | frozenset)]
        lengths = [len(v) for v in (*sequences, *sets)]
        self.lengths = (min(lengths), max(lengths)) if lengths else (0, 0)
        self.positions: list[Shape] = []
        self.elements: Shape | None = None
        self.sequence_laws = _kept(_SEQUENCE_LAWS, _distinct(sequences), sure=_SURE)
        if sequences and _is_record(sequences):
            self.positions = [Shape([v[k] for v in sequences]) for k in range(lengths[0])]
        elif sequences or sets:
            self.elements = Shape([item for v in (*sequences, *sets) for item in v])
        dictionaries = [v for v in values if isinstance(v, dict)]
        self.sizes = (min(map(len, dictionaries)), max(map(len, dictionaries))) if dictionaries else (0, 0)
        self.keys = Shape([key for v in dictionaries for key in v]) if dictionaries else None
        self.items = Shape([item for v in dictionaries for item in v.values()]) if dictionaries else None

    def why_not(self, value: Any) -> str:
        """Return how a value differs from all known ones, or ""."""
        return next((found.says for found in self.breaks(value)), "")

    def breaks(self, value: Any) -> Iterator[Break]:
        """Yield every way in which a value differs from all known ones."""
        if type(value) not in self.types:
            yield Break("type", f"no known value is a {type(value).__name__}")
        elif isinstance(value, bool) or value is None:
            return
        elif isinstance(value, int | float):
            yield from self._number(value)
        elif isinstance(value, str):
            yield from self.text.breaks(value)
        elif isinstance(value, list | tuple | set | frozenset):
            yield from self._sequence(value)
        elif isinstance(value, dict):
            yield from _length(len(value), self.sizes)
            assert self.keys is not None
            assert self.items is not None
            for key, item in value.items():
                yield from self.keys.breaks(key)
                yield from self.items.breaks(item)
        elif value not in self.values:
            yield Break("value", "a value that is not known")

    def is_short(self, value: Any) -> bool:
        """Return whether a text, sequence, set or dictionary is shorter than all known ones."""
        if isinstance(value, str):
            return len(value) < self.text.lengths[0]
        return len(value) < (self.sizes if isinstance(value, dict) else self.lengths)[0]

    def _number(self, value: float) -> Iterator[Break]:
        if not (math.isfinite(value) and self.low <= value <= self.high):
            way: Way = "zero" if value == 0 else "large" if not value < self.low else "small"
            yield Break(
                "negative" if value < 0 <= self.low else way, f"{value} is not within {self.low} to {self.high}"
            )
        if isinstance(value, float) and _digits(value) > self.digits:
            yield Break("digits", f"{value} has more digits than known numbers")
        for law in self.number_laws:
            if not _holds(law, value):
                yield Break("zero" if law is _not_zero else "rule", f"{value} breaks a rule of all known numbers")

    def _sequence(self, value: Any) -> Iterator[Break]:
        yield from _length(len(value), self.lengths)
        if isinstance(value, list | tuple):
            for law in self.sequence_laws:
                if not _holds(law, value):
                    yield Break(_way_of(law, value), "it breaks a rule of all known sequences")
            if self.positions:
                for shape, item in zip(self.positions, value, strict=False):
                    yield from shape.breaks(item)
                return
        if self.elements:
            for item in value:
                yield from self.elements.breaks(item)

    def sample(self, rng: random.Random) -> Any:
        """Return a value like the known ones: often one of them, changed or made anew. It may break a rule."""
        known = rng.choice(self.values)
        if rng.random() < 0.3 or isinstance(known, bool) or known is None:
            return known
        if isinstance(known, int):
            low, high = int(self.low), int(self.high)
            near = rng.choice((low, low + 1, high, high - 1, known - 1, known + 1, 0, 1, 2, 3))
            return near if rng.random() < 0.5 and low <= near <= high else rng.randint(low, high)
        if isinstance(known, float):
            return round(rng.uniform(self.low, self.high), rng.randint(0, self.digits))
        if isinstance(known, str):
            return self.text.sample(known, rng)
        if isinstance(known, list | tuple | set | frozenset):
            return self._sampled_sequence(known, rng)
        if isinstance(known, dict) and self.keys and self.items:
            size = rng.randint(*self.sizes)
            return {self.keys.sample(rng): self.items.sample(rng) for _ in range(size)}
        return known

    def _sampled_sequence(self, known: Any, rng: random.Random) -> Any:
        if self.positions:
            return type(known)(shape.sample(rng) for shape in self.positions)
        low, high = self.lengths
        size = rng.randint(low, min(high, low + 6) if rng.random() < 0.7 else high)
        if self.elements is None or not self.elements.values:
            return known
        items = [self.elements.sample(rng) for _ in range(size)]
        if rng.random() < 0.4 and items:  # repeated elements are what many mistakes need
            items[rng.randrange(len(items))] = rng.choice(items)
        for law in self.sequence_laws:
            if law in _ORDERS:
                items = _sorted(items, reverse=law is _descending)
        return type(known)(items)


class _TextShape:
    """What known texts have in common."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = _distinct(texts)[:KEPT]
        self.lengths = (min(map(len, texts)), max(map(len, texts))) if texts else (0, 0)
        letters = {letter for text in texts for letter in text}
        self.alphabet = letters
        if len(letters) > FEW_LETTERS:
            self.alphabet = letters | {x for group in _CLASSES if len(letters & set(group)) > 2 for x in group}
        masks = Counter(map(_mask, texts))
        # Signs between letters or digits: dates, calls, colours.
        structured = any(re.search(r"[^aA9 ]", mask) and re.search(r"[aA9]", mask) for mask in masks)
        self.masks = set(masks) if len(texts) > 1 and (structured or len(masks) == 1) else set()
        words = Counter(word for text in texts for word in text.split())
        several = [text for text in texts if len(text.split()) > 1]
        self.words = set(words) if several and 2 * len(words) <= words.total() else set()
        self.balanced = bool(texts) and letters & set("()[]{}<>") != set() and all(map(_is_balanced, texts))
        self.balanced_words = self.balanced and all(_is_balanced(word) for text in texts for word in text.split())
        self.digit_runs = _digit_runs(texts) if self.masks else {}
        self.single_spaced = all(text == " ".join(text.split()) for text in texts)
        self.laws = _kept(_TEXT_LAWS, self.texts)

    def breaks(self, text: str) -> Iterator[Break]:
        """Yield every way in which a text differs from all known ones."""
        yield from _length(len(text), self.lengths)
        if strange := set(text) - self.alphabet:
            way: Way = "spaces" if strange == {" "} else "characters"
            yield Break(way, f"no known text has the characters {''.join(sorted(strange))!r}")
        if self.masks and _mask(text) not in self.masks:
            yield Break("form", "no known text has this form")
        elif any(
            n not in seen for n, seen in zip(_lengths_of_digits(text), self._known_digit_runs(text), strict=False)
        ):
            yield Break("form", "it has longer or shorter numbers than known texts of this form")
        if self.words and not set(text.split()) <= self.words:
            yield Break("words", "it has words that no known text has")
        if self.balanced and not _is_balanced(text):
            yield Break("brackets", "its brackets are not balanced")
        elif self.balanced_words and not all(map(_is_balanced, text.split())):
            yield Break("brackets", "spaces stand inside its brackets, which no known text has")
        if self.single_spaced and text != " ".join(text.split()):
            yield Break("spaces", "its words are not separated by single spaces")
        if not all(_holds(law, text) for law in self.laws):
            yield Break("rule", "it breaks a rule of all known texts")

    def _known_digit_runs(self, text: str) -> Sequence[range]:
        return self.digit_runs.get(_mask(text), ())

    def sample(self, known: str, rng: random.Random) -> str:
        """Return a text made of pieces of known ones."""
        words = known.split(" ")
        if len(words) > 1 and rng.random() < 0.7:
            pool = [word for text in self.texts for word in text.split(" ")]
            return " ".join(rng.choice(pool) for _ in range(rng.randint(1, len(words) + 1)))
        if self.masks and rng.random() < 0.7:
            return "".join(_similar(letter, self.alphabet, rng) if rng.random() < 0.4 else letter for letter in known)
        letters = known or "".join(self.texts)
        alphabet = sorted(self.alphabet) if rng.random() < 0.3 else list(letters)
        if not alphabet:
            return known
        low, high = self.lengths
        size = rng.randint(low, min(high, low + 8))
        text = "".join(rng.choice(alphabet) for _ in range(size))
        if rng.random() < 0.3:  # mirrored texts are rare by chance
            text = (text[: size // 2] + text[: (size + 1) // 2][::-1])[:size]
        return text


def _kept(
    laws: Sequence[Callable[[Any], bool]], values: Sequence[Any], sure: Sequence[Callable[[Any], bool]] = ()
) -> list[Callable[[Any], bool]]:
    """Return the laws that all values keep. With few values only laws that are seldom kept by chance are believed."""
    chosen = laws if len(values) >= ENOUGH else sure
    return [law for law in chosen if values and all(_holds(law, value) for value in values)]


def _is_record(sequences: Sequence[Any]) -> bool:
    """Return whether all sequences have one small length and different types at their positions."""
    length = len(sequences[0])
    if len(sequences) < 2 or not 0 < length <= FIXED_WIDTH or any(len(v) != length for v in sequences):
        return False
    return len({type(item) for v in sequences for item in v}) > 1 or all(isinstance(v, tuple) for v in sequences)


def _sorted(items: list[Any], *, reverse: bool) -> list[Any]:
    try:
        return sorted(items, reverse=reverse)
    except TypeError:
        return items


def _mask(text: str) -> str:
    """Return the form of a text: runs of letters and digits by class, other characters as they are."""
    text = re.sub(r"[a-z]+", "a", text)
    text = re.sub(r"[A-Z]+", "A", text)
    text = re.sub(r"\d+", "9", text)
    text = re.sub(r"[aA]+", "a", text)
    return re.sub(r"(?:a ?|9 ?){2,}", lambda m: m[0][:2] if " " in m[0] else m[0], text)


def _lengths_of_digits(text: str) -> list[int]:
    return [len(run) for run in re.findall(r"\d+", text)]


def _digit_runs(texts: Iterable[str]) -> dict[str, list[range]]:
    """Return how long the runs of digits are, by form, for forms of several such runs: dates, times, versions."""
    seen: dict[str, list[list[int]]] = {}
    for text in texts:
        mask, lengths = _mask(text), _lengths_of_digits(text)
        if len(lengths) > 1 and mask.count("9") == len(lengths):
            seen.setdefault(mask, []).append(lengths)
    return {mask: [range(min(c), max(c) + 1) for c in zip(*rows, strict=True)] for mask, rows in seen.items()}


def _similar(letter: str, alphabet: set[str], rng: random.Random) -> str:
    """Return a character of the same class."""
    for group in _CLASSES:
        if letter in group and (same := sorted(alphabet & set(group))):
            return rng.choice(same)
    return letter


def _is_balanced(text: str) -> bool:
    for opening, closing in (("(", ")"), ("[", "]"), ("{", "}"), ("<", ">")):
        depth = 0
        for letter in text:
            depth += (letter == opening) - (letter == closing)
            if depth < 0:
                return False
        if depth:
            return False
    return True


def _digits(value: float) -> int:
    """Return the digits after the point."""
    text = repr(value)
    return len(text.partition(".")[2]) if "e" not in text else 17


def _distinct(values: Iterable[Any]) -> list[Any]:
    return list({repr(value): value for value in values}.values())


def _length(length: int, known: tuple[int, int]) -> Iterator[Break]:
    if not known[0] <= length <= known[1]:
        way: Way = "empty" if not length else "short" if length < known[0] else "long"
        yield Break(way, f"the length {length} is not within {known[0]} to {known[1]}")


def _pairs(values: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
    return itertools.pairwise(values)


def _holds(law: Callable[[Any], bool], value: Any) -> bool:
    """Return whether a law holds; it does not for values that it is not about."""
    try:
        return law(value)
    except (TypeError, ValueError, ArithmeticError):
        return False


def _ascending(values: Sequence[Any]) -> bool:
    return all(a <= b for a, b in _pairs(values))


def is_ascending(values: Any) -> bool:
    """Return whether values are a sequence in ascending order."""
    return isinstance(values, list | tuple) and _holds(_ascending, values)


def _strictly_ascending(values: Sequence[Any]) -> bool:
    return all(a < b for a, b in _pairs(values))


def _descending(values: Sequence[Any]) -> bool:
    return all(a >= b for a, b in _pairs(values))


def _distinct_elements(values: Sequence[Any]) -> bool:
    return len({repr(item) for item in values}) == len(values)


def _way_of(law: Callable[[Sequence[Any]], bool], value: Sequence[Any]) -> Way:
    if law in _SIGNS:
        return "negative" if value else "empty"
    return "order" if law in _ORDERS else "repeats" if law is _distinct_elements else "rule"


def _not_zero(number: float) -> bool:
    return number != 0


_ORDERS = (_ascending, _strictly_ascending, _descending)
_SIGNS: tuple[Callable[[Sequence[Any]], bool], ...] = (
    lambda v: all(item > 0 for item in v),
    lambda v: sum(v) > 0,
    lambda v: max(map(abs, v)) > 0,
)
_SEQUENCE_LAWS: tuple[Callable[[Sequence[Any]], bool], ...] = (
    *_ORDERS,
    _distinct_elements,
    lambda v: len(v) % 2 == 0,
    lambda v: len(v) % 2 == 1,
    lambda v: len({type(item) for item in v}) <= 1,
    lambda v: len({len(item) if isinstance(item, list | tuple | str) else -1 for item in v}) <= 1,
    lambda v: all(len(item) == len(v) for item in v if isinstance(item, list | tuple)),  # square
    lambda v: sorted(map(repr, v)) == sorted(map(repr, range(1, len(v) + 1))),
    lambda v: any(isinstance(item, list | tuple) and not item for item in v) is False,
    lambda v: len({repr(item) for item in v}) < len(v),  # some element twice
    *_SIGNS,
)
_SURE = _SEQUENCE_LAWS[:4]  # orders, and no element twice
_NUMBER_LAWS: tuple[Callable[[float], bool], ...] = (
    lambda n: n % 2 == 0,
    lambda n: n % 2 == 1,
    lambda n: n % 5 == 0,
    lambda n: n == int(n),
    _not_zero,
    lambda n: n > 0 and math.log2(n) == int(math.log2(n)),
    lambda n: n >= 0 and math.isqrt(int(n)) ** 2 == n,
    lambda n: n == int(n) and n > 1 and all(n % d for d in range(2, min(1000, math.isqrt(int(n)) + 1))),
)
_TEXT_LAWS: tuple[Callable[[str], bool], ...] = (
    lambda s: len(s) % 2 == 0,
    lambda s: len(s) % 2 == 1,
    lambda s: s == s[::-1],
    lambda s: s.islower(),
    lambda s: s.isupper(),
    lambda s: len(set(s)) == len(s),
    lambda s: s[:1].isupper(),
    lambda s: not s[:1].isdigit(),
    lambda s: not s.startswith("0") or s == "0",
    lambda s: s == s.strip(),
    lambda s: any(c.isdigit() for c in s),
    lambda s: any(c.isalpha() for c in s),
    lambda s: any(c.isupper() for c in s),
)
