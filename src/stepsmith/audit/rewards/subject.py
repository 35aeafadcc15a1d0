"""A reward under audit: its target, its specimens with what right and wrong answers earn, and what the checks share."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from stepsmith.audit.findings import Finding, NotCheckedError, Place
from stepsmith.audit.kinds import Severity
from stepsmith.audit.rewards import programs, rows
from stepsmith.audit.rewards.caller import RewardCaller
from stepsmith.audit.rewards.specimens import Specimen
from stepsmith.audit.rewards.spellings import TEMPLATES, Template, completion
from stepsmith.audit.rewards.trials import (
    Expected,
    Form,
    Paid,
    Reply,
    RewardCall,
    RewardReplay,
    RewardStep,
    Trial,
    shown,
)
from stepsmith.audit.words import short
from stepsmith.core.errors import ConfigError
from stepsmith.core.records import Record

TRIES = 3  # of a right answer, before it counts as one that earns nothing
MARGIN = 0.02  # share of the way from the wrong to the right reward that is no difference
WHOLE = 0.95  # share from which a reward counts as the whole one
FORMS: tuple[Form, ...] = ("text", "chat")


class Scaled(NamedTuple):
    """A specimen as the reward takes it: the row's ground truth, and what a right and a wrong answer earn."""

    specimen: Specimen
    right: float
    wrong: float

    def limit(self, share: float = 0.0) -> float:
        """Return the most that an answer may earn that passes this share of the tests."""
        return self.wrong + (share + MARGIN) * (self.right - self.wrong)

    def whole(self, paid: Paid) -> bool:
        """Return whether a reward is that of a right answer, or higher."""
        return isinstance(paid, float) and paid >= self.wrong + WHOLE * (self.right - self.wrong)

    def nothing(self, paid: Paid) -> bool:
        """Return whether a reward is that of a wrong answer, or lower."""
        return isinstance(paid, float) and paid <= self.limit()


class RewardOptions(Record, frozen=True, kw_only=True):
    """What the user asked for: the range in which rewards must be (None: 0 to 1 is expected, but not demanded)."""

    low: float | None = None
    high: float | None = None


