"""Random typed composition: from the signals of a seed to a sound composition.

Steps extend a spine: each one reads the result of the one before (the first one a source); a two-input feature also
reads any earlier value or a second source. Bounds are propagated at every step, and the size of the sources is lowered
until the whole program is fast enough. A composition is kept only if every step matters on random small inputs.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from stepsmith.synth.grammar.composition import (
    ANSWER_TYPES,
    FEATURES,
    MAX_STEPS,
    Composition,
    Given,
    Profile,
    Step,
    difficulty,
    propagate,
    total_work,
)
from stepsmith.synth.grammar.domain import GRAPH_TYPES, Domain, Type
from stepsmith.synth.grammar.feature import Feature
from stepsmith.synth.grammar.soundness import is_sound
from stepsmith.synth.grammar.sources import LADDER, MICRO_SOURCES, TYPE_WEIGHT, menu, scaled
from stepsmith.synth.signals import Signal

SIGNAL_STRENGTH = 3.0  # a feature's weight is 1 + SIGNAL_STRENGTH × (its signals that the seed shows)
FILLER_WEIGHT = 0.3  # weight of a micro feature in the profile contest
NEW_SOURCE_WEIGHT = 0.6  # weight of reading a second source instead of an earlier value
LIST_ANSWER_WEIGHT = 0.5  # weight of an answer that is no single number or truth value
DEAD_END_WEIGHT = 0.1  # weight of a single number before the last step: few features take one as their input
GIVEN_SHARE = 0.4  # the share of parameters that are read from the input, among those that can be
WORK_BUDGET = 120_000.0  # basic steps of the reference program on the largest input, about 10 ms of CPU time
SMALLEST_BOUND = 6  # a source of fewer elements makes no problem
ENOUGH_FEATURES = 10  # a problem seldom starts with a type that fewer features read
TOP_WEIGHTS = (1, 3, 6)  # weights of the three largest bounds, 10,000 first: large tests make a data set large
MAX_SOURCES = 2
MAX_GIVEN = 2
STEP_WEIGHTS: dict[Profile, tuple[int, ...]] = {"contest": (12, 30, 30, 16, 8, 4), "micro": (1, 2, 3, 3, 2, 0)}
PATIENCE = 5  # after so many drafts, one that is too short because no further step fits is accepted
DRAWS = 400  # after so many drafts, an error says that the request cannot be met
CHOICES_FOR_TARGET = 16  # drafts that compete for a target difficulty

USUAL_SUCCESS = 0.7  # probability that an average student gets an average step right

Weights = Mapping[str, float]


class CannotComposeError(ValueError):
    """No sound composition was found: the request (profile, steps, weights) leaves nothing to compose."""


def compose(
    rng: random.Random,
    signals: Sequence[Signal] = (),
    *,
    profile: Profile = "contest",
    steps: int | None = None,
    target: float | None = None,
    weights: Weights | None = None,
    wanted: Callable[[Composition], bool] = lambda _: True,
) -> Composition:
    """Draw a sound composition that is ``wanted``.

    ``signals`` of a seed raise the weight of the features that answer them; ``weights`` multiplies features' weights
    by name (default 1, 0 excludes). ``steps`` fixes the number of steps (the draw may end earlier where no step
    fits); ``target`` is a difficulty in logits to come close to.
    """
    palette = Palette(profile, signals, weights or {})
    for attempt in range(DRAWS):
        drafts = []
        for _ in range(1 if target is None else CHOICES_FOR_TARGET):
            length = steps or rng.choices(range(1, MAX_STEPS + 1), _length_weights(profile, target))[0]
            draft = _draft(rng, palette, length)
            if draft and (len(draft.steps) == length or attempt >= PATIENCE):
                drafts.append(draft)
        if target is not None:
            drafts.sort(key=lambda draft: abs(difficulty(draft) - target))
        for draft in drafts:
            if wanted(draft) and is_sound(draft):  # the faster check first
                return draft
    raise CannotComposeError(f"no sound composition in {DRAWS} drafts of profile {profile}")


def _length_weights(profile: Profile, target: float | None) -> list[float]:
    """Return how often each number of steps is drawn; a target pulls towards the numbers that come near it."""
    weights = [float(weight) for weight in STEP_WEIGHTS[profile]]
    if target is None:
        return weights
    usual = [math.log(USUAL_SUCCESS**-steps - 1) for steps in range(1, MAX_STEPS + 1)]
    return [weight * math.exp(-2 * abs(level - target)) for weight, level in zip(weights, usual, strict=True)]


class Palette:
    """The features of a profile with the weights that a seed gives them."""

    def __init__(self, profile: Profile, signals: Sequence[Signal], weights: Weights) -> None:
        self.profile: Profile = profile
        self._lines = {signal.name: signal.lines for signal in signals}
        self._weights = weights
        self.features = [
            feature
            for feature in FEATURES.values()
            if weights.get(feature.name, 1.0) > 0 and (profile == "contest" or is_micro(feature))
        ]
        self._read = {type_ for feature in self.features for type_ in feature.takes}
        self._weight = {feature.name: self._weigh(feature) for feature in self.features}

    def _weigh(self, feature: Feature) -> float:
        matches = sum(signal in self._lines for signal in feature.signals)
        base = FILLER_WEIGHT if self.profile == "contest" and is_micro(feature) else 1.0
        return base * self._weights.get(feature.name, 1.0) * (1.0 + SIGNAL_STRENGTH * matches)

    def weight(self, feature: Feature) -> float:
        """Return the weight of a feature: its base weight times the factor that the seed's signals give it."""
        return self._weight[feature.name]

    def openness(self, feature: Feature, *, last: bool) -> float:
        """Return the factor for a feature's place: 0 if its result cannot be an answer, or no feature can follow it."""
        if last:
            return (1.0 if feature.gives in (Type.INT, Type.BOOL) else LIST_ANSWER_WEIGHT) * (
                feature.gives in ANSWER_TYPES
            )
        if feature.gives not in self._read:
            return 0.0
        return DEAD_END_WEIGHT if feature.gives is Type.INT else 1.0

    def evidence(self, rng: random.Random, feature: Feature) -> tuple[str, tuple[int, ...]]:
        """Return the signal that led to a feature and its lines, or nothing where the choice was free."""
        seen = [signal for signal in feature.signals if signal in self._lines]
        if not seen:
            return "", ()
        signal = rng.choice(seen)
        return signal, self._lines[signal]

    def starts(self, *, last: bool) -> list[tuple[Type, float]]:
        """Return the source types with their weights, scaled by how strongly the seed calls for their features."""
        result = []
        for type_, share in TYPE_WEIGHT.items():
            reading = [feature for feature in self.features if feature.takes[0] is type_]
            weight = sum(self.weight(feature) * self.openness(feature, last=last) for feature in reading)
            if weight:
                result.append((type_, share * weight / max(len(reading), ENOUGH_FEATURES)))
        return result


