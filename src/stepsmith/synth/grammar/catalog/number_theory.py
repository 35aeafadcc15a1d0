"""Features of divisibility, digits and powers."""

import math
import random

from stepsmith.synth.grammar.catalog.shapes import any_of, few_values, short_range, uniform
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong

LARGEST = 10**9  # trial division is fast enough up to here
MOST_DIVISORS = 1344  # of 735134400, the most of any number up to LARGEST


def divisor_count(x: int) -> int:
    count = 0
    d = 1
    while d * d <= x:
        if x % d == 0:
            count += 1 if d * d == x else 2
        d += 1
    return count


def divisor_count_slow(x: int) -> int:
    count, rest = 1, x
    for p in range(2, math.isqrt(x) + 1):
        power = 0
        while rest % p == 0:
            rest //= p
            power += 1
        count *= power + 1
    return count * 2 if rest > 1 else count


def divisor_count_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    low, high = x.values
    return integer(min(low, 2), min(2 * math.isqrt(high), MOST_DIVISORS)) if low >= 1 and high <= LARGEST else None


def many_divisors(rng: random.Random, domain: Domain, size: Size, _: Params) -> int:
    """Squares, products of small primes, primes and the bounds."""
    low, high = domain.values
    top = min(high, low + 40) if size in ("edge", "small") else high
    if size == "edge":
        return rng.choice([low, top])
    kind = rng.choice(["square", "smooth", "smooth", "any"])
    value = rng.randint(low, top)
    if kind == "square":
        value = math.isqrt(value) ** 2
    elif kind == "smooth":
        value = 1
        while value * 2 <= top:
            value *= rng.choice([p for p in (2, 2, 3, 3, 5, 7, 11, 13) if value * p <= top])
            if value >= low and rng.random() < 0.1:
                break
    return value if low <= value <= high else rng.randint(low, top)


def base_digits(x: int, k: int) -> list[int]:
    digits = [x % k]
    while x >= k:
        x //= k
        digits.append(x % k)
    return digits[::-1]


