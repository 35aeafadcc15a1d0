import base64
import hashlib
import io
import json
import re
import sys
import tomllib
import zlib
from pathlib import Path

import msgspec
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from stepsmith.cli.report import report, try_report
from stepsmith.core.errors import MachineError, RunFolderError
from stepsmith.core.records import StageSpend, StudentAttempt
from stepsmith.report import chains as chains_module
from stepsmith.report.page import student_label
from stepsmith.report.toml import to_toml
from stepsmith.report.writing import write_report
from stepsmith.store.attempts import write_attempts
from stepsmith.store.dataset import PROBLEM_SCHEMA, read_problems, write_rows
from stepsmith.store.manifest import Spending, read_manifest
from tests.report.inspected import Inspected
from tests.report.runs import HOSTILE, make_run

SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.DOTALL)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("run"))
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def html(run: Path) -> str:
    return (run / "report.html").read_text()


def prose(html: str) -> str:
    """The page without its scripts, in one line."""
    return " ".join(SCRIPT.sub("", html).split())


def unpacked(html: str) -> list[str]:
    blocks = [m["body"] for m in SCRIPT.finditer(html) if 'id="packed-' in m["attributes"]]
    return [zlib.decompress(base64.b64decode(block)).decode() for block in blocks]


def test_header_and_yields_are_the_manifests(run: Path, html: str) -> None:
    counts = json.loads((run / "manifest.json").read_text())["counts"]
    text = re.sub("<[^>]*>", " ", prose(html))
    text = " ".join(text.split())
    assert f"{counts['accepted']} problems from 10 chains" in text
    assert "by the offline teacher in the contest profile (multi-turn, seed 7)" in text
    assert "rated by the simulated student with at most 32 attempts each, judged at isolation level L2" in text
    for shown in (
        "kept per proposed",
        f"{counts['accepted_per_proposed']:.3f}",
        "0.012",
        "2,311 judged",
        "412",
        "18,000 in total",
    ):
        assert shown in text
    assert f"kept per minute {60 * counts['accepted'] / 93.5:.1f}" in text


def test_a_simulated_student_is_called_so_wherever_pass_rates_show(html: str) -> None:
    assert "The student is simulated" in html
    assert "pass rate of the simulated student" in html
    for chain in unpacked(html):
        assert chain.count('class="reading"') == chain.count("of the simulated student")
    assert student_label("simulated") == student_label("simulated, skill 2.2") == "simulated student"
    assert student_label("https://host/model") == "https://host/model"


def test_another_student_is_not_called_simulated(tmp_path: Path) -> None:
    make_run(tmp_path, chains=2, student="small-model")
    text = write_report(tmp_path).read_text()
    assert "simulated" not in prose(text).replace("Simulated", "simulated")
    assert "pass rate of the small-model" in text


def test_every_problem_and_reject_of_every_chain_is_there(run: Path, html: str) -> None:
    pages = unpacked(html)
    assert len(pages) == 10
    problems = list(read_problems(run / "problems.parquet"))
    everything = "".join(pages)
    assert everything.count('<li class="stone"') == len(problems)
    counts = json.loads((run / "manifest.json").read_text())["counts"]
    assert everything.count('<li class="stone rejected"') == counts["proposed"] - len(problems) > 0
    last = problems[-1]
    page = next(page for page in pages if last.id in page)
    assert last.pass_rate is not None
    for shown in (last.title, "Only distinct values count now", "easier", "harder", "killed by test 2 (boundary)",
                  'class="del"', "seed lines 12, 15: sorted call", "kill_rate", f"{last.pass_rate.passes}/32",
                  "sorted the wrong way round", last.lineage.seed_ref):  # fmt: skip
        assert shown in page
    turns = [int(turn) for turn in re.findall(r'data-turn="(\d+)"', page)]
    assert turns == [1, 2, 3, 4, 5]


def test_what_an_environment_adds_is_shown(html: str) -> None:
    abduction = next(page for page in unpacked(html) if "abduction" in page and 'class="stone"' in page)
    assert "Also given: <code>program</code>" in abduction
    assert "Also given: <code>output</code>" in abduction


