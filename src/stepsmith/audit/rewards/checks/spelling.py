"""How right answers may be written, and which of several answers counts."""

from collections.abc import Iterator

from stepsmith.audit.findings import Finding, NotCheckedError
from stepsmith.audit.rewards import programs
from stepsmith.audit.rewards.spellings import completion, may_count, must_count
from stepsmith.audit.rewards.subject import FORMS, RewardSubject, Scaled
from stepsmith.audit.rewards.trials import Trial


def check_spelling(subject: RewardSubject) -> Iterator[Finding]:
    """What right answers earn in the spellings of models."""
    _takes_completions(subject)
    for one in subject.scaled:
        code = programs.right(one.specimen, "spelled")
        if subject.template != "fence":
            yield from _refused(
                subject, one, {"a Python block": completion(code)}, ambiguous="the prompt may ask for another form"
            )
            return
        yield from _refused(subject, one, must_count(code))
        forms = may_count(code)
        specimen = one.specimen
        if specimen.interface == "function":
            forms |= _other_call(one)
        yield from _refused(subject, one, forms, ambiguous="the prompt may ask for exactly one form")
    if subject.caller.live.interface == "trl":
        one = subject.first
        other = next(form for form in FORMS if form != subject.form)
        text = subject.text(programs.right(one.specimen, "other form"))
        trial = Trial(calls=(subject.call(one.specimen, text, form=other),))
        reply = subject.caller.run(trial).last
        if not reply.ending and one.nothing(reply.last):
            what = "chat messages" if other == "chat" else "plain text"
            yield subject.finding(
                "right-answer-unpaid",
                f"{one.specimen.name}: {what}",
                f"the right answer earns {reply.shown} as {what}, silently: TRL passes completions in the form of the "
                "prompts",
                [
                    subject.right_step(one),
                    subject.step(f"as {what} it earns nothing", trial, "refused", high=one.limit()),
                ],
                severity="medium",
            )


def _refused(subject: RewardSubject, one: Scaled, texts: dict[str, str], *, ambiguous: str = "") -> Iterator[Finding]:
    """Yield one finding for all spellings of the right answer that earn nothing, or end the call."""
    refused = {}
    for name, text in texts.items():
        reply = subject.pay(one.specimen, text)
        if reply.ending or not one.whole(reply.last):
            reply = subject.pay(one.specimen, text)  # a busy machine may have ended it
        if reply.ending or not one.whole(reply.last):
            refused[name] = (text, reply)
    if refused:
        name, (text, reply) = next(iter(refused.items()))
        trial = Trial(calls=(subject.call(one.specimen, text),))
        kind = {"kind": "ends", "word": reply.ending} if reply.ending else {"kind": "refused", "high": one.right}
        yield subject.finding(
            "right-answer-unpaid",
            f"{one.specimen.name}: {name}",
            f"{len(refused)} of {len(texts)} spellings of the right answer do not earn {one.right:g}: "
            f"{', '.join(refused)}",
            [subject.right_step(one), subject.step(f"{name}: {reply.shown}", trial, **kind)],
            ambiguous=ambiguous,
            answered=reply.shown,
        )


def _other_call(one: Scaled) -> dict[str, str]:
    """Return the right program as a method of a class Solution, if it is a function, or the other way round."""
    specimen = one.specimen
    owner, _, name = (specimen.entry_point or "f").rpartition(".")
    if owner:
        code = f"{specimen.right}\n\ndef {name}(*args, **named):\n    return {owner}().{name}(*args, **named)\n"
        return {"a function instead of the class": completion(code)}
    inner = "\n".join(f"    {line}" if line else line for line in specimen.right.splitlines())
    call = f"class Solution:\n    def {name}(self, *args):\n        return _solve(*args)\n"
    code = f"def _build():\n{inner}\n    return {name}\n\n_solve = _build()\n\n{call}"
    return {"a method of a class Solution": completion(code)}


def check_blocks(subject: RewardSubject) -> Iterator[Finding]:
    """Which block counts: not any of several, not one inside the reasoning, not one that was cut off."""
    _takes_completions(subject)
    if subject.template == "raw":
        raise NotCheckedError("the reward takes bare programs, no blocks")
    for one in subject.scaled:
        right = completion(programs.right(one.specimen, "one of two"))
        wrong = completion(programs.wrong(one.specimen, "one of two"))
        orders = [f"{right}\nor\n\n{wrong}", f"{wrong}\nor\n\n{right}"]
        replies = [subject.pay(one.specimen, text) for text in orders]
        if all(not reply.ending and one.whole(reply.last) for reply in replies):
            steps = [
                subject.step(
                    f"{name} is paid", Trial(calls=(subject.call(one.specimen, text),)), "earns", low=one.limit()
                )
                for name, text in zip(("the right block first", "the right block last"), orders, strict=True)
            ]
            yield subject.finding(
                "several-answers-paid",
                one.specimen.name,
                "a right and a wrong block earn the whole reward in either order",
                steps,
            )
        thought = f"<think>\nPerhaps this:\n{right}\nNo, I give up.\n</think>\nI do not know.\n"
        yield from subject.paid_among(
            one, {"a right block inside the reasoning": thought}, "answer-in-reasoning-paid", "answers in the reasoning"
        )
        cut = right.rpartition("```")[0]
        reply = subject.pay(one.specimen, cut)
        if not reply.ending and one.whole(reply.last):
            step = subject.step(
                "a block without an end is paid",
                Trial(calls=(subject.call(one.specimen, cut),)),
                "earns",
                low=one.limit(),
            )
            yield subject.finding(
                "truncated-answer-paid",
                one.specimen.name,
                f"a completion whose block never ends earns {reply.shown}",
                [step],
                ambiguous="the program itself is whole",
            )


def _takes_completions(subject: RewardSubject) -> None:
    if subject.is_judge:
        raise NotCheckedError("a judge takes programs, not completions")
