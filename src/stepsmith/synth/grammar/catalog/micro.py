"""The micro operations: one table, one line of program each; long because each one has its texts and mistakes."""

from collections.abc import Callable

from stepsmith.synth.grammar.catalog.shapes import Maker, any_of, around_k, rich_in
from stepsmith.synth.grammar.domain import Domain, Type, boolean, integer, ints
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong

Bounds = tuple[int, int]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
AROUND_K = any_of(around_k)


def _operation(
    name: str,
    takes: Type,
    gives: Type,
    code: str,
    slow: str,
    result: Callable[[Domain, int], Domain | None],
    do: str,
    ask: str,
    wrong: tuple[tuple[str, str, str], ...],
    *,
    let: str = "",
    k: Bounds | None = None,
    given: Bounds | None = None,
    inputs: Maker | None = None,
    difficulty: float = -2.0,
    signals: tuple[str, ...] = (),
) -> Feature:
    """Build a feature on one input with at most one parameter; ``let`` is derived from ``ask`` unless given."""

    def bound(domains: tuple[Domain, ...], params: Params) -> Domain | None:
        return result(domains[0], params.get("k", 0))

    kind = "string" if takes is Type.STR else "sequence"
    return Feature(
        name=name,
        category=f"implementation logic/{kind} one-liner/{name.replace('_', ' ')}",
        takes=(takes,),
        gives=gives,
        code=code,
        slow=slow,
        result=bound,
        let=(let or f"Let {{y}} be {ask}.",),
        ask=(ask,),
        params=(Param("k", *k, given=given),) if k else (),
        wrong=tuple(Wrong(*mistake) for mistake in wrong),
        inputs=inputs,
        difficulty=difficulty,
        signals=signals,
        micro=True,
        do=do,
    )


def _list(name: str, code: str, slow: str, result: Callable[[Domain, int], Domain | None], do: str, ask: str,
          *wrong: tuple[str, str, str], let: str = "", k: Bounds | None = None, given: Bounds | None = None,
          inputs: Maker | None = None, difficulty: float = -2.0, signals: tuple[str, ...] = ()) -> Feature:  # fmt: skip
    return _operation(
        name, Type.INTS, Type.INTS, code, slow, result, do, ask, wrong,
        let=let, k=k, given=given, inputs=inputs, difficulty=difficulty, signals=signals,
    )  # fmt: skip


def _text(name: str, code: str, slow: str, result: Callable[[Domain, int], Domain | None], do: str, ask: str,
          *wrong: tuple[str, str, str], let: str = "", k: Bounds | None = None, given: Bounds | None = None,
          inputs: Maker | None = None, difficulty: float = -1.8, signals: tuple[str, ...] = ()) -> Feature:  # fmt: skip
    return _operation(
        name, Type.STR, Type.STR, code, slow, result, do, ask, wrong,
        let=let, k=k, given=given, inputs=inputs, difficulty=difficulty, signals=signals,
    )  # fmt: skip


# --- bounds ----------------------------------------------------------------------------------------------------------


def _filtered(x: Domain, _: int) -> Domain:
    return x.with_(size=(0, x.size[1]))


def _mapped(values: Callable[[int, int, int], Bounds], keep: tuple[str, ...] = ()) -> Callable[[Domain, int], Domain]:
    """Bound an elementwise operation; ``values`` maps (low, high, k); the tags ``keep`` survive."""
    return lambda x, k: x.with_(values=values(*x.values, k), tags=x.tags & set(keep))


def _above(x: Domain, k: int) -> Domain | None:
    _low, high = x.values
    return _filtered(x, k).with_(values=(k + 1, high)) if k < high and x.splits(k) else None


def _below(x: Domain, k: int) -> Domain | None:
    low, _high = x.values
    return _filtered(x, k).with_(values=(low, k - 1)) if low < k and x.splits(k) else None


def _raised(x: Domain, k: int) -> Domain | None:
    low, high = x.values
    return x.with_(values=(k, high), tags=x.tags & {"sorted"}) if low < k and x.splits(k) else None


def _capped(x: Domain, k: int) -> Domain | None:
    low, high = x.values
    return x.with_(values=(low, k), tags=x.tags & {"sorted"}) if k < high and x.splits(k) else None


