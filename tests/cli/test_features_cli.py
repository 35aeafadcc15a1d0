from pathlib import Path

import pytest
from typer.testing import CliRunner

from stepsmith.cli.features import features_app
from stepsmith.core.errors import StepsmithError, UserError
from stepsmith.synth.tree.text import format_tree, parse_tree, read_tree, starter_tree
from tests.synth.two_stage.scripted import ScriptedModel, ScriptedServer

runner = CliRunner()


@pytest.fixture(autouse=True)
def _own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPSMITH_CACHE", str(tmp_path / "memory.db"))


def done(*words: str) -> str:
    result = runner.invoke(features_app, words)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return " ".join(result.output.split())


def refused(*words: str) -> str:
    result = runner.invoke(features_app, words)
    assert isinstance(result.exception, StepsmithError), result.output
    return str(result.exception)


def test_show_prints_and_counts_the_starter_tree():
    shown = done("show", "--depth", "2")
    assert "two pointers (6 below)" in shown
    assert f"{len(starter_tree().leaves()):,} leaves, {starter_tree().size():,} nodes." in shown
    part = done("show", "--under", "algorithm/two pointers")
    assert part.startswith("two pointers sorted pairs two sequences")
    assert "algorithm" not in part
    assert "no node 'algorithm/cooking'" in refused("show", "--under", "algorithm / cooking")


def test_what_show_prints_is_a_tree_file(tmp_path):
    (tmp_path / "t.txt").write_text("algorithm x3\n  sorting x2\n    gaps\n")
    result = runner.invoke(features_app, ["show", str(tmp_path / "t.txt")])
    assert result.output.startswith("algorithm x3\n  sorting x2\n    gaps\n")
    assert "does not exist" in refused("show", str(tmp_path / "none.txt"))


def test_extract_offline_into_a_tree(tmp_path):
    code = tmp_path / "code.py"
    code.write_text(
        "import heapq\n\ndef f(xs):\n    heapq.heapify(xs)\n    return [heapq.heappop(xs) for _ in range(3)]\n"
    )
    out = tmp_path / "deep" / "tree.txt"
    said = done("extract", "--seeds", str(code), "--snippets", "3", "--out", str(out))
    assert "3 of 3 snippets have features" in said
    tree = read_tree(out)
    assert tree.find(("data structure", "heap", "scheduling")).seen == 3  # type: ignore[union-attr]
    done("extract", "--seeds", str(code), "--snippets", "3", "--into", "starter", "--out", str(out))
    assert read_tree(out).size() == starter_tree().size()
    assert "does not exist" in refused("extract", "--seeds", str(tmp_path / "no.py"), "--out", str(out))


def test_extract_and_evolve_by_an_endpoint_and_pay_once(tmp_path):
    out, larger = tmp_path / "tree.txt", tmp_path / "larger.txt"
    brain = ScriptedModel()
    with ScriptedServer(brain) as server:
        teacher = f"{server.url}#teacher"
        said = done("extract", "--teacher", teacher, "--snippets", "6", "--batch", "3", "--out", str(out))
        assert "of 6 snippets have features" in said
        assert brain.asked == {"extract": 2}
        tree = read_tree(out)
        assert "key" in format_tree(tree) or tree.size() > 3
        said = done("evolve", str(out), "--teacher", teacher, "--requests", "2", "--out", str(larger))
        assert "got 2 new siblings or more" in said
        grown = read_tree(larger)
        assert {path for path, _ in tree.walk()} < {path for path, _ in grown.walk()}
        asked = dict(brain.asked)
        done("extract", "--teacher", teacher, "--snippets", "6", "--batch", "3", "--out", str(out))
        assert brain.asked == asked, "cached answers are not paid for again"
    assert parse_tree(larger.read_text()) == grown


def test_evolution_needs_a_model(tmp_path):
    with pytest.raises(UserError, match="needs a model"):
        runner.invoke(
            features_app, ["evolve", "starter", "--teacher", "offline", "--out", str(tmp_path / "t")],
            catch_exceptions=False,
        )  # fmt: skip
    assert "nobody" in refused("evolve", "starter", "--teacher", "nobody", "--out", str(tmp_path / "t"))
