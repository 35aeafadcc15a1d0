"""Building a problem from a teacher's draft: one file, because each step takes what the one before it returns.

draft ─► label ─► admit ─► derive ─► solve ─► rate ─► measure ─► problem
           └────────┴────────┴────────┴───────┴─► rejection (with the problem as far as it got)

Each step takes a problem and returns a problem or a rejection. The first rejection ends the sequence.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from stepsmith.core.errors import CheckerError, RequestRefused, SandboxError
from stepsmith.core.records import (
    KIND_WEIGHT,
    Example,
    Limits,
    Lineage,
    Problem,
    Rejection,
    Solution,
    TestCase,
    TestKind,
    Verdict,
    WrongSolution,
)
from stepsmith.core.several_answers import says_several_answers
from stepsmith.core.stats import wilson_interval
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.checkers import is_custom
from stepsmith.judge.checkers.trial import checker_fault
from stepsmith.judge.protocol import Judge
from stepsmith.pipeline.claims import check_claims
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.rating import FIXED, Rating, RatingSettings, rate, tally
from stepsmith.pipeline.stage_times import StageTimes
from stepsmith.pipeline.variations import varied_inputs
from stepsmith.pipeline.wrong_programs import drawn_kills, is_real, losing_voters, undetected
from stepsmith.scoring.scorer import Scorer
from stepsmith.synth.draft import Draft, Student
from stepsmith.verify.labels.ambiguity import REASON as MANY_ANSWERS
from stepsmith.verify.labels.ambiguity import refuse_many_answers
from stepsmith.verify.labels.consensus import ConsensusSettings, verify_consensus
from stepsmith.verify.labels.dual_verification import DualVerificationSettings, verify_dual
from stepsmith.verify.labels.verification import Verification, to_tests
from stepsmith.verify.labels.vote import verify_majority
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.suite import admission
from stepsmith.verify.suite.growth import GrowthSettings, grow_suite
from stepsmith.verify.suite.mutants import Mutant, mutate
from stepsmith.verify.suite.strength import suite_strength

BRUTE_FORCE_TIME_S = 0.25  # time limit of the brute force, in CPU seconds per input
BRUTE_FORCE_FIRST, BRUTE_FORCE_INPUTS = 3, 9  # the brute force runs on the three shortest inputs, then on six more
UNREADABLE = "attempts-unreadable"  # the reason of a rejection: too few attempts count
FALLBACK_MUTANTS = 12  # wrong programs that are made for a draft without any
_FIGURE = {"probability": "golden_confidence", "support": "golden_support"}  # its name in the provenance


@dataclass(frozen=True, slots=True)
class Building:
    """What every step needs. ``scorer`` uses ``judge``; the steps draw from ``rng`` in their order."""

    draft: Draft
    lineage: Lineage
    config: Config
    judge: Judge
    scorer: Scorer
    rng: random.Random
    times: StageTimes = field(default_factory=StageTimes)

    @property
    def of_model(self) -> bool:
        """Whether a model wrote the draft."""
        return self.config.synth.teacher != "offline"


@dataclass(frozen=True, slots=True)
class Built:
    """A problem or a rejection, with the student's rating if the problem was rated."""

    result: Problem | Rejection
    rating: Rating | None = None

    @property
    def problem(self) -> Problem:
        """The problem; for a rejection, the problem at the step that rejected it."""
        return self.result.problem if isinstance(self.result, Rejection) else self.result


def build_problem(build: Building, student: Student, strong_solver: Student | None = None) -> Built:
    """Take a draft through all steps. A problem that ``strong_solver`` never solves is rejected.

    Raises ``SandboxError`` if the judge keeps failing.
    """
    timed = build.times.of
    with timed("label"):
        result: Problem | Rejection = label(build)
    rating: Rating | None = None
    if isinstance(result, Problem):
        with timed("admit"):
            result = admit(build, result)
    settled: tuple[Example, ...] = ()
    refuted: tuple[str, ...] = ()
    if isinstance(result, Problem):
        settled = tuple(Example(input=test.input, output=test.output) for test in result.tests)
        with timed("derive"):
            result, refuted = check_claims(build.draft.claimed_wrong, result, build.judge)
            result = derive(build, result)
    if isinstance(result, Problem) and strong_solver:
        with timed("solve"):
            result = solve(build, result, strong_solver)
    if isinstance(result, Problem):
        with timed("rate"):
            result, rating = rate_by(build, result, student)
    if rating:
        rating = replace(rating, feedback=replace(rating.feedback, settled=settled, refuted=refuted))
    if isinstance(result, Problem):
        with timed("measure"):
            result = measure(build, result)
    if isinstance(result, Rejection):  # before `derive` a problem is one of induction, wherever it is headed
        problem = msgspec.structs.replace(result.problem, environment=build.draft.environment)
        result = msgspec.structs.replace(result, problem=problem)
    return Built(result, rating)


