from tests.audit.subjects import findings_of, item


def test_outputs_that_are_nearly_all_the_same(judge):
    inputs = tuple(f"({k}, 0)" for k in range(10))
    code = "def add(a, b):\n    return a > 8\n"
    (found,) = findings_of(judge, item(code, inputs=inputs, outputs=("False",) * 9 + ("True",)), "outputs")
    assert found.kind == "flat-outputs"
    assert "9 of 10 tests" in found.message
    assert findings_of(judge, item(inputs=inputs, outputs=tuple(map(str, range(10)))), "outputs") == ()
