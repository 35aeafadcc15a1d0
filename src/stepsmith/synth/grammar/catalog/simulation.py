"""Features that carry out a process step by step."""

import collections
import random

from stepsmith.synth.grammar.catalog.shapes import (
    any_of,
    dips,
    few_letters,
    few_values,
    letter_runs,
    mixed_signs,
    periodic,
    runs,
    short_range,
    uniform,
    uniform_text,
    waves,
    zigzag,
)
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints, pick_length
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def counting_out(x: list[int], k: int) -> list[int]:
    circle = collections.deque(x)
    removed = []
    while circle:
        circle.rotate(1 - k)
        removed.append(circle.popleft())
    return removed


def counting_out_slow(x: list[int], k: int) -> list[int]:
    rest = list(x)
    removed = []
    place = 0
    while rest:
        place = (place + k - 1) % len(rest)
        removed.append(rest.pop(place))
    return removed


def counting_out_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return x.with_(tags=x.tags - {"sorted"}) if x.size[1] >= 3 else None


def tank_levels(x: list[int], k: int) -> list[int]:
    level = 0
    levels = []
    for change in x:
        level = min(k, max(0, level + change))
        levels.append(level)
    return levels


def tank_levels_slow(x: list[int], k: int) -> list[int]:
    levels = [0]
    for change in x:
        wanted = levels[-1] + change
        levels.append(0 if wanted < 0 else k if wanted > k else wanted)
    return levels[1:]


def tank_levels_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    if not x.values[0] < 0 < x.values[1]:
        return None
    return ints(x.size, (0, min(params["k"], x.values[1] * x.size[1])))


