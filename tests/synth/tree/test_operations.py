import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsmith.core.errors import UserError
from stepsmith.synth.tree.merge import category_of, clean_name, key_of, merge, with_paths
from stepsmith.synth.tree.sample import nearby, sample_leaves, without
from stepsmith.synth.tree.text import format_tree, parse_tree, read_tree, starter_tree
from stepsmith.synth.tree.tree import CATEGORIES, FeatureTree, Node, count, path_of, text_of
from stepsmith.synth.two_stage.settings import TwoStageSettings

NAMES = st.sampled_from(["sorting", "Sorts", "two pointers", "x-ray", "gaps", "gap", "classes", "median"])
PATHS = st.lists(
    st.tuples(st.sampled_from(CATEGORIES), st.lists(NAMES, min_size=1, max_size=4)).map(lambda p: (p[0], *p[1])),
    min_size=1, max_size=12,
)  # fmt: skip


def tree_of(*paths: str) -> FeatureTree:
    return with_paths(FeatureTree(), [path_of(path) for path in paths])


# --- the file ---


@given(PATHS, st.text(max_size=40))
def test_a_tree_survives_its_file(paths, comment):
    tree = with_paths(with_paths(FeatureTree(), paths), paths[:3])
    assert parse_tree(format_tree(tree, comment)) == tree


def test_the_file_is_one_node_a_line():
    tree = merge(tree_of("algorithm/sorting/gaps"), tree_of("algorithm/sorting", "mathematics/algebra"))
    assert format_tree(tree, "mine") == (
        "# mine\nalgorithm x2\n  sorting x2\n    gaps x1\nmathematics x1\n  algebra x1\n"
    )


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("algorithm\n    sorting\n", 2, "more than one level"),
        ("algorithm\n   sorting\n", 2, "two spaces"),
        ("algorithm\n\tsorting\n", 2, "two spaces"),
        ("algorithm\n  a/b\n", 2, "not a name"),
        ("algorithm\n  a\n  b\n  a\n", 4, "twice"),
        ("# one\n\nalgorithm\nalgorithm\n", 4, "twice"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(text, line, word):
    with pytest.raises(UserError, match=f"line {line}: .*{word}"):
        parse_tree(text)


def test_a_file_that_is_missing_or_binary(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        read_tree(tmp_path / "none.txt")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="UTF-8"):
        read_tree(tmp_path / "bytes")


# --- merging ---


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Prefix Sums", "prefix-sum"),
        ("hash maps", "Hash Map"),
        ("vertices", "vertex"),
        ("optimisation", "Optimizations"),
        ("the longest paths", "Longest path"),
        ("neighbours", "neighbor"),
        ("DP", "dynamic programming"),
        ("queries.", "query"),
        ("indices", "index"),
    ],
)
def test_spellings_of_the_same_feature(one, other):
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(
    ("one", "other"), [("class", "clas"), ("analysis", "analysi"), ("gap", "gaps between"), ("n", "m")]
)
def test_different_features_stay_different(one, other):
    assert key_of(one) != key_of(other)


@given(PATHS, PATHS)
def test_merging_keeps_every_path_and_adds_counts(first, second):
    one, other = with_paths(FeatureTree(), first), with_paths(FeatureTree(), second)
    both = merge(one, other)
    keys = {tuple(map(key_of, path)): node.seen for path, node in both.walk()}
    expected: Counter[tuple[str, ...]] = Counter()
    for tree in (one, other):
        for path, node in tree.walk():
            expected[tuple(map(key_of, path))] += node.seen
    assert keys == dict(expected)
    assert merge(one, FeatureTree()) == merge(FeatureTree(), one) == one
    assert both.size() == len(keys)


def test_a_snippet_counts_once_however_many_of_its_features_share_a_node():
    tree = tree_of("algorithm/sorting/gaps", "Algorithms/Sorting/median", "algorithm/sorting/gap")
    assert {text_of(path): node.seen for path, node in tree.walk()} == {
        "algorithm": 1, "algorithm/sorting": 1, "algorithm/sorting/gaps": 1, "algorithm/sorting/median": 1
    }  # fmt: skip


