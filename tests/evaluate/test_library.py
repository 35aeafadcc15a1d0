import pytest

from stepsmith.benchmarks.data import load_benchmark
from stepsmith.benchmarks.extraction import EXTRACTIONS
from stepsmith.core.errors import CaseError
from stepsmith.evaluate.contests import INCREMENTS
from stepsmith.evaluate.library import LIBRARY, find_benchmark
from stepsmith.evaluate.scoring import AS_IT_IS
from tests.evaluate.test_contests import row


def test_every_benchmark_has_what_the_protocol_wants():
    for name, benchmark in LIBRARY.items():
        assert benchmark.name == name
        assert benchmark.title
        assert benchmark.limits
        assert benchmark.extraction in (AS_IT_IS, *EXTRACTIONS)


def test_a_release_is_read_from_all_its_files(tmp_path, monkeypatch):
    import json

    monkeypatch.setattr("stepsmith.evaluate.contests.INCREMENTS", tuple((p, f, 2) for p, f, _ in INCREMENTS))
    benchmark = find_benchmark("livecodebench:release_v2")
    for file, first in (("test.jsonl", 1), ("test2.jsonl", 3)):
        with pytest.raises(CaseError):
            load_benchmark(benchmark, tmp_path)
        rows = [row(number, "2024-01-01") for number in (first, first + 1)]
        (tmp_path / file).write_text("\n".join(map(json.dumps, rows)))
    data = load_benchmark(benchmark, tmp_path)
    assert (len(data.problems), data.release, data.path) == (4, "release_v2", tmp_path)
    (tmp_path / "test2.jsonl").unlink()
    with pytest.raises(CaseError, match=r"LiveCodeBench release_v2 needs more files; it needs test2.jsonl"):
        load_benchmark(benchmark, tmp_path)
