from stepsmith.synth.grammar.catalog import ALL_FEATURES
from stepsmith.synth.signals import SIGNALS
from stepsmith.synth.tree.extract import SIGNAL_PATHS
from stepsmith.synth.tree.merge import key_of
from stepsmith.synth.tree.text import starter_tree
from stepsmith.synth.tree.tree import CATEGORIES, count, path_of


def test_seven_categories_and_at_least_600_leaves():
    tree = starter_tree()
    counts = count(tree)
    assert tuple(root.name for root in tree.roots) == CATEGORIES
    assert sum(counts.leaves.values()) == len(tree.leaves()) >= 600
    assert min(counts.leaves.values()) >= 30
    assert {len(path) for path in tree.leaves()} <= {3, 4, 5}
    assert sum(counts.nodes.values()) + 7 == tree.size() == sum(counts.by_depth.values())


def test_siblings_do_not_mean_the_same():
    for path, node in starter_tree().walk():
        keys = [key_of(child.name) for child in node.children]
        assert len(keys) == len(set(keys)), path


def test_every_feature_of_the_grammar_hangs_on_it():
    tree = starter_tree()
    homeless = [
        (feature.name, feature.category) for feature in ALL_FEATURES if not tree.find(path_of(feature.category))
    ]
    assert not homeless
    assert {path_of(feature.category)[0] for feature in ALL_FEATURES} <= set(CATEGORIES)


def test_signals_stand_for_its_nodes():
    assert set(SIGNAL_PATHS) <= set(SIGNALS)
    assert not [path for paths in SIGNAL_PATHS.values() for path in paths if not starter_tree().find(path_of(path))]
