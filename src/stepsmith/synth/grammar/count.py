"""How many distinct problems the grammar holds: ``python -m stepsmith.synth.grammar.count`` prints the derivation.

The count is exact for a part of the grammar, so it is a lower bound for the whole: one source from the menu, one-input
features, constant parameters, up to four steps, no feature twice in a row. Bounds are those of sources of up to
``RUNG`` elements; ``compose`` draws the same steps, with the size bound that suits them. Different sequences are
different compositions. Steps before the last take at most ``INNER_VALUES`` values of each parameter.

Not every composition is a good problem: ``is_sound`` rejects those with a step that changes nothing or with answers
that hardly vary. Because the count is exact, compositions can be drawn uniformly from it; the share of sound ones among
them, with a 95% Wilson interval, turns the count into a lower bound for the number of sound problems.
"""

import argparse
import itertools
import random
from collections.abc import Iterator
from functools import cache

from stepsmith.core.stats import wilson_interval
from stepsmith.synth.grammar.compose import is_micro
from stepsmith.synth.grammar.composition import (
    ANSWER_TYPES,
    FEATURES,
    MAX_VALUE,
    Composition,
    Profile,
    Step,
)
from stepsmith.synth.grammar.domain import Domain, Type
from stepsmith.synth.grammar.feature import Feature
from stepsmith.synth.grammar.soundness import is_sound
from stepsmith.synth.grammar.sources import MICRO_SOURCES, TYPE_WEIGHT, menu, scaled

MOST_STEPS = 4
RUNG = 30  # every feature is fast enough here, whatever its growth
INNER_VALUES = 2
LAST_VALUES = 50
SAMPLES = 600

Constants = tuple[tuple[str, int], ...]


class Counter:
    """Counts, and draws uniformly, the step sequences of one profile."""

    def __init__(self, profile: Profile) -> None:
        self.profile: Profile = profile
        self._features = {
            type_: [f for f in FEATURES.values() if f.takes == (type_,) and (profile == "contest" or is_micro(f))]
            for type_ in Type
        }
        self._all = cache(self._count_all)
        self._endings = cache(self._count_endings)
        self._moves = cache(self._list_moves)

    def sources(self) -> list[Domain]:
        """Return the source domains that are counted."""
        if self.profile == "micro":
            return list(MICRO_SOURCES)
        return [scaled(domain, RUNG) for type_ in TYPE_WEIGHT for domain in menu(type_)]

    def total(self, steps: int) -> int:
        """Count the compositions of exactly ``steps`` steps over all sources."""
        return sum(self._all(source, steps) for source in self.sources())

    def _count(self, domain: Domain, before: str, steps: int) -> int:
        """Count the sequences of ``steps`` steps from a value of ``domain`` that do not begin with ``before``."""
        return self._all(domain, steps) - self._beginning(domain, before, steps)

    def _count_all(self, domain: Domain, steps: int) -> int:
        if steps == 1:
            return sum(self._endings(domain).values())
        moves = self._moves(domain)
        return sum(self._count(result, name, steps - 1) for name, made in moves.items() for _, result in made)

    def _beginning(self, domain: Domain, name: str, steps: int) -> int:
        """Count the sequences that begin with the feature ``name``."""
        if steps == 1:
            return self._endings(domain).get(name, 0)
        return sum(self._count(result, name, steps - 1) for _, result in self._moves(domain).get(name, ()))

    def _count_endings(self, domain: Domain) -> dict[str, int]:
        """Return, by feature, how many last steps apply to a value of ``domain``."""
        counts: dict[str, int] = {}
        for feature in self._features[domain.type]:
            if feature.gives in ANSWER_TYPES:
                applies = sum(_result(domain, feature, c) is not None for c in constants_of(feature, LAST_VALUES))
                if applies:
                    counts[feature.name] = applies
        return counts

    def _list_moves(self, domain: Domain) -> dict[str, list[tuple[Constants, Domain]]]:
        """Return, by feature, the steps before the last that apply to a value of ``domain``, with their results."""
        moves: dict[str, list[tuple[Constants, Domain]]] = {}
        for feature in self._features[domain.type]:
            for constants in constants_of(feature, INNER_VALUES):
                result = _result(domain, feature, constants)
                if result is not None:
                    moves.setdefault(feature.name, []).append((constants, result))
        return moves

    def draw(self, rng: random.Random, steps: int) -> Composition:
        """Draw one of the counted compositions of ``steps`` steps, each with the same probability."""
        sources = self.sources()
        source = rng.choices(sources, [self._all(domain, steps) for domain in sources])[0]
        domain, before = source, ""
        chosen: list[tuple[str, Constants]] = []
        for left in range(steps, 1, -1):
            moves = [(name, c, r) for name, made in self._moves(domain).items() if name != before for c, r in made]
            weights = [self._count(result, name, left - 1) for name, _, result in moves]
            before, constants, domain = rng.choices(moves, weights)[0]
            chosen.append((before, constants))
        endings = {name: count for name, count in self._endings(domain).items() if name != before}
        last = FEATURES[rng.choices(list(endings), list(endings.values()))[0]]
        fitting = [c for c in constants_of(last, LAST_VALUES) if _result(domain, last, c) is not None]
        chosen.append((last.name, rng.choice(fitting)))
        return Composition(
            profile=self.profile,
            sources=(source,),
            steps=tuple(Step(feature=f, inputs=(i,), constants=c) for i, (f, c) in enumerate(chosen)),
        )


def _result(domain: Domain, feature: Feature, constants: Constants) -> Domain | None:
    result = feature.result((domain,), dict(constants))
    return result if result is not None and max(map(abs, result.values)) <= MAX_VALUE else None


def constants_of(feature: Feature, most: int) -> Iterator[Constants]:
    """Yield assignments of up to ``most`` values, evenly spread, to each parameter."""
    spread = []
    for param in feature.params:
        step = max(1, -(-(param.hi - param.lo + 1) // most))
        spread.append([(param.name, value) for value in range(param.lo, param.hi + 1, step)])
    yield from itertools.product(*spread)


def main() -> None:
    """Print the derivation for both profiles."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=SAMPLES, help="compositions tested for soundness per profile")
    options = parser.parse_args()
    profiles: tuple[Profile, ...] = ("contest", "micro")
    for profile in profiles:
        counter = Counter(profile)
        print(f"profile {profile}: {len(counter.sources())} sources, one-input features with constants")
        totals = [counter.total(steps) for steps in range(1, MOST_STEPS + 1)]
        for steps, total in enumerate(totals, start=1):
            print(f"  {steps} step{'s' if steps > 1 else ' '}  {total:>20,}")
        rng = random.Random(0)
        lengths = rng.choices(range(1, MOST_STEPS + 1), totals, k=options.samples)
        sound = sum(is_sound(counter.draw(rng, steps)) for steps in lengths)
        low, _ = wilson_interval(sound, options.samples)
        print(f"  together  {sum(totals):>19,}")
        print(f"  sound: {sound} of {options.samples} drawn uniformly, at least {low:.3f} (95%)")
        print(f"  distinct sound problems: at least {int(sum(totals) * low):,}\n")


if __name__ == "__main__":
    main()
