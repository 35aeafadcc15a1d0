"""Items, moments and observations for the tests of curricula."""

from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Band, Environment
from stepsmith.core.stats import pass_rate
from stepsmith.curriculum import Evidence, Item, Layout, Moment, Observation

PASSES: dict[Band, int] = {"easy": 29, "easy-medium": 24, "medium": 16, "hard": 4}  # of 32


def an_item(name: str, band: Band | None = "medium", **changes: object) -> Item:
    environment: Environment = "induction"
    fields: dict[str, object] = {
        "id": name,
        "environment": environment,
        "chain_id": f"chain-{name}",
        "turn": 1,
        "pass_rate": None if band is None else pass_rate(PASSES[band], 32),
    }
    return Item(**(fields | changes))  # type: ignore[arg-type]


def some_items(per_band: int = 12, **changes: object) -> list[Item]:
    return [an_item(f"{band}-{k:02}", band, **changes) for band in PASSES for k in range(per_band)]


def a_chain(chain: str, passes: list[int], **changes: object) -> list[Item]:
    """Members with these passes of 32."""
    return [
        an_item(f"{chain}.{turn}", turn=turn, chain_id=chain, pass_rate=pass_rate(k, 32), **changes)
        for turn, k in enumerate(passes, 1)
    ]


def batches_of(ids: list[str], layout: Layout) -> list[list[str]]:
    """The problems of each batch, once each."""
    starts = range(0, len(ids), layout.batch_length)
    return [ids[s : s + layout.groups * layout.group_size : layout.group_size] for s in starts]


def moment(items: list[Item], evidence: Evidence, progress: float = 0.0, wanted: int = 2, seed: int = 0) -> Moment:
    return Moment(progress, "", items, evidence, wanted, derive_rng(seed, "test"))


def seen(evidence: Evidence, problem_id: str, passes: int, attempts: int, now: float = 0.0) -> None:
    evidence.observe(Observation(problem_id=problem_id, passes=passes, attempts=attempts), now)
