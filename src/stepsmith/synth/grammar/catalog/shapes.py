"""Shapes of sequences, strings and word lists that exercise more than one feature.

A maker has the signature of ``Feature.inputs``. ``any_of`` makes one of several, so that a feature lists the shapes
that are hard for it; every shape stays within the domain.
"""

import random
from collections.abc import Callable

from stepsmith.synth.grammar.domain import Domain, Size, Value, pick_length
from stepsmith.synth.grammar.feature import Params

Maker = Callable[[random.Random, Domain, Size, Params], Value]


def any_of(*makers: Maker) -> Maker:
    """Return a maker that takes one of ``makers`` at random and bends a sequence to the tags of the domain."""

    def make(rng: random.Random, domain: Domain, size: Size, params: Params) -> Value:
        value = rng.choice(makers)(rng, domain, size, params)
        if isinstance(value, list) and "distinct" in domain.tags:
            value = _made_distinct(rng, value, domain.values)
        return sorted(value) if isinstance(value, list) and "sorted" in domain.tags else value

    return make


def _made_distinct(rng: random.Random, values: list[int], bounds: tuple[int, int]) -> list[int]:
    """Replace repeated elements by random others of the range."""
    low, high = bounds
    taken = set(values)
    others = iter(rng.sample(range(low, high + 1), min(high - low + 1, 2 * len(values))))
    seen: set[int] = set()
    distinct = []
    for value in values:
        if value in seen:
            value = next(other for other in others if other not in taken)
            taken.add(value)
        seen.add(value)
        distinct.append(value)
    return distinct


# ------------------------------------------------------------------------------------------------------- sequences


