"""Features that are defined by smaller instances of themselves, or divided into them."""

import collections
import functools
import random

from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    extremes,
    falling,
    few_values,
    mixed_signs,
    short_range,
    uniform,
)
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def shrinking_recurrence(x: int, a: int, b: int) -> int:
    @functools.cache
    def f(t: int) -> int:
        if t == 0:
            return 1
        return (f(t // a) + f(t // b)) % 1_000_000_007

    return f(x)


def shrinking_recurrence_slow(x: int, a: int, b: int) -> int:
    terms = collections.Counter([x])  # f(x) as a sum of values of f
    while max(terms) > 0:
        largest = max(terms)
        copies = terms.pop(largest)
        terms[largest // a] += copies
        terms[largest // b] += copies
    return terms[0] % 1_000_000_007


def shrinking_recurrence_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(0, 1_000_000_006) if x.values[0] >= 0 and x.values[1] >= 10 else None


def last_in_circle(x: int, k: int) -> int:
    place = 0  # of the last one, counted from where the counting starts, in a circle of 1
    for size in range(2, x + 1):
        place = (place + k) % size
    return place + 1


def last_in_circle_slow(x: int, k: int) -> int:
    circle = collections.deque(range(1, x + 1))
    while len(circle) > 1:
        circle.rotate(1 - k)
        circle.popleft()
    return circle[0]


def last_in_circle_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(1, x.values[1]) if x.values[0] >= 1 and 2 <= x.values[1] <= 10_000 else None


def halving_game(x: list[int]) -> int:
    def outcome(left: int, right: int, wants_more: bool) -> int:
        if right - left == 1:
            return x[left]
        middle = (left + right) // 2
        outcomes = outcome(left, middle, not wants_more), outcome(middle, right, not wants_more)
        return max(outcomes) if wants_more else min(outcomes)

    return outcome(0, len(x), True) if x else 0


def halving_game_slow(x: list[int]) -> int:
    if len(x) < 2:
        return sum(x)
    left, right = x[: len(x) // 2], x[len(x) // 2 :]
    # Anna loses what Boris then keeps; Boris's game is hers with all signs changed.
    return max(-halving_game_slow([-v for v in left]), -halving_game_slow([-v for v in right]))


def halving_game_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    low, high = x.values
    if x.width < 2:
        return None
    return integer(low, high) if x.size[0] > 0 else integer(min(0, low), max(0, high))


def outweighed_pairs(x: list[int], k: int) -> int:
    def sort_and_count(values: list[int]) -> tuple[list[int], int]:
        if len(values) < 2:
            return values, 0
        middle = len(values) // 2
        left, left_count = sort_and_count(values[:middle])
        right, right_count = sort_and_count(values[middle:])
        count = left_count + right_count
        smaller = 0
        for value in left:
            while smaller < len(right) and value > k * right[smaller]:
                smaller += 1
            count += smaller
        return sorted(left + right), count

    return sort_and_count(x)[1]


def outweighed_pairs_slow(x: list[int], k: int) -> int:
    return sum(x[i] > k * x[j] for j in range(len(x)) for i in range(j))


def outweighed_pairs_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    low, high = x.values
    n = x.size[1]
    if "sorted" in x.tags or not any(high > params["k"] * v for v in (low, max(low, 0))):
        return None
    return integer(0, n * (n - 1) // 2)


def outweighed_pairs_inputs(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """Elements that are about the multiple of others, or exactly."""
    values = short_range(rng, domain, size, params)
    low, high = domain.values
    for place in range(len(values)):
        changed = params["k"] * values[rng.randrange(len(values))] + rng.choice([0, 0, 1])
        if low <= changed <= high and rng.random() < 0.4:
            values[place] = changed
    return values


FEATURES = (
    Feature(
        name="shrinking_recurrence",
        category="algorithm/recursion/recurrence/shrinking argument",
        takes=(Type.INT,),
        gives=Type.INT,
        code=shrinking_recurrence,
        slow=shrinking_recurrence_slow,
        result=shrinking_recurrence_result,
        let=(
            "Define a function f for integers t >= 0 by f(0) = 1 and, for t > 0, f(t) = f(t / {a}) + f(t / {b}), "
            "where the quotients are rounded down to integers. Let {y} be f({x}), modulo 1000000007.",
            "Start with one cell of size {x}. A cell of size t > 0 splits into two: one has the size t / {a}, the "
            "other t / {b}, both rounded down to integers. All cells split until only cells of size 0, which do not "
            "split, are left. Let {y} be their number, modulo 1000000007.",
        ),
        ask=(
            "the value f({x}), modulo 1000000007, of the function with f(0) = 1 and f(t) = f(t / {a}) + f(t / {b}) for "
            "integers t > 0, where the quotients are rounded down to integers",
            "the number of cells, modulo 1000000007, that are left in the end if one starts with a cell of size {x} "
            "and every cell of size t > 0 splits into two of the sizes t / {a} and t / {b}, both rounded down to "
            "integers",
        ),
        params=(Param("a", 2, 5), Param("b", 2, 7)),
        wrong=(
            Wrong("quotients are rounded up", "f(t // a)", "f(t // a + (t % a > 0 and t > 1))"),
            Wrong("f is 1 up to 1", "if t == 0:", "if t <= 1:"),
            Wrong("both parts shrink alike", "f(t // b)", "f(t // a)"),
        ),
        growth="n",
        difficulty=-0.5,
        signals=("recursion", "memo", "integer division", "modular arithmetic"),
    ),
    Feature(
        name="last_in_circle",
        category="algorithm/recursion/elimination/circle",
        takes=(Type.INT,),
        gives=Type.INT,
        code=last_in_circle,
        slow=last_in_circle_slow,
        result=last_in_circle_result,
        let=(
            "Put {x} players in a circle, numbered 1, 2, 3, ... in order. They are counted from 1 to {k} along the "
            "circle, beginning with player 1, and the one who is counted {k} leaves. Counting starts again from 1 at "
            "the next player still there, and this goes on until one player is left. Let {y} be the number of that "
            "player.",
            "Write the numbers from 1 to {x} around a circle in increasing order. Starting with the number 1 and "
            "going round, every {k}-th of the numbers that are still there is crossed out, until a single one "
            "remains. Let {y} be this number.",
        ),
        ask=(
            "the number that remains if the numbers from 1 to {x} stand in a circle in increasing order and, counting "
            "on from 1, every {k}-th of those still there is removed until one is left",
            "the number of the last of {x} players, numbered from 1 along a circle, if every {k}-th player still there "
            "leaves, where the counting begins with player 1 and, each time, goes on behind the one who left",
        ),
        params=(Param("k", 2, 20, given=(1, 1000)),),
        wrong=(
            Wrong("players are numbered from 0", "return place + 1", "return place"),
            Wrong("one player too few is counted", "(place + k) % size", "(place + k - 1) % size"),
            Wrong("counting goes on one player late", "place = 0", "place = 1"),
        ),
        growth="n",
        difficulty=0.6,
        signals=("recursion", "modular arithmetic", "simulation", "queue use"),
    ),
    Feature(
        name="halving_game",
        category="algorithm/recursion/divide and conquer/game",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=halving_game,
        slow=halving_game_slow,
        result=halving_game_result,
        inputs=any_of(uniform, mixed_signs, extremes, few_values),
        let=(
            "Let Anna and Boris play with {x}, Anna first. In turn, they split what is left of the sequence into a "
            "first and a second half (if the number of elements is odd, the first half has one fewer) and throw one "
            "of the halves away. The last element left is the result, which Anna wants to be as large and Boris as "
            "small as possible. Let {y} be the result if both play in the best way. It is 0 if {x} is empty.",
            "Give every sequence a high and a low outcome. For a single element, both are this element. A longer "
            "sequence is cut into two halves, the first of which has one element fewer if the length is odd: its "
            "high outcome is the larger of the low outcomes of the halves, and its low outcome is the smaller of "
            "their high outcomes. Let {y} be the high outcome of {x}, or 0 if {x} is empty.",
        ),
        ask=(
            "the last element left if Anna and Boris in turn, Anna first, throw away the first or the second half of "
            "what is left of {x} (of an odd number of elements, the first half has one fewer), where Anna plays for a "
            "large and Boris for a small last element and both play in the best way (0 if {x} is empty)",
            "the result of the game in which two players in turn keep one half of what is left of {x} until one "
            "element remains, the player who begins wants it to be as large and the other as small as possible, and "
            "the first half is the shorter one if the length is odd (0 if {x} is empty)",
        ),
        wrong=(
            Wrong("Boris begins", "len(x), True)", "len(x), False)"),
            Wrong("both want a large element", "if wants_more else min(outcomes)", ""),
            Wrong("the first half is the longer one", "(left + right) // 2", "(left + right + 1) // 2"),
        ),
        growth="n",
        difficulty=0.3,
        signals=("recursion", "min/max", "integer division", "slicing"),
    ),
    Feature(
        name="outweighed_pairs",
        category="algorithm/recursion/divide and conquer/counting pairs",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=outweighed_pairs,
        slow=outweighed_pairs_slow,
        result=outweighed_pairs_result,
        inputs=any_of(outweighed_pairs_inputs, uniform, falling),
        let=(
            "Let {y} be the number of pairs of positions i < j such that {x[i]} is greater than {k} times {x[j]}.",
            "Say that an element of {x} outweighs a later one if it is strictly greater than {k} times the later "
            "one. Let {y} be the number of pairs of elements, at two different positions, of which the earlier "
            "outweighs the later.",
        ),
        ask=(
            "the number of pairs of positions i < j such that {x[i]} is greater than {k} times {x[j]}",
            "the number of pairs of an earlier and a later element of {x} in which the earlier one is strictly greater "
            "than {k} times the later one",
        ),
        params=(Param("k", 2, 6),),
        wrong=(
            Wrong("equality is enough", "value > k * right[smaller]", "value >= k * right[smaller]"),
            Wrong("the factor is left out", "value > k * right[smaller]", "value > right[smaller]"),
            Wrong("pairs inside the first half are lost", "left_count + right_count", "right_count"),
        ),
        growth="n log n",
        difficulty=1.2,
        signals=("recursion", "sorted call", "slicing", "counting"),
    ),
)
