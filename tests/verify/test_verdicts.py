import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Verdict
from stepsmith.verify.verdicts import BrokenClaim, broken_claim, first_failure

AC, WA, TLE, RTE, MLE, IE = (Verdict(name) for name in ("AC", "WA", "TLE", "RTE", "MLE", "IE"))


class Scripted:
    """Verdicts from a text of their names; remembers which tests were looked at."""

    def __init__(self, script: str) -> None:
        self.script = [Verdict(word) for word in script.split()]
        self.seen: set[int] = set()

    def __call__(self, candidate, tests):
        self.seen |= set(tests)
        return [self.script[j] for j in tests]


@pytest.mark.parametrize(
    ("script", "tests", "first"),
    [("AC WA TLE", (0, 1, 2), 1), ("AC IE AC", (0, 1, 2), None), ("WA AC WA", (1, 2), 2), ("WA", (), None)],
)
def test_the_first_failure(script, tests, first):
    assert first_failure(Scripted(script), 0, tests) == first


@given(st.lists(st.sampled_from(["AC", "AC", "AC", "WA", "IE"]), max_size=40))
def test_a_failure_is_found_by_looking_at_few_tests(script):
    verdicts = Scripted(" ".join(script))
    first = first_failure(verdicts, 0, range(len(script)))
    assert first == next((j for j, verdict in enumerate(script) if verdict == "WA"), None)
    assert len(verdicts.seen) <= (len(script) if first is None else 2 * first + 1)


@pytest.mark.parametrize(
    ("claim", "permitted", "script", "broken"),
    [
        (AC, (), "AC AC", None),
        (AC, (), "AC IE", None),
        (AC, (), "AC RTE WA", BrokenClaim(RTE, 1)),
        (WA, (), "AC RTE", None),  # merely called wrong
        (WA, (), "AC AC", BrokenClaim(None, None)),
        (WA, (AC, WA), "AC WA RTE", None),
        (WA, (AC, WA), "RTE WA", BrokenClaim(RTE, 0)),
        (RTE, (AC, RTE), "AC MLE", None),  # too much memory is a crash
        (TLE, (AC, WA, TLE), "WA AC TLE", None),
        (TLE, (AC, WA, TLE), "WA AC WA", BrokenClaim(WA, 2)),  # never too slow
        (TLE, (AC, TLE), "AC AC", BrokenClaim(None, None)),
    ],
)
def test_claims_against_verdicts(claim, permitted, script, broken):
    verdicts = Scripted(script)
    assert broken_claim(verdicts, 0, range(len(verdicts.script)), claim, permitted) == broken