def test_rejects_bands_features_and_files_are_tabled(run: Path, html: str) -> None:
    text = prose(html)
    manifest = json.loads((run / "manifest.json").read_text())
    for reason, count in manifest["counts"]["rejected"].items():
        assert re.search(rf'<th scope="row">{reason}</th><td class="n">{count}</td>', text)
    for facts in manifest["files"].values():
        assert facts["sha256"] in text
    assert "data structure › stack › monotonic stack" in text
    assert "golden_confidence" in text
    assert "Weakest tests" in text
    for name in ("rates", "turns", "features", "confidence"):
        figure = re.search(rf'id="figure-{name}">(.*?)</script>', html)
        assert figure
        assert json.loads(figure[1])["data"]


def test_the_histogram_holds_every_kept_problem(run: Path, html: str) -> None:
    figure = re.search(r'id="figure-rates">(.*?)</script>', html)
    assert figure
    shown = [trace for trace in json.loads(figure[1])["data"] if trace.get("visible") != "legendonly"]
    rates = sorted(x for trace in shown for x, n in zip(trace["x"], trace["y"], strict=True) for _ in range(n))
    assert rates == sorted(p.pass_rate.rate for p in read_problems(run / "problems.parquet") if p.pass_rate)


def test_hostile_texts_stay_text(html: str) -> None:
    pages = unpacked(html)
    assert sum(page.count("document.title") for page in pages) >= 10
    for piece in (SCRIPT.sub("", html), *pages):
        assert "<img" not in piece
        assert "<script" not in piece
    assert len(SCRIPT.findall(html)) == 2 + 4 + 1 + 10  # plotly, ours; figures, index, chains


def test_plans_are_rendered_and_rejects_show_their_evidence(html: str) -> None:
    chains = unpacked(html)
    for chain in chains:
        assert chain.count("<dt>strategy</dt>") == chain.count('<li class="stone')
        assert "<strong>both</strong>" in chain
        assert "<code>a_i</code>" in chain


