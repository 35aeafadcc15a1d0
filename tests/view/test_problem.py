"""The page of a problem, in a real headless browser: what it shows, by mouse and by keys, and that nothing runs."""

import re
from pathlib import Path

import msgspec
import pytest

from stepsmith.core.records import Contract, Example, FeatureUse, Lineage, Problem, Solution, TestCase, WrongSolution
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, read_problems, write_rows
from stepsmith.view.problem import TESTS
from stepsmith.view.reading import read_row
from tests.report.runs import HOSTILE
from tests.view.conftest import Served, Watched, serving

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

INJECTIONS = [
    HOSTILE,
    "<svg onload=document.title='owned'></svg>",
    "<iframe srcdoc=\"<script>top.document.title='owned'</script>\"></iframe>",
    "[click](javascript:document.title='owned')",
    "![x](x\" onerror=\"document.title='owned')",
    "<style>*{display:none}</style>",
    "<base href=https://evil.example/><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "$\\text{<img src=x onerror=document.title='owned'>}$",
    "$\\href{javascript:document.title='owned'}{x}$ $\\style{background:url(https://evil.example)}{y}$",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=document.title=1>'>",
    "{{ 7*7 }} {% raw %} \" onmouseover=document.title='owned' x=\"",
    "```html\n<script>document.title='owned'</script>\n```",
    "<a hx-get=/problems hx-trigger=load>x</a><div data-hx-get=https://evil.example hx-on::load=document.title=1>",
    "\u202e<plaintext><xmp><noscript><p title='</noscript><img src=x onerror=document.title=1>'>",
]


