"""Trying a solution, in a real headless browser: its verdicts, its link, and an attempt that gives nothing away."""

import re
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from stepsmith.core.records import Example
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from stepsmith.view.answers import MOST_CHARACTERS
from tests.envs.test_environments import PROBLEMS
from tests.view.conftest import Served, Watched, serving

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

GIVEN = PROBLEMS["stdio"].tests[0]
SECRET = "def square_secretly(): pass\n"
STDIO = msgspec.structs.replace(
    PROBLEMS["stdio"],
    title="Squares by a secret trick",
    examples=(Example(input=GIVEN.input, output=GIVEN.output),),
    golden=msgspec.structs.replace(PROBLEMS["stdio"].golden, code=SECRET + PROBLEMS["stdio"].golden.code),
)
ALL = PROBLEMS | {"stdio": STDIO}


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("trying")
    write_rows(folder / "problems.parquet", PROBLEM_SCHEMA, map(problem_row, ALL.values()))
    with serving(folder) as served:
        yield served


def post(viewer: Served, path: str, **fields: str) -> tuple[int, str]:
    status, _, text = viewer.request(path, "POST", urlencode(fields).encode(), Origin=f"http://127.0.0.1:{viewer.port}")
    return status, text


def test_a_solution_is_judged_shared_and_opened_without_running(watched: Watched) -> None:
    page = watched.open(f"/problems/{STDIO.id}")
    page.get_by_role("link", name="Try a solution").click()
    page.locator("#answer").fill("print(int(input()) * 3)\n")
    page.get_by_role("button", name="Run it").click()
    expect(page.locator(".outcome")).to_contain_text("2 of 4 tests pass", timeout=30_000)
    expect(page.locator(".difference ins")).to_have_text("16")
    expect(page.locator(".difference del")).to_have_text("12")
    page.locator("#share").click()
    expect(page).to_have_url(re.compile("#language=python&answer="))
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator("#answer")).to_have_value("print(int(input()) * 3)\n")
    expect(page.locator("#came")).to_be_visible()
    assert page.locator("#tried > *").count() == 0
    assert [url for url in watched.requests if url.endswith("/try")][1:] == []
    page.locator("#answer").fill(STDIO.golden.code)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".outcome")).to_contain_text("4 of 4 tests pass", timeout=30_000)


def test_a_link_that_cannot_be_read_is_told(watched: Watched) -> None:
    page = watched.open(f"/problems/{STDIO.id}/try#answer=@@@")
    expect(page.locator("#shared")).to_have_text("The answer in this link cannot be read.")


@pytest.mark.parametrize("name", ALL)
def test_an_attempt_shows_what_the_student_saw_and_no_more(viewer: Served, name: str) -> None:
    problem = ALL[name]
    _, _, page = viewer.request(f"/problems/{problem.id}/attempt")
    _, text = post(viewer, f"/problems/{problem.id}/attempt", answer="3" if name != "stdio" else "print(1)")
    for shown in (page, text):
        assert problem.statement.split()[0] in shown
        assert problem.title not in shown
        assert "square_secretly" not in shown
        for use in problem.features:
            assert use.name not in shown
    if name == "stdio":
        assert "hidden test" in text
    if name == "deduction":
        assert "Expected" not in text


def test_without_scripts_the_page_comes_back_with_the_answer(viewer: Served) -> None:
    status, text = post(
        viewer, f"/problems/{STDIO.id}/try", answer="print(int(input()) ** 2)  # <b>", language="python"
    )
    assert status == 200
    assert "4 of 4" in " ".join(re.sub("<[^>]+>", "", text).split())
    assert "# &lt;b&gt;" in text


@pytest.mark.parametrize(
    ("fields", "told"),
    [({"answer": "x" * (MOST_CHARACTERS + 1)}, "too long"), ({"answer": "1", "language": "cobol"}, "not available"),
     ({}, "no program yet"), ({"answer": " "}, "no program yet")],
)  # fmt: skip
def test_what_cannot_be_judged_is_told(viewer: Served, fields: dict[str, str], told: str) -> None:
    status, text = post(viewer, f"/problems/{STDIO.id}/try", **fields)
    assert (status, told in text) == (200, True)


def test_only_our_own_page_can_have_something_judged(viewer: Served) -> None:
    body = urlencode({"answer": "print(1)"}).encode()
    for path in ("try", "attempt"):
        status, _, text = viewer.request(f"/problems/{STDIO.id}/{path}", "POST", body, Origin="https://evil.example")
        assert (status, "Nothing was done" in text) == (403, True)
        assert viewer.request(f"/problems/{STDIO.id}/{path}?answer=print(1)")[0] == 200


def test_another_problem_is_drawn_from_a_search(viewer: Served) -> None:
    _, headers, _ = viewer.request("/attempt?environment=deduction")
    assert headers["location"] == f"/problems/{ALL['deduction'].id}/attempt"
    assert viewer.request("/attempt?environment=none")[0] == 404
