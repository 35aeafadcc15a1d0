"""Harder, easier and sideways: one change to a composition, with a sentence that says what changed.

Each move proposes candidates; the first one that is sound and goes the right way on the difficulty estimate is taken.
Where no move applies (one easy step cannot be made easier), a fresh composition of the wanted difficulty replaces it.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import msgspec

from stepsmith.core.records import Direction
from stepsmith.synth.grammar.compose import (
    MAX_GIVEN,
    MAX_SOURCES,
    STEP_WEIGHTS,
    CannotComposeError,
    Palette,
    compose,
    draw_parameters,
    extended,
    fitted,
)
from stepsmith.synth.grammar.composition import (
    ANSWER_TYPES,
    FEATURES,
    Composition,
    Given,
    Step,
    difficulty,
    parameter,
    spine_input,
)
from stepsmith.synth.grammar.domain import Domain, Type
from stepsmith.synth.grammar.feature import Feature
from stepsmith.synth.grammar.soundness import is_sound
from stepsmith.synth.grammar.sources import LADDER, menu
from stepsmith.synth.signals import Signal

Change = tuple[Composition, str]
Move = Callable[[random.Random, Palette, Composition], Iterator[Change]]

LEAST_GAIN = {"contest": 0.25, "micro": 0.1}  # logits by which harder and easier must move the estimate
SIDEWAYS = 0.6  # logits by which sideways may move it
FRESH_STEP = 0.8  # logits between a composition and the fresh one that replaces it when no move applies
SMALL_BOUND = 50
NUMBERS_SPARED = 0.6  # how often no step is added after a single number
TRIES = 8  # candidates of one move


def harder(rng: random.Random, composition: Composition, signals: Sequence[Signal] = ()) -> Change:
    """Return a harder composition and what changed."""
    least, goal = LEAST_GAIN[composition.profile], difficulty(composition) + FRESH_STEP
    return _refined(rng, composition, signals, _HARDER, lambda gain: gain >= least, goal)


def easier(rng: random.Random, composition: Composition, signals: Sequence[Signal] = ()) -> Change:
    """Return an easier composition and what changed."""
    least, goal = LEAST_GAIN[composition.profile], difficulty(composition) - FRESH_STEP
    return _refined(rng, composition, signals, _EASIER, lambda gain: gain <= -least, goal)


def sideways(rng: random.Random, composition: Composition, signals: Sequence[Signal] = ()) -> Change:
    """Return another composition of about the same difficulty and what changed."""
    goal = difficulty(composition)
    return _refined(rng, composition, signals, _SIDEWAYS, lambda gain: abs(gain) <= SIDEWAYS, goal)


def refine(
    rng: random.Random, composition: Composition, direction: Direction, signals: Sequence[Signal] = ()
) -> Change:
    """Change a composition in the given direction ("new" composes afresh)."""
    if direction == "new":
        return compose(rng, signals, profile=composition.profile), ""
    return {"harder": harder, "easier": easier, "sideways": sideways}[direction](rng, composition, signals)


def _refined(
    rng: random.Random,
    composition: Composition,
    signals: Sequence[Signal],
    moves: Sequence[tuple[int, Move]],
    goes_right: Callable[[float], bool],
    goal: float,
) -> Change:
    palette = Palette(composition.profile, signals, {})
    start = difficulty(composition)
    waiting = list(moves)
    while waiting:
        chosen = rng.choices(range(len(waiting)), [weight for weight, _ in waiting])[0]
        _, move = waiting.pop(chosen)
        for candidate, change in move(rng, palette, composition):
            if (
                candidate.id != composition.id
                and goes_right(difficulty(candidate) - start)
                and _is_well_formed(candidate)
                and is_sound(candidate)
            ):
                return candidate, change
    try:
        fresh = compose(rng, signals, profile=composition.profile, target=goal)
    except CannotComposeError:
        return composition, "Nothing could be changed."
    return fresh, "Starts over with other steps."


def _is_well_formed(candidate: Composition) -> bool:
    """Hold refined compositions to the rules that drawn ones obey: their length, no feature twice in a row."""
    names = [step.feature for step in candidate.steps]
    longest = max(length for length, weight in enumerate(STEP_WEIGHTS[candidate.profile], start=1) if weight)
    return len(names) <= longest and all(a != b for a, b in pairwise(names))


# --- moves -----------------------------------------------------------------------------------------------------------


def _append(rng: random.Random, palette: Palette, composition: Composition) -> Iterator[Change]:
    """Ask one more question about the answer; a single number leaves few to ask, so that is done less often."""
    if composition.answer.type is Type.INT and rng.random() < NUMBERS_SPARED:
        return
    for _ in range(TRIES):
        longer = extended(rng, palette, composition, palette.features, last=True)
        if longer is None:
            return
        new = longer.steps[-1]
        second = len(longer.sources) > len(composition.sources)
        extra = " together with a second input" if second else ""
        yield longer, f"Goes on from the former answer{extra}: adds {_named(new)} as the last step."


def _insert(rng: random.Random, palette: Palette, composition: Composition) -> Iterator[Change]:
    """Put a step that keeps the type in front of another one."""
    for _ in range(TRIES):
        place = rng.randrange(len(composition.steps))
        value = spine_input(composition, place)
        type_ = _type_of(composition, value)
        options = [f for f in palette.features if f.takes == (type_,) and f.gives is type_]
        options = [f for f in options if f.name != composition.steps[place].feature]
        if not options:
            continue
        feature = rng.choices(options, [palette.weight(option) for option in options])[0]
        new = _drawn(rng, palette, composition, feature, (value,))
        made = len(composition.sources) + place
        later = [_making_room(step, made) for step in composition.steps[place:]]
        first = later[0]
        at = first.inputs.index(value)
        later[0] = msgspec.structs.replace(first, inputs=(*first.inputs[:at], made, *first.inputs[at + 1 :]))
        candidate = _refitted(composition, (*composition.steps[:place], new, *later))
        if candidate:
            yield candidate, f"Inserts {_named(new)} before step {place + 1}."


def _replace(rng: random.Random, palette: Palette, composition: Composition) -> Iterator[Change]:
    """Put another feature of the same types in the place of a step."""
    for _ in range(TRIES * 2):
        place = rng.randrange(len(composition.steps))
        step = composition.steps[place]
        old = FEATURES[step.feature]
        last = place == len(composition.steps) - 1
        options = [
            f
            for f in palette.features
            if f.takes == old.takes and f is not old and (f.gives is old.gives or (last and f.gives in ANSWER_TYPES))
        ]
        if not options:
            continue
        feature = rng.choices(options, [palette.weight(option) for option in options])[0]
        shorter = msgspec.structs.replace(
            composition, steps=(*composition.steps[:place], *composition.steps[place + 1 :])
        )
        new = _drawn(rng, palette, shorter, feature, step.inputs)
        candidate = _refitted(composition, _with(composition.steps, place, new))
        if candidate:
            yield candidate, f"Replaces {_named(step)} by {_named(new)} in step {place + 1}."


def _remove(rng: random.Random, _: Palette, composition: Composition) -> Iterator[Change]:
    """Leave a step out: the last one, one that keeps the type, or the first one with its result as the source."""
    if len(composition.steps) < 2:
        return
    places = list(range(len(composition.steps)))
    rng.shuffle(places)
    for place in places:
        step = composition.steps[place]
        value = spine_input(composition, place)
        made = len(composition.sources) + place
        if place == len(composition.steps) - 1:
            if _type_of(composition, value) in ANSWER_TYPES:
                candidate = _refitted(composition, composition.steps[:-1])
                if candidate:
                    yield candidate, f"Drops the last step ({_named(step)})."
            continue
        rest = tuple(s for i, s in enumerate(composition.steps) if i != place)
        if _type_of(composition, made) is _type_of(composition, value):
            candidate = _refitted(composition, tuple(_bypassing(s, made, value) for s in rest))
            if candidate:
                yield candidate, f"Leaves out step {place + 1} ({_named(step)})."
        elif place == 0 and len(composition.sources) == 1 and composition.profile == "contest":
            yield from _without_first(rng, composition, step)


def _without_first(rng: random.Random, composition: Composition, step: Step) -> Iterator[Change]:
    type_ = FEATURES[step.feature].gives
    if any(0 in later.inputs for later in composition.steps[1:]):
        return
    flavours = menu(type_)
    rest = tuple(_renumbered(later, lambda i: i - 1) for later in composition.steps[1:])
    for flavour in rng.sample(flavours, min(TRIES, len(flavours))):
        candidate = _refitted(composition, rest, (flavour,))
        if candidate:
            yield candidate, f"Gives the result of the first step ({_named(step)}) as the input."


def _give(rng: random.Random, _: Palette, composition: Composition) -> Iterator[Change]:
    """Read a constant from the input instead."""
    if composition.profile == "micro" or len(composition.given) >= MAX_GIVEN:
        return
    for place in rng.sample(range(len(composition.steps)), len(composition.steps)):
        step = composition.steps[place]
        for name, value in step.constants:
            bounds = parameter(FEATURES[step.feature], name).given
            if bounds:
                given = Given(name=name, low=bounds[0], high=bounds[1])
                order = [param.name for param in FEATURES[step.feature].params]
                changed = msgspec.structs.replace(
                    step,
                    constants=tuple(pair for pair in step.constants if pair[0] != name),
                    given=tuple(sorted((*step.given, given), key=lambda g: order.index(g.name))),
                )
                candidate = _refitted(composition, _with(composition.steps, place, changed))
                if candidate:
                    yield candidate, f"Reads the constant {value} of {_named(step)} from the input instead."


def _fix(rng: random.Random, _: Palette, composition: Composition) -> Iterator[Change]:
    """Fix a parameter that was read from the input."""
    for place in rng.sample(range(len(composition.steps)), len(composition.steps)):
        step = composition.steps[place]
        for given in step.given:
            param = parameter(FEATURES[step.feature], given.name)
            value = rng.randint(param.lo, param.hi)
            constants = dict(step.constants) | {given.name: value}
            order = [p.name for p in FEATURES[step.feature].params]
            changed = msgspec.structs.replace(
                step,
                constants=tuple(sorted(constants.items(), key=lambda pair: order.index(pair[0]))),
                given=tuple(g for g in step.given if g.name != given.name),
            )
            candidate = _refitted(composition, _with(composition.steps, place, changed))
            if candidate:
                yield candidate, f"Fixes the parameter of {_named(step)} at {value}."


def _new_constant(rng: random.Random, _: Palette, composition: Composition) -> Iterator[Change]:
    """Change a constant."""
    places = [(i, name, value) for i, step in enumerate(composition.steps) for name, value in step.constants]
    for place, name, value in rng.sample(places, len(places)):
        step = composition.steps[place]
        param = parameter(FEATURES[step.feature], name)
        fresh = rng.randint(param.lo, param.hi)
        constants = tuple((n, fresh if n == name else v) for n, v in step.constants)
        changed = msgspec.structs.replace(step, constants=constants)
        candidate = _refitted(composition, _with(composition.steps, place, changed))
        if candidate and fresh != value:
            yield candidate, f"Changes the constant of {_named(step)} from {value} to {fresh}."


def _shrink(_: random.Random, __: Palette, composition: Composition) -> Iterator[Change]:
    """Lower the bounds, so that any right program is fast enough."""
    if composition.profile == "contest":
        candidate = fitted(composition.sources, composition.steps, composition.profile, SMALL_BOUND)
        if candidate:
            yield candidate, f"Lowers the size bounds to at most {SMALL_BOUND}, so that a brute force is fast enough."


def _grow(_: random.Random, __: Palette, composition: Composition) -> Iterator[Change]:
    """Raise the bounds as far as the reference program can carry them."""
    if composition.profile == "contest":
        candidate = fitted(composition.sources, composition.steps, composition.profile)
        if candidate:
            yield candidate, "Raises the size bounds, so that a brute force is too slow."


_HARDER: tuple[tuple[int, Move], ...] = ((4, _append), (3, _insert), (3, _replace), (2, _give), (1, _grow))
_EASIER: tuple[tuple[int, Move], ...] = ((4, _remove), (4, _replace), (2, _fix), (1, _shrink))
_SIDEWAYS: tuple[tuple[int, Move], ...] = ((4, _replace), (2, _new_constant), (1, _give), (1, _fix))


# --- helpers ---------------------------------------------------------------------------------------------------------


def _named(step: Step) -> str:
    return f'"{step.feature.replace("_", " ")}"'


def _type_of(composition: Composition, value: int) -> object:
    count = len(composition.sources)
    return composition.sources[value].type if value < count else composition.features[value - count].gives


def _drawn(
    rng: random.Random, palette: Palette, composition: Composition, feature: Feature, inputs: tuple[int, ...]
) -> Step:
    constants, given = draw_parameters(rng, feature, MAX_GIVEN - len(composition.given), palette.profile)
    signal, lines = palette.evidence(rng, feature)
    return Step(feature=feature.name, inputs=inputs, constants=constants, given=given, signal=signal, seed_lines=lines)


def _renumbered(step: Step, place: Callable[[int], int]) -> Step:
    return msgspec.structs.replace(step, inputs=tuple(place(i) for i in step.inputs))


def _making_room(step: Step, made: int) -> Step:
    """Return a step of a composition in which a new value takes the number ``made``."""
    return _renumbered(step, lambda i: i + (i >= made))


def _bypassing(step: Step, gone: int, instead: int) -> Step:
    """Return a step that reads ``instead`` where it read ``gone``, in a composition without the value ``gone``."""
    return _renumbered(step, lambda i: instead if i == gone else i - (i > gone))


def _with(steps: tuple[Step, ...], place: int, step: Step) -> tuple[Step, ...]:
    return (*steps[:place], step, *steps[place + 1 :])


def _refitted(
    composition: Composition, steps: Sequence[Step], sources: Sequence[Domain] | None = None
) -> Composition | None:
    """Drop sources that nothing reads any more, then set the bounds anew; None if a step does not apply."""
    sources = composition.sources if sources is None else sources
    read = {i for step in steps for i in step.inputs}
    kept = [i for i in range(len(sources)) if i in read]
    if not kept or len(kept) > MAX_SOURCES:
        return None
    places = {old: new for new, old in enumerate(kept)}
    gone = len(sources) - len(kept)
    renumbered = [_renumbered(step, lambda i: places.get(i, i - gone)) for step in steps]
    return fitted([sources[i] for i in kept], renumbered, composition.profile, _top(composition))


def _top(composition: Composition) -> int:
    """Return the rung that the present bounds stand on; small bounds stay small."""
    if composition.profile == "micro":
        return LADDER[0]
    largest = max(max(source.size[1] * max(1, source.second[1]), 1) for source in composition.sources)
    return SMALL_BOUND if largest <= SMALL_BOUND else LADDER[1]