def label(build: Building) -> Problem | Rejection:
    """Determine the labels and the golden solution by the candidates' votes; the brute force checks them."""
    draft, lineage, judge = build.draft, build.lineage, build.judge
    if draft.fault or not draft.candidates:
        fault = draft.fault
        return _rejected(_unverified(build), fault.reason if fault else "no-candidates", fault.detail if fault else "")
    least = build.config.suite.least_tests if build.of_model else 0
    varied = varied_inputs(draft, judge, build.rng, least)
    given = (*draft.inputs, *varied)
    inputs = [item.text for item in given]
    by_brute_force = _by_brute_force(draft, judge)
    matrix = ExecutionMatrix(judge, draft.contract, draft.candidates, inputs)
    try:
        verification = _verified(build, matrix, [item.kind for item in given], by_brute_force)
    except CheckerError as error:
        return _rejected(_unverified(build), "checker-fails", str(error))
    if verification.status == "rejected" or verification.golden is None:
        return _rejected(_unverified(build), verification.reason, verification.detail)
    tests = to_tests(verification, inputs)
    problem = draft.write(tests, draft.candidates[verification.golden], lineage)
    problem = msgspec.structs.replace(
        problem,
        provenance=(
            *problem.provenance,
            ("method", verification.method),
            (_FIGURE[verification.confidence_is], f"{verification.confidence:.3f}"),
            ("voters", str(len(draft.candidates))),
            ("brute_force_tests", str(len(by_brute_force))),
            *((("varied_tests", str(len(varied))),) if varied else ()),
        ),
    )
    if many := _fault_of_answers(problem, judge):
        return _rejected(problem, *many)
    if build.of_model:  # simulated solvers make mistakes that the teacher has made up
        problem = msgspec.structs.replace(problem, wrong=losing_voters(matrix, tests))
    labels = {test.input: test.output for test in tests}
    for example in by_brute_force:
        said = labels.get(example.input)
        if said is not None and not judge.agree(draft.contract, example.input, example.output, said):
            detail = f"on {example.input[:120]!r} the votes say {said[:80]!r}, the brute force {example.output[:80]!r}"
            return _rejected(problem, "brute-force-disagrees", detail)
    return problem


def _verified(
    build: Building, matrix: ExecutionMatrix, kinds: Sequence[TestKind], by_brute_force: Sequence[Example]
) -> Verification:
    """Determine labels and golden by the method that the draft and the configuration ask for."""
    draft, config = build.draft, build.config
    statement = draft.write((), draft.candidates[0], build.lineage).statement
    if draft.defining:
        verification = msgspec.structs.replace(
            verify_majority(matrix, kinds), method="definition", confidence_is="probability"
        )
    elif config.uses_dual_verification:
        settings = DualVerificationSettings(holdout=config.voters.hold_out)
        verification = verify_dual(matrix, kinds, seed=build.rng.randrange(2**32), settings=settings)
    else:
        asked = ConsensusSettings(
            target_error=config.voters.target_error,
            population=config.voters.population if build.of_model else "offline-teacher",
        )
        examples = (*draft.examples, *by_brute_force)
        return verify_consensus(matrix, kinds, examples=examples, statement=statement, settings=asked)
    return refuse_many_answers(matrix, verification, statement)


def _fault_of_answers(problem: Problem, judge: Judge) -> tuple[str, str] | None:
    """Return (reason, detail) where several answers are right and nothing tells them from wrong ones, else None.

    Whatever the votes say: solvers that go about it in the same way agree on one of the answers.
    """
    if is_custom(problem.contract.checker):
        answers = [Example(input=test.input, output=test.output) for test in problem.tests]
        found = checker_fault(judge, problem.contract, answers)
        return ("checker-fails", found) if found else None
    phrase = says_several_answers(problem.statement)
    return (MANY_ANSWERS, f'the statement says "{phrase}" and there is no checker program') if phrase else None


def _unverified(build: Building) -> Problem:
    """Return the problem without outputs, for a rejection."""
    draft = build.draft
    tests = [
        TestCase(input=item.text, output="", kind=item.kind, weight=KIND_WEIGHT[item.kind], confidence=0.0)
        for item in draft.inputs
    ]
    golden = draft.candidates[0] if draft.candidates else Solution(language="python", code="")
    return draft.write(tests, golden, build.lineage)