def is_micro(feature: Feature) -> bool:
    """Return whether a feature belongs to profile micro: one input, an expression, an instruction for pipelines."""
    return feature.micro and bool(feature.do) and len(feature.takes) == 1 and isinstance(feature.code, str)


def _draft(rng: random.Random, palette: Palette, length: int) -> Composition | None:
    """Draw a composition of up to ``length`` steps that passes the static rules, or None.

    The first feature is drawn before its source, so that features with narrow demands get their share.
    """
    starts = palette.starts(last=length == 1)
    if not starts:
        return None
    type_ = rng.choices([type_ for type_, _ in starts], [share for _, share in starts])[0]
    starting = [feature for feature in palette.features if feature.takes[0] is type_]
    first = rng.choices(starting, [palette.weight(f) * palette.openness(f, last=length == 1) for f in starting])[0]
    flavours = [domain for domain in MICRO_SOURCES if domain.type is type_]
    if palette.profile == "contest":
        flavours = rng.sample(menu(type_), len(menu(type_)))
    top = rng.choices(LADDER[:3], TOP_WEIGHTS)[0]
    for flavour in flavours:
        draft = Composition(profile=palette.profile, sources=(flavour,), steps=())
        features: Sequence[Feature] = (first,)
        while len(draft.steps) < length:
            longer = extended(rng, palette, draft, features, last=len(draft.steps) == length - 1, top=top)
            if longer is None:
                break
            draft, features = longer, palette.features
        if draft.steps and (draft.answer.type in ANSWER_TYPES):
            return draft
    return None


def extended(
    rng: random.Random,
    palette: Palette,
    draft: Composition,
    features: Sequence[Feature],
    *,
    last: bool,
    top: int = LADDER[0],
) -> Composition | None:
    """Append one step from ``features``, or return None if none fits. ``top`` bounds the size of the sources."""
    options: list[tuple[float, Feature, tuple[int | Type, ...]]] = []
    types = [source.type for source in draft.sources] + [FEATURES[step.feature].gives for step in draft.steps]
    before = [step.feature for step in draft.steps]
    for feature in features:
        if types[-1] not in feature.takes or not _may_follow(before, feature):
            continue
        openness = palette.openness(feature, last=last)
        if openness:
            for share, inputs in _arrangements(feature, types, len(draft.sources)):
                options.append((palette.weight(feature) * openness * share, feature, inputs))
    while options:
        index = rng.choices(range(len(options)), [weight for weight, _, _ in options])[0]
        _, feature, inputs = options.pop(index)
        longer = _with_step(rng, palette, draft, feature, inputs, top)
        if longer:
            return longer
    return None


def _may_follow(before: list[str], feature: Feature) -> bool:
    """Forbid a feature twice in a row, and three times in all."""
    return before[-1:] != [feature.name] and before.count(feature.name) < 2