def base_digits_slow(x: int, k: int) -> list[int]:
    places = 1
    while k**places <= x:
        places += 1
    return [x // k**place % k for place in range(places - 1, -1, -1)]


def base_digits_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    low, high = x.values
    if low < 0:
        return None
    fewest = most = 1
    while params["k"] ** fewest <= low:
        fewest += 1
    while params["k"] ** most <= high:
        most += 1
    return ints((fewest, most), (0, params["k"] - 1))


def near_powers(rng: random.Random, domain: Domain, size: Size, params: Params) -> int:
    """Powers of the base, and numbers next to them and next to small multiples of them."""
    low, high = domain.values
    powers = [params["k"] ** e for e in range(64) if params["k"] ** e <= high]
    if size in ("edge", "small"):
        powers = powers[:4]
    value = rng.choice(powers if powers else [low, high]) * rng.randint(1, params["k"]) + rng.choice([-1, 0, 0, 1])
    return value if low <= value <= high else rng.randint(low, high)


def prime_factors(x: int) -> list[int]:
    factors = []
    d = 2
    while d * d <= x:
        while x % d == 0:
            factors.append(d)
            x //= d
        d += 1
    if x > 1:
        factors.append(x)
    return factors


def prime_factors_slow(x: int) -> list[int]:
    factors = []
    while x > 1:
        smallest = next((d for d in range(2, math.isqrt(x) + 1) if x % d == 0), x)
        factors.append(smallest)
        x //= smallest
    return factors


def prime_factors_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    low, high = x.values
    if low < 1 or not 2 <= high <= LARGEST:
        return None
    return ints((0 if low == 1 else 1, high.bit_length() - 1), (2, high), "sorted")


def geometric_sum(x: int, k: int, m: int) -> int:
    total, power = 0, 1
    for bit in bin(x + 1)[2:]:
        total, power = total * (1 + power) % m, power * power % m
        if bit == "1":
            total, power = (total * k + 1) % m, power * k % m
    return total


def geometric_sum_slow(x: int, k: int, m: int) -> int:
    return (pow(k, x + 1, m * (k - 1)) - 1) // (k - 1) % m


def geometric_sum_result(domains: tuple[Domain, ...], params: Params) -> Domain | None:
    (x,) = domains
    return integer(0, params["m"] - 1) if x.values[0] >= 0 else None


def coprime_pairs(x: list[int]) -> int:
    top = max(x, default=1)
    count = [0] * (top + 1)
    for value in x:
        count[value] += 1
    weight = [0] * (top + 1)
    weight[1] = 1
    pairs = 0
    for d in range(1, top + 1):
        if weight[d] == 0:
            continue
        multiples = sum(count[d::d])
        pairs += weight[d] * multiples * (multiples - 1) // 2
        for multiple in range(2 * d, top + 1, d):
            weight[multiple] -= weight[d]
    return pairs


def coprime_pairs_slow(x: list[int]) -> int:
    return sum(math.gcd(x[i], x[j]) == 1 for j in range(len(x)) for i in range(j))


def coprime_pairs_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    n = x.size[1]
    return integer(0, n * (n - 1) // 2) if x.values[0] >= 1 and 2 <= x.values[1] <= 10_000 else None


FEATURES = (
    Feature(
        name="divisor_count",
        category="mathematics/number theory/divisors/count",
        takes=(Type.INT,),
        gives=Type.INT,
        code=divisor_count,
        slow=divisor_count_slow,
        result=divisor_count_result,
        inputs=many_divisors,
        let=(
            "Let {y} be the number of positive integers that divide {x} without remainder, 1 and {x} included.",
            "Count the positive divisors of {x}, among them 1 and {x} itself, each one once. Let {y} be their number.",
        ),
        ask=(
            "the number of positive integers that divide {x} without remainder",
            "the number of positive divisors of {x}, 1 and {x} included",
        ),
        wrong=(
            Wrong("the root of a square counts twice", "1 if d * d == x else 2", "2"),
            Wrong("the root is not tried", "d * d <= x", "d * d < x"),
            Wrong("1 and the number itself are left out", "d = 1", "d = 2"),
        ),
        growth="n",
        difficulty=-0.9,
        signals=("number theory", "modular arithmetic", "while loop", "counting"),
    ),
    Feature(
        name="base_digits",
        category="mathematics/number theory/digits/base conversion",
        takes=(Type.INT,),
        gives=Type.INTS,
        code=base_digits,
        slow=base_digits_slow,
        result=base_digits_result,
        inputs=near_powers,
        let=(
            "Let {y} be the sequence of the digits of {x} written in base {k}, from the most significant to the least "
            "significant one and without leading zeros. The number 0 has the single digit 0, and every digit is given "
            "as an ordinary decimal number.",
            "Write {x} in the positional system with base {k}, without leading zeros (0 is written with one digit 0). "
            "Let {y} be the sequence of the values of its digits in the order in which they are written.",
        ),
        ask=(
            "the digits of {x} in base {k}, each as a decimal number, from the most significant one to the least "
            "significant one and without leading zeros (a single 0 for the number 0)",
            "the values of the digits of {x} in the positional system with base {k}, in the order in which they are "
            "written, without leading zeros (0 itself has one digit)",
        ),
        params=(Param("k", 2, 16),),
        wrong=(
            Wrong("the least significant digit comes first", "digits[::-1]", "digits"),
            Wrong("the first digit gets lost", "while x >= k:", "while x >= k * k:"),
            Wrong("a value equal to the base is taken for a digit", "while x >= k:", "while x > k:"),
        ),
        growth="n",
        difficulty=-1.4,
        signals=("digits", "integer division", "modular arithmetic", "reversed order"),
    ),
    Feature(
        name="prime_factors",
        category="mathematics/number theory/primes/factorisation",
        takes=(Type.INT,),
        gives=Type.INTS,
        code=prime_factors,
        slow=prime_factors_slow,
        result=prime_factors_result,
        inputs=many_divisors,
        let=(
            "Let {y} be the sequence of primes, in non-decreasing order, whose product is {x}; a prime appears as "
            "often as it divides {x}. For the number 1, the sequence is empty.",
            "Write {x} as a product of prime numbers. Let {y} be the sequence of these primes, repetitions included, "
            "from the smallest to the largest; it is empty if {x} is 1.",
        ),
        ask=(
            "the primes whose product is {x}, in non-decreasing order and each as often as it divides {x} (an empty "
            "sequence if {x} is 1)",
            "the prime factorisation of {x} as a list of primes in non-decreasing order, repetitions included, which "
            "is empty for 1",
        ),
        wrong=(
            Wrong("repeated primes are listed once", "while x % d == 0:", "if x % d == 0:"),
            Wrong("the last prime is lost", "factors.append(x)", "pass"),
            Wrong("the root is not tried", "d * d <= x", "d * d < x"),
        ),
        growth="n",
        difficulty=-0.5,
        signals=("number theory", "while loop", "integer division", "nested loops"),
    ),
    Feature(
        name="geometric_sum",
        category="mathematics/number theory/powers/geometric series",
        takes=(Type.INT,),
        gives=Type.INT,
        code=geometric_sum,
        slow=geometric_sum_slow,
        result=geometric_sum_result,
        let=(
            "Let {y} be the sum of the powers of {k} with the exponents 0, 1, 2, ..., {x}, modulo {m}.",
            "Suppose that one cell is born on day 0, and on every later day, {k} times as many cells are born as on "
            "the day before. Let {y} be the total number of cells that are born from day 0 to day {x}, modulo {m}.",
        ),
        ask=(
            "the sum of the powers of {k} with the exponents 0, 1, 2, ..., {x}, modulo {m}",
            "the remainder that the sum of all powers of {k} with exponents from 0 to {x} leaves when divided by {m}",
        ),
        params=(Param("k", 2, 20), Param("m", 100, 9999, given=(1, 10**9))),
        wrong=(
            Wrong("the last power is left out", "bin(x + 1)", "bin(x)"),
            Wrong("the second half is not larger than the first", "total * (1 + power)", "total * 2"),
            Wrong("the first power is left out", "(total * k + 1)", "(total * k + k)"),
        ),
        growth="n",
        difficulty=0.9,
        signals=("power", "modular arithmetic", "number theory", "bit operations"),
    ),
    Feature(
        name="coprime_pairs",
        category="mathematics/number theory/divisors/inclusion and exclusion",
        takes=(Type.INTS,),
        gives=Type.INT,
        code=coprime_pairs,
        slow=coprime_pairs_slow,
        result=coprime_pairs_result,
        inputs=any_of(short_range, few_values, uniform),
        let=(
            "Let {y} be the number of pairs of positions i < j such that no integer greater than 1 divides both "
            "{x[i]} and {x[j]}.",
            "Call two numbers strangers if 1 is their only common positive divisor. Let {y} be the number of pairs "
            "of positions i < j for which {x[i]} and {x[j]} are strangers.",
        ),
        ask=(
            "the number of pairs of positions i < j such that no integer greater than 1 divides both {x[i]} and {x[j]}",
            "the number of pairs of elements of {x} at two different positions, regardless of their order, that have "
            "no common divisor greater than 1",
        ),
        wrong=(
            Wrong("elements are paired with themselves", "(multiples - 1)", "(multiples + 1)"),
            Wrong("equal elements count once", "sum(count[d::d])", "sum(map(bool, count[d::d]))"),
            Wrong("the sign depends on the largest divisor alone", "-= weight[d]", "= -weight[d]"),
        ),
        growth="n",
        difficulty=2.3,
        signals=("number theory", "counting", "nested loops", "slicing"),
    ),
)