def test_names_that_no_tree_takes():
    assert clean_name("  'two\npointers'. ") == "two pointers"
    assert clean_name("a/b") == "a or b"
    assert clean_name("word " * 20) == ""
    assert clean_name("sums x12") == "sums"
    assert category_of("Data Structures") == "data structure"
    assert tree_of("cooking/eggs", "algorithm").roots == ()
    assert tree_of("algorithm/" + "/".join("abcdefghijklm")).leaves() == (("algorithm", *"abcdefg"),)


# --- counting and drawing ---


def test_counts_by_category_and_depth():
    counts = count(tree_of("algorithm/sorting/gaps", "algorithm/sorting/median", "mathematics/algebra"))
    assert counts.nodes == {"algorithm": 3, "mathematics": 1}
    assert counts.leaves == {"algorithm": 2, "mathematics": 1}
    assert counts.by_depth == {1: 2, 2: 2, 3: 2}


@given(st.integers(0, 10**6), st.integers(1, 40))
@settings(max_examples=30)
def test_drawn_leaves_are_distinct_leaves_in_order_and_repeatable(seed, number):
    tree = starter_tree()
    drawn = sample_leaves(tree, number, random.Random(seed))
    leaves = tree.leaves()
    assert len(set(drawn)) == number
    assert [leaves.index(path) for path in drawn] == sorted(leaves.index(path) for path in drawn)
    assert drawn == sample_leaves(tree, number, random.Random(seed))


def test_a_leaf_is_drawn_in_proportion_to_its_inverse_frequency():
    seen = {"a": 0, "b": 1, "c": 4, "d": 9}
    tree = FeatureTree(
        roots=(Node(name="algorithm", children=tuple(Node(name=name, seen=n) for name, n in seen.items())),)
    )
    rng, draws = random.Random(1), 6000
    hits = Counter(sample_leaves(tree, 1, rng)[0][1] for _ in range(draws))
    total = sum(1 / (1 + n) for n in seen.values())
    for name, n in seen.items():
        share = 1 / (1 + n) / total
        assert abs(hits[name] / draws - share) < 4 * (share * (1 - share) / draws) ** 0.5


def test_leaves_that_contradict_the_plan_s_rules_are_not_drawn():
    tree = starter_tree()
    assert any("interactive style" in path for path in tree.leaves())
    pruned = without(tree, TwoStageSettings().avoid)
    lost = {text_of(path) for path in tree.leaves()} - {text_of(path) for path in pruned.leaves()}
    assert "problem type/interactive style/guessing/noisy answers" in lost
    assert any("real-valued answer" in path for path in lost)
    assert 0 < len(lost) < 12
    assert set(pruned.leaves()) < set(tree.leaves()), "no inner node has become a leaf"
    assert without(tree, ["nteractive"]) == tree, "whole words"
    assert without(tree, []) == tree


def test_what_was_used_becomes_rare_and_what_the_seed_shows_frequent():
    tree = starter_tree()
    used: Counter[tuple[str, ...]] = Counter()
    rng = random.Random(2)
    for _ in range(200):
        used.update(sample_leaves(tree, 12, rng, used))
    plain: Counter[tuple[str, ...]] = Counter()
    for _ in range(200):
        plain.update(sample_leaves(tree, 12, rng))
    assert max(used.values()) < max(plain.values())
    assert len(used) > len(plain)
    pulled = [sample_leaves(tree, 12, rng, pull={("algorithm", "graph"): 50.0}) for _ in range(20)]
    graphs = sum(path[:2] == ("algorithm", "graph") for drawn in pulled for path in drawn)
    assert graphs > 100


def test_nearby_leaves_are_others_and_half_of_them_relatives():
    tree = starter_tree()
    chosen = (("algorithm", "sorting", "gaps", "widest gap"),)
    near = nearby(tree, chosen, 4, random.Random(3))
    assert len(near) == 4
    assert not set(near) & set(chosen)
    assert sum(path[:2] == ("algorithm", "sorting") for path in near) >= 2
