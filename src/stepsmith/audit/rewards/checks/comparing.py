"""How outputs are compared, and how many tests decide."""

from collections.abc import Iterator

from stepsmith.audit.findings import Finding, NotCheckedError
from stepsmith.audit.rewards import programs
from stepsmith.audit.rewards.specimens import Specimen
from stepsmith.audit.rewards.subject import RewardSubject
from stepsmith.judge.checkers import UnreadableError, compare, is_custom

FEWEST_TESTS = 4  # hidden ones, below which one test may well decide


def check_comparing(subject: RewardSubject) -> Iterator[Finding]:
    """What programs earn whose every output is wrong, but like the right one. Our own checker must reject it, too."""
    for one in subject.scaled:
        specimen = one.specimen
        if is_custom(specimen.contract.checker):
            raise NotCheckedError("the problem's checker is a program, so only it can say which outputs are wrong")
        texts = {}
        for name, change in programs.loose(specimen).items():
            pairs = {given: change(output) for given, output in specimen.tests}
            rejected = [_rejected(specimen, given, output, pairs[given]) for given, output in specimen.tests]
            if all(rejected):
                texts[name] = subject.text(programs.table(specimen, pairs, "pass"))
        if len({output for _, output in specimen.tests}) > 1:
            texts["the outputs of all tests at once"] = subject.text(programs.every_output(specimen))
        yield from subject.paid_among(one, texts, "loose-comparison", "programs with wrong outputs")


def _rejected(specimen: Specimen, given: str, expected: str, actual: str) -> bool:
    try:
        return not compare(specimen.contract.checker, specimen.interface, given, expected, actual).ok
    except UnreadableError:
        return False


def check_parts(subject: RewardSubject) -> Iterator[Finding]:
    """Whether a program that is right on one test, or on a half of them, earns the whole reward."""
    for one in subject.scaled:
        specimen = one.specimen
        count = len(specimen.tests)
        if len(specimen.hidden) < FEWEST_TESTS:
            raise NotCheckedError(f"{specimen.name} has fewer than {FEWEST_TESTS} hidden tests")
        parts = {
            "right on the first test alone": (0,),
            "right on the last test alone": (count - 1,),
            "right on the first half of the tests": tuple(range(count // 2)),
            "right on the second half of the tests": tuple(range(count - count // 2, count)),
        }
        texts = {name: subject.text(programs.knows_only(specimen, indices)) for name, indices in parts.items()}
        paid = {name: subject.pay(specimen, text) for name, text in texts.items()}
        whole = {name: text for name, text in texts.items() if not paid[name].ending and one.whole(paid[name].last)}
        if whole:
            yield from subject.paid_among(one, whole, "one-test-decides", "programs that are wrong on most tests")
