"""The lasting memory: what was committed is there, whoever asks and whatever happened since."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsmith.core.errors import StoreError
from stepsmith.core.model_outputs import Charge, ModelOutput, Usage
from stepsmith.store.completion_cache import CompletionCache, default_path

ROOT = Path(__file__).parents[2]  # where `tests` can be imported from


def completion(sample: int = 0, text: str = "x", model: str = "m", usd: float = 0.5) -> ModelOutput:
    usage = Usage(prompt_tokens=3, completion_tokens=4, reasoning_tokens=1)
    return ModelOutput(content=text, finish_reason="stop", model=model, sample=sample, usage=usage, cost_usd=usd)


def charge(ref: str, usd: float = 1.0, *, certain: bool = True) -> Charge:
    return Charge(ref=ref, purpose="p", model="t", samples=1, usage=Usage(), usd=usd, certain=certain)


def keep(store: CompletionCache, key: str, *completions: ModelOutput) -> None:
    store.settle(f"ref {key}", None, {key: completions})


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.text(max_size=5), st.integers(0, 50)),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
        max_size=20,
    )
)
def test_what_was_kept_comes_back_after_reopening(
    tmp_path_factory: pytest.TempPathFactory, texts: dict[tuple[str, int], str]
) -> None:
    path = tmp_path_factory.mktemp("memory") / "deep" / "memory.sqlite"
    with CompletionCache(path) as store:
        for (key, sample), text in texts.items():
            keep(store, key, completion(sample, text))
    with CompletionCache(path) as store:
        for key in {key for key, _ in texts}:
            expected = {sample: completion(sample, text) for (own, sample), text in texts.items() if own == key}
            assert store.lookup(key, range(51)) == expected
            assert store.lookup(key, []) == {}
        assert store.lookup("never asked", range(51)) == {}


def test_many_samples_are_recalled_at_once(tmp_path: Path) -> None:
    with CompletionCache(tmp_path / "m.sqlite") as store:
        keep(store, "k", *(completion(sample) for sample in range(1200)))
        assert list(store.lookup("k", range(2000))) == list(range(1200))


def test_whoever_was_first_stays(tmp_path: Path) -> None:
    with CompletionCache(tmp_path / "m.sqlite") as store:
        keep(store, "k", completion(0, "first"))
        keep(store, "k", completion(0, "second"))
        assert store.lookup("k", [0])[0].content == "first"


def test_charges_are_reserved_settled_and_dropped_by_run(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    with CompletionCache(path, run="one") as store, CompletionCache(path, run="two") as other:
        store.reserve(charge("a", 9.0, certain=False))
        store.reserve(charge("b", 9.0, certain=False))
        store.reserve(charge("c", 9.0, certain=False))
        other.reserve(charge("d", 7.0, certain=False))
        store.settle("a", charge("a", 1.0), {"k": [completion()]})
        store.settle("b", None, {})
        assert sorted((item.ref, item.usd, item.certain) for item in store.charges()) == [
            ("a", 1.0, True),
            ("c", 9.0, False),
        ]
        assert [item.ref for item in other.charges()] == ["d"]


def test_a_charge_and_its_completions_are_committed_together(tmp_path: Path) -> None:
    with CompletionCache(tmp_path / "m.sqlite", run="r") as store:
        store.reserve(charge("a", 9.0, certain=False))
        store._db.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON completions BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
        with pytest.raises(StoreError, match="free some space"):
            store.settle("a", charge("a", 1.0), {"k": [completion()]})
        assert [item.usd for item in store.charges()] == [9.0]
        store._db.execute("DROP TRIGGER broken")
        store.settle("a", charge("a", 1.0), {"k": [completion()]})
        assert [item.usd for item in store.charges()] == [1.0]


_WRITER = """
import sys
from pathlib import Path
from stepsmith.store.completion_cache import CompletionCache
from tests.store.test_completion_cache import charge, completion
with CompletionCache(Path(sys.argv[1]), run=sys.argv[2]) as store:
    for number in range(10**9):
        store.settle("r", charge(str(number)), {f"{sys.argv[2]} {number}": [completion(0, "x" * 500)]})
        print(number, flush=True)
