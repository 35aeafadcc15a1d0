"""Where programs run, what they can read, and what they leave behind."""

from collections.abc import Iterator

from stepsmith.audit.findings import Finding, NotCheckedError
from stepsmith.audit.rewards import probing_programs, programs
from stepsmith.audit.rewards.subject import RewardSubject
from stepsmith.audit.rewards.trials import Trial, shown

_PLACES = {
    "grader": ("samples-run-in-grader", "inside the process of the reward"),
    "fork": ("samples-run-in-fork", "in a copy of the reward's process"),
    "host": ("samples-run-on-host", "on this machine, with the rights of whoever started the reward"),
}


def check_isolation(subject: RewardSubject) -> Iterator[Finding]:
    """Whether a program can write a file that is seen outside, and from which process."""
    one = subject.first
    for specimen in (each.specimen for each in subject.scaled):
        trial = Trial(calls=(subject.call(specimen, subject.text(probing_programs.marks(specimen))),))
        tried = subject.caller.run(trial)
        if tried.marker is None:
            continue
        place = tried.marker.split()[0]
        kind, where = _PLACES[place]
        one = next(each for each in subject.scaled if each.specimen is specimen)
        yield subject.finding(
            kind,
            one.specimen.name,
            f"a program of a completion runs {where}: it wrote a file there",
            [subject.step(f"the marker says {place}", trial, "marks", word=place)],
            ambiguous="a container around the whole training may be the isolation" if place == "host" else "",
            marker=tried.marker,
        )
        return


def check_evaluation(subject: RewardSubject) -> Iterator[Finding]:
    """Whether the grader evaluates or unpickles what a model or its program wrote."""
    for one in subject.scaled:
        specimen = one.specimen
        runs = subject.caller.run(
            Trial(calls=(subject.call(specimen, subject.text(probing_programs.marks(specimen))),))
        ).marker
        texts = {name: subject.text(code) for name, code in probing_programs.evaluated_outputs(specimen).items()}
        if not subject.is_judge:
            given = probing_programs.expression()
            texts |= {"an expression as the answer": given, "an expression in a box": f"\\boxed{{{given}}}"}
            texts |= {
                "an expression after a label": f"The answer is: {given}",
                "an answer tag": f"<answer>{given}</answer>",
            }
        for name, text in texts.items():
            trial = Trial(calls=(subject.call(specimen, text),))
            tried = subject.caller.run(trial)
            if tried.marker is None:
                continue
            place = tried.marker.split()[0]
            if runs and runs.split()[0] == place and not (place == "host" and "output" in name):
                continue  # the program itself ran there, and wrote it
            yield subject.finding(
                "sample-evaluated",
                f"{specimen.name}: {name}",
                f"{name} was evaluated {_PLACES[place][1]}",
                [subject.step(f"the marker says {place}", trial, "marks", word=place)],
                marker=tried.marker,
            )
            break


def check_secrets(subject: RewardSubject) -> Iterator[Finding]:
    """Whether a program finds its expected outputs where it runs. It knows their digests alone."""
    lacking = []
    for one in subject.scaled:
        everywhere = probing_programs.reads_tests(one.specimen, probing_programs.CHANNELS)
        if everywhere is None:
            lacking.append(one.specimen.name)
            continue
        reply = subject.pay(one.specimen, subject.text(everywhere))
        if reply.ending or not isinstance(reply.last, float) or reply.last <= one.limit():
            continue
        texts = {}
        for channel in probing_programs.CHANNELS:
            code = probing_programs.reads_tests(one.specimen, (channel,))
            assert code is not None
            text = subject.text(code)
            seen = subject.pay(one.specimen, text)
            if not seen.ending and isinstance(seen.last, float) and seen.last > one.limit():
                texts[f"in its {channel}"] = text
        texts = texts or {"in all places": subject.text(everywhere)}
        yield from subject.paid_among(
            one, texts, "expected-output-readable", "programs that look for their expected outputs"
        )
    if len(lacking) == len(subject.scaled):
        raise NotCheckedError("the expected outputs are shorter than 6 characters, so a program may meet one by chance")


def check_state(subject: RewardSubject) -> Iterator[Finding]:
    """Whether a program finds what an earlier one left behind, or gets what its text earned on another problem."""
    yield from _remembered(subject)
    for one in subject.scaled:
        for where in ("memory", "environment", *(("files",) if subject.is_judge else ())):
            leaves, finds = probing_programs.leaves_state(one.specimen, where)
            first, second = (subject.call(one.specimen, subject.text(code)) for code in (leaves, finds))
            alone = subject.caller.run(Trial(calls=(second,))).last
            if alone.ending or not one.nothing(alone.last):
                continue
            both = Trial(calls=(first, second), fresh=not subject.is_judge)
            reply = subject.caller.run(both).last
            if where == "files":
                subject.pay(one.specimen, subject.text(probing_programs.removes_state(one.specimen)))
            if not reply.ending and isinstance(reply.last, float) and reply.last > one.limit():
                subject.caller.close()
                yield subject.finding(
                    "state-leaks",
                    f"{one.specimen.name}: {where}",
                    f"a program finds what an earlier one left in the {where}: alone it earns {alone.shown}, after the "
                    f"other {shown(reply.last)}",
                    [
                        subject.step("alone it earns nothing", Trial(calls=(second,)), "refused", high=one.limit()),
                        subject.step("after the other it is paid", both, "earns", low=one.limit()),
                    ],
                )
                break


def _remembered(subject: RewardSubject) -> Iterator[Finding]:
    """Yield a finding where a completion earns on one problem what it earned on another: a cache without the tests."""
    if len(subject.scaled) < 2:
        return
    for one, other in (subject.scaled[:2], subject.scaled[1::-1]):
        text = subject.text(programs.right(one.specimen, "of another problem"))
        alone = Trial(calls=(subject.call(other.specimen, text),), fresh=not subject.is_judge)
        before = subject.caller.run(alone).last
        if before.ending or not other.nothing(before.last):
            continue
        both = Trial(calls=(subject.call(one.specimen, text), alone.calls[0]), fresh=not subject.is_judge)
        reply = subject.caller.run(both).last
        if not reply.ending and isinstance(reply.last, float) and reply.last > other.limit():
            yield subject.finding(
                "state-leaks",
                f"{one.specimen.name}: its answer",
                f"the right answer to {one.specimen.name} earns {shown(reply.last)} on {other.specimen.name} after it "
                f"was scored on its own problem, and {before.shown} before",
                [
                    subject.step("alone it earns nothing", alone, "refused", high=other.limit()),
                    subject.step("after its own problem it is paid", both, "earns", low=other.limit()),
                ],
            )
            return
