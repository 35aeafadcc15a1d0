"""The laws that every feature of the catalog keeps: ``LAWS`` maps a name to a check that takes one feature."""

import builtins
import copy
import gc
import inspect
import math
import random
import re
import signal
import symtable
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from string import Formatter
from typing import get_args

from stepsmith.synth.grammar.compose import companion, draw_parameters, fitted
from stepsmith.synth.grammar.composition import Case, Composition, Step, evaluate
from stepsmith.synth.grammar.domain import GRAPH_TYPES, Domain, Size, Type
from stepsmith.synth.grammar.feature import Feature, Params
from stepsmith.synth.grammar.inputs import DEFAULT_COUNTS, draw_case
from stepsmith.synth.grammar.soundness import MIDDLING_SIZE
from stepsmith.synth.grammar.sources import menu, scaled
from stepsmith.synth.grammar.values import contains, generate
from stepsmith.synth.signals import SIGNALS

MODULES = ("bisect", "collections", "functools", "heapq", "itertools", "math")
ALPHABETS = ("ab", "abc", "abcdefghijklmnopqrstuvwxyz", "01", "0123456789", "()", "()[]", "LRUD", "aAbB1", "+-*()12")
RANGES = ((0, 1), (0, 3), (1, 5), (0, 12), (-2, 2), (-6, 6), (-9, -1), (3, 40), (-50, 50), (0, 10**9), (1, 1))
SLOW_LENGTH, MUTANT_LENGTH = 8, 16  # longest inputs: brute forces may be exponential, mistakes may need some room
CALL_SECONDS = 1.0  # CPU time after which a call on a small input counts as endless
LINEAR_SIZE, QUADRATIC_SIZE, CUBIC_SIZE = 20_000, 500, 100
SLOW_SECONDS = 5.0  # the same for a brute force
LARGE_SECONDS = 0.5
SMALL_SIZES: tuple[Size, ...] = ("edge", "small", "random", "stress")
MIN_ENTROPY_BITS, MIN_ENTROPY_BITS_OF_TRUTHS = 1.0, 0.7  # of the answers over drawn inputs, in every source domain
MOST_EQUAL = 0.8  # the largest share of drawn inputs with the same answer
PROBLEMS, SUITES = 12, 4  # problems of one step that a feature is tried in; suites of inputs drawn for each


def random_domain(rng: random.Random, kind: Type, longest: int) -> Domain:
    """A small domain of a type: one that problems start from, or one as the middle of a composition may have it."""
    if kind in GRAPH_TYPES or (kind is not Type.BOOL and rng.random() < 0.5):
        return scaled(rng.choice(menu(kind)), rng.randint(2, longest))
    low = rng.choice([0, 1, 1, 2, min(4, longest)])
    size, values, alphabet = (low, rng.randint(max(1, low), longest)), rng.choice(RANGES), rng.choice(ALPHABETS)
    if kind in (Type.INT, Type.BOOL):
        return Domain(kind, values=values if kind is Type.INT else (0, 1))
    if kind is Type.STR:
        return Domain(kind, size=size, alphabet=alphabet)
    if kind is Type.WORDS:
        return Domain(kind, size=size, second=(rng.randint(0, 1), rng.randint(1, 4)), alphabet=alphabet)
    if kind in (Type.GRID, Type.MATRIX):
        size, second = (max(1, low), size[1]), (1, rng.randint(1, 5))
        return Domain(kind, size=size, second=second, values=values, alphabet=rng.choice([".#", "01", "abc"]))
    return Domain(kind, size=size, values=values)


# ------------------------------------------------------------------------------------------------- running features


def source_of(program: Callable[..., object] | str) -> str:
    """The text that a mistake is applied to."""
    return program if isinstance(program, str) else textwrap.dedent(inspect.getsource(program))


def load(feature: Feature, source: str) -> Callable[..., object]:
    """Compile program text with nothing in scope but builtins and the allowed modules."""
    scope: dict[str, object] = {name: __import__(name) for name in MODULES}
    if source.lstrip().startswith("def "):
        exec(compile(source, feature.name, "exec"), scope)
        return scope[source.split("def ", 1)[1].split("(", 1)[0]]
    inputs = ["x", "z"][: len(feature.takes)] + [param.name for param in feature.params]
    body = source.format(**{name: name for name in inputs})
    return eval(compile(f"lambda {', '.join(inputs)}: ({body})", feature.name, "eval"), scope)


