"""A feature: one algorithmic step with its program, its text, its bounds, its inputs and its plausible mistakes."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from stepsmith.synth.grammar.domain import Domain, Size, Type, Value

Growth = Literal["n", "n log n", "n^2", "n^3"]  # running time of `code` in the size of its (first) input
Params = dict[str, int]


@dataclass(frozen=True, slots=True)
class Param:
    """A number that shapes a feature.

    As a constant it takes a value of ``lo..hi``, and every value makes another problem. Where ``given`` is set, it
    may instead be read from the input, anywhere in that inclusive range.
    """

    name: str
    lo: int
    hi: int
    given: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A plausible mistake: ``old`` occurs exactly once in the source of the feature's code and becomes ``new``.

    ``label`` says what was done wrong, in a few words ("ties counted twice").
    """

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Feature:
    """One step of a composition.

    ``code`` and ``slow`` are either plain annotated functions, whose source becomes part of the program (they use
    only builtins and these modules, which every program imports where needed: bisect, collections, functools, heapq,
    itertools, math), or, for one-liners, an expression with the names of the inputs and parameters in braces:
    ``"[v for v in {x} if v % {k} == 0]"``. Functions take the components of every input in order (a graph is two),
    then the parameters by name; they must not modify their arguments. ``slow`` is an independent brute force:
    the definition, executed literally.

    Text templates use ``{x}`` and ``{z}`` (first and second input), ``{y}`` (the result) and the parameters;
    ``{x[i]}`` renders an element in the statement's style (``a_i`` or ``a[i]``). They are index-neutral: positions are
    compared, never printed. ``let`` are full sentences that define ``{y}``, each an alternative wording; ``ask`` are
    noun phrases for the result when it is what the problem asks for ("the number of ..."), without final full stop,
    and read well after "Print", "Find" and "Return"; for BOOL they are clauses that follow "whether". They define
    *what*, never *how*: no hint at an algorithm. Every corner case (empty, nothing found) is defined in the text.

    ``result`` maps the domains of the inputs and the constants (``given`` parameters map to their upper bound) to
    the domain of the output, or None if the feature does not apply: it must be a sound bound.
    ``inputs`` makes input values of the first type within the domain that exercise this feature (ties, near misses,
    degenerate and extreme shapes for every Size); None: the type's own generator is enough.
    ``difficulty`` is in logits: 0 is a step that a middling student gets right half the time.
    ``do`` says the step as an instruction in a pipeline ("sort it in increasing order"), with the parameters in
    braces and no name of a value; profile micro is made of the features with ``micro`` and a ``do``.
    ``signals`` name what in a seed calls for it (see synth.signals.SIGNALS).
    """

    name: str
    category: str  # path in the starter feature tree, "data structure/stack/monotonic stack"
    takes: tuple[Type, ...]
    gives: Type
    code: Callable[..., object] | str
    result: Callable[[tuple[Domain, ...], Params], Domain | None]
    let: tuple[str, ...]
    ask: tuple[str, ...]
    params: tuple[Param, ...] = ()
    slow: Callable[..., object] | str | None = None
    wrong: tuple[Wrong, ...] = ()
    inputs: Callable[[random.Random, Domain, Size, Params], Value] | None = None
    growth: Growth = "n"
    difficulty: float = 0.0
    signals: tuple[str, ...] = ()
    micro: bool = False
    do: str = ""