def changes_of(rng: random.Random, domain: Domain, size: Size, params: Params) -> list[int]:
    """Changes of about half the capacity k in both directions, as far as the range allows."""
    low, high = domain.values
    step = max(1, params["k"] // rng.choice([1, 2, 4]))
    return [rng.randint(max(low, -step), min(high, step)) for _ in range(pick_length(rng, domain.size, size))]


def refused_withdrawals(x: list[int]) -> int:
    balance = refused = 0
    for amount in x:
        if balance + amount < 0:
            refused += 1
        else:
            balance += amount
    return refused


def refused_withdrawals_slow(x: list[int]) -> int:
    accepted: list[int] = []
    for amount in x:
        if sum([*accepted, amount]) >= 0:
            accepted.append(amount)
    return len(x) - len(accepted)


def refused_withdrawals_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(0, x.size[1]) if x.values[0] < 0 < x.values[1] else None


def larger_end_first(x: list[int]) -> list[int]:
    left, right = 0, len(x) - 1
    taken = []
    while left <= right:
        if x[left] >= x[right]:
            taken.append(x[left])
            left += 1
        else:
            taken.append(x[right])
            right -= 1
    return taken


def larger_end_first_slow(x: list[int]) -> list[int]:
    if not x:
        return []
    rest = x[1:] if x[0] >= x[-1] else x[:-1]
    return [max(x[0], x[-1]), *larger_end_first_slow(rest)]


def larger_end_first_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return x if x.size[1] >= 3 and "sorted" not in x.tags else None


def erode(x: list[int], k: int) -> list[int]:
    current = list(x)
    for _ in range(k):
        current = [min(current[max(0, i - 1) : i + 2]) for i in range(len(current))]
    return current


def erode_slow(x: list[int], k: int) -> list[int]:
    return [min(x[j] for j in range(len(x)) if abs(i - j) <= k) for i in range(len(x))]


def erode_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if x.size[1] < 3 or x.values[0] == x.values[1]:
        return None
    return x.with_(tags=x.tags - {"distinct"})


def cells_visited(x: str) -> int:
    row = column = 0
    visited = {(row, column)}
    for letter in x:
        row += (letter == "D") - (letter == "U")
        column += (letter == "R") - (letter == "L")
        visited.add((row, column))
    return len(visited)


def cells_visited_slow(x: str) -> int:
    places = []
    for n in range(len(x) + 1):
        walk = x[:n]
        place = walk.count("R") - walk.count("L"), walk.count("U") - walk.count("D")
        if place not in places:
            places.append(place)
    return len(places)


def cells_visited_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if not set(x.alphabet) <= set("LRUD") or len(x.alphabet) < 2:
        return None
    return integer(min(2, 1 + x.size[0]), x.size[1] + 1)


FEATURES = (
    Feature(
        name="counting_out",
        category="problem type/simulation/circle/counting out",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=counting_out,
        slow=counting_out_slow,
        result=counting_out_result,
        let=(
            "Imagine that the elements of {x} stand around a circle in this order. Starting with the first element, "
            "one counts from 1 to {k} around the circle, removes the element at which the count ends, and goes on "
            "counting from 1 with the element after it, until the circle is empty. Let {y} be the sequence of the "
            "elements in the order of removal.",
            "Imagine a pointer that moves around a circle of the elements of {x}, which are arranged in this order, "
            "and starts at the first one. At the elements that it meets, it says 1, 2, 3 and so on; whenever it says "
            "{k}, that element leaves the circle and the pointer starts again from 1 at the next one. Let {y} be the "
            "sequence of the elements in the order in which they leave, until none is left.",
        ),
        ask=(
            "the elements of {x} in the order of removal when they stand around a circle in the given order, one "
            "counts from 1 to {k} around it again and again, beginning with the first element, and the element at "
            "which a count ends is removed and no longer counted",
            "the elements of {x} in the order in which they leave a circle: a pointer starts at the first one, says "
            "1, 2, 3 and so on at the elements that it meets, and whenever it says {k}, that element leaves and the "
            "pointer starts again from 1 at the next one, until the circle is empty",
        ),
        params=(Param("k", 2, 9, given=(1, 50)),),
        wrong=(
            Wrong("counts one too far", "circle.rotate(1 - k)", "circle.rotate(-k)"),
            Wrong("goes around in the other direction", "circle.rotate(1 - k)", "circle.rotate(k - 1)"),
            Wrong(
                "starts again at the first element",
                "circle.rotate(1 - k)\n        removed.append(circle.popleft())",
                "place = (k - 1) % len(circle)\n        removed.append(circle[place])\n        del circle[place]",
            ),
        ),
        inputs=any_of(uniform, short_range),
        difficulty=-0.2,
        signals=("simulation", "queue use", "modular arithmetic", "while loop"),
    ),
    Feature(
        name="tank_levels",
        category="problem type/simulation/bounded counter",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=tank_levels,
        slow=tank_levels_slow,
        result=tank_levels_result,
        let=(
            "Imagine a tank that is empty at first and can hold {k} litres. The elements of {x} are changes of its "
            "content, in litres, one after another: after a change that would lead to more than {k} litres, the tank "
            "is full, and after one that would lead below 0, it is empty. For every position i, let {y[i]} be the "
            "content after the change {x[i]}.",
            "Imagine a counter that starts at 0. For every element of {x}, in order, the element is added to the "
            "counter; if the counter is then negative, it is set to 0, and if it is greater than {k}, it is set to "
            "{k}. For every position i, let {y[i]} be the value of the counter after {x[i]} has been processed.",
        ),
        ask=(
            "the values of a counter after each element of {x} has been processed in order, where the counter starts "
            "at 0, every element is added to it, and after each addition it is set to 0 if it is negative and to {k} "
            "if it is greater than {k}",
            "for every position i, how full a tank is after the change {x[i]}, if it is empty at first, {x} lists the "
            "changes of its content in order, and a change that would lead above {k} or below 0 leaves the tank at "
            "{k} or at 0, respectively",
        ),
        params=(Param("k", 5, 60, given=(1, 10**6)),),
        wrong=(
            Wrong("the upper limit is forgotten", "min(k, max(0, level + change))", "max(0, level + change)"),
            Wrong("the lower limit is forgotten", "min(k, max(0, level + change))", "min(k, level + change)"),
            Wrong(
                "changes beyond a limit are ignored",
                "min(k, max(0, level + change))",
                "level + change if 0 <= level + change <= k else level",
            ),
            Wrong("starts full", "level = 0\n", "level = k\n"),
        ),
        inputs=any_of(changes_of),
        difficulty=-0.8,
        signals=("simulation", "min/max", "accumulation"),
    ),
    Feature(
        name="refused_withdrawals",
        category="problem type/simulation/account",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=refused_withdrawals,
        slow=refused_withdrawals_slow,
        result=refused_withdrawals_result,
        let=(
            "Imagine an account that is empty at first. The elements of {x} are bookings in the order in which they "
            "arrive; a booking is added to the balance, but if that would make the balance negative, it is refused "
            "and changes nothing. Let {y} be the number of refused bookings.",
            "Imagine a sum that starts at 0. The elements of {x} are considered from left to right, and each one is "
            "added to the sum unless this would make the sum negative, in which case the element is skipped. Let {y} "
            "be the number of skipped elements.",
        ),
        ask=(
            "the number of refused bookings if the elements of {x} are booked in order on an account with balance 0, "
            "where a booking that would make the balance negative is refused and changes nothing",
            "the number of elements of {x} that are skipped when the elements are added from left to right to a sum "
            "that starts at 0, skipping each element that would make the sum negative",
        ),
        wrong=(
            Wrong("a balance of zero is refused", "balance + amount < 0", "balance + amount <= 0"),
            Wrong(
                "refused bookings change the balance",
                "refused += 1\n        else:\n            balance += amount",
                "refused += 1\n        balance += amount",
            ),
            Wrong("a refusal empties the account", "refused += 1", "refused += 1\n            balance = 0"),
        ),
        inputs=any_of(mixed_signs, dips, uniform),
        difficulty=-1.1,
        signals=("simulation", "accumulation", "comparison", "exception handling"),
    ),
    Feature(
        name="larger_end_first",
        category="problem type/simulation/two ends/larger first",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=larger_end_first,
        slow=larger_end_first_slow,
        result=larger_end_first_result,
        let=(
            "Imagine that the elements of {x} stand in a row. As long as the row is not empty, the larger one of its "
            "first and its last element is removed (the first one if they are equal). Let {y} be the sequence of the "
            "removed elements in the order of removal.",
            "Imagine a player who takes away the elements of {x} one by one, always the larger one of those at the "
            "two ends of what is left, and the left one of two equal ones. Let {y} be the sequence of the elements in "
            "the order in which they are taken.",
        ),
        ask=(
            "the elements of {x} in the order of removal when, again and again until none is left, the larger one of "
            "the first and the last remaining element is removed (the first one if they are equal)",
            "the elements of {x} in the order in which they are taken by a player who always picks the larger one of "
            "those at the two ends of what is left, and the left one of two equal ones",
        ),
        wrong=(
            Wrong("takes the last one of equal ends", "x[left] >= x[right]", "x[left] > x[right]"),
            Wrong("takes the smaller end", "x[left] >= x[right]", "x[left] <= x[right]"),
            Wrong("the last element is left over", "while left <= right", "while left < right"),
            Wrong("sorts downwards", "return taken", "return sorted(taken, reverse=True)"),
        ),
        inputs=any_of(few_values, waves, zigzag, uniform),
        difficulty=-0.6,
        signals=("simulation", "queue use", "while loop", "comparison"),
    ),
    Feature(
        name="erode",
        category="problem type/simulation/simultaneous update",
        takes=(Type.INTS,),
        gives=Type.INTS,
        code=erode,
        slow=erode_slow,
        result=erode_result,
        let=(
            "Imagine rounds in each of which all elements of a sequence change at the same time: each becomes the "
            "minimum of its own value and those of its direct neighbours before the round (the first and the last "
            "element have fewer neighbours). Let {y} be the sequence that {x} becomes after {k} rounds.",
            "Let {y} be the result of doing the following {k} times, beginning with {x}: replace every element by the "
            "smallest one among itself and the elements directly before and directly after it, as far as they exist, "
            "where all replacements use the values from before the round.",
        ),
        ask=(
            "the sequence that {x} becomes after {k} rounds, in each of which all elements change at the same time to "
            "the minimum of their own value and those of their neighbours (the elements at the ends have fewer "
            "neighbours)",
            "the result of doing the following {k} times: every element of {x} is replaced by the smallest one among "
            "itself and its neighbours, and all replacements of a round use the values from before that round",
        ),
        params=(Param("k", 2, 4, given=(1, 8)),),
        wrong=(
            Wrong(
                "updates one element after another",
                "        current = [min(current[max(0, i - 1) : i + 2]) for i in range(len(current))]",
                "        for i in range(len(current)):\n            current[i] = min(current[max(0, i - 1) : i + 2])",
            ),
            Wrong("does one round only", "range(k)", "range(1)"),
            Wrong("the neighbour after it is ignored", "i + 2", "i + 1"),
            Wrong(
                "the sequence is taken as a circle",
                "min(current[max(0, i - 1) : i + 2])",
                "min(current[i - 1], current[i], current[(i + 1) % len(current)])",
            ),
        ),
        inputs=any_of(uniform, zigzag, runs, waves),
        difficulty=-0.5,
        signals=("simulation", "min/max", "index arithmetic", "nested loops"),
    ),
    Feature(
        name="cells_visited",
        category="problem type/simulation/walk",
        takes=(Type.STR,),
        gives=Type.INT,
        code=cells_visited,
        slow=cells_visited_slow,
        result=cells_visited_result,
        let=(
            "Imagine a robot on an infinite square grid that follows the commands of {x} one by one: L, R, U and D "
            "move it to the next cell on the left, on the right, above and below. Let {y} be the number of different "
            "cells that it visits, the one where it starts included.",
            "Imagine a token on a cell of an infinite square grid. For each character of {x}, in order, it moves to "
            "an adjacent cell: left for L, right for R, up for U and down for D. Let {y} be the number of different "
            "cells on which the token lies at some moment, at the beginning and at the end included.",
        ),
        ask=(
            "the number of different cells that a robot visits, the one where it starts included, if it follows the "
            "commands of {x} on an infinite square grid (L, R, U and D move it by one cell to the left, to the right, "
            "up and down)",
            "the number of different cells of an infinite square grid on which a token lies at some moment, including "
            "the beginning, if it moves by one cell for each character of {x} (left for L, right for R, up for U and "
            "down for D)",
        ),
        wrong=(
            Wrong("the starting cell is not counted", "visited = {(row, column)}", "visited = set()"),
            Wrong("revisited cells are counted again", "return len(visited)", "return len(x) + 1"),
            Wrong("counts the final distance", "return len(visited)", "return abs(row) + abs(column) + 1"),
            Wrong("up and down are the same", '(letter == "D") - (letter == "U")', '(letter == "D") + (letter == "U")'),
        ),
        inputs=any_of(few_letters, letter_runs, periodic, uniform_text),
        difficulty=-0.8,
        signals=("simulation", "set use", "string scanning", "grid"),
    ),
)
