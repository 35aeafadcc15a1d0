"""The checks of a reward: one file for each group, one line here for each check."""

from stepsmith.audit.checks.check import Check
from stepsmith.audit.rewards.checks.batches import check_batches, check_load, check_time_limit
from stepsmith.audit.rewards.checks.cheats import check_cheats, check_failures
from stepsmith.audit.rewards.checks.comparing import check_comparing, check_parts
from stepsmith.audit.rewards.checks.faults import check_faults
from stepsmith.audit.rewards.checks.isolation import check_evaluation, check_isolation, check_secrets, check_state
from stepsmith.audit.rewards.checks.numbers import check_numbers, check_scale
from stepsmith.audit.rewards.checks.spelling import check_blocks, check_spelling
from stepsmith.audit.rewards.checks.tests_missing import check_broken_tests, check_missing_tests
from stepsmith.audit.rewards.checks.trivial import check_trivial
from stepsmith.audit.rewards.subject import RewardSubject

SCALE: Check[RewardSubject] = Check("scale", ("reward-says-nothing", "right-answer-unpaid"), check_scale)
_ENDS = ("failure-masked", "completion-raises", "completion-ends-grader", "completion-hangs-grader")
REWARD_CHECKS: tuple[Check[RewardSubject], ...] = (
    SCALE,
    Check("numbers", ("reward-varies", "reward-not-a-number", "reward-out-of-range"), check_numbers),
    Check("trivial answers", ("trivial-answer-paid", "answer-from-text-paid", "samples-paid", *_ENDS), check_trivial),
    Check(
        "cheats",
        ("early-exit-paid", "false-equality-paid", "patched-grader-paid", "forged-output-paid", "state-leaks", *_ENDS),
        check_cheats,
    ),
    Check("failures", ("failed-program-paid", *_ENDS), check_failures),
    Check("comparison", ("loose-comparison",), check_comparing),
    Check("parts", ("one-test-decides",), check_parts),
    Check("isolation", ("samples-run-in-grader", "samples-run-in-fork", "samples-run-on-host"), check_isolation),
    Check("evaluation", ("sample-evaluated",), check_evaluation),
    Check("secrets", ("expected-output-readable",), check_secrets),
    Check("state", ("state-leaks",), check_state),
    Check("spelling", ("right-answer-unpaid",), check_spelling),
    Check(
        "blocks", ("several-answers-paid", "answer-in-reasoning-paid", "truncated-answer-paid"), check_blocks
    ),
    Check("missing tests", ("no-tests-paid", "missing-result-paid", "failed-program-paid"), check_missing_tests),
    Check("broken tests", ("broken-tests-paid", "broken-tests-scored", "ground-truth-form"), check_broken_tests),
    Check("batches", ("order-mixed-up", "batch-changes-reward", "wrong-number-of-rewards"), check_batches),
    Check("load", ("load-changes-reward",), check_load),
    Check("time limit", ("slow-program-refused", "time-out-not-told"), check_time_limit),
    Check("faults", ("fault-scored",), check_faults),
)  # fmt: skip