"""


def test_what_was_reported_is_there_after_kill_and_processes_share(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(path), run], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for run in ("one", "two")
    ]
    reported = []
    for writer in writers:
        assert writer.stdout
        lines = [writer.stdout.readline() for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
        reported.append(int((lines + writer.stdout.read().splitlines(keepends=True))[-1]))
        writer.stdout.close()
        writer.wait()
    with CompletionCache(path) as store:
        for run, last in zip(("one", "two"), reported, strict=True):
            assert all(store.lookup(f"{run} {number}", [0]) for number in range(last + 1))
        assert store._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_threads_share_one_store(tmp_path: Path) -> None:
    with CompletionCache(tmp_path / "m.sqlite") as store:

        def work(name: int) -> None:
            for number in range(20):
                keep(store, f"{name} {number}", completion(0, f"{name} {number}"))
                assert store.lookup(f"{name} {number}", [0])[0].content == f"{name} {number}"

        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.stats()[0].completions == 80


@pytest.fixture
def aged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CompletionCache:
    """Ten completions of each of two models, one an hour, the oldest first."""
    store = CompletionCache(tmp_path / "m.sqlite", run="r")
    for hour in range(10):
        monkeypatch.setattr(time, "time", lambda hour=hour: 3600.0 * hour)
        for model in ("large", "small"):
            keep(store, f"{model} {hour}", completion(0, f"{model} {hour} " * 50, model))
    store.reserve(charge("a"))
    monkeypatch.undo()
    return store


def left(store: CompletionCache) -> set[str]:
    return {
        f"{model} {hour}" for model in ("large", "small") for hour in range(10) if store.lookup(f"{model} {hour}", [0])
    }


def test_stats_count_by_model(aged: CompletionCache) -> None:
    large, small = aged.stats()
    assert (large.model, small.model) == ("large", "small")
    assert (large.completions, large.tokens, large.usd, large.oldest, large.newest) == (10, 70, 5.0, 0.0, 9 * 3600.0)
    assert 0 < large.bytes < 10 * 1000
    aged.close()


def test_pruning_by_age_and_model(aged: CompletionCache) -> None:
    everything = left(aged)
    assert aged.prune(before=3600.0 * 4, model="small", dry=True)[0] == 4
    assert left(aged) == everything
    count, size = aged.prune(before=3600.0 * 4, model="small")
    assert (count, left(aged)) == (4, everything - {f"small {hour}" for hour in range(4)})
    assert size > 0
    assert aged.prune(before=3600.0 * 2)[0] == 2
    assert aged.prune(model="small")[0] == 6
    assert left(aged) == {f"large {hour}" for hour in range(2, 10)}
    assert len(aged.charges()) == 1  # what was paid is not forgotten
    aged.close()


def test_shrinking_forgets_the_oldest(aged: CompletionCache) -> None:
    one = aged.stats()[0].bytes // 10
    assert aged.shrink(one * 3 + 5, model="large", dry=True)[0] == 7
    assert aged.shrink(one * 3 + 5, model="large")[0] == 7
    assert {name for name in left(aged) if name.startswith("large")} == {"large 7", "large 8", "large 9"}
    total = sum(row.bytes for row in aged.stats())
    aged.shrink(total // 2)
    assert sum(row.bytes for row in aged.stats()) <= total // 2
    assert "small 9" in left(aged)
    assert "small 0" not in left(aged)
    assert aged.shrink(10**9) == (0, 0)
    remaining = len(left(aged))
    assert aged.shrink(0)[0] == remaining
    assert left(aged) == set()
    aged.close()


def test_unusable_files_are_explained(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.sqlite"
    garbage.write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(StoreError, match=r"damaged; move it away|not a database"):
        CompletionCache(garbage)
    future = tmp_path / "future.sqlite"
    with sqlite3.connect(future) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="another version"):
        CompletionCache(future)
    with pytest.raises(StoreError):
        CompletionCache(garbage / "below a file.sqlite")
    with CompletionCache(tmp_path / "m.sqlite") as store:
        keep(store, "k", completion())
        store._db.execute("UPDATE completions SET body = x'00'")
        with pytest.raises(StoreError, match="damaged"):
            store.lookup("k", [0])


def test_the_default_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    monkeypatch.delenv("STEPSMITH_CACHE", raising=False)
    assert default_path() == Path("/somewhere/stepsmith/completions.sqlite")
    monkeypatch.setenv("STEPSMITH_CACHE", "/elsewhere")
    assert default_path() == Path("/elsewhere/completions.sqlite")