def _by_brute_force(draft: Draft, judge: Judge) -> tuple[Example, ...]:
    """Return the outputs of the brute force on the shortest inputs.

    Longer inputs are tried only if it was fast enough on the shorter ones. Inputs on which it runs out of time are left
    out.
    """
    if draft.brute_force is None:
        return ()
    hurried = msgspec.structs.replace(draft.contract, limits=Limits(time_s=BRUTE_FORCE_TIME_S))
    shortest = sorted((item.text for item in draft.inputs), key=len)
    said: list[Example] = []
    for batch in (shortest[:BRUTE_FORCE_FIRST], shortest[BRUTE_FORCE_FIRST:BRUTE_FORCE_INPUTS]):
        runs = judge.execute(draft.brute_force, hurried, batch)
        answered = [
            Example(input=text, output=run.output)
            for text, run in zip(batch, runs, strict=True)
            if run.verdict is Verdict.AC
        ]
        said += answered
        if len(answered) < len(batch):
            break
    return tuple(said)


def admit(build: Building, problem: Problem) -> Problem | Rejection:
    """Apply the admission checks. If wrong programs pass the tests, look for tests that they fail."""
    draft, config, judge = build.draft, build.config, build.judge
    suspects = [
        Mutant(label=program.label, operator="feature", solution=program.solution)
        for program in draft.wrong
        if program.solution != problem.golden
    ] or list(mutate(problem.golden, limit=FALLBACK_MUTANTS))
    gates = admission.admit(problem, judge, suspects, settings=config.admission, ran_before=True)
    if not gates.admitted:
        return _rejected(problem, gates.reason, gates.detail)
    voters, wrong, weak = problem.wrong, gates.wrong, gates.passing_hidden
    whole_suite = draft.environment == "induction"  # the other environments use a single test
    if whole_suite and weak and draft.supply and config.suite.growth_executions:
        shown = {example.input for example in problem.examples}
        grown = grow_suite(
            judge,
            problem.contract,
            problem.golden,
            [test for test in problem.tests if test.input not in shown],
            [mutant.solution for mutant in weak],
            generate=draft.supply.draw,
            validate=lambda texts: [draft.supply is not None and draft.supply.allows(text) for text in texts],
            known=[test.input for test in problem.tests if test.input in shown],
            confidence=min((test.confidence for test in problem.tests), default=1.0),
            seed=build.rng.randrange(2**32),
            settings=GrowthSettings(
                max_executions=config.suite.growth_executions, batch=6, patience=2, shrink_rounds=4
            ),
        )
        if grown.added:
            provenance = (*problem.provenance, ("adversarial_tests", str(len(grown.added))))
            tests = (*problem.tests, *grown.added)
            problem = msgspec.structs.replace(draft.write(tests, problem.golden, build.lineage), provenance=provenance)
            found = _killed_by_growth(problem, judge, weak, grown.survivors)
            wrong = (*(w for w in wrong if w.solution not in {w.solution for w in found}), *found)
    return msgspec.structs.replace(problem, wrong=(*voters, *wrong))


def _killed_by_growth(
    problem: Problem, judge: Judge, suspects: Sequence[Mutant], surviving: Sequence[int]
) -> list[WrongSolution]:
    """Return the suspects that the added tests reject, each with a test that rejects it."""
    killed = []
    for index, mutant in enumerate(suspects):
        test = None if index in surviving else admission.rejecting_test(problem, judge, mutant.solution)[0]
        if test is not None:
            killed.append(WrongSolution(solution=mutant.solution, killed_by=test, origin=f"mutant: {mutant.label}"))
    return killed


def derive(build: Building, problem: Problem) -> Problem | Rejection:
    """Turn the verified induction problem into one of the draft's environment; reject it if a baseline solves it."""
    draft, judge = build.draft, build.judge
    if draft.environment == "induction":
        return problem
    wrong = problem.wrong
    if not draft.wrong and draft.environment != "fuzzing":  # a teacher's own are more particular; fuzzing shows no test
        wrong = drawn_kills(judge, problem, build.rng)
    derived = draft.derive(problem, wrong, build.rng)
    if derived is None:
        return _rejected(problem, "environment-unfit", f"no test can be used for {draft.environment}")
    environment = ENVIRONMENTS[derived.environment]
    for name, answer in environment.baselines(derived).items():
        judgement = environment.judge(judge, derived, answer, stop_at_first_failure=True)
        if judgement.verdict is Verdict.AC:
            return _rejected(derived, "trivial-solution", f'the baseline answer "{name}" is right')
    return derived