class Endless(Exception):
    """A call used up its CPU time."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise ``Endless`` in the body after so many CPU seconds (SIGVTALRM, so that pytest's own alarm stays)."""

    def expire(*_: object) -> None:
        raise Endless

    before = signal.signal(signal.SIGVTALRM, expire)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def arguments(feature: Feature, values: list[object], params: Params) -> list[object]:
    """Positional arguments of a feature's code: graphs unpacked, parameters last; fresh copies."""
    flat: list[object] = []
    for kind, value in zip(feature.takes, copy.deepcopy(values), strict=True):
        flat.extend(value if kind in GRAPH_TYPES else [value])
    return [*flat, *(params[param.name] for param in feature.params)]


def cases(
    feature: Feature, rng: random.Random, count: int, *, longest: int = SLOW_LENGTH, per_domain: int = 4
) -> Iterator[tuple]:
    """Yield (domains, result domain, input values, parameters) on random small domains that the feature accepts.

    Parameters are constants half of the time and given the other half: then ``result`` sees the upper bound.
    """
    made = refused = 0
    while made < count:
        domains = tuple(random_domain(rng, kind, longest) for kind in feature.takes)
        if feature.takes[1:] == feature.takes[:1] and rng.random() < 0.3:
            domains = (domains[0], domains[0])  # two sources of a problem mostly hold similar values
        params = {param.name: rng.randint(param.lo, param.hi) for param in feature.params}
        bounds = dict(params)
        for param in feature.params:
            if param.given is not None and rng.random() < 0.5:
                params[param.name] = rng.choice([rng.randint(*param.given), min(param.given[1], params[param.name])])
                params[param.name] = max(param.given[0], params[param.name])
                bounds[param.name] = param.given[1]
        result = feature.result(domains, bounds)
        if result is None:
            refused += 1
            assert refused < 200 + 40 * made, f"{feature.name} accepts too few domains"
            continue
        for _ in range(per_domain):
            values = [generate(rng, domain, rng.choice(SMALL_SIZES)) for domain in domains]
            if feature.inputs is not None and rng.random() < 0.7:
                values[0] = feature.inputs(rng, domains[0], rng.choice(SMALL_SIZES), params)
            yield domains, result, values, params
            made += 1


# -------------------------------------------------------------------------------------------------------- the laws


def code_matches_slow(feature: Feature) -> None:
    """The program computes what the literal definition says, within the declared bounds, and leaves its input alone."""
    code = load(feature, source_of(feature.code))
    slow = load(feature, source_of(feature.slow)) if feature.slow is not None else code
    seen = set()
    for _, result, values, params in cases(feature, random.Random(feature.name), 240):
        given = arguments(feature, values, params)
        with cpu_limit(CALL_SECONDS):
            answer = code(*given)
        assert given == arguments(feature, values, params), f"{feature.name} modified its input {values}"
        assert result.type is feature.gives
        assert contains(result, answer), f"{feature.name}{values, params}: {answer!r} is outside {result}"
        with cpu_limit(SLOW_SECONDS):
            expected = slow(*arguments(feature, values, params))
        assert answer == expected, f"{feature.name}{values, params}: {answer!r}, by definition {expected!r}"
        seen.add(repr(answer))
    assert len(seen) >= 2, f"{feature.name} always answers {seen}"


def mistakes_are_wrong(feature: Feature) -> None:
    """Each mistake applies at one place, compiles, ends, and differs from the right program on some of 200 inputs."""
    assert 2 <= len(feature.wrong) <= 4
    assert len({wrong.label for wrong in feature.wrong}) == len(feature.wrong)
    for wrong in feature.wrong:
        assert difference_share(feature, wrong.old, wrong.new) > 0, f"{feature.name}: {wrong.label!r} never shows"


def difference_share(feature: Feature, old: str, new: str) -> float:
    """Share of 200 small inputs on which the mutated program answers otherwise or crashes."""
    source = source_of(feature.code)
    assert source.count(old) == 1, f"{feature.name}: {old!r} occurs {source.count(old)} times"
    code, mutant = load(feature, source), load(feature, source.replace(old, new))
    differing = total = 0
    for _, _, values, params in cases(feature, random.Random(f"{feature.name} {new}"), 200, longest=MUTANT_LENGTH):
        total += 1
        try:
            with cpu_limit(CALL_SECONDS):
                answer = mutant(*arguments(feature, values, params))
        except Endless:
            raise AssertionError(f"{feature.name}: {old!r} -> {new!r} does not end on {values, params}") from None
        except Exception:  # a crash is a wrong answer too
            differing += 1
            continue
        differing += answer != code(*arguments(feature, values, params))
    return differing / total