def _shortened(x: Domain, k: int) -> Domain:
    return x.with_(size=(max(0, x.size[0] - k), max(0, x.size[1] - k)))


def _at_most(x: Domain, k: int) -> Domain:
    return x.with_(size=(min(x.size[0], k), min(x.size[1], k)))


def _every(x: Domain, k: int) -> Domain:
    return x.with_(size=(-(-x.size[0] // k), -(-x.size[1] // k)))


def _squares(x: Domain, _: int) -> Domain | None:
    low, high = x.values
    if low >= 0 and high <= 1:  # 0 and 1 are their own squares
        return None
    least = 0 if low <= 0 <= high else min(low * low, high * high)
    return x.with_(values=(least, max(low * low, high * high)), tags=frozenset())


def _absolutes(x: Domain, _: int) -> Domain | None:
    low, high = x.values
    return x.with_(values=(max(0, -high), max(-low, high)), tags=frozenset()) if low < 0 else None


def _remainders(x: Domain, k: int) -> Domain | None:
    if x.values[0] >= 0 and x.values[1] < k:  # every number is its own remainder
        return None
    return x.with_(values=(0, k - 1), tags=frozenset())


def _quotients(x: Domain, k: int) -> Domain | None:
    low, high = x.values
    if low >= 0 and high < k:  # every quotient is 0
        return None
    return x.with_(values=(low // k, high // k), tags=x.tags & {"sorted"})


def _sums(x: Domain, _: int) -> Domain:
    """Bound sums of up to all elements, the empty sum included."""
    return x.with_(values=(min(0, x.values[0]) * x.size[1], max(0, x.values[1]) * x.size[1]))


def _running(x: Domain, k: int) -> Domain:
    return _sums(x, k).with_(tags=frozenset())


def _total(x: Domain, k: int) -> Domain:
    return integer(*_sums(x, k).values)


def _element_or_zero(x: Domain, _: int) -> Domain | None:
    if x.width < 2:  # of two values, most sequences have the same largest one
        return None
    return integer(min(0, x.values[0]), max(0, x.values[1])) if x.size[0] == 0 else integer(*x.values)


def _length(x: Domain, _: int) -> Domain | None:
    return integer(*x.size) if x.size[0] < x.size[1] else None


def _some_of(x: Domain, _: int) -> Domain:
    return integer(0, x.size[1])


def _sorted(x: Domain, _: int) -> Domain | None:
    return None if "sorted" in x.tags else x.with_(tags=x.tags | {"sorted"})


def _unsorted(x: Domain, _: int) -> Domain:
    return x.with_(tags=x.tags - {"sorted"})


def _distinct(x: Domain, _: int) -> Domain | None:
    most = min(x.size[1], x.values[1] - x.values[0] + 1)
    return None if "distinct" in x.tags else x.with_(size=(min(1, x.size[0]), most), tags=x.tags | {"distinct"})


def _distinct_values(x: Domain, _: int) -> Domain | None:
    if "distinct" in x.tags or x.width < 2:
        return None
    return integer(min(1, x.size[0]), min(x.size[1], x.width + 1))


def _letter_kinds(x: Domain, _: int) -> Domain | None:
    if len(x.alphabet) < 3:
        return None
    return integer(min(1, x.size[0]), min(x.size[1], len(x.alphabet)))


def _distinct_letters(x: Domain, _: int) -> Domain:
    return x.with_(size=(min(1, x.size[0]), min(x.size[1], len(x.alphabet))))


def _doubled(x: Domain, _: int) -> Domain:
    return x.with_(size=(2 * x.size[0], 2 * x.size[1]), tags=x.tags - {"distinct"})


def _palindromed(x: Domain, _: int) -> Domain:
    return x.with_(size=(2 * x.size[0], 2 * x.size[1]), tags=frozenset())


def _neighbour_sums(x: Domain, _: int) -> Domain | None:
    low, high = x.values
    return _shortened(x, 1).with_(values=(2 * low, 2 * high), tags=frozenset()) if x.size[1] > 1 else None


def _without_vowels(x: Domain, _: int) -> Domain | None:
    rest = "".join(c for c in x.alphabet if c not in "aeiou")
    return _filtered(x, 0).with_(alphabet=rest) if rest and rest != x.alphabet else None


def _vowels_only(x: Domain, _: int) -> Domain | None:
    rest = "".join(c for c in x.alphabet if c in "aeiou")
    return _filtered(x, 0).with_(alphabet=rest) if rest and rest != x.alphabet else None


def _a_becomes_b(x: Domain, _: int) -> Domain | None:
    return x.with_(alphabet=x.alphabet.replace("a", "")) if {"a", "b"} <= set(x.alphabet) else None


def _shifted(x: Domain, k: int) -> Domain | None:
    if not set(x.alphabet) <= set(LETTERS):
        return None
    return x.with_(alphabet="".join(sorted(LETTERS[(LETTERS.index(c) + k) % 26] for c in x.alphabet)))


def _letter_numbers(x: Domain, _: int) -> Domain | None:
    if not set(x.alphabet) <= set(LETTERS):
        return None
    numbers = sorted(LETTERS.index(c) + 1 for c in x.alphabet)
    return ints(x.size, (numbers[0], numbers[-1]))


def _has_vowels(x: Domain, _: int) -> Domain | None:
    return integer(0, x.size[1]) if set(x.alphabet) & set("aeiou") else None


def _has_a(x: Domain, _: int) -> Domain | None:
    return integer(0, x.size[1]) if "a" in x.alphabet else None


def _letters_only(result: Callable[[Domain, int], Domain | None]) -> Callable[[Domain, int], Domain | None]:
    return lambda x, k: result(x, k) if set(x.alphabet) <= set(LETTERS) else None


# --- operations ------------------------------------------------------------------------------------------------------

LISTS = (
    _list("keep_even", "[v for v in {x} if v % 2 == 0]", "[v for v in {x} if v // 2 * 2 == v]", _filtered,
          "keep only the even numbers", "the even elements of {x}, in their original order",
          ("keeps the odd ones", "== 0", "!= 0"), ("loses zeros", "if v % 2 == 0", "if v and v % 2 == 0"),
          let="Let {y} be the sequence of the even elements of {x}, in their original order (possibly empty).",
          signals=("modular arithmetic", "list comprehension")),
    _list("keep_odd", "[v for v in {x} if v % 2 != 0]", "[v for v in {x} if v // 2 * 2 != v]", _filtered,
          "keep only the odd numbers", "the odd elements of {x}, in their original order",
          ("keeps the even ones", "!= 0", "== 0"), ("loses negative ones", "if v % 2 != 0", "if v > 0 and v % 2 != 0"),
          let="Let {y} be the sequence of the odd elements of {x}, in their original order (possibly empty).",
          signals=("modular arithmetic", "list comprehension")),
    _list("keep_above", "[v for v in {x} if v > {k}]", "[v for v in {x} if v - {k} >= 1]", _above,
          "keep only the numbers greater than {k}",
          "the elements of {x} that are strictly greater than {k}, in their original order",
          ("keeps equal ones too", "v > {k}", "v >= {k}"), ("keeps the smaller ones", "v > {k}", "v < {k}"),
          let="Let {y} be the sequence of those elements of {x} that are strictly greater than {k}, in their original "
          "order (possibly empty).", k=(2, 9), given=(1, 99), inputs=AROUND_K,
          signals=("comparison", "list comprehension")),
    _list("keep_below", "[v for v in {x} if v < {k}]", "[v for v in {x} if {k} - v >= 1]", _below,
          "keep only the numbers less than {k}",
          "the elements of {x} that are strictly less than {k}, in their original order",
          ("keeps equal ones too", "v < {k}", "v <= {k}"), ("keeps the larger ones", "v < {k}", "v > {k}"),
          let="Let {y} be the sequence of those elements of {x} that are strictly less than {k}, in their original "
          "order (possibly empty).", k=(2, 9), given=(1, 99), inputs=AROUND_K,
          signals=("comparison", "list comprehension")),
    _list("squares", "[v * v for v in {x}]", "[v ** 2 for v in {x}]", _squares,
          "square each number", "the sequence {x} with every element replaced by its square",
          ("doubles instead", "v * v", "v + v"), ("takes the cube", "v * v", "v * v * v"),
          signals=("multiplication", "power")),
    _list("add_constant", "[v + {k} for v in {x}]", "list(map(lambda v: v - -{k}, {x}))",
          _mapped(lambda low, high, k: (low + k, high + k), ("sorted", "distinct")),
          "add {k} to each number", "the sequence {x} with {k} added to every element",
          ("subtracts", "v + {k}", "v - {k}"), ("adds one more", "v + {k}", "v + {k} + 1"),
          k=(1, 9), given=(1, 1000), signals=("arithmetic",)),
    _list("multiply_by", "[v * {k} for v in {x}]", "[sum([v] * {k}) for v in {x}]",
          _mapped(lambda low, high, k: (min(low * k, low), max(high * k, high)), ("sorted", "distinct")),
          "multiply each number by {k}", "the sequence {x} with every element multiplied by {k}",
          ("adds instead", "v * {k}", "v + {k}"), ("raises to a power", "v * {k}", "v * v"),
          k=(2, 9), given=(2, 100), signals=("multiplication",)),
    _list("negate", "[-v for v in {x}]", "[0 - v for v in {x}]",
          _mapped(lambda low, high, _: (-high, -low), ("distinct",)),
          "negate each number", "the sequence {x} with the sign of every element changed",
          ("takes the absolute value", "-v for", "abs(v) for"), ("negates positive ones only", "-v for", "-abs(v) for"),
          signals=("arithmetic",)),
    _list("absolute_values", "[abs(v) for v in {x}]", "[max(v, -v) for v in {x}]", _absolutes,
          "take absolute values", "the absolute values of the elements of {x}, in order",
          ("negates", "abs(v)", "-v"), ("cuts off at zero", "abs(v)", "max(v, 0)"),
          let="Let {y} be the sequence {x} with every element replaced by its absolute value.",
          signals=("absolute difference",)),
    _list("remainders", "[v % {k} for v in {x}]", "[v - v // {k} * {k} for v in {x}]",
          _remainders,
          "replace each number by its remainder modulo {k}",
          "the remainder of every element of {x} when divided by {k} (a number from 0 to {k} - 1), in order",
          ("takes the quotient", "v % {k}", "v // {k}"), ("takes the remainder of the absolute value", "v %",
          "abs(v) %"),
          let="Let {y} be the sequence {x} with every element replaced by its remainder when divided by {k}, a number "
          "from 0 to {k} - 1.", k=(2, 9), given=(2, 1000), difficulty=-1.6, signals=("modular arithmetic",)),
    _list("quotients", "[v // {k} for v in {x}]", "[(v - v % {k}) // {k} for v in {x}]",
          _quotients,
          "divide each number by {k}, rounding down", "every element of {x} divided by {k} and rounded down, in order",
          ("rounds towards zero", "v // {k}", "int(v / {k})"), ("rounds up", "v // {k}", "-(-v // {k})"),
          let="Let {y} be the sequence {x} with every element divided by {k} and rounded down to an integer.",
          k=(2, 9), given=(2, 1000), difficulty=-1.6, signals=("integer division",)),
    _list("raise_to_at_least", "[max(v, {k}) for v in {x}]", "[v if v > {k} else {k} for v in {x}]",
          _raised,
          "replace each number below {k} by {k}",
          "the sequence {x} with every element less than {k} replaced by {k}",
          ("caps instead", "max(v, {k})", "min(v, {k})"), ("adds instead", "max(v, {k})",
          "(v + {k} if v < {k} else v)"),
          k=(1, 9), given=(1, 99), inputs=AROUND_K,
          signals=("min/max",)),
    _list("cap_at", "[min(v, {k}) for v in {x}]", "[v if v < {k} else {k} for v in {x}]",
          _capped,
          "replace each number above {k} by {k}",
          "the sequence {x} with every element greater than {k} replaced by {k}",
          ("raises instead", "min(v, {k})", "max(v, {k})"), ("drops them to zero", "min(v, {k})",
          "(0 if v > {k} else v)"),
          k=(2, 9), given=(1, 99), inputs=AROUND_K,
          signals=("min/max",)),
    _list("sort_up", "sorted({x})", "[v for _, v in sorted((v, v) for v in {x})]", _sorted,
          "sort in increasing order", "the elements of {x} in non-decreasing order",
          ("sorts downwards", "sorted({x})", "sorted({x}, reverse=True)"), ("removes duplicates", "sorted({x})",
          "sorted(set({x}))"),
          let="Let {y} be the sequence {x} sorted in non-decreasing order.", signals=("sorted call",)),
    _list("sort_down", "sorted({x}, reverse=True)", "[-v for v in sorted(-v for v in {x})]", _unsorted,
          "sort in decreasing order", "the elements of {x} in non-increasing order",
          ("sorts upwards", ", reverse=True", ""), ("removes duplicates", "sorted({x}", "sorted(set({x})"),
          let="Let {y} be the sequence {x} sorted in non-increasing order.", signals=("sorted call",)),
    _list("take_first", "{x}[:{k}]", "[v for i, v in enumerate({x}) if i < {k}]", _at_most,
          "take the first {k} items", "the first {k} elements of {x} (all of them if there are fewer)",
          ("takes one too few", "[:{k}]", "[:{k} - 1]"), ("drops them", "[:{k}]", "[{k}:]"),
          k=(2, 9), given=(1, 100), signals=("slicing",)),
    _list("drop_first", "{x}[{k}:]", "[v for i, v in enumerate({x}) if i >= {k}]", _shortened,
          "drop the first {k} items", "what remains of {x} after its first {k} elements are removed (nothing if there "
          "are no more than {k})",
          ("drops one too few", "[{k}:]", "[{k} - 1:]"), ("keeps them", "[{k}:]", "[:{k}]"),
          k=(2, 6), given=(1, 100), signals=("slicing",)),
    _list("take_last", "{x}[-{k}:]", "[v for i, v in enumerate({x}) if i >= len({x}) - {k}]", _at_most,
          "take the last {k} items", "the last {k} elements of {x}, in order (all of them if there are fewer)",
          ("takes one more", "[-{k}:]", "[-{k} - 1:]"), ("drops them", "[-{k}:]", "[:-{k}]"),
          k=(2, 9), given=(1, 100), signals=("slicing",)),
    _list("unique_in_order", "list(dict.fromkeys({x}))", "[v for i, v in enumerate({x}) if v not in {x}[:i]]",
          _distinct,
          "remove duplicates, keeping first occurrences", "the distinct elements of {x} in the order of their first "
          "occurrence", ("sorts them", "list(dict.fromkeys({x}))", "sorted(set({x}))"),
          ("keeps last occurrences", "dict.fromkeys({x})", "dict.fromkeys({x}[::-1])"),
          let="Let {y} be the sequence of the distinct elements of {x}, in the order of their first occurrence.",
          signals=("set use", "dict use")),
    _list("every_kth", "{x}[::{k}]", "[v for i, v in enumerate({x}) if i % {k} == 0]", _every,
          "take every {k}-th item, starting with the first",
          "every {k}-th element of {x}, starting with the first one",
          ("starts too late", "[::{k}]", "[{k} - 1::{k}]"), ("strides too far", "[::{k}]", "[::{k} + 1]"),
          let="Let {y} be the sequence that consists of every {k}-th element of {x}, starting with the first one.",
          k=(2, 4), given=(2, 100), signals=("slicing",)),
    _list("running_sums", "list(itertools.accumulate({x}))", "[sum({x}[: i + 1]) for i in range(len({x}))]", _running,
          "compute running sums", "the prefix sums of {x}: for every position, the sum of the elements up to and "
          "including it", ("forgets the element itself", "accumulate({x})", "accumulate([0] + {x}[:-1])"),
          ("multiplies", "accumulate({x})", "accumulate({x}, lambda u, v: u * v)"),
          let="Let {y} be the sequence of prefix sums of {x}: {y[i]} is the sum of all elements of {x} up to and "
          "including {x[i]}.", difficulty=-1.6, signals=("accumulation",)),
    _list("neighbour_sums", "[u + v for u, v in zip({x}, {x}[1:])]",
          "[{x}[i] + {x}[i + 1] for i in range(len({x}) - 1)]", _neighbour_sums,
          "replace the list by the sums of neighbouring numbers",
          "the sums of every two neighbouring elements of {x}, from left to right (none if there are fewer than two)",
          ("subtracts", "u + v for", "v - u for"), ("wraps around", "{x}[1:])]", "{x}[1:] + {x}[:1])]"),
          let="Let {y} be the sequence of the sums of every two neighbouring elements of {x}, from left to right; it "
          "is empty if {x} has fewer than two elements.", difficulty=-1.6, signals=("pairs", "index arithmetic")),
    _list("repeat_each", "[v for v in {x} for _ in range(2)]", "sum(([v, v] for v in {x}), [])", _doubled,
          "repeat each number twice", "the sequence {x} with every element written twice in a row",
          ("repeats the whole list", "[v for v in {x} for _ in range(2)]", "{x} * 2"), ("writes it three times",
          "range(2)", "range(3)"),
          signals=("nested loops", "list comprehension")),
    _list("mirror", "{x} + {x}[::-1]", "{x} + list(reversed({x}))", _palindromed,
          "append the list in reverse order to itself", "the sequence {x} followed by {x} in reverse order",
          ("repeats instead", "{x} + {x}[::-1]", "{x} + {x}"), ("puts the reverse first", "{x} + {x}[::-1]",
          "{x}[::-1] + {x}"),
          signals=("reversed order", "slicing")),
)  # fmt: skip

STRINGS = (
    _text("reverse_text", "{x}[::-1]", "''.join(reversed({x}))", lambda x, _: x,
          "reverse it", "the string {x} read backwards",
          ("loses a letter", "[::-1]", "[:0:-1]"), ("sorts instead", "{x}[::-1]", "''.join(sorted({x}))"),
          signals=("reversed order", "slicing")),
    _text("drop_vowels", "''.join(c for c in {x} if c not in 'aeiou')",
          "''.join(filter(lambda c: 'aeiou'.find(c) < 0, {x}))", _without_vowels,
          "remove the vowels", "the string {x} without its vowels (the letters 'a', 'e', 'i', 'o' and 'u')",
          ("keeps them instead", "not in", "in"), ("forgets one vowel", "aeiou", "aiou"),
          inputs=rich_in("aeiou"), signals=("string scanning", "search")),
    _text("keep_vowels", "''.join(c for c in {x} if c in 'aeiou')",
          "''.join(filter(lambda c: 'aeiou'.find(c) >= 0, {x}))", _vowels_only,
          "keep only the vowels", "the string of the vowels of {x} (the letters 'a', 'e', 'i', 'o' and 'u'), in order",
          ("removes them instead", "c in 'aeiou'", "c not in 'aeiou'"), ("forgets one vowel", "aeiou", "eiou"),
          inputs=rich_in("aeiou"), signals=("string scanning", "search")),
    _text("sort_letters", "''.join(sorted({x}))", "''.join(c * {x}.count(c) for c in sorted(set({x})))", lambda x, _: x,
          "sort its characters", "the characters of {x} sorted in increasing order, as one string",
          ("sorts downwards", "sorted({x})", "sorted({x}, reverse=True)"), ("removes duplicates", "sorted({x})",
          "sorted(set({x}))"),
          let="Let {y} be the string of the characters of {x} sorted in increasing order.",
          signals=("sorted call", "string building")),
    _text("unique_letters", "''.join(dict.fromkeys({x}))", "''.join(c for i, c in enumerate({x}) if c not in {x}[:i])",
          _distinct_letters,
          "remove repeated characters, keeping first occurrences",
          "the string of the distinct characters of {x} in the order of their first occurrence",
          ("sorts them", "''.join(dict.fromkeys({x}))", "''.join(sorted(set({x})))"),
          ("keeps last occurrences", "dict.fromkeys({x})", "dict.fromkeys({x}[::-1])"), signals=("set use",
          "dict use")),
    _text("text_prefix", "{x}[:{k}]", "''.join(c for i, c in enumerate({x}) if i < {k})", _at_most,
          "take the first {k} characters", "the first {k} characters of {x} (all of {x} if it is shorter)",
          ("takes one too few", "[:{k}]", "[:{k} - 1]"), ("drops them", "[:{k}]", "[{k}:]"),
          k=(2, 6), given=(1, 100), signals=("slicing",)),
    _text("text_suffix", "{x}[{k}:]", "''.join(c for i, c in enumerate({x}) if i >= {k})", _shortened,
          "drop the first {k} characters", "what remains of {x} after its first {k} characters are removed (nothing if "
          "it is no longer than that)",
          ("drops one too few", "[{k}:]", "[{k} - 1:]"), ("keeps them", "[{k}:]", "[:{k}]"),
          k=(2, 5), given=(1, 100), signals=("slicing",)),
    _text("every_kth_letter", "{x}[::{k}]", "''.join(c for i, c in enumerate({x}) if i % {k} == 0)", _every,
          "take every {k}-th character, starting with the first",
          "the string of every {k}-th character of {x}, starting with the first one",
          ("starts too late", "[::{k}]", "[{k} - 1::{k}]"), ("strides too far", "[::{k}]", "[::{k} + 1]"),
          k=(2, 4), given=(2, 100), signals=("slicing",)),
    _text("a_becomes_b", "{x}.replace('a', 'b')", "''.join('b' if c == 'a' else c for c in {x})", _a_becomes_b,
          "replace every 'a' by 'b'", "the string {x} with every letter 'a' replaced by 'b'",
          ("replaces the first one only", "'b')", "'b', 1)"), ("deletes them", "'b')", "'')"),
          inputs=rich_in("a"), signals=("string scanning",)),
    _text("double_letters", "''.join(c * 2 for c in {x})", "''.join(c + c for c in {x})", _doubled,
          "repeat each character twice", "the string {x} with every character written twice in a row",
          ("repeats the whole string", "''.join(c * 2 for c in {x})", "{x} * 2"), ("writes it three times", "c * 2",
          "c * 3"),
          signals=("string building", "multiplication")),
    _text("mirror_text", "{x} + {x}[::-1]", "{x} + ''.join(reversed({x}))", _palindromed,
          "append its reverse to it", "the string {x} followed by {x} read backwards",
          ("repeats instead", "{x} + {x}[::-1]", "{x} + {x}"), ("puts the reverse first", "{x} + {x}[::-1]",
          "{x}[::-1] + {x}"),
          signals=("reversed order", "string building")),
    _text("shift_letters", "''.join(chr((ord(c) - 97 + {k}) % 26 + 97) for c in {x})",
          "''.join('abcdefghijklmnopqrstuvwxyz'['abcdefghijklmnopqrstuvwxyz'.index(c) + {k} - 26] for c in {x})",
          _shifted,
          "move each letter {k} places forward in the alphabet, wrapping around after 'z'",
          "the string {x} with every letter replaced by the one that is {k} places later in the alphabet, where 'a' "
          "follows 'z'",
          ("moves backwards", "97 + {k}", "97 - {k}"), ("moves one place more", "97 + {k}", "97 + {k} + 1"),
          k=(1, 9), difficulty=-1.2, signals=("string scanning", "modular arithmetic")),
)  # fmt: skip

ENDINGS = (
    _operation("total", Type.INTS, Type.INT, "sum({x})", "sum(v for v in {x} if v > 0) + sum(v for v in {x} if v < 0)",
               _total, "return the sum", "the sum of all elements of {x} (0 if {x} is empty)",
               (("adds positive ones only", "sum({x})", "sum(v for v in {x} if v > 0)"),
                ("leaves out the last one", "sum({x})", "sum({x}[:-1])")), signals=("accumulation",)),
    _operation("length", Type.INTS, Type.INT, "len({x})", "sum(1 for _ in {x})", _length,
               "return how many are left", "the number of elements of {x}",
               (("counts distinct ones", "len({x})", "len(set({x}))"), ("is off by one", "len({x})", "len({x}) + 1")),
               signals=("counting",)),
    _operation("largest", Type.INTS, Type.INT, "max({x}, default=0)", "sorted({x})[-1] if {x} else 0", _element_or_zero,
               "return the largest number, or 0 if there is none", "the largest element of {x} (0 if {x} is empty)",
               (("takes the smallest", "max", "min"), ("starts from zero", "max({x}, default=0)", "max([0] + {x})")),
               signals=("min/max",)),
    _operation("smallest", Type.INTS, Type.INT, "min({x}, default=0)", "sorted({x})[0] if {x} else 0", _element_or_zero,
               "return the smallest number, or 0 if there is none", "the smallest element of {x} (0 if {x} is empty)",
               (("takes the largest", "min", "max"), ("starts from zero", "min({x}, default=0)", "min([0] + {x})")),
               signals=("min/max",)),
    _operation("last_element", Type.INTS, Type.INT, "{x}[-1] if {x} else 0", "([0] + {x})[len({x})]", _element_or_zero,
               "return the last number, or 0 if there is none", "the last element of {x} (0 if {x} is empty)",
               (("takes the first", "{x}[-1]", "{x}[0]"), ("takes the largest", "{x}[-1]", "max({x})")),
               signals=("index arithmetic",)),
    _operation("count_even", Type.INTS, Type.INT, "sum(v % 2 == 0 for v in {x})",
    "len([v for v in {x} if v // 2 * 2 == v])",
               _some_of, "return how many are even", "the number of even elements of {x}",
               (("counts the odd ones", "== 0", "!= 0"), ("adds them up", "sum(v % 2 == 0 for",
               "sum((v % 2 == 0) * v for")),
               signals=("counting", "modular arithmetic")),
    _operation("count_distinct", Type.INTS, Type.INT, "len(set({x}))",
    "sum(v not in {x}[:i] for i, v in enumerate({x}))",
               _distinct_values,
               "return how many different numbers there are", "the number of distinct values among the elements of {x}",
               (("counts all", "len(set({x}))", "len({x})"), ("ignores signs", "set({x})", "set(map(abs, {x}))")),
               signals=("set use",)),
    _operation("text_length", Type.STR, Type.INT, "len({x})", "sum(1 for _ in {x})", _length,
               "return its length", "the length of {x}",
               (("counts distinct characters", "len({x})", "len(set({x}))"), ("is off by one", "len({x})",
               "len({x}) + 1")),
               signals=("counting",)),
    _operation("count_vowels", Type.STR, Type.INT, "sum(c in 'aeiou' for c in {x})",
               "sum({x}.count(c) for c in 'aeiou')", _letters_only(_has_vowels),
               "return the number of vowels", "the number of vowels in {x} (the letters 'a', 'e', 'i', 'o' and 'u')",
               (("counts consonants", "c in 'aeiou'", "c not in 'aeiou'"), ("forgets a vowel", "aeiou", "eiou")),
               inputs=rich_in("aeiou"), signals=("counting", "string scanning")),
    _operation("distinct_letters", Type.STR, Type.INT, "len(set({x}))",
    "sum(c not in {x}[:i] for i, c in enumerate({x}))",
               _letter_kinds,
               "return the number of different characters", "the number of distinct characters in {x}",
               (("counts all", "len(set({x}))", "len({x})"), ("is off by one", "len(set({x}))", "len(set({x})) + 1")),
               signals=("set use",)),
    _operation("count_a", Type.STR, Type.INT, "{x}.count('a')", "len([c for c in {x} if c == 'a'])", _has_a,
               "return how often 'a' occurs", "the number of times the letter 'a' occurs in {x}",
               (("counts the others", "{x}.count('a')", "len({x}) - {x}.count('a')"), ("asks whether it occurs",
               "{x}.count('a')", "int('a' in {x})")),
               inputs=rich_in("a"), signals=("counting", "string scanning")),
    _operation("is_palindrome", Type.STR, Type.BOOL, "{x} == {x}[::-1]",
               "all({x}[i] == {x}[len({x}) - 1 - i] for i in range(len({x})))", lambda _, __: boolean(),
               "return whether it reads the same backwards", "{x} reads the same forwards and backwards",
               (("compares the ends only", "{x} == {x}[::-1]", "{x}[:1] == {x}[-1:]"), ("ignores the order",
               "{x} == {x}[::-1]", "sorted({x}) == sorted({x}[::-1])")),
               let="Let {y} be true if {x} reads the same forwards and backwards, and false otherwise.",
               signals=("comparison", "reversed order")),
    _operation("letter_numbers", Type.STR, Type.INTS, "[ord(c) - 96 for c in {x}]",
               "['abcdefghijklmnopqrstuvwxyz'.index(c) + 1 for c in {x}]", _letter_numbers,
               "replace each letter by its place in the alphabet, counting from 1",
               "the places in the alphabet of the letters of {x}, in order, where 'a' is 1, 'b' is 2 and so on",
               (("counts from zero", "- 96", "- 97"), ("counts from the end", "ord(c) - 96", "123 - ord(c)")),
               let="Replace every letter of {x} by its place in the alphabet ('a' is 1, 'b' is 2 and so on), and let "
               "{y} be the resulting sequence of integers.", signals=("string scanning", "arithmetic")),
)  # fmt: skip

FEATURES = LISTS + STRINGS + ENDINGS
