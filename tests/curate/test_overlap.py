"""Shared n-grams against a plain count."""

from hypothesis import given
from hypothesis import strategies as st

from stepsmith.curate.ngrams import Vocabulary
from stepsmith.curate.overlap import ItemGrams

WORDS = st.lists(st.sampled_from("abc"), max_size=9)


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(WORDS, min_size=1, max_size=2))
def test_scores_are_shares_of_the_items_grams(texts: list[list[str]], items: list[list[str]]) -> None:
    def grams(words: list[str]) -> set[tuple[str, ...]]:
        return {tuple(words[k : k + 3]) for k in range(max(1, len(words) - 2))} if words else set()

    expected = {
        (row, item): len(shared) / len(grams(other))
        for row, words in enumerate(texts)
        for item, other in enumerate(items)
        if (shared := grams(words) & grams(other))
    }
    words = Vocabulary()
    found = ItemGrams(items, 3, words).overlaps(words.rows(texts), 0.0)
    assert {(one.row, one.item): one.score for one in found} == expected


def test_what_many_items_say_does_not_count() -> None:
    items = [["write", "a", "function", "to", f"x{k}"] for k in range(9)]
    words = Vocabulary()
    grams = ItemGrams(items, 3, words)
    assert grams.sizes.tolist() == [1] * 9
    text = ["write", "a", "function", "to", "y"]
    assert list(grams.overlaps(words.rows([text]), 0.0)) == []


def test_the_passage_that_is_shared() -> None:
    grams = ItemGrams([list("abcdef"), list("xyz")], 3, Vocabulary())
    assert grams.passage(list("ppbcdeqq"), 0) == "b c d e"
    assert grams.passage(list("ppbcdeqq"), 1) == ""
