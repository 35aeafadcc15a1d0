"""Sketches of texts."""

from stepsmith.curate.ngrams import jaccard
from stepsmith.curate.sketches import Sketches


def test_boilerplate_does_not_count() -> None:
    texts = [["print", "the", "answer", "modulo", "a", "prime", f"q{k}", f"r{k}", f"s{k}"] for k in range(40)]
    sketches = Sketches(texts.__getitem__, len(texts), 3)
    assert sketches.sizes.tolist() == [3] * 40
    assert jaccard(sketches.set_of(0), sketches.set_of(1)) == 0.0


def test_the_shared_passage_is_the_longest_run() -> None:
    texts = [list("abcdefg"), list("xbcdeyfg"), list("pqr")]
    sketches = Sketches(texts.__getitem__, len(texts), 2)
    assert sketches.shared_passage(0, sketches.set_of(1)) == "b c d e"
    assert sketches.shared_passage(0, sketches.set_of(2)) == ""
    assert sketches.signs.shape == (3, 128)


def test_empty_texts() -> None:
    sketches = Sketches([[], ["a"]].__getitem__, 2, 3)
    assert sketches.sizes.tolist() == [0, 1]
    assert len(sketches.set_of(0)) == 0