class RewardSubject:
    """What the checks of one reward share. ``scaled`` are the specimens on which the reward works at all."""

    def __init__(self, caller: RewardCaller, options: RewardOptions) -> None:
        self.caller, self.options = caller, options
        self.target = caller.target
        self.scaled: tuple[Scaled, ...] = ()
        self.unpaid: tuple[Scaled, ...] = ()  # specimens whose right answer earns no more than a wrong one
        self.template: Template = "fence"
        self.form: Form = "text"
        self.notes: list[str] = []
        self.facts: dict[str, float] = {}

    @property
    def id(self) -> str:
        """The reward's name."""
        return self.target.name

    @property
    def is_judge(self) -> bool:
        """True for an HTTP judge, which gets programs instead of completions."""
        return self.target.interface == "judge"

    @property
    def first(self) -> Scaled:
        """The specimen for checks that need one alone."""
        return self.scaled[0]

    # Calls

    def text(self, code: str) -> str:
        """Return a program as the completion that the reward reads."""
        return completion(code, self.template)

    def call(
        self, specimen: Specimen, *texts: str, row: dict[str, Any] | None = None, form: Form | None = None
    ) -> RewardCall:
        """Return a call with completions for one specimen."""
        used = specimen.row if row is None else row
        return RewardCall(completions=texts, rows=(used,) * len(texts), form=form or self.form)

    def pay(self, specimen: Specimen, text: str, *, timeout_s: float | None = None, **changes: Any) -> Reply:
        """Return the reply to one completion."""
        return self.caller.run(Trial(calls=(self.call(specimen, text, **changes),), timeout_s=timeout_s)).last

    # Findings

    def finding(
        self,
        kind: str,
        part: str,
        message: str,
        steps: Sequence[RewardStep],
        *,
        severity: Severity | None = None,
        confidence: float | None = 1.0,
        ambiguous: str = "",
        **evidence: str,
    ) -> Finding:
        """Return a finding; ``part`` is the specimen's name or that of what was sent."""
        sent = steps[-1].trial.calls[-1].completions[-1]
        return Finding.of(
            kind,
            self.id,
            Place(source=self.target.reference, part=part),
            message,
            severity=severity,
            confidence=None if ambiguous else confidence,
            ambiguous=ambiguous,
            evidence={"sent": short(sent), **evidence},
            replay=RewardReplay(target=self.target, steps=tuple(steps)),
        )

    def wrong_step(self, one: Scaled) -> RewardStep:
        """Return the step that shows what a wrong answer earns."""
        text = self.text(programs.wrong(one.specimen, "to compare with"))
        return RewardStep(
            says=f"a wrong answer earns {one.wrong:g}",
            trial=Trial(calls=(self.call(one.specimen, text),)),
            expected=Expected(kind="refused", high=one.limit()),
        )

    def right_step(self, one: Scaled) -> RewardStep:
        """Return the step that shows what the right answer earns."""
        return RewardStep(
            says=f"the right answer earns {one.right:g}",
            trial=Trial(calls=(self.call(one.specimen, self.text(programs.right(one.specimen, "to compare with"))),)),
            expected=Expected(kind="earns", low=one.wrong + WHOLE * (one.right - one.wrong)),
        )

    def step(self, says: str, trial: Trial, kind: Any, **fields: Any) -> RewardStep:
        """Return a step."""
        return RewardStep(says=says, trial=trial, expected=Expected(kind=kind, **fields))

    # Probing

    def paid_among(
        self,
        one: Scaled,
        texts: dict[str, str],
        kind: str,
        what: str,
        *,
        share: float = 0.0,
        row: dict[str, Any] | None = None,
        timeout_s: float | None = None,
    ) -> Iterator[Finding]:
        """Send completions that must earn nothing; yield one finding of ``kind`` for all that are paid.

        ``share`` is that of the tests which they pass. How completions end the reward is found, too.
        """
        paying: dict[str, Paid] = {}
        ended: dict[str, Reply] = {}
        masked: list[str] = []
        for name, text in texts.items():
            reply = self.pay(one.specimen, text, row=row, timeout_s=timeout_s)
            if reply.ending:
                ended[name] = reply
            elif reply.last is None and reply.rewards:
                masked.append(name)
            elif isinstance(reply.last, float) and reply.last > one.limit(share):
                paying[name] = reply.last
                if not self.is_judge:
                    self.caller.close()  # it may have changed the process for those that follow
        if paying:
            best = max(paying, key=lambda name: (one.whole(paying[name]), paying[name]))
            whole = one.whole(paying[best])
            steps = [
                *([self.wrong_step(one)] if row is None else []),
                self.step(
                    f"{best} earns {shown(paying[best])}",
                    Trial(calls=(self.call(one.specimen, texts[best], row=row),), timeout_s=timeout_s),
                    "earns",
                    low=one.limit(share),
                ),
            ]
            yield self.finding(
                kind,
                f"{one.specimen.name}: {best}",
                f"{len(paying)} of {len(texts)} {what} earn {'the whole' if whole else 'a part of the'} reward "
                f"(right {one.right:g}, wrong {one.wrong:g}): {listed(paying)}",
                steps,
                severity=None if whole or kind == "samples-paid" else "medium",
                earned=shown(paying[best]),
            )
        if row is None:
            yield from self.ends(one, texts, ended, timeout_s)
            if masked:
                yield self.finding(
                    "failure-masked",
                    f"{one.specimen.name}: {masked[0]}",
                    f"{len(masked)} of {len(texts)} {what} get no reward instead of that of a wrong answer: "
                    f"{', '.join(masked)}",
                    [
                        self.wrong_step(one),
                        self.step(
                            f"{masked[0]} gets None",
                            self._alone(one, texts[masked[0]], timeout_s),
                            "masked",
                        ),
                    ],
                )

    def _alone(self, one: Scaled, text: str, timeout_s: float | None) -> Trial:
        return Trial(calls=(self.call(one.specimen, text),), timeout_s=timeout_s)

    def ends(
        self, one: Scaled, texts: dict[str, str], ended: dict[str, Reply], timeout_s: float | None = None
    ) -> Iterator[Finding]:
        """Yield a finding for each way in which completions ended the reward."""
        kinds = {
            "raised": "completion-raises",
            "died": "completion-ends-grader",
            "timed-out": "completion-hangs-grader",
        }
        for ending, kind in kinds.items():
            names = [name for name, reply in ended.items() if reply.ending == ending]
            if not names:
                continue
            first = names[0]
            yield self.finding(
                kind,
                f"{one.specimen.name}: {first}",
                f"{'a completion ends' if len(names) == 1 else f'{len(names)} completions end'} the call of the reward "
                f"({ended[first].detail}): {', '.join(names)}",
                [
                    self.wrong_step(one),
                    self.step(
                        f"{first}: the call ends otherwise", self._alone(one, texts[first], timeout_s),
                        "ends", word=ending,
                    ),
                ],
                answered=short(ended[first].shown),
            )  # fmt: skip


def listed(paying: dict[str, Paid]) -> str:
    """Return names with what they earn."""
    return ", ".join(f"{name} ({shown(paid)})" for name, paid in paying.items())