def _cpu_seconds(code: Callable[..., object], given: list[object]) -> float:
    """CPU time of one call, without collections of what the other tests of this process have left."""
    gc.collect()
    gc.disable()
    try:
        started = time.process_time()
        with cpu_limit(20 * LARGE_SECONDS):
            code(*given)
        return time.process_time() - started
    finally:
        gc.enable()


def large_inputs_are_fast(feature: Feature) -> None:
    """The program keeps its stated growth: a large input of the type's and of the feature's own shapes is quick."""
    n = {"n^2": QUADRATIC_SIZE, "n^3": CUBIC_SIZE}.get(feature.growth, LINEAR_SIZE)
    rng, code = random.Random(feature.name), load(feature, source_of(feature.code))
    done = 0
    for draw in range(400):
        domains = tuple(large_domain(rng, kind, n // 2 ** (draw // 100)) for kind in feature.takes)
        params = {param.name: rng.randint(param.lo, param.hi) for param in feature.params}
        if feature.result(domains, params) is None:
            continue
        values = [generate(rng, domain, "stress") for domain in domains]
        if feature.inputs is not None and done % 2:
            values[0] = feature.inputs(rng, domains[0], "stress", params)
        spent = _cpu_seconds(code, arguments(feature, values, params))
        assert spent < LARGE_SECONDS, f"{feature.name} took {spent:.2f} s on {domains, params}"
        done += 1
        if done == 4:
            return
    assert done, f"{feature.name} accepts no large domain"


def large_domain(rng: random.Random, kind: Type, n: int) -> Domain:
    """A domain that problems start from, with the upper size bound that ``n`` elements, cells or edges come to."""
    return Domain(Type.BOOL, values=(0, 1)) if kind is Type.BOOL else scaled(rng.choice(menu(kind)), n)


def inputs_fit(feature: Feature) -> None:
    """Own inputs lie in the domain for every size class and depend on nothing but the generator's state."""
    if feature.inputs is None:
        return
    rng = random.Random(feature.name)
    for domains, _, _, params in cases(feature, rng, 120, per_domain=1):
        for size in get_args(Size):
            seed = rng.random()
            value = feature.inputs(random.Random(seed), domains[0], size, params)
            assert contains(domains[0], value), f"{feature.name}: {value} is outside {domains[0]}"
            assert value == feature.inputs(random.Random(seed), domains[0], size, params)


def answers_vary(feature: Feature) -> None:
    """In every problem that this feature alone makes, the answers over drawn inputs vary.

    Their entropy is at least ``MIN_ENTROPY_BITS``, and no answer has a share over ``MOST_EQUAL``. An answer that equals
    an input shows nothing of the feature, so all of those count as one answer; so do all empty ones.
    """
    if Type.BOOL in feature.takes:
        return  # no problem starts from a truth value
    rng = random.Random(feature.name)
    least = MIN_ENTROPY_BITS_OF_TRUTHS if feature.gives is Type.BOOL else MIN_ENTROPY_BITS
    for problem in problems_of_one_step(feature, rng, PROBLEMS):
        sizes = [size for size, count in DEFAULT_COUNTS.items() for _ in range(count)]
        answers = [shown(problem, draw_case(rng, problem, size)) for size in sizes * SUITES]
        counts = Counter(answers)
        entropy = -sum(n / len(answers) * math.log2(n / len(answers)) for n in counts.values())
        answer, count = counts.most_common(1)[0]
        told = f"{feature.name} on {problem.sources, problem.steps}: {answer[:60]} {count} times of {len(answers)}"
        assert entropy >= least, f"{told}; entropy {entropy:.2f} bits"
        assert count <= MOST_EQUAL * len(answers), told


def problems_of_one_step(feature: Feature, rng: random.Random, count: int) -> Iterator[Composition]:
    """Problems of middling size that this feature alone makes; sources and parameters are those of ``compose``."""
    made = 0
    for _ in range(40 * count):
        sources = [rng.choice(menu(feature.takes[0]))]
        for other in feature.takes[1:]:
            sources.append(companion(sources[0], other) if rng.random() < 0.5 else rng.choice(menu(other)))
        constants, given = draw_parameters(rng, feature, 2, "contest")
        step = Step(feature=feature.name, inputs=tuple(range(len(sources))), constants=constants, given=given)
        problem = fitted(sources, [step], "contest", MIDDLING_SIZE)
        if problem is not None:
            yield problem
            made += 1
            if made == count:
                return
    assert made, f"{feature.name} makes no problem"


def shown(problem: Composition, case: Case) -> str:
    """The answer as far as it shows something of the feature."""
    answer = evaluate(problem, case)
    if answer in case:
        return "(an input)"
    empty = answer in ([], "") or (isinstance(answer, tuple) and not answer[1])
    return "(nothing)" if empty else repr(answer)


def source_stands_alone(feature: Feature) -> None:
    """Programs use only builtins and the allowed modules, and are named after their feature."""
    allowed = {*dir(builtins), *MODULES}
    for program in (feature.code, feature.slow):
        if program is None or isinstance(program, str):
            continue
        source = source_of(program)
        table = symtable.symtable(source, feature.name, "exec")
        used = {name for scope in scopes(table) for name in scope}
        assert used <= allowed | {program.__name__}, f"{feature.name}: {used - allowed}"
    if not isinstance(feature.code, str):
        assert feature.code.__name__ == feature.name
        names = list(inspect.signature(feature.code).parameters)
        expected = [param.name for param in feature.params]
        assert names[len(names) - len(expected) :] == expected


def scopes(table: symtable.SymbolTable) -> Iterator[list[str]]:
    """The global names that each function inside refers to."""
    if table.get_type() == "function":
        yield [s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()]
    for child in table.get_children():
        yield from scopes(child)


class Shown:
    """Stands for a rendered name: formats as itself, and {x[i]} as an element."""

    def __init__(self, text: str):
        self.text = text

    def __getitem__(self, index: str) -> str:
        assert index in ("i", "j"), f"element index {index!r}"
        return f"{self.text}[{index}]"

    def __format__(self, _: str) -> str:
        return self.text


def text_reads(feature: Feature) -> None:
    """Wordings render with known placeholders, sentences start upper-case and end with a full stop, phrases do not."""
    assert len(feature.let) >= 2, f"{feature.name}: fewer than two wordings of the definition"
    assert len(feature.ask) >= 2, f"{feature.name}: fewer than two wordings of the question"
    assert len(set(feature.let)) == len(feature.let)
    assert len(set(feature.ask)) == len(feature.ask)
    inputs = {"x": Shown("a"), "z": Shown("b")} if len(feature.takes) == 2 else {"x": Shown("a")}
    known = inputs | {param.name: Shown("3") for param in feature.params}
    wordings = [(text, known | {"y": Shown("c")}) for text in feature.let] + [(text, known) for text in feature.ask]
    for text, names in wordings:
        fields = {re.split(r"[.\[]", field)[0] for _, field, _, _ in Formatter().parse(text) if field is not None}
        needed = set(names) if "y" in names else set(known)
        assert fields == needed, f"{feature.name}: {text!r} names {fields}, expected {needed}"
        shown = text.format(**names)
        assert "  " not in shown
        assert shown == shown.strip()
        if "y" in names:
            assert shown[0].isupper(), text
            assert text.endswith("."), text
            assert not re.search(r"(^|\.\s)\{", text), f"{feature.name}: a sentence starts with a name: {text!r}"
        else:
            assert not shown.endswith((".", ",", ";")), text
            assert shown[0].islower(), text


def record_is_sound(feature: Feature) -> None:
    """The remaining fields: name, category, difficulty, signals, parameters."""
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", feature.name)
    assert 2 <= len(feature.category.split("/")) <= 4
    assert 1 <= len(feature.takes) <= 2
    assert -2.5 <= feature.difficulty <= 2.5
    assert feature.signals
    assert set(feature.signals) <= set(SIGNALS)
    for param in feature.params:
        assert param.lo <= param.hi
        assert param.given is None or param.given[0] <= param.given[1]


LAWS: dict[str, Callable[[Feature], None]] = {
    law.__name__: law
    for law in (
        code_matches_slow,
        mistakes_are_wrong,
        large_inputs_are_fast,
        inputs_fit,
        answers_vary,
        source_stands_alone,
        text_reads,
        record_is_sound,
    )
}
