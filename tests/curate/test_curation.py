"""Whole curations: the folder that comes out, and what happens to bad input and interruptions."""

import json
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from stepsmith.core.errors import CaseError, RunFolderError
from stepsmith.core.stats import pass_rate
from stepsmith.curate import curation
from stepsmith.curate.curation import CurationSettings, curate
from stepsmith.curate.likeness import DEPTHS
from stepsmith.curate.records import CurationManifest
from stepsmith.store.problem_sets import load_problems
from tests.curate.problems import ISLANDS, LONGEST_RUN, RENAMED_ISLANDS, WORDS, made, write_set


@pytest.fixture
def some(tmp_path: Path) -> Path:
    """Five problems: one exact copy, one near copy, and a stepping stone that is like its parent."""
    return write_set(
        tmp_path / "some",
        [
            made(ISLANDS, chain="a"),
            made(RENAMED_ISLANDS, chain="a", turn=2),
            made(WORDS, chain="b"),
            made(WORDS, chain="c"),
            made(RENAMED_ISLANDS, chain="d"),
        ],
    )


def test_the_folder_holds_the_kept_problems_and_a_record_of_each(some: Path, tmp_path: Path) -> None:
    before = (some / "problems.parquet").read_bytes()
    manifest = curate([some], tmp_path / "out", CurationSettings())
    problems = load_problems(some)
    kept = load_problems(tmp_path / "out")
    assert kept == problems[:3]
    records = pq.read_table(tmp_path / "out" / "records.parquet").to_pylist()
    assert [record["decision"] for record in records] == ["kept"] * 3 + ["dropped"] * 2
    assert [record["depth"] for record in records[3:]] == ["exact", "exact"]
    assert records[3]["match"] == problems[2].id
    assert records[0]["linked"] == [problems[1].id]
    counts = manifest.counts
    assert (counts.problems, counts.kept, counts.chains, counts.chains_kept, counts.links) == (5, 3, 4, 2, 1)
    assert counts.duplicates == {"exact": 2}
    written = (tmp_path / "out" / "manifest.json").read_bytes()
    assert msgspec.json.decode(written, type=CurationManifest).counts == counts
    assert (some / "problems.parquet").read_bytes() == before


def test_problems_of_a_benchmark_go(some: Path, tmp_path: Path) -> None:
    bench = tmp_path / "bench.jsonl"
    bench.write_text(json.dumps({"task_id": "Bench/3", "prompt": WORDS[0], "code": WORDS[1]}) + "\n")
    manifest = curate([some], tmp_path / "out", CurationSettings(), against=[bench])
    assert [problem.statement for problem in load_problems(tmp_path / "out")] == [ISLANDS[0], RENAMED_ISLANDS[0]]
    assert manifest.counts.contaminated == {"near": 2}
    assert manifest.against[0].path == str(bench)
    hits = [json.loads(line) for line in (tmp_path / "out" / "hits.jsonl").read_text().splitlines()]
    assert {hit["item"] for hit in hits} == {"Bench/3"}
    assert {hit["id"] for hit in hits} == {load_problems(some)[2].id}
    record = pq.read_table(tmp_path / "out" / "records.parquet").to_pylist()[2]
    assert (record["reason"], record["match"]) == ("contaminated", "Bench/3")
    assert "heavy words in the order of the alphabet" in record["evidence"]


def test_every_depth_runs_and_includes_those_before(some: Path, tmp_path: Path) -> None:
    bench = tmp_path / "bench.jsonl"
    bench.write_text(json.dumps({"task_id": "Bench/3", "prompt": WORDS[0], "code": WORDS[1]}) + "\n")
    kept = {}
    for depth in DEPTHS:
        manifest = curate([some], tmp_path / depth, CurationSettings(depth=depth), against=[bench])
        kept[depth] = manifest.counts.kept
    assert kept == {"exact": 2, "near": 2, "semantic": 2, "behavioural": 2}