def solve(build: Building, problem: Problem, strong_solver: Student) -> Problem | Rejection:
    """Reject a problem that a very strong model never solves (X-Coder's filter), before the student attempts it."""
    rating = _attempted(build, problem, strong_solver, build.config.synth.strong_attempts, FIXED)
    if isinstance(rating, Rejection):
        return rating
    provenance = (*problem.provenance, ("strong_attempts", tally(rating.verdicts)))
    problem = msgspec.structs.replace(problem, provenance=provenance)
    if not rating.rate.attempts:
        return _rejected(problem, UNREADABLE, _unreadable(rating))
    if not rating.rate.passes:
        detail = f"none of {rating.rate.attempts} attempts of {strong_solver.name} passes"
        return _rejected(problem, "unsolvable", detail)
    return problem


def _attempted(
    build: Building, problem: Problem, student: Student, attempts: int, settings: RatingSettings
) -> Rating | Rejection:
    try:
        return rate(student, build.draft, problem, attempts, build.scorer, build.rng, settings)
    except SandboxError as error:
        if not is_custom(problem.contract.checker) or not _runs(build.judge, problem):
            raise
        return _rejected(problem, "checker-fails", str(error))
    except RequestRefused as refusal:
        return _rejected(problem, "request-refused", str(refusal))


def _runs(judge: Judge, problem: Problem) -> bool:
    """Return whether the judge can run the golden program: then it is the problem's checker that fails."""
    try:
        (run,) = judge.execute(problem.golden, problem.contract, [problem.tests[0].input])
    except SandboxError:
        return False
    return run.verdict is not Verdict.IE


def rate_by(build: Building, problem: Problem, student: Student) -> tuple[Problem | Rejection, Rating | None]:
    """Measure the pass rate by new attempts; reject a problem that none or nearly all solve (Deep Dive's filter)."""
    config = build.config
    rating = _attempted(build, problem, student, config.synth.attempts, config.rating)
    if isinstance(rating, Rejection):
        return rating, None
    provenance = (*problem.provenance, ("attempts", tally(rating.verdicts)))
    problem = msgspec.structs.replace(problem, pass_rate=rating.rate, provenance=provenance)
    if not config.rating.count_unreadable and rating.unreadable * 2 > rating.verdicts.total():
        return _rejected(problem, UNREADABLE, _unreadable(rating)), rating
    detail = f"{rating.rate.passes} of {rating.rate.attempts} attempts pass"
    if rating.rate.rate < config.refine.keep_low:
        return _rejected(problem, "too-hard", detail), rating
    if rating.rate.rate > config.refine.keep_high:
        return _rejected(problem, "too-easy", detail), rating
    return problem, rating


def _unreadable(rating: Rating) -> str:
    return f"{rating.unreadable} of {rating.verdicts.total()} attempts have no readable answer or were cut off"


def measure(build: Building, problem: Problem) -> Problem:
    """Record the suite's strength, measured on the known wrong programs and on mutants that no test was made for."""
    draft, suite, rng = build.draft, build.config.suite, build.rng
    if problem.environment != "induction" or not suite.mutants:
        return problem
    mutants = mutate(problem.golden, limit=suite.mutants, seed=rng.randrange(2**32))
    pool = [draft.supply.draw(rng) for _ in range(suite.pool)] if draft.supply else []
    if build.of_model:
        pool += [item.text for item in varied_inputs(draft, build.judge, rng, len(draft.inputs) + suite.pool)]
    strength = suite_strength(
        build.judge, problem.contract, problem.golden, problem.tests, mutants=mutants, pool=pool, coverage=True
    )
    real = [wrong for wrong in problem.wrong if is_real(wrong)]
    made = len(problem.wrong) - len(real)
    killed, tried = strength.killed + made, strength.wrong + made
    low, _ = wilson_interval(killed, tried)
    real_tried = len(real)
    if build.of_model:
        real_tried += undetected(build.judge, problem, draft.candidates, pool)
    facts = [
        ("kill_rate", f"{killed / tried:.3f}" if tried else ""),
        ("kill_rate_low", f"{low:.3f}"),
        ("wrong_tried", str(tried)),
        ("kill_rate_real", f"{len(real) / real_tried:.3f}" if real_tried else ""),
        ("real_wrong_tried", str(real_tried) if real_tried else ""),
        ("branch_coverage", "" if strength.branch_coverage is None else f"{strength.branch_coverage:.3f}"),
        ("output_entropy_bits", f"{strength.output_entropy_bits:.2f}"),
    ]
    return msgspec.structs.replace(problem, provenance=(*problem.provenance, *(f for f in facts if f[1])))


def _rejected(problem: Problem, reason: str, detail: str) -> Rejection:
    return Rejection(reason=reason, detail=detail, problem=problem)
