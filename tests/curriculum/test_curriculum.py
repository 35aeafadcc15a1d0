import pytest

from stepsmith.curriculum import Evidence, load_curriculum, presets
from stepsmith.curriculum.curriculum import Curriculum
from tests.curriculum.items import a_chain, moment, seen, some_items


@pytest.mark.parametrize("name", presets())
@pytest.mark.parametrize("progress", [0.0, 0.3, 0.99])
def test_laws_of_every_curriculum(name: str, progress: float) -> None:
    curriculum: Curriculum = load_curriculum(name)
    items = sorted([*some_items(3), *a_chain("c", [31, 20, 3])], key=lambda item: item.id)
    evidence = Evidence(half_life=curriculum.half_life, fast_half_life=curriculum.fast_half_life)
    for k, item in enumerate(items):
        seen(evidence, item.id, k % 5, 4 + k % 3, now=progress / 2)
    curriculum.check(items, "")
    cells = curriculum.cells(moment(items, evidence, progress))
    assert sum(cell.weight for cell in cells.values()) == pytest.approx(1.0, abs=1e-12)
    for cell in cells.values():
        assert cell.weight >= 0
        assert cell.items
        assert len(cell.odds) in (0, len(cell.items))
    assert curriculum.cells(moment(items, evidence, progress)) == cells
