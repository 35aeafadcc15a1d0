"""The lines around the first difference of two outputs."""

from stepsmith.report.differing import CONTEXT, SHOWN_LINES, around_difference, differing_lines


def test_lines_begin_shortly_before_the_first_difference() -> None:
    expected = "\n".join(map(str, range(100)))
    pairs, more = differing_lines(expected, expected.replace("50", "fifty"))
    assert [pair.number for pair in pairs] == list(range(51 - CONTEXT, 51 - CONTEXT + SHOWN_LINES))
    assert [pair.number for pair in pairs if not pair.same] == [51]
    assert more == 100 - pairs[-1].number


def test_an_output_that_ends_early_has_no_lines_left() -> None:
    pairs, more = differing_lines("1\n2\n", "1")
    assert [tuple(pair) for pair in pairs] == [(1, "1", "1", True), (2, "2", None, False)]
    assert more == 0


def test_white_space_is_no_difference() -> None:
    assert all(pair.same for pair in differing_lines("1  2\n", "1 2")[0])


def test_long_lines_are_cut_around_the_difference() -> None:
    left, right = around_difference("a" * 500 + "b", "a" * 500 + "c", 60)
    assert left == "…" + "a" * 20 + "b"
    assert right == "…" + "a" * 20 + "c"
    assert around_difference("ab", "ac", 60) == ("ab", "ac")