def open_subject(
    caller: RewardCaller, own: Sequence[Specimen], ours: Sequence[Specimen], options: RewardOptions
) -> RewardSubject:
    """Find out how the reward is called, and what right and wrong answers earn on each specimen.

    Raises ``ConfigError`` if the reward cannot be called at all, with what it said.
    """
    subject = RewardSubject(caller, options)
    tasks = caller.live.tasks
    if subject.is_judge:
        own, ours = list(map(rows.for_judge, own)), list(map(rows.for_judge, ours))
    given = list(_of_tasks(own, tasks) if tasks is not None else _with_rows(own, subject.is_judge))
    if tasks is None:
        given += [(specimen, _rows_of(specimen, subject.is_judge)) for specimen in ours]
    given = [(specimen, candidates) for specimen, candidates in given if candidates]
    if not given:
        raise ConfigError(
            "no problem can be used: give --problems with those that the package was made of, or, for a judge, with "
            "problems that read standard input"
        )
    found: list[Scaled] = []
    equal: list[Scaled] = []
    said: list[str] = []
    for specimen, candidates in given:
        best = _calibrated(subject, specimen, candidates, said, settled=bool(found))
        if best is None:
            continue
        (found if best.right > best.wrong else equal).append(best)
    kept = [one for one in found if one.specimen.own] + [one for one in found if not one.specimen.own]
    failing = [one for one in equal if one.specimen.own or not found]
    if not kept and not failing:
        raise ConfigError(
            f"{caller.target.name} fails on a right answer: {said[0] if said else 'no answer'}; give --problems with "
            "the columns that it needs"
        )
    if any(not one.specimen.own for one in equal) and kept:
        subject.notes.append("one of our own problems was left out, because the reward does not take its interface")
    subject.scaled = tuple(kept)
    subject.unpaid = tuple(failing)
    return subject


def _calibrated(
    subject: RewardSubject, specimen: Specimen, candidates: Iterable[dict[str, Any]], said: list[str], *, settled: bool
) -> Scaled | None:
    """Return the specimen with the first row, template and form for which the right answer earns more than a wrong one.

    If there is none: with the first that gets numbers. The template and form that worked before are not changed.
    """
    first: Scaled | None = None
    judge = subject.is_judge
    templates: Sequence[Template] = ("raw",) if judge else (subject.template,) if settled else TEMPLATES
    forms: Sequence[Form] = ("text",) if judge or subject.target.interface != "trl" else FORMS
    if subject.caller.live.interface == "trl":
        forms = FORMS
    forms = (subject.form,) if settled else forms
    for row in candidates:
        for form in forms:
            for template in templates:
                used = msgspec.structs.replace(specimen, row=row)
                right = subject.pay(used, completion(programs.right(specimen, "1"), template), form=form)
                wrong = subject.pay(used, completion(programs.wrong(specimen, "1"), template), form=form)
                for again in range(TRIES - 1):  # a busy machine may have ended the right one
                    if right.ending or wrong.ending or right.last != wrong.last:
                        break
                    text = completion(programs.right(specimen, f"1, again {again}"), template)
                    right = subject.pay(used, text, form=form)
                if right.ending or wrong.ending:
                    said.append((right if right.ending else wrong).shown)
                    if right.ending != "raised" and wrong.ending != "raised":
                        break  # it hangs or dies: other spellings will, too
                    continue
                if not (isinstance(right.last, float) and isinstance(wrong.last, float)):
                    said.append(f"the right answer gets {right.shown}, a wrong one {wrong.shown}")
                    continue
                scaled = Scaled(used, right.last, wrong.last)
                if scaled.right > scaled.wrong:
                    subject.form, subject.template = form, template
                    return scaled
                first = first or scaled
    return first


def _with_rows(own: Sequence[Specimen], judge: bool) -> Iterator[tuple[Specimen, list[dict[str, Any]]]]:
    for specimen in own:
        yield specimen, _rows_of(specimen, judge)


def _rows_of(specimen: Specimen, judge: bool) -> list[dict[str, Any]]:
    """Return the rows to try: the file's columns over derived ones, whose ground truth has one of several forms."""
    if judge:
        return [rows.judge_row(specimen)] if specimen.interface == "stdio" else []
    if "ground_truth" in specimen.row or "reward_model" in specimen.row:
        return [{**rows.derived(specimen, "apps"), **specimen.row}]
    return [{**rows.derived(specimen, truth), **specimen.row} for truth in rows.TRUTHS]


def _of_tasks(
    own: Sequence[Specimen], tasks: dict[str, dict[str, Any]]
) -> Iterator[tuple[Specimen, list[dict[str, Any]]]]:
    """Yield the specimens that are tasks of a package: by a name, or by the statement in the prompt."""
    for specimen in own:
        statement = specimen.statement.strip()
        for key, task in tasks.items():
            if specimen.name in task["names"] or (statement and statement in task["prompt"]):
                yield specimen, [{"task": key}]
                break


def needs_columns(subject: RewardSubject) -> None:
    """Raise ``NotCheckedError`` if the tests are no part of the rows."""
    if not rows.TEST_KEYS & subject.first.specimen.row.keys():
        raise NotCheckedError("the reward does not take its tests from the row")