def test_the_same_input_gives_the_same_bytes(some: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        curate([some], tmp_path / name, CurationSettings())
    for file in ("problems.parquet", "records.parquet", "manifest.json", "config.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.fixture
def rated(tmp_path: Path) -> Path:
    """Problems of three bands; those of one band differ in their features."""
    rates = {"hard": pass_rate(15, 100), "medium": pass_rate(45, 100), "easy": pass_rate(96, 100)}
    kinds = (("ships", "alpha", ("a",)), ("birds", "beta", ("a",)), ("maps", "gamma", ("b", "c")))
    problems = []
    for band, rate in rates.items():
        for topic, word, features in kinds:
            text = f"{topic} {band} {word} {topic}", f"def f(x):\n    return {topic!r}, {band!r}, {word!r}\n"
            problems.append(made(text, chain=f"{band} {word}", features=features, rate=rate))
    return write_set(tmp_path / "rated", problems)


def test_a_selection_covers_features_under_quotas(rated: Path, tmp_path: Path) -> None:
    settings = CurationSettings(select=4, quotas={"hard": 0.5, "easy": 0.5})
    manifest = curate([rated], tmp_path / "out", settings)
    kept = load_problems(tmp_path / "out")
    assert manifest.counts.bands == {"easy": 2, "hard": 2}
    assert manifest.counts.not_selected == 5
    assert {use.name for problem in kept for use in problem.features} == {"a", "b", "c"}
    found = json.loads((tmp_path / "out" / "diversity.json").read_text())
    assert [found[stage]["problems"] for stage in ("read", "curated", "kept")] == [9, 9, 4]
    assert found["kept"]["bands"] == {"easy": 2, "hard": 2}


def test_the_bands_of_another_set_are_matched(rated: Path, tmp_path: Path) -> None:
    problems = load_problems(rated)
    model = write_set(tmp_path / "model", [problems[0], problems[3], problems[4]])  # hard, medium, medium
    manifest = curate([rated], tmp_path / "out", CurationSettings(), match=[model])
    assert manifest.counts.bands == {"hard": 1, "medium": 3}


def test_quotas_that_cannot_be_met_leave_no_result(rated: Path, tmp_path: Path) -> None:
    settings = CurationSettings(select=8, quotas={"hard": 1.0})
    with pytest.raises(CaseError, match="asks for 8 problems of band 'hard' and 3 are left"):
        curate([rated], tmp_path / "out", settings)
    assert not (tmp_path / "out" / "problems.parquet").exists()
    with pytest.raises(CaseError, match="only 9 problems are left; select fewer"):
        curate([rated], tmp_path / "more", CurationSettings(select=10))
    with pytest.raises(ValueError, match=r"add up to 0\.5"):
        CurationSettings(select=8, quotas={"hard": 0.5})


def test_a_finished_or_foreign_folder_is_left_alone(some: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    curate([some], out, CurationSettings())
    with pytest.raises(RunFolderError, match="already holds this run"):
        curate([some], out, CurationSettings(), resume=True)
    with pytest.raises(RunFolderError, match=r"belongs to another configuration .settings.depth"):
        curate([some], out, CurationSettings(depth="exact"), resume=True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    with pytest.raises(RunFolderError, match="not empty"):
        curate([some], tmp_path / "full", CurationSettings())
    assert (tmp_path / "full" / "thesis.tex").read_text() == "mine"
    with pytest.raises(RunFolderError, match="is a file"):
        curate([some], some / "problems.parquet", CurationSettings())


def test_bad_input_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no problems"):
        curate([write_set(tmp_path / "empty", [])], tmp_path / "out", CurationSettings())
    with pytest.raises(RunFolderError, match="no problems at"):
        curate([tmp_path / "nowhere"], tmp_path / "out", CurationSettings())
    assert not (tmp_path / "out").exists()


def test_an_interrupted_curation_is_resumed_to_the_same_bytes(
    some: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    curate([some], tmp_path / "whole", CurationSettings())
    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(curation, "write_kept", _killed)
        with pytest.raises(KeyboardInterrupt):
            curate([some], out, CurationSettings())
    with pytest.raises(RunFolderError, match="add --resume"):
        curate([some], out, CurationSettings())
    curate([some], out, CurationSettings(), resume=True)
    for file in ("problems.parquet", "records.parquet", "manifest.json"):
        assert (out / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def test_changed_input_is_not_resumed(some: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(curation, "write_kept", _killed)
        with pytest.raises(KeyboardInterrupt):
            curate([some], tmp_path / "out", CurationSettings())
    write_set(some, [made(LONGEST_RUN)])
    with pytest.raises(RunFolderError, match="another configuration"):
        curate([some], tmp_path / "out", CurationSettings(), resume=True)


def _killed(*_: object) -> int:
    raise KeyboardInterrupt
