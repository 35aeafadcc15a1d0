"""Power laws: exponents that are known are found again, with intervals over seeds and the place of a bend."""

import pytest

from stepsmith.core.power_law import power_law

SIZES = [250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0]


def test_a_known_exponent_is_found() -> None:
    found = power_law([{x: factor * x**-0.4 for x in SIZES} for factor in (1.0, 2.0, 4.0)])
    assert found is not None
    assert found.exponent.mean == pytest.approx(-0.4)
    assert found.factor == pytest.approx(2.0)
    assert max(map(abs, found.residuals.values())) < 1e-9
    assert found.change is not None
    assert found.change.mean == pytest.approx(0.0, abs=1e-9)


def test_the_interval_is_over_seeds() -> None:
    found = power_law([{x: x**b for x in SIZES} for b in (-0.3, -0.4, -0.5)])
    assert found is not None
    assert found.exponent.mean == pytest.approx(-0.4)
    assert found.exponent.interval == pytest.approx((-0.4 - 0.2484, -0.4 + 0.2484), abs=1e-3)


def test_a_bend_is_found() -> None:
    bent = {x: (x / 1000) ** -0.8 if x <= 1000 else (x / 1000) ** -0.1 for x in SIZES}
    found = power_law([bent, bent])
    assert found is not None
    assert found.bend == 1000
    assert found.before is not None
    assert found.after is not None
    assert (found.before.mean, found.after.mean) == (pytest.approx(-0.8), pytest.approx(-0.1))


def test_too_few_sizes_have_no_fit() -> None:
    assert power_law([]) is None
    assert power_law([{1.0: 1.0, 2.0: 0.5}]) is None
    three = power_law([{1.0: 1.0, 2.0: 0.5, 4.0: 0.0}])
    assert three is not None
    assert three.bend is None
    assert three.exponent.interval is None