def hostile_problem(text: str, parent: Problem | None = None) -> Problem:
    code = Solution(language=text, code=text + ("x" if parent else ""))
    return Problem(
        environment="induction", style="codeforces", title=text, statement=f"{text}\n\n# {text}\n\n- {text}\n",
        contract=msgspec.convert({"interface": "stdio", "entry_point": text, "checker": {"name": text}}, type=Contract),
        starter_code=text, task=msgspec.json.encode({text: text, "program": f"{text}\n{text}"}).decode(),
        features=(FeatureUse(name=text, category=text, params=((text, 1),), seed_lines=(1,), signal=text),),
        tests=(TestCase(input=text, output=text), TestCase(input=text * 50, output=text * 50)),
        golden=code,
        lineage=Lineage(chain_id=text, turn=2 if parent else 1, parent_id=parent.id if parent else None, change=text,
                        direction="harder", seed_ref=text, seed_license=text),
        examples=(Example(input=text + "!", output=text),),
        wrong=(WrongSolution(solution=Solution(language=text, code=text + "\ny"), killed_by=1, origin=text),),
        validator=text, provenance=((text, text), (text, text), ("kill_rate", text), ("rated_by", text)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    firsts = [hostile_problem(text) for text in INJECTIONS]
    pairs = [problem for first in firsts for problem in (first, hostile_problem(first.title, first))]
    write_rows(folder / "problems.parquet", PROBLEM_SCHEMA, map(problem_row, pairs))
    return folder


def test_injections_are_shown_and_nothing_runs(browser, hostile: Path) -> None:
    problems = list(read_problems(hostile / "problems.parquet"))
    with serving(hostile) as served:
        context = browser.new_context()
        watched = Watched(context, served.url)
        page = watched.open("/problems")
        for problem in problems[: 2 * 7]:
            assert " ".join(problem.title.split())[:12] in " ".join(page.inner_text("main").split())
        for problem in problems[1::2]:
            page = watched.open(f"/problems/{problem.id}")
            expect(page.locator("ol.life")).to_be_visible()
            told = " ".join(page.inner_text("main").split())
            assert told.count(" ".join(problem.title.split())[:20]) >= 8
            assert page.title().endswith("· Stepsmith")
            assert (
                page.locator("main :is(script, img, iframe, style, base, meta, object, embed, form, mglyph)").count()
                == 0
            )
            assert page.locator("[onload], [onerror], [onmouseover], [style], a[href^=javascript]").count() == 0
            assert page.locator("main [hx-get]:not([hx-get^='/problems/prob_'])").count() == 0
        watched.verify()
        context.close()


def problem_with(run: Path, test) -> Problem:
    return next(problem for problem in read_problems(run / "problems.parquet") if test(problem))


def test_a_page_shows_every_part_of_a_problem(watched: Watched, run: Path) -> None:
    problem = problem_with(run, lambda one: one.lineage.turn > 1 and one.wrong)
    page = watched.open(f"/problems/{problem.id}")
    assert page.locator("h1").inner_text() == problem.title
    assert page.locator("tr[id^=test-]").count() == min(TESTS, len(problem.tests))
    expect(page.locator("#golden pre")).to_contain_text("def solve")
    killed = problem.wrong[0].killed_by + 1
    expect(page.locator("#wrong article").first).to_contain_text(f"killed by test {killed}")
    page.locator("#wrong a").first.click()
    expect(page.locator(f"#test-{killed}")).to_be_in_viewport()
    expect(page.locator("ol.life")).to_contain_text("Difficulty")
    assert page.locator(".path li[aria-current=step]").count() == 1


def test_a_chain_is_a_path_that_leads_from_turn_to_turn(watched: Watched, run: Path) -> None:
    problem = problem_with(run, lambda one: one.lineage.parent_id and one.lineage.chain_id == "chain_0002")
    page = watched.open(f"/problems/{problem.id}")
    expect(page.locator("#changes")).to_contain_text("What changed since turn")
    expect(page.locator(".prose-diff ins").first).to_be_visible()
    expect(page.locator("#chain .diff .ins").first).to_be_visible()
    page.locator(".path a").first.click()
    expect(page.locator(".path li").first).to_have_attribute("aria-current", "step")


def test_by_keys_alone_from_the_list_to_a_problem_and_back(watched: Watched) -> None:
    page = watched.open("/problems?sort=title")
    titles = page.locator("a.pick").all_inner_texts()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    for title, key in ((titles[0], "j"), (titles[1], "k"), (titles[0], "u")):
        expect(page.locator("h1")).to_have_text(title)
        page.wait_for_load_state()  # the script that knows the keys comes with the page
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile("/problems\\?sort=title$"))


def test_many_tests_are_paged_and_huge_ones_are_cut_with_a_link_to_the_raw(browser, run: Path, tmp_path: Path) -> None:
    problem = next(iter(read_problems(run / "problems.parquet")))
    long = "<b>7</b> " * 200_000
    tests = tuple(TestCase(input=f"{k}", output="0") for k in range(45))
    tests = (TestCase(input=long, output="1"), *tests)
    big = msgspec.structs.replace(problem, tests=tests, wrong=())
    write_rows(tmp_path / "problems.parquet", PROBLEM_SCHEMA, [problem_row(big)])
    with serving(tmp_path) as served:
        context = browser.new_context()
        watched = Watched(context, served.url)
        page = watched.open(f"/problems/{big.id}")
        assert len(page.content()) < 200_000
        page.get_by_role("link", name="More tests").click()
        expect(page.locator(f"#test-{TESTS + 1}")).to_be_visible()
        expect(page.locator("#tests")).to_contain_text("Page 2 of 3")
        watched.verify()
        context.close()
        status, headers, text = served.request(f"/problems/{big.id}/tests/1/input")
        assert (status, text, headers["content-type"]) == (200, long, "text/plain; charset=utf-8")
        for path in ("tests/99/input", "tests/1/golden", "tests/0/input", "tests/1/.."):
            assert served.request(f"/problems/{big.id}/{path}")[0] == 404


def test_an_unknown_problem_gets_a_page_that_says_so(viewer: Served) -> None:
    for id in ("prob_none", "%2e%2e%2fmanifest.json", "a%00b", "<script>"):
        status, _, text = viewer.request(f"/problems/{id}".replace("<", "%3C"))
        assert status == 404
        assert "No problem here has the id" in text or "There is no such page" in text
        assert "<script>" not in text.split("<main")[1]


def test_a_row_is_read_without_the_rest_of_its_file(viewer: Served, run: Path) -> None:
    searcher = viewer.viewing.library.current(5)
    assert searcher is not None
    ids = [problem.id for problem in read_problems(run / "problems.parquet")]
    assert [read_row(searcher.index.files[0], k)["id"] for k in range(len(ids))] == ids
