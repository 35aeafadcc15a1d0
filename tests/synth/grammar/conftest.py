"""Random compositions that the tests of the grammar share."""

import random

import pytest

from stepsmith.core.records import Interface
from stepsmith.synth.grammar.compose import compose
from stepsmith.synth.grammar.composition import Composition

Drawn = tuple[Composition, Interface]


def drawn(number: int) -> Drawn:
    """Composition number so-and-so: every fourth is micro, contest ones alternate between the interfaces."""
    composition = compose(random.Random(number), profile="micro" if number % 4 == 0 else "contest")
    return composition, "function" if number % 2 == 0 else "stdio"


@pytest.fixture(scope="session")
def compositions() -> list[Drawn]:
    return [drawn(number) for number in range(80)]
