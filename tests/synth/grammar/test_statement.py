"""Statements: complete, well-formed English, the same every time, with every bound and both samples."""

import random
import re
import string as characters

import pytest

from stepsmith.core.records import Style
from stepsmith.synth.grammar import themes
from stepsmith.synth.grammar.compose import compose
from stepsmith.synth.grammar.composition import FEATURES, Composition, Given, Step, evaluate, propagate
from stepsmith.synth.grammar.domain import Domain, Type, ints
from stepsmith.synth.grammar.formats import format_answer, format_case
from stepsmith.synth.grammar.naming import name_values
from stepsmith.synth.grammar.samples import sample_cases
from stepsmith.synth.grammar.sources import TYPE_WEIGHT, menu, scaled
from stepsmith.synth.grammar.statement import Statement, interface_of, write_statement
from stepsmith.synth.grammar.wording import alphabet_phrase, fill, number, ordinal, polish, step_slots

STYLES: tuple[Style, ...] = ("codeforces", "atcoder", "leetcode")


def samples_of(composition: Composition, style: Style) -> list[tuple[str, str]]:
    interface = interface_of(style) if composition.profile == "contest" else "function"
    return [
        (
            format_case(composition, interface, case),
            format_answer(composition.answer, interface, evaluate(composition, case)),
        )
        for case in sample_cases(random.Random(2), composition)
    ]


def written(composition: Composition, style: Style, wording: int = 0) -> Statement:
    return write_statement(composition, style, samples_of(composition, style), wording)


CONTEST = [compose(random.Random(seed)) for seed in range(1000, 1060)]


SLIPS = {
    "a placeholder": r"\{[xyzk]\b|\}\}|<[A-Z]|None",
    "a doubled word": r"\b(\w+) \1\b",
    "a before a vowel": r"\b[Aa] (?:[aeio][a-z]+|8|11|18)\b(?<! one)",
    "an before a consonant": r"\b[Aa]n [bcdfgjklmnpqrstvwz]\w",
    "an ordinal in digits": r"\b\d+-th\b",
    "stray punctuation": r" [,;]| \.(?!\.\.)|(?<!\.)\.\.(?!\.)|,\.(?!\.)",
}


@pytest.mark.parametrize("style", STYLES)
def test_statements_read_as_english(style: Style) -> None:
    for composition in CONTEST:
        text = written(composition, style).text
        prose = re.sub(r"```.*?```", "", text, flags=re.S)
        prose = re.sub(r"^(?:Input|Output): .*$", "", prose, flags=re.M)
        assert "$$" not in prose
        words = re.sub(r"\$[^$]*\$|`[^`]*`", "#", prose)
        for slip, pattern in SLIPS.items():
            assert not re.search(pattern, words), f"{slip}: {prose}"
        for paragraph in words.split("\n\n"):
            if paragraph.strip() and not paragraph.startswith(("#", "-", "*")):
                assert paragraph[0].isupper(), paragraph
                assert paragraph.rstrip().endswith((".", ":")), paragraph
                assert paragraph.count("(") == paragraph.count(")"), paragraph


@pytest.mark.parametrize("style", STYLES)
def test_every_bound_and_sample_is_there(style: Style) -> None:
    for composition in CONTEST:
        samples = samples_of(composition, style)
        text = write_statement(composition, style, samples).text
        for bound in {b for d in composition.sources for b in bounds(d)} | {g.high for g in composition.given}:
            assert number(bound, style) in text or str(bound) in text, (bound, text)
        for given in name_values(composition, interface_of(style)).given:
            name = given.upper() if style == "atcoder" else given
            assert f" {name} " in text
        for source in composition.sources:
            if source.alphabet:
                assert alphabet_phrase(source.alphabet) in text
            for tag in source.tags:
                assert {"sorted": "order", "distinct": "", "acyclic": "cycle", "connected": "connected"}[tag] in text
        for input_text, output_text in samples:
            if style != "leetcode":
                assert f"```\n{input_text}```" in text
                assert output_text.strip() in text
        if style == "leetcode":
            assert text.count("Input: ") == text.count("Output: ") == len(samples)


def bounds(domain: Domain) -> set[int]:
    if domain.type is Type.INT:
        return set(domain.values)
    found = {domain.size[1]} if domain.type is not Type.STR or domain.size[1] > 1 else set()
    if domain.type in (Type.INTS, Type.PAIRS, Type.MATRIX, Type.WGRAPH):
        found |= set(domain.values)
    return found | ({domain.second[1]} if domain.second[1] else set())


def test_the_same_words_every_time_and_others_for_another_wording() -> None:
    composition = CONTEST[0]
    for style in STYLES:
        assert written(composition, style) == written(composition, style)
    assert len({written(composition, "codeforces", wording).text for wording in range(8)}) >= 4


def test_titles_vary() -> None:
    titles = {written(CONTEST[0], "codeforces", wording).title for wording in range(300)}
    assert len(titles) > 250
    assert all(len(title) < 60 and title[0].isupper() for title in titles)


