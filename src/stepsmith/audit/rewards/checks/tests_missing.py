"""Rows whose tests are missing, empty, unreadable or in another form."""

from collections.abc import Iterator
from typing import Any

from stepsmith.audit.findings import Finding, NotCheckedError
from stepsmith.audit.rewards import cheating_programs, programs, rows
from stepsmith.audit.rewards.subject import RewardSubject, Scaled, needs_columns
from stepsmith.audit.rewards.trials import Trial


def check_missing_tests(subject: RewardSubject) -> Iterator[Finding]:
    """What answers earn where there are no tests, or tests without outputs."""
    needs_columns(subject)
    reached = False
    for one in subject.scaled:
        specimen = one.specimen
        wrong = {"a wrong answer": subject.text(programs.wrong(specimen, "no tests"))}
        wrong["a program that does nothing"] = subject.text(programs.program(specimen, "pass\n", "return None"))
        right = {"the right answer": subject.text(programs.right(specimen, "no tests"))}
        for what, row in (
            ("no tests", rows.without_tests(specimen.row)),
            ("tests that are None", rows.with_null_tests(specimen.row)),
        ):
            if row == specimen.row:
                continue
            elsewhere = _elsewhere(subject, one, row)
            reached |= not elsewhere
            texts = wrong if elsewhere else wrong | right
            yield from subject.paid_among(one, texts, "no-tests-paid", f"answers to a problem with {what}", row=row)
        yield from _empty_outputs(subject, one)
        fewer = rows.with_fewer_outputs(specimen.row)
        code = programs.knows_only(specimen, (0,))
        if fewer != specimen.row and one.nothing(subject.pay(specimen, subject.text(code)).last):
            yield from subject.paid_among(
                one,
                {"a program that is right on the first test": subject.text(code)},
                "missing-result-paid",
                "programs where only the first test has an expected output",
                row=fewer,
            )
    if not reached:
        raise NotCheckedError("the reward does not take its tests from the columns that were emptied")


def _elsewhere(subject: RewardSubject, one: Scaled, row: dict[str, Any]) -> bool:
    """Return whether a row without its tests makes no difference: the reward has its tests from elsewhere."""
    wrong = subject.pay(one.specimen, subject.text(programs.wrong(one.specimen, "elsewhere")), row=row)
    right = subject.pay(one.specimen, subject.text(programs.right(one.specimen, "elsewhere")), row=row)
    return not wrong.ending and not right.ending and one.nothing(wrong.last) and one.whole(right.last)


def _empty_outputs(subject: RewardSubject, one: Scaled) -> Iterator[Finding]:
    """What failing programs earn where the expected output is empty."""
    specimen = one.specimen
    empties: tuple[Any, ...] = ("",) if specimen.interface == "stdio" else (None, "None", "")
    for empty in empties:
        row = rows.with_empty_outputs(specimen.row, empty)
        if row == specimen.row or _elsewhere(subject, one, row):
            continue
        texts = {name: subject.text(code) for name, code in cheating_programs.crashes(specimen).items()}
        found = list(
            subject.paid_among(
                one, texts, "failed-program-paid", "programs that fail where nothing is expected", row=row
            )
        )
        yield from found
        if found:
            return


def check_broken_tests(subject: RewardSubject) -> Iterator[Finding]:
    """What answers earn where the tests cannot be read, and whether their form makes a silent difference."""
    needs_columns(subject)
    reached = False
    for one in subject.scaled:
        specimen = one.specimen
        for kind, what, row in (
            ("broken-tests-scored", "cut off in the middle", rows.undecodable(specimen.row)),
            ("ground-truth-form", "in another form (JSON text or objects)", rows.in_other_form(specimen.row)),
        ):
            if row == specimen.row:
                continue
            right = subject.text(programs.right(specimen, "broken"))
            texts = {"a wrong answer": subject.text(programs.wrong(specimen, "broken"))}
            elsewhere = _elsewhere(subject, one, row)
            if not elsewhere and kind == "broken-tests-scored":
                texts["the right answer"] = right
            reached |= not elsewhere
            found = list(
                subject.paid_among(one, texts, "broken-tests-paid", f"answers to a problem with tests {what}", row=row)
            )
            yield from found
            reply = subject.pay(specimen, right, row=row)
            if not found and not elsewhere and not reply.ending and one.nothing(reply.last):
                trial = Trial(calls=(subject.call(specimen, right, row=row),))
                yield subject.finding(
                    kind,
                    specimen.name,
                    f"the right answer silently earns {reply.shown} where the tests are {what}",
                    [subject.right_step(one), subject.step("it earns nothing", trial, "refused", high=one.limit())],
                )
    if not reached:
        raise NotCheckedError("the reward takes its tests from no column with JSON text")
