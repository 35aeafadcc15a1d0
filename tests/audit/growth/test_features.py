from stepsmith.audit.growth.features import features, features_of_call


def test_values_have_the_features_of_their_sort():
    assert set(features(0)) == {"zero", "even"}
    assert set(features(-2.5)) == {"negative", "fraction"}
    assert {"empty"} == set(features([]))
    assert {"pair", "repeats", "all equal", "ascending", "with zero"} <= set(features([0, 0]))
    assert {"with spaces at an end", "with lower case"} <= set(features(" a"))
    assert "with value with negative" in set(features({"a": 1, "b": [-1]}))


def test_calls_have_relations_and_results():
    found = features_of_call(([1, 2], 5), True)
    assert {"arguments 1 and 2 rise", "result is True", "argument 2 odd"} <= found
    assert "arguments 1 and 2 are equal" in features_of_call(("a", "a"), None)
