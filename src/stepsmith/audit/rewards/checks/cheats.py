"""Programs that cheat: early exits, false equality, changed graders, forged verdicts; and programs that fail."""

from collections.abc import Iterator

from stepsmith.audit.findings import Finding
from stepsmith.audit.rewards import cheating_programs, programs
from stepsmith.audit.rewards.subject import RewardSubject, Scaled
from stepsmith.audit.rewards.trials import Trial, shown

ENDLESS_S = 60.0  # in which a reward must have ended a program that never ends


def check_cheats(subject: RewardSubject) -> Iterator[Finding]:
    """What cheating programs earn, and whether the reward still works after them."""
    for one in subject.scaled:
        groups = (
            ("early-exit-paid", "programs that leave early", cheating_programs.early_exits(one.specimen)),
            ("false-equality-paid", "results that equal everything", cheating_programs.false_equalities(one.specimen)),
            ("forged-output-paid", "forged verdicts", cheating_programs.forgeries(one.specimen)),
            ("patched-grader-paid", "programs that change their grader", cheating_programs.patches(one.specimen)),
        )
        for kind, what, codes in groups:
            texts = {name: subject.text(code) for name, code in codes.items()}
            if texts:
                yield from subject.paid_among(one, texts, kind, what)
                yield from _after(subject, one, texts)


def _after(subject: RewardSubject, one: Scaled, texts: dict[str, str]) -> Iterator[Finding]:
    """Look whether right and wrong answers still earn what they did; else start the reward anew."""
    if subject.is_judge:
        return
    wrong, right = (
        programs.wrong(one.specimen, f"after {len(texts)}"),
        programs.right(one.specimen, f"after {len(texts)}"),
    )
    seen = [subject.pay(one.specimen, subject.text(code)) for code in (wrong, right)]
    if not seen[0].ending and not seen[1].ending and one.nothing(seen[0].last) and one.whole(seen[1].last):
        return
    subject.caller.close()
    calls = tuple(subject.call(one.specimen, text) for text in texts.values())
    # The reward starts anew: it must be one of these completions that changed it.
    for name, call in zip(texts, calls, strict=True):
        for code, kind in ((wrong, "earns"), (right, "refused")):
            trial = Trial(calls=(call, subject.call(one.specimen, subject.text(code))), fresh=True)
            step = subject.step(
                f"after {name}, {'a wrong answer is paid' if kind == 'earns' else 'the right answer earns nothing'}",
                trial,
                kind,
                low=one.limit(),
                high=one.limit(),
            )
            tried = subject.caller.run(trial)
            if step.expected.holds(tried):
                subject.caller.close()
                yield subject.finding(
                    "state-leaks",
                    f"{one.specimen.name}: {name}",
                    f"after a completion with {name}, {'a wrong' if kind == 'earns' else 'the right'} answer earns "
                    f"{shown(tried.last.last)}",
                    [subject.wrong_step(one) if kind == "earns" else subject.right_step(one), step],
                )
                return
    subject.caller.close()


def check_failures(subject: RewardSubject) -> Iterator[Finding]:
    """What programs earn that crash, do not compile, never end or write too much; and whether the reward survives."""
    for one in subject.scaled:
        codes = cheating_programs.crashes(one.specimen)
        texts = {name: subject.text(code) for name, code in codes.items()}
        if not subject.is_judge:
            texts["a program with a NUL character"] = subject.text(programs.wrong(one.specimen) + "x = '\0'\n")
            texts["deep nesting"] = subject.text("(" * 20_000 + ")" * 20_000)
        yield from subject.paid_among(one, texts, "failed-program-paid", "programs that fail")
        yield from _after(subject, one, texts)
        if one is subject.first and not subject.is_judge:  # a judge gets it in the check of the time limit
            yield from _endless(subject, one)
        flood = {"the right program with much on its standard error": subject.text(programs.flood(one.specimen))}
        reply = subject.pay(one.specimen, *flood.values())
        if reply.ending in ("timed-out", "died"):
            yield from subject.ends(one, flood, dict.fromkeys(flood, reply))


def _endless(subject: RewardSubject, one: Scaled) -> Iterator[Finding]:
    """A right program that never ends on one test; on every test, if that one is not among those that count."""
    name, code = "a program that never ends on one test", programs.endless(one.specimen, "endless")
    share = 1 - 1 / len(one.specimen.tests)  # a reward may pay for the tests that it passed
    reply = subject.pay(one.specimen, subject.text(code), timeout_s=ENDLESS_S)
    if not reply.ending and one.whole(reply.last):
        name, code, share = "a program that never ends", programs.endless_everywhere(one.specimen), 0.0
    yield from subject.paid_among(
        one,
        {name: subject.text(code)},
        "failed-program-paid",
        "programs that never end",
        share=share,
        timeout_s=ENDLESS_S,
    )
