"""Stepsmith's own data sets: the stored golden solution is claimed right, wrong programs wrong, labels are audited."""

from stepsmith.core.records import Problem, Verdict
from stepsmith.verify.formats.problems import Candidate, InputValidator, VerifyProblem


def dataset_problem(problem: Problem) -> VerifyProblem:
    """Return a stored problem as one to verify, with its recorded examples."""
    contract = problem.contract
    golden = Candidate(language=problem.golden.language, code=problem.golden.code, verdict=Verdict.AC, name="golden")
    wrong = (
        Candidate(language=w.solution.language, code=w.solution.code, verdict=Verdict.WA, name=w.origin)
        for w in problem.wrong
    )
    return VerifyProblem(
        problem_id=problem.id,
        interface=contract.interface,
        entry_point=contract.entry_point,
        statement=problem.statement,
        examples=problem.examples,
        inputs=tuple(test.input for test in problem.tests),
        outputs=tuple(test.output for test in problem.tests),
        kinds=tuple(test.kind for test in problem.tests),
        checker=contract.checker.name,
        checker_flags=contract.checker.flags,
        checker_files=dict(contract.checker.files),
        time_limit_s=contract.limits.time_s,
        memory_limit_mb=contract.limits.memory_mb,
        output_limit_mb=contract.limits.output_mb,
        candidates=(golden, *wrong),
        validator=InputValidator(language="python", code=problem.validator) if problem.validator else (),
    )