def test_there_are_settings_for_every_type_and_sign() -> None:
    assert len(themes.SETTINGS) >= 40
    for type_ in TYPE_WEIGHT:
        for source in menu(type_):
            themes.setting_for(random.Random(1), source)
    for setting in themes.SETTINGS:
        fields = {name for _, name, _, _ in characters.Formatter().parse(setting.intro) if name}
        assert "who" in fields
        assert any(field.startswith("x") for field in fields)


def test_no_story_of_lanterns_about_negative_numbers() -> None:
    for seed in range(60):
        assert themes.setting_for(random.Random(seed), ints((1, 9), (-5, 5))).signed


def test_starter_code_belongs_to_leetcode() -> None:
    for composition in CONTEST[:10]:
        assert written(composition, "leetcode").starter_code.startswith("def ")
        assert written(composition, "codeforces").starter_code == ""


def test_micro_statements_are_short() -> None:
    for seed in range(20):
        composition = compose(random.Random(seed), profile="micro")
        statement = written(composition, "leetcode")
        assert len(statement.text) < 700
        assert statement.text.startswith(("Given a list x", "Given a string x"))
        for input_text, output_text in samples_of(composition, "leetcode"):
            assert f"f({input_text[1:-2]}) = {output_text}" in statement.text
        assert statement.starter_code == "def f(x):\n    "


@pytest.mark.parametrize(
    ("text", "codeforces", "leetcode"),
    [
        ("every 2-th of 1 elements", "every 2nd of 1 element", "every 2nd of 1 element"),
        ("a 8-gon and a 11", "an 8-gon and an 11", "an 8-gon and an 11"),
        ("for i < j, f(t) = f(t / 2) + 1", "for $i < j$, $f(t) = f(t / 2) + 1$", "for `i < j`, `f(t) = f(t / 2) + 1`"),
        ("the i-th vertex v.", "the $i$-th vertex $v$.", "the `i`-th vertex `v`."),
        ("Ada's cell '#', a 0 or a 1", "Ada's cell `#`, a 0 or a 1", "Ada's cell `#`, a 0 or a 1"),
        ("[l, r] with l <= r", r"$[l, r]$ with $l \le r$", "`[l, r]` with `l <= r`"),
        ("from 0 to 9 - 1", "from 0 to 9 - 1", "from 0 to 9 - 1"),
    ],
)
def test_polish(text: str, codeforces: str, leetcode: str) -> None:
    assert polish(text, "codeforces") == codeforces
    assert polish(text, "leetcode") == leetcode


def test_numbers_are_written_as_statements_write_them() -> None:
    assert [number(n) for n in (7, 2000, 10**5, -(10**9), 3 * 10**6, 123456, 10**12)] == [
        "7", "2000", "10^5", "-10^9", r"3 \cdot 10^6", "123456", "10^{12}",
    ]  # fmt: skip
    assert number(3 * 10**6, "leetcode") == "3 * 10^6"
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 21, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "112th",
    ]  # fmt: skip


def test_what_is_said_of_an_empty_input_is_left_out_where_there_is_none() -> None:
    step = Step(feature="largest", inputs=(0,))
    for low, remark in ((0, True), (1, False)):
        composition = Composition(profile="contest", sources=(ints((low, 9), (0, 9)),), steps=(step,))
        slots = step_slots(composition, name_values(composition, "stdio"), 0, "codeforces")
        text = fill("the largest element of {x} (0 if {x} is empty)", slots, step, composition)
        assert text == "the largest element of $a$" + " (0 if $a$ is empty)" * remark
        two = fill("Do it. If {x} is empty, so is {y}. Done, or 0 if {x} is empty.", slots, step, composition)
        assert ("empty" in two) == remark


@pytest.mark.parametrize("name", ["bfs_distances", "cheapest_routes", "bottleneck_routes"])
def test_what_is_said_of_no_path_is_left_out_where_the_graph_is_connected(name: str) -> None:
    step = Step(feature=name, inputs=(0,))
    sources = [scaled(domain, 40) for domain in menu(FEATURES[name].takes[0])]
    assert {"connected" in source.tags for source in sources} == {True, False}
    for source in sources:
        composition = Composition(profile="contest", sources=(source,), steps=(step,))
        if propagate((source,), (step,)) is None:
            continue
        slots = step_slots(composition, name_values(composition, "stdio"), 0, "codeforces")
        for template in (*FEATURES[name].let, *FEATURES[name].ask):
            text = fill(template, slots, step, composition)
            assert ("-1" in text) == ("connected" not in source.tags), text
            assert not text.endswith((",", ", .", " or"))


def test_a_parameter_from_the_input_is_named_not_numbered() -> None:
    given = Step(feature="remainders", inputs=(0,), given=(Given(name="k", low=2, high=1000),))
    composition = Composition(profile="contest", sources=(ints((1, 9), (0, 5000)),), steps=(given,))
    text = write_statement(composition, "codeforces", []).text
    assert "$k - 1$" in text
    assert r"$2 \le k \le 1000$" in text