def test_spending_is_shown_by_stage_and_the_settings_as_they_load(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", 2, 2)
    manifest = read_manifest(folder)
    stages = tuple(
        StageSpend(
            purpose=purpose, model="big", requests=7, completions=11, prompt_tokens=12_345, completion_tokens=678,
            reasoning_tokens=90, usd=usd,
        )
        for purpose, usd in (("propose", 0.5), ("attempt", 0.25))
    )  # fmt: skip
    spend = Spending(
        stages=stages, tokens=26_046, usd=0.75, tokens_per_accepted=1.0, usd_per_accepted=1.0, paid_tokens=26_046,
        paid_usd=0.75, unsure_tokens=0, unsure_usd=0.0,
    )  # fmt: skip
    msgspec.structs.replace(manifest, spend=spend).write(folder)
    (folder / "run.toml").write_text('[synth]\nteacher = "<big>"\n')
    write_report(folder)
    html = (folder / "report.html").read_text()
    text = prose(html)
    assert '<th scope="row">propose</th><td class="text">big</td><td>7</td><td>11</td> <td>12,345</td>' in text
    assert "<td>0.2500</td>" in text
    assert "paid for 26,046 tokens (0.7500 USD)" in text
    assert "teacher = &#34;&lt;big&gt;&#34;" in text
    assert "absent" not in text


def test_attempts_are_shown_one_for_each_way_to_end(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", 2, 2)
    write_attempts(
        folder / "attempts.jsonl.gz",
        [
            StudentAttempt(
                chain_id="chain_0000", turn=1, problem_id="p", number=number, verdict=verdict, why=why,
                text=f"Answer {number}: **so** {HOSTILE}",
            )
            for number, (verdict, why) in enumerate(
                [("AC", ""), ("WA", "returned 1"), ("WA", "returned 1"), ("WA", "returned 3"), ("AC", "")], 1
            )
        ],
    )  # fmt: skip
    write_report(folder)
    first, *others = unpacked((folder / "report.html").read_text())
    assert re.findall(r"<h5>Attempt (\d): (\w+)", first) == [("1", "AC"), ("2", "WA"), ("4", "WA")]
    assert "<strong>so</strong>" in first
    assert '<p class="killed">returned 3</p>' in first
    assert HOSTILE not in first
    assert not any("Attempt 1" in chain for chain in others)


def test_the_policy_admits_our_two_scripts_and_no_request(html: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    scripts = [m["body"] for m in SCRIPT.finditer(html) if not m["attributes"]]
    digests = {"sha256-" + base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in scripts}
    assert set(re.findall(r"'(sha256-[^']*)'", policy[1])) == digests
    assert len(digests) == 2
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy[1]


def test_nothing_points_outside(html: str) -> None:
    for piece in (SCRIPT.sub("", html), *unpacked(html)):
        for name, value in Inspected(piece).attributes:
            assert name not in ("src", "srcset", "action", "data", "poster", "background")
            assert name != "href" or value.startswith("#")
            assert not name.startswith("on")
        assert "url(" not in piece
        assert "@import" not in piece
        assert "://" not in piece


def test_the_same_files_give_the_same_bytes_anywhere(run: Path, tmp_path: Path, html: str) -> None:
    assert write_report(run).read_text() == html
    assert write_report(make_run(tmp_path / "elsewhere")).read_text() == html


def test_a_page_that_would_grow_too_large_says_which_share_it_carries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(tmp_path, chains=8, turns=3)
    monkeypatch.setattr(chains_module, "BYTE_LIMIT", 30_000)
    html = write_report(tmp_path).read_text()
    carried = len(unpacked(html))
    assert 1 < carried < 8
    assert sum(len(m["body"]) for m in SCRIPT.finditer(html) if 'id="packed-' in m["attributes"]) <= 30_000
    assert f"This page holds {carried} of 8 chains" in prose(html)
    index = json.loads(re.search(r'id="chain-index">(.*?)</script>', html)[1])  # type: ignore[index]
    assert [chain["number"] for chain in index] == sorted(chain["number"] for chain in index)
    assert set(re.findall(r'href="#chain=([^&"]*)', html)) <= {chain["id"] for chain in index}


def test_timings_are_optional_and_a_broken_file_is_named(tmp_path: Path) -> None:
    make_run(tmp_path, chains=2, seconds=None)
    assert "per minute" not in prose(write_report(tmp_path).read_text())
    (tmp_path / "timings.json").write_text("[")
    with pytest.raises(RunFolderError, match=r"timings\.json cannot be read"):
        write_report(tmp_path)


def test_a_run_that_kept_nothing_has_a_report(tmp_path: Path) -> None:
    make_run(tmp_path, chains=2)
    write_rows(tmp_path / "problems.parquet", PROBLEM_SCHEMA, [])
    html = write_report(tmp_path).read_text()
    assert "No data." in html
    assert len(unpacked(html)) == 2


def test_a_folder_without_a_finished_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="holds no finished run"):
        write_report(tmp_path)


def test_without_the_extra_one_line_says_how_to_get_it(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "plotly"]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("page", "figures", "series", "curves"):
        monkeypatch.delitem(sys.modules, f"stepsmith.report.{name}")
    with pytest.raises(MachineError, match=r"pip install 'stepsmith\[report\]'"):
        write_report(run)
    said = io.StringIO()
    try_report(Console(file=said, width=60), run)
    assert said.getvalue().startswith("No report: the report needs plotly")
    assert said.getvalue().count("\n") == 1


def test_the_command_rewrites_the_report(run: Path, html: str) -> None:
    (run / "report.html").unlink()
    app = typer.Typer()
    app.command()(report)
    result = CliRunner().invoke(app, [str(run)])
    assert result.exit_code == 0
    assert result.output == f"Report: {run / 'report.html'}\n"
    assert (run / "report.html").read_text() == html


tables = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.lists(st.integers() | st.text("ab\"\\\n", max_size=4), max_size=3),
    lambda inner: st.dictionaries(st.text("ab-_.\" é", max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["synth", "judge", "a b", "x"]), tables, max_size=4))
def test_configurations_survive_toml(config: dict[str, object]) -> None:
    def present(value: object) -> object:
        if isinstance(value, dict):
            filled = {key: present(item) for key, item in value.items() if item is not None}
            return {key: item for key, item in filled.items() if item != {}}
        return value

    assert present(tomllib.loads(to_toml(config))) == present(config)