def uniform(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[int]:
    """Elements from the whole range."""
    return [rng.randint(*domain.values) for _ in range(pick_length(rng, domain.size, size))]


def few_values(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[int]:
    """Elements from a window of at most four neighbouring numbers, near zero where possible: many ties."""
    low, high = domain.values
    start = min(max(low, rng.randint(-3, 2)), high)
    top = min(high, start + rng.randint(1, 3))
    return [rng.randint(start, top) for _ in range(pick_length(rng, domain.size, size))]


def short_range(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[int]:
    """Elements from a window about as wide as the sequence is long: some ties, most numbers present."""
    low, high = domain.values
    n = pick_length(rng, domain.size, size)
    start = min(max(low, 0), high)
    return [rng.randint(start, min(high, start + n)) for _ in range(n)]


def runs(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """Blocks of equal elements."""
    values = uniform(rng, domain, size, params)
    for i in range(1, len(values)):
        if rng.random() < 0.6:
            values[i] = values[i - 1]
    return values


def rising(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """A sorted sequence."""
    return sorted(uniform(rng, domain, size, params))


def falling(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """A sequence sorted downwards."""
    return sorted(uniform(rng, domain, size, params), reverse=True)


def nearly_sorted(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """A sorted sequence in which up to two elements are moved or replaced by others of them."""
    values = sorted(rng.choice([uniform, short_range])(rng, domain, size, params))
    for _ in range(rng.choice([0, 1, 1, 2]) if values else 0):
        if rng.random() < 0.7:
            values.insert(rng.randrange(len(values)), values.pop(rng.randrange(len(values))))
        else:
            values[rng.randrange(len(values))] = rng.choice(values)
    return values


def rotated(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """A sorted sequence of which a beginning has been moved to the end."""
    values = sorted(rng.choice([uniform, short_range])(rng, domain, size, params))
    cut = rng.randint(0, len(values))
    return values[cut:] + values[:cut]


def zigzag(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[int]:
    """Low and high elements in turn."""
    low, high = domain.values
    middle = (low + high) // 2
    bounds = [(low, middle), (middle, high)]
    return [rng.randint(*bounds[i % 2]) for i in range(pick_length(rng, domain.size, size))]


def waves(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """Sorted stretches, upwards and downwards in turn."""
    values = uniform(rng, domain, size, params)
    done, upwards = 0, rng.random() < 0.5
    while done < len(values):
        end = done + rng.randint(1, 1 + len(values) // 2)
        values[done:end] = sorted(values[done:end], reverse=not upwards)
        done, upwards = end, not upwards
    return values


def extremes(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[int]:
    """Nothing but the bounds of the range and their neighbours."""
    low, high = domain.values
    choices = [low, min(low + 1, high), max(low, high - 1), high]
    return [rng.choice(choices) for _ in range(pick_length(rng, domain.size, size))]


def around_k(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """Elements below, at and above k, some of them close to it, as far as the range allows."""
    low, high = domain.values
    k = params["k"]
    close = max(low, min(high, k - 3)), min(high, max(low, k + 3))
    far = max(low, min(high, -2 * k)), min(high, max(low, 3 * k))
    return [rng.randint(*rng.choice([close, far])) for _ in range(pick_length(rng, domain.size, size))]


def mixed_signs(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[int]:
    """Small numbers around zero, as far as the range allows."""
    low, high = domain.values
    width = rng.randint(1, 10)
    near, far = min(max(low, -width), high), max(min(high, width), low)
    return [rng.randint(near, far) for _ in range(pick_length(rng, domain.size, size))]


def dips(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[int]:
    """Mostly positive elements with small negative ones between them, as far as the range allows."""
    low, high = domain.values
    least, most = max(low, min(high, 1)), max(low, min(high, 20))
    negative = max(low, min(-1, high)), max(low, min(-1, high))
    return [
        rng.randint(*(negative if rng.random() < 0.3 else (least, most)))
        for _ in range(pick_length(rng, domain.size, size))
    ]


# --------------------------------------------------------------------------------------------------------- strings


def uniform_text(rng: random.Random, domain: Domain, size: Size, _: Params) -> str:
    """Characters from the whole alphabet."""
    return "".join(rng.choice(domain.alphabet) for _ in range(pick_length(rng, domain.size, size)))


def few_letters(rng: random.Random, domain: Domain, size: Size, _: Params) -> str:
    """Characters from one, two or three of the alphabet."""
    letters = rng.sample(domain.alphabet, min(len(domain.alphabet), rng.randint(1, 3)))
    return "".join(rng.choice(letters) for _ in range(pick_length(rng, domain.size, size)))


def rich_in(letters: str) -> Maker:
    """Return a maker of strings that have many characters of ``letters``, as far as the alphabet has them."""

    def make(rng: random.Random, domain: Domain, size: Size, _: Params) -> str:
        wanted = [letter for letter in letters if letter in domain.alphabet] or list(domain.alphabet)
        n = pick_length(rng, domain.size, size)
        return "".join(rng.choice(rng.choice([wanted, domain.alphabet])) for _ in range(n))

    return make


def letter_runs(rng: random.Random, domain: Domain, size: Size, _: Params) -> str:
    """Blocks of equal characters."""
    n = pick_length(rng, domain.size, size)
    blocks: list[str] = []
    while n > 0:
        length = min(n, rng.choice([1, 1, 2, 3, rng.randint(1, 12)]))
        blocks.append(rng.choice(domain.alphabet) * length)
        n -= length
    return "".join(blocks)


def periodic(rng: random.Random, domain: Domain, size: Size, _: Params) -> str:
    """A short block repeated, sometimes with one character changed."""
    n = pick_length(rng, domain.size, size)
    block = "".join(rng.choice(domain.alphabet) for _ in range(rng.randint(1, 4)))
    text = (block * (n // len(block) + 1))[:n]
    return changed(rng, domain, text) if rng.random() < 0.5 else text


def self_similar(rng: random.Random, domain: Domain, size: Size, _: Params) -> str:
    """A prefix of the string so far and one more character, again and again: borders within borders."""
    n = pick_length(rng, domain.size, size)
    letters = rng.sample(domain.alphabet, min(len(domain.alphabet), 2))
    text = rng.choice(letters)
    while len(text) < n:
        text += text[: rng.randint(1, len(text))] + rng.choice(letters)
    return text[:n]


def palindromic(rng: random.Random, domain: Domain, size: Size, _: Params) -> str:
    """A palindrome, sometimes with one character changed."""
    n = pick_length(rng, domain.size, size)
    half = "".join(rng.choice(domain.alphabet) for _ in range((n + 1) // 2))
    text = half + half[::-1][n % 2 :]
    return changed(rng, domain, text) if rng.random() < 0.5 else text


def changed(rng: random.Random, domain: Domain, text: str) -> str:
    """The text with one character replaced by a random one."""
    if not text:
        return text
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(domain.alphabet) + text[at + 1 :]


# ----------------------------------------------------------------------------------------------------------- words


def similar_words(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[str]:
    """Few words, copied and shuffled inside: equal words, anagrams and equal lengths."""
    stock: list[str] = []
    letters = rng.sample(domain.alphabet, min(len(domain.alphabet), rng.randint(2, 4)))
    for _word in range(pick_length(rng, domain.size, size)):
        if stock and rng.random() < 0.6:
            word = rng.choice(stock)
            stock.append("".join(rng.sample(word, len(word))))
        else:
            length = rng.randint(domain.second[0], min(domain.second[1], domain.second[0] + 4))
            stock.append("".join(rng.choice(letters) for _ in range(length)))
    return stock


def nested_words(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[str]:
    """Words that continue one another, over two characters."""
    letters = rng.sample(domain.alphabet, min(len(domain.alphabet), 2))
    shortest, longest = domain.second
    stock = ["".join(rng.choice(letters) for _ in range(shortest))]
    n = pick_length(rng, domain.size, size)
    while len(stock) < n:
        word = rng.choice(stock[-8:])
        stock.append(word + rng.choice(letters) if len(word) < longest else word[:shortest])
    return rng.sample(stock, n)
