"""The other programs of a composition: independent right ones, a brute force, and labelled wrong ones."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from stepsmith.core.records import Interface
from stepsmith.synth.grammar.composition import FEATURES, Composition, Step, parameter, propagate
from stepsmith.synth.grammar.program import Pick, render_program

MAX_DOUBLE = 12


@dataclass(frozen=True, slots=True)
class Variant:
    """A program with its label; ``feature`` names the step that is wrong in a wrong program ("" otherwise)."""

    label: str
    code: str
    feature: str = ""


def right_variants(composition: Composition, interface: Interface) -> list[Variant]:
    """Return right programs with different text: the reference first, then mixes of code and brute force.

    Each mix replaces one step by its brute force; the last has every step slow that can be.
    """
    count = len(composition.steps)
    slow = [i for i in range(count) if FEATURES[composition.steps[i].feature].slow is not None]
    mixes: list[tuple[str, list[int]]] = [("reference", [])]
    mixes += [(f"brute force in step {i + 1}", [i]) for i in slow] if len(slow) > 1 else []
    mixes += [("brute force", slow)] if slow else []
    variants = []
    for label, chosen in mixes:
        picks: list[Pick] = ["slow" if i in chosen else "code" for i in range(count)]
        variants.append(Variant(label, render_program(composition, interface, picks)))
    return _distinct(variants)


def brute_force(composition: Composition, interface: Interface) -> str | None:
    """Return the program in which every step that has a brute force uses it, None when no step has one."""
    picks: list[Pick] = ["code" if feature.slow is None else "slow" for feature in composition.features]
    return render_program(composition, interface, picks) if "slow" in picks else None


def wrong_variants(composition: Composition, interface: Interface, rng: random.Random) -> list[Variant]:
    """Return wrong programs, single mistakes before double ones, none equal to another or to a right one.

    A single mistake is one of a step's own, a step left out, two steps in the wrong order, or a constant off by one.
    Some may be right all the same on this composition's inputs: running them tells.
    """
    singles = [*_feature_mistakes(composition, interface), *_structural_mistakes(composition, interface)]
    doubles = list(_double_mistakes(composition, interface))
    rng.shuffle(doubles)
    right = {variant.code for variant in right_variants(composition, interface)}
    return [v for v in _distinct([*singles, *doubles[:MAX_DOUBLE]]) if v.code not in right]


def _feature_mistakes(composition: Composition, interface: Interface) -> Iterator[Variant]:
    for number, feature in enumerate(composition.features):
        for index, wrong in enumerate(feature.wrong):
            picks: list[Pick] = ["code"] * len(composition.steps)
            picks[number] = index
            yield Variant(wrong.label, render_program(composition, interface, picks), feature.name)


def _double_mistakes(composition: Composition, interface: Interface) -> Iterator[Variant]:
    options = [(n, i) for n, feature in enumerate(composition.features) for i in range(len(feature.wrong))]
    for (first, i), (second, j) in itertools.combinations(options, 2):
        if first != second:
            picks: list[Pick] = ["code"] * len(composition.steps)
            picks[first], picks[second] = i, j
            labels = composition.features[first].wrong[i].label, composition.features[second].wrong[j].label
            yield Variant("; ".join(labels), render_program(composition, interface, picks),
                          composition.features[first].name)  # fmt: skip


def _structural_mistakes(composition: Composition, interface: Interface) -> Iterator[Variant]:
    for label, feature, changed in structural_mistakes(composition):
        yield Variant(label, render_program(changed, interface, like=composition), feature)


def structural_mistakes(composition: Composition) -> Iterator[tuple[str, str, Composition]]:
    """Yield (label, feature, composition) with one step left out, two in the wrong order, or a constant off by one."""
    for label, feature, steps in _changed_steps(composition):
        if propagate(composition.sources, steps) is not None:
            yield label, feature, msgspec.structs.replace(composition, steps=steps)


def _changed_steps(composition: Composition) -> Iterator[tuple[str, str, tuple[Step, ...]]]:
    """Yield (label, feature, steps) for each structural mistake, whether the changed steps still apply or not."""
    steps, sources = composition.steps, len(composition.sources)
    for number, step in enumerate(steps):
        feature = FEATURES[step.feature]
        for index, (name, value) in enumerate(step.constants):
            for other in (value - 1, value + 1):
                if parameter(feature, name).lo <= other <= parameter(feature, name).hi:
                    constants = (*step.constants[:index], (name, other), *step.constants[index + 1 :])
                    changed = msgspec.structs.replace(step, constants=constants)
                    yield f"{name} is {other} instead of {value}", step.feature, _swap_in(steps, number, changed)
        if len(step.inputs) == 1 and feature.takes[0] is feature.gives and len(steps) > 1 and not step.given:
            yield f"leaves out step {number + 1}", step.feature, _without(steps, sources, number)
    for number in range(len(steps) - 1):
        one, two = steps[number], steps[number + 1]
        if len(one.inputs) == len(two.inputs) == 1 and one != two and not one.given and not two.given:
            types = FEATURES[one.feature], FEATURES[two.feature]
            if types[0].takes == types[1].takes and types[0].gives == types[1].gives == types[0].takes[0]:
                swapped = list(steps)
                swapped[number] = msgspec.structs.replace(two, inputs=one.inputs)
                swapped[number + 1] = msgspec.structs.replace(one, inputs=two.inputs)
                yield f"does steps {number + 1} and {number + 2} in the wrong order", one.feature, tuple(swapped)


def _swap_in(steps: tuple[Step, ...], number: int, step: Step) -> tuple[Step, ...]:
    return (*steps[:number], step, *steps[number + 1 :])


def _without(steps: tuple[Step, ...], sources: int, number: int) -> tuple[Step, ...]:
    """Leave out a one-input step; steps that read its result read its input instead."""
    gone, instead = sources + number, steps[number].inputs[0]
    return tuple(
        msgspec.structs.replace(step, inputs=tuple(instead if i == gone else i - (i > gone) for i in step.inputs))
        for index, step in enumerate(steps)
        if index != number
    )


def _distinct(variants: list[Variant]) -> list[Variant]:
    seen: set[str] = set()
    result = []
    for variant in variants:
        if variant.code not in seen:
            seen.add(variant.code)
            result.append(variant)
    return result
