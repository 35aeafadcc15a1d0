"""More inputs for a problem that has few: inputs of its teacher, slightly changed, where the problem allows them.

The first candidate (under Deep Dive's method the program that defines the outputs) has to run on each of them twice
without an error, and to give the same output.
"""

import random
from collections.abc import Iterator, Sequence

from stepsmith.core.records import Interface, TestKind, Verdict
from stepsmith.judge.protocol import Judge
from stepsmith.synth.draft import Draft, TestInput
from stepsmith.verify.suite.input_edits import neighbour, simpler

POOL = 3  # allowed inputs to choose from, for each one that is wanted
TRIED = 8  # changed inputs that are checked for being allowed, for each one that is wanted
MOST_CHARACTERS = 2_000  # longer inputs are not varied: similar ones would test little that they do not test already
KIND: TestKind = "nominal"


def varied_inputs(draft: Draft, judge: Judge, rng: random.Random, least: int) -> tuple[TestInput, ...]:
    """Return the new inputs that ``draft`` needs to have ``least`` inputs, or fewer where not enough are found.

    There are none where nothing says which inputs are allowed. Inputs whose outputs have other characters come first:
    most changes only put the same characters into another order, and such inputs test least.
    """
    wanted = least - len(draft.inputs)
    known = [item.text for item in draft.inputs if len(item.text) <= MOST_CHARACTERS]
    if wanted <= 0 or not known or draft.supply is None:
        return ()
    seen = {item.text for item in draft.inputs}
    pool: list[str] = []
    for text, _ in zip(_changed(known, draft.contract.interface, rng), range(TRIED * wanted), strict=False):
        if text not in seen and draft.supply.allows(text):
            pool.append(text)
            if len(pool) == POOL * wanted:
                break
        seen.add(text)
    runs = [judge.execute(draft.candidates[0], draft.contract, pool) for _ in range(2)] if pool else [[], []]
    parts: dict[str, list[str]] = {}
    for text, first, second in zip(pool, *runs, strict=True):
        if first.verdict is second.verdict is Verdict.AC and first.output == second.output:
            parts.setdefault("".join(sorted(first.output)), []).append(text)
    in_turn = [group[turn] for turn in range(len(pool)) for group in parts.values() if turn < len(group)]
    return tuple(TestInput(text=text, kind=KIND) for text in in_turn[:wanted])


def _changed(known: Sequence[str], interface: Interface, rng: random.Random) -> Iterator[str]:
    """Yield changed inputs without end: in turn one that is simpler and one that is similar."""
    shorter = [text for start in known for text in simpler(start, interface)]
    rng.shuffle(shorter)
    while True:
        if shorter:
            yield shorter.pop()
        yield neighbour(rng.choice(known), interface, rng)
