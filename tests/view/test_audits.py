"""Audits: what is accused is shown, replayed and decided, and only the side file is written."""

from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from stepsmith.audit.document import AUDIT, counted
from stepsmith.audit.findings import AuditDocument, Finding, SubjectReport
from stepsmith.audit.findings import Place as FoundPlace
from stepsmith.audit.steps import Gives, ProgramReplay
from stepsmith.core.records import Contract, Solution
from stepsmith.store.dataset import read_problems
from stepsmith.view.decisions import DECISIONS, read_decisions
from tests.report.runs import HOSTILE, make_run
from tests.view.conftest import Served, Watched, serving

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


def finding(subject: str, output: str, message: str) -> Finding:
    step = Gives(
        says=f"the reference gives {output}", program=Solution(language="python", code="print(6 * 7)"),
        contract=Contract(interface="stdio"), input="", output=output,
    )  # fmt: skip
    return Finding.of(
        "wrong-label", subject, FoundPlace(source="x", part="tests[0].output"), message,
        evidence={"input": HOSTILE}, replay=ProgramReplay(steps=(step,)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("audits") / "all"
    run = make_run(root / "run")
    id = next(read_problems(run / "problems.parquet")).id
    subjects = [
        SubjectReport(
            subject=id, digest="d", checked=("labels",),
            findings=(finding(id, "42\n", "The output should be 42."), finding(id, "41\n", HOSTILE)),
        ),
        SubjectReport(subject="other", digest="e", checked=("labels",)),
    ]  # fmt: skip
    document = AuditDocument(
        tool="stepsmith", source=HOSTILE, format="auto", options={}, isolation="L3", complete=True,
        counts=counted(subjects), subjects=tuple(subjects),
    )  # fmt: skip
    (root / "audit").mkdir()
    (root / "audit" / AUDIT).write_bytes(msgspec.json.encode(document))
    (root / "broken").mkdir()
    (root / "broken" / AUDIT).write_text("{}")
    with serving(root) as served:
        yield served


def place(viewer: Served) -> Path:
    return viewer.viewing.places.named[0] / "audit"


def test_audits_are_listed_and_a_broken_one_says_why(viewer: Served) -> None:
    _, _, text = viewer.request("/audits")
    assert "/audits/0/audit" in text
    assert "is not the audit.json" in text
    assert HOSTILE not in text
    assert viewer.request("/audits/0/broken")[0] == 400
    assert viewer.request("/audits/0/run")[0] == 400
    assert viewer.request("/audits/0/../../etc")[0] == 400


def test_a_problem_tells_what_it_is_accused_of(viewer: Served) -> None:
    id = next(read_problems(place(viewer).parent / "run" / "problems.parquet")).id
    text = viewer.request(f"/problems/{id}/findings", HX_Request="true")[2]
    assert "The output should be 42." in text
    assert HOSTILE not in text
    assert viewer.request("/problems/none/findings")[2].strip() == ""


def test_findings_are_filtered_by_the_address(viewer: Served) -> None:
    for query, count in (("", 2), ("?kind=wrong-label&severity=high", 2), ("?kind=flat-outputs", 0), ("?page=99", 2)):
        text = viewer.request(f"/audits/0/audit{query}")[2]
        assert text.count('<article class="finding') == count
        assert HOSTILE not in text


def test_other_sites_decide_nothing_and_unknown_findings_are_refused(viewer: Served) -> None:
    own = f"http://127.0.0.1:{viewer.port}"
    for origin, fields, status in (
        ("https://evil.example", {"finding": "F-1", "act": "accepted"}, 403),
        (own, {"finding": "F-1", "act": "accepted"}, 404),
        (own, {"act": "delete"}, 404),
    ):
        assert viewer.request("/audits/0/audit", "POST", urlencode(fields).encode(), Origin=origin)[0] == status
    assert not (place(viewer) / DECISIONS).exists()


def test_a_finding_is_replayed_dismissed_and_opened_again(watched: Watched, viewer: Served) -> None:
    data = (place(viewer) / AUDIT).read_bytes()
    page = watched.open("/audits/0/audit")
    first, second = page.locator("article.finding").nth(0), page.locator("article.finding").nth(1)
    first.get_by_role("button", name="Replay it").click()
    expect(first.locator(".replayed")).to_contain_text("it gives 42", timeout=30_000)
    second.get_by_role("button", name="Replay it").click()
    expect(second.locator(".replayed")).to_contain_text("not shown", timeout=30_000)
    second.locator("input[name=note]").fill("the program gives 42")
    second.get_by_role("button", name="Dismiss").click()
    expect(second.locator(".chip.dismissed")).to_be_visible()
    first.get_by_role("button", name="Accept").click()
    expect(first.locator(".chip.accepted")).to_be_visible()
    states = {one.state: one.note for one in read_decisions(place(viewer)).values()}
    assert states == {"dismissed": "the program gives 42", "accepted": ""}
    page = watched.open("/audits/0/audit?state=dismissed")
    assert page.locator("article.finding").count() == 1
    page.get_by_role("button", name="Open again").click()
    expect(page.locator(".chip.dismissed")).to_have_count(0)
    assert (place(viewer) / AUDIT).read_bytes() == data