def _arrangements(feature: Feature, types: list[Type], sources: int) -> Iterator[tuple[float, tuple[int | Type, ...]]]:
    """Yield (share, inputs) with the last value in one place; a Type in another place stands for a new source."""
    last = len(types) - 1
    if len(feature.takes) == 1:
        if feature.takes[0] is types[last]:
            yield 1.0, (last,)
        return
    for place in (0, 1):
        if feature.takes[place] is not types[last]:
            continue
        other = feature.takes[1 - place]
        partners: list[int | Type] = [i for i in range(last) if types[i] is other]
        shares = [0.5 / len(partners) for _ in partners]
        two_graphs = other in GRAPH_TYPES and any(type_ in GRAPH_TYPES for type_ in types)
        if sources < MAX_SOURCES and other in TYPE_WEIGHT and not two_graphs:
            partners.append(other)
            shares.append(NEW_SOURCE_WEIGHT)
        for share, partner in zip(shares, partners, strict=True):
            pair: tuple[int | Type, ...] = (last, partner) if place == 0 else (partner, last)
            yield share / 2, pair


def _with_step(
    rng: random.Random,
    palette: Palette,
    draft: Composition,
    feature: Feature,
    inputs: tuple[int | Type, ...],
    top: int,
) -> Composition | None:
    """Append a step with drawn parameters, and a new source where ``inputs`` asks for one; None if it cannot fit."""
    constants, given = draw_parameters(rng, feature, MAX_GIVEN - len(draft.given), palette.profile)
    signal, lines = palette.evidence(rng, feature)
    wanted = next((item for item in inputs if isinstance(item, Type)), None)
    flavours: Sequence[Domain | None] = [None]
    if wanted is not None:
        partner = (draft.domains() if draft.steps else draft.sources)[-1]
        flavours = [companion(partner, wanted), *rng.sample(menu(wanted), min(4, len(menu(wanted))))]
    for flavour in flavours:
        base = draft if flavour is None else with_source(draft, flavour)
        shift = len(base.sources) - len(draft.sources)
        numbers = tuple(
            len(base.sources) - 1 if isinstance(item, Type) else item + (shift if item >= len(draft.sources) else 0)
            for item in inputs
        )
        step = Step(
            feature=feature.name, inputs=numbers, constants=constants, given=given, signal=signal, seed_lines=lines
        )
        longer = fitted(base.sources, (*base.steps, step), palette.profile, top)
        if longer:
            return longer
    return None


def companion(partner: Domain, type_: Type) -> Domain:
    """Return a source whose values compare with those of ``partner``.

    It has the narrowest range of the menu that covers them, and the same characters; where the types differ, it is
    the first source of the menu.
    """
    first = menu(type_)[0]
    if type_ is not partner.type:
        return first
    low, high = partner.values
    covering = [d.values for d in menu(type_) if d.values[0] <= low and high <= d.values[1]]
    values = min(covering, key=lambda bounds: bounds[1] - bounds[0], default=partner.values)
    return first.with_(values=values, alphabet=partner.alphabet)


def with_source(draft: Composition, source: Domain) -> Composition:
    """Return ``draft`` with one more source, and the numbers of step results moved up by one."""
    count = len(draft.sources)
    steps = tuple(
        Step(
            feature=step.feature,
            inputs=tuple(i + (i >= count) for i in step.inputs),
            constants=step.constants,
            given=step.given,
            signal=step.signal,
            seed_lines=step.seed_lines,
        )
        for step in draft.steps
    )
    return Composition(profile=draft.profile, sources=(*draft.sources, source), steps=steps)


def draw_parameters(
    rng: random.Random, feature: Feature, room: int, profile: Profile
) -> tuple[tuple[tuple[str, int], ...], tuple[Given, ...]]:
    """Draw a constant for each parameter, or let up to ``room`` of them be read from the input."""
    constants: list[tuple[str, int]] = []
    given: list[Given] = []
    for param in feature.params:
        if param.given and profile == "contest" and len(given) < room and rng.random() < GIVEN_SHARE:
            given.append(Given(name=param.name, low=param.given[0], high=param.given[1]))
        else:
            constants.append((param.name, rng.randint(param.lo, param.hi)))
    return tuple(constants), tuple(given)


def fitted(
    sources: Sequence[Domain], steps: Sequence[Step], profile: Profile, top: int = LADDER[0]
) -> Composition | None:
    """Return the composition with the largest source bounds, at most ``top``, that its steps can carry, or None."""
    if profile == "micro":
        return (
            Composition(profile=profile, sources=tuple(sources), steps=tuple(steps))
            if propagate(sources, steps)
            else None
        )
    for n in LADDER:
        if n > top:
            continue
        resized = tuple(scaled(source, n) for source in sources)
        if any(source.type is not Type.INT and source.size[1] < 2 for source in resized) or n < SMALLEST_BOUND:
            return None
        domains = propagate(resized, steps)
        if domains and total_work(steps, domains) <= WORK_BUDGET:
            return Composition(profile=profile, sources=resized, steps=tuple(steps))
    return None
