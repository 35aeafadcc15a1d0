from stepsmith.core.stats import wilson_interval
from stepsmith.curriculum import Evidence, Item, Layout, Observation, Sampler
from stepsmith.curriculum.chains import Chains, stepping_stones
from tests.curriculum.items import a_chain, an_item, moment, seen


def unlocked(curriculum: Chains, items: list[Item], evidence: Evidence, now: float = 0.0) -> dict[str, list[str]]:
    return {name: [i.id for i in cell.items] for name, cell in curriculum.cells(moment(items, evidence, now)).items()}


def test_stones_are_ordered_by_what_was_measured() -> None:
    items = [*a_chain("c", [4, 30, 16]), an_item("c.9", None, chain_id="c", turn=9), *a_chain("b", [1])]
    assert {c: [i.id for i in s] for c, s in stepping_stones(items).items()} == {
        "b": ["b.1"],
        "c": ["c.2", "c.3", "c.1", "c.9"],
    }


def test_a_stone_is_unlocked_by_its_easier_sibling_and_the_interval_counts() -> None:
    items, evidence = [*a_chain("c", [30, 16, 4]), *a_chain("d", [20])], Evidence()
    rule = Chains(threshold=0.5, confidence=0.8)
    assert unlocked(rule, items, evidence) == {"frontier": ["c.1", "d.1"]}
    seen(evidence, "c.1", 1, 1)
    assert wilson_interval(1, 1, 0.8)[0] < 0.5
    assert unlocked(rule, items, evidence) == {"frontier": ["c.1", "d.1"]}  # one lucky pass is not enough
    seen(evidence, "c.2", 8, 8)  # not the sibling that bars the way
    assert unlocked(rule, items, evidence)["frontier"] == ["c.1", "d.1"]
    seen(evidence, "c.1", 5, 6)
    assert wilson_interval(6, 7, 0.8)[0] >= 0.5
    assert unlocked(rule, items, evidence) == {"frontier": ["c.3", "d.1"], "before": ["c.1", "c.2"]}


def test_what_is_unlocked_stays_so() -> None:
    items, evidence = a_chain("c", [30, 16]), Evidence()
    seen(evidence, "c.1", 8, 8)
    assert unlocked(Chains(), items, evidence)["frontier"] == ["c.2"]
    for _ in range(5):
        seen(evidence, "c.1", 0, 8, now=0.5)
    assert unlocked(Chains(), items, evidence, 0.5)["frontier"] == ["c.2"]


def test_chains_advance_in_a_run() -> None:
    items = [item for k in range(3) for item in a_chain(f"c{k}", [30, 16, 4])]
    layout = Layout(groups=3, group_size=8, batches=30)
    sampler = Sampler(items, Chains(), layout)
    first_seen: dict[str, int] = {}
    for at, problem_id in enumerate(sampler):
        batch, within = divmod(at, layout.batch_length)
        first_seen.setdefault(problem_id, batch)
        if within % 8 == 7:  # chain c2 is never solved, the others always
            passes = 0 if problem_id.startswith("c2") else 8
            sampler.observe([Observation(problem_id=problem_id, passes=passes, attempts=8)])
    assert first_seen["c0.1"] < first_seen["c0.2"] < first_seen["c0.3"]
    assert "c1.3" in first_seen
    assert "c2.1" in first_seen
    assert "c2.2" not in first_seen
