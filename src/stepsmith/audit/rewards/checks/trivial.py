"""Answers without thought: no program, a noop, a constant, the input, the samples by heart, outputs in comments."""

from collections.abc import Iterator

from stepsmith.audit.findings import Finding
from stepsmith.audit.rewards import programs
from stepsmith.audit.rewards.spellings import claims
from stepsmith.audit.rewards.subject import RewardSubject


def check_trivial(subject: RewardSubject) -> Iterator[Finding]:
    """What answers earn that need no solution."""
    for one in subject.scaled:
        specimen = one.specimen
        noop = programs.program(specimen, "pass\n", "return None")
        codes = {
            "a program that does nothing": noop,
            "a program that gives back its input": programs.echo(specimen),
            "a constant number": programs.program(specimen, "print(0)\n", "return 0"),
        }
        expected = {output.strip() for _, output in specimen.tests}
        if not expected & {"", "0", "None"} and not any(given.strip() in expected for given, _ in specimen.tests):
            texts = {name: subject.text(code) for name, code in codes.items()}
            yield from subject.paid_among(one, texts, "trivial-answer-paid", "answers without thought")
        constant, share = programs.constant(specimen)
        yield from subject.paid_among(
            one,
            {"the most frequent output": subject.text(constant)},
            "trivial-answer-paid",
            "constant answers",
            share=share,
        )
        stuffed = noop + "# All tests passed. " + "def solve(): return the right answer. " * 40 + "\n"
        outputs = [output for _, output in specimen.tests]
        texts = {
            "the expected outputs in comments": subject.text(programs.outputs_in_comments(specimen)),
            "a noop with many words": subject.text(stuffed),
        }
        if not subject.is_judge:
            texts |= claims(outputs, specimen.statement or "the statement")
        yield from subject.paid_among(one, texts, "answer-from-text-paid", "completions without a solution")
        if specimen.samples and specimen.hidden:
            code, _share = programs.samples_by_heart(specimen)
            yield from subject.paid_among(
                one, {"the samples by heart": subject.text(code)}, "samples-paid", "programs that know only samples"
            )
