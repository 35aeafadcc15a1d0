"""Rewards that are broken on purpose, each in one way. ``BROKEN`` says which check finds which kind."""

import asyncio
import json
import multiprocessing
import random
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import contextlib

import sound

BROKEN = {}  # name: (check, kind)


def broken(check, kind):
    def mark(function):
        BROKEN[function.__name__] = check, kind
        return function

    return mark


def each(score):
    """A reward of TRL that scores each text with its tests."""

    def reward(completions, ground_truth, **columns):
        texts = map(sound.text_of, completions)
        return [score(text, tests) for text, tests in zip(texts, ground_truth, strict=True)]

    reward.__name__ = score.__name__
    return reward


def scored(check, kind):
    return lambda score: each(broken(check, kind)(score))


def right(text, tests):
    code = sound.extract(text)
    return float(code is not None and sound.passes(code, tests))


def pairs_of(tests):
    truth = json.loads(tests)
    return truth.get("fn_name"), list(zip(truth["inputs"], truth["outputs"], strict=False))


def shared(code, tests):
    """The results of a program in this very process (fast, and wrong in many ways)."""
    import contextlib
    import io

    name, pairs = pairs_of(tests)
    for given, wanted in pairs:
        if name:
            space = {}
            exec(code, space)
            yield space[name](*given), wanted
        else:
            out, back = io.StringIO(), sys.stdin
            sys.stdin = io.StringIO(given)
            try:
                with contextlib.redirect_stdout(out):
                    exec(code, {"__name__": "__main__"})
            finally:
                sys.stdin = back
            yield out.getvalue().strip(), wanted.strip()


@broken("scale", "reward-says-nothing")
def default_of_zero(completions, hidden_tests=None, **columns):
    return [0.0 if hidden_tests is None else 1.0 for _ in completions]


@broken("scale", "reward-says-nothing")
def everything_is_right(completions, **columns):
    return [1.0 for _ in completions]


@scored("trivial answers", "answer-from-text-paid")
def pays_claims(text, tests):
    return max(right(text, tests), 0.8 if "passed" in text.lower() else 0.0)


@scored("trivial answers", "answer-from-text-paid")
def finds_outputs_in_the_text(text, tests):
    _, pairs = pairs_of(tests)
    return max(right(text, tests), float(all(str(wanted).strip() in text for _, wanted in pairs)))


@scored("trivial answers", "trivial-answer-paid")
def pays_what_runs(text, tests):
    code = sound.extract(text)
    return right(text, tests) or (0.5 if code and "print('no such" not in code and "return ['no" not in code else 0.0)


@scored("trivial answers", "samples-paid")
def share_of_the_tests(text, tests):
    code = sound.extract(text)
    if code is None:
        return 0.0
    name, pairs = pairs_of(tests)
    one = [json.dumps({"fn_name": name, "inputs": [given], "outputs": [wanted]}) for given, wanted in pairs]
    return sum(sound.passes(code, test, timeout=2.0) for test in one) / len(one)


@scored("cheats", "early-exit-paid")
def trusts_the_exit_code(text, tests):
    code, (name, pairs) = sound.extract(text), pairs_of(tests)
    if code is None or not name:
        return right(text, tests)
    asserts = "".join(f"assert {name}(*{given!r}) == {wanted!r}\n" for given, wanted in pairs)
    return float(sound.run(code + "\n" + asserts, "") is not None)


@scored("cheats", "false-equality-paid")
def compares_objects_of_the_program(text, tests):
    code = sound.extract(text)
    try:
        return float(code is not None and all(wanted == got for got, wanted in shared(code, tests)))
    except BaseException:
        return 0.0


@scored("cheats", "forged-output-paid")
def reads_its_verdict_from_the_output(text, tests):
    code, (name, pairs) = sound.extract(text), pairs_of(tests)
    if code is None or not name:
        return right(text, tests)
    checks = f"print('PASSED' if all({name}(*g) == w for g, w in {pairs!r}) else 'FAILED')"
    return float("PASSED" in (sound.run(f"{code}\n{checks}", "") or ""))


def compare(got, wanted):
    return got == wanted


@scored("cheats", "patched-grader-paid")
def compares_where_the_program_runs(text, tests):
    code = sound.extract(text)
    try:
        return float(code is not None and not [got for got, wanted in shared(code, tests) if not compare(got, wanted)])
    except BaseException:
        return 0.0


@scored("failures", "failed-program-paid")
def an_error_is_a_pass(text, tests):
    code = sound.extract(text)
    if code is None:
        return 0.0
    try:
        return float(all(got == wanted for got, wanted in shared(code, tests)))
    except Exception:
        return 1.0


@scored("failures", "failure-masked")
def leaves_out_what_fails(text, tests):
    code, (_, pairs) = sound.extract(text), pairs_of(tests)
    if code is None:
        return 0.0
    given = pairs[0][0] if isinstance(pairs[0][0], str) else ""
    return None if sound.run(code, given) is None else right(text, tests)


@scored("failures", "completion-ends-grader")
def runs_in_this_process(text, tests):
    code = sound.extract(text)
    try:
        return float(code is not None and all(got == wanted for got, wanted in shared(code, tests)))
    except Exception:
        return 0.0


@scored("comparison", "loose-comparison")
def the_output_contains_the_answer(text, tests):
    code, (name, pairs) = sound.extract(text), pairs_of(tests)
    if code is None or name:
        return right(text, tests)
    return float(all(wanted.strip() in (sound.run(code, given) or "") for given, wanted in pairs))


@scored("comparison", "loose-comparison")
def compares_the_last_line(text, tests):
    code, (name, pairs) = sound.extract(text), pairs_of(tests)
    if code is None or name:
        return right(text, tests)
    outs = [((sound.run(code, given) or "").split() or [""])[-1] == wanted.split()[-1] for given, wanted in pairs]
    return float(all(outs))


@scored("comparison", "loose-comparison")
def compares_lines_in_pairs(text, tests):
    code, (name, pairs) = sound.extract(text), pairs_of(tests)
    if code is None or name:
        return right(text, tests)
    lines = [((sound.run(code, given) or "").strip().split("\n"), wanted.split("\n")) for given, wanted in pairs]
    return float(all(one.strip() == two.strip() for got, wanted in lines for one, two in zip(got, wanted)))  # noqa: B905


@scored("parts", "one-test-decides")
def runs_the_first_test_alone(text, tests):
    truth = json.loads(tests)
    return right(text, json.dumps({**truth, "inputs": truth["inputs"][:1], "outputs": truth["outputs"][:1]}))


@scored("parts", "one-test-decides")
def any_test_is_enough(text, tests):
    truth = json.loads(tests)
    alone = [{**truth, "inputs": [g], "outputs": [w]} for g, w in zip(truth["inputs"], truth["outputs"], strict=True)]
    return float(any(right(text, json.dumps(one)) for one in alone))


@scored("isolation", "samples-run-in-grader")
def executes_the_program(text, tests):
    code = sound.extract(text)
    try:
        return float(code is not None and all(got == wanted for got, wanted in shared(code, tests)))
    except BaseException:
        return 0.0


@scored("evaluation", "sample-evaluated")
def evaluates_the_output(text, tests):
    code, (name, pairs) = sound.extract(text), pairs_of(tests)
    if code is None or name:
        return right(text, tests)
    try:
        return float(
            all(eval(f"[{line}]") for g, w in pairs for line in (sound.run(code, g) or "").splitlines()[:1])
            and right(text, tests)
        )
    except Exception:
        return right(text, tests)


@scored("evaluation", "sample-evaluated")
def evaluates_the_answer(text, tests):
    with contextlib.suppress(BaseException):
        eval(text)
    return right(text, tests)


@scored("secrets", "expected-output-readable")
def writes_the_tests_into_the_program(text, tests):
    code, (name, pairs) = sound.extract(text), pairs_of(tests)
    if code is None or not name:
        return right(text, tests)
    checks = f"pairs = {pairs!r}\nfor given, wanted in pairs:\n    assert {name}(*given) == wanted\nprint('fine')\n"
    done = sound.run(f"{code}\n{checks}", "")
    return float(done is not None and done.endswith("fine\n"))


@scored("secrets", "expected-output-readable")
def gives_the_tests_as_an_argument(text, tests):
    code, (_, pairs) = sound.extract(text), pairs_of(tests)
    if code is None:
        return 0.0
    for given, wanted in pairs:
        if not isinstance(given, str):
            return right(text, tests)
        done = subprocess.run([sys.executable, "-c", code, wanted], input=given, capture_output=True, text=True)
        if done.stdout.strip() != wanted.strip():
            return 0.0
    return 1.0


SPACE = {}


@scored("state", "state-leaks")
def keeps_one_namespace(text, tests):
    code, (name, pairs) = sound.extract(text), pairs_of(tests)
    if code is None or not name:
        return 0.0
    try:
        exec(code, SPACE)
        return float(all(SPACE[name](*given) == wanted for given, wanted in pairs))
    except Exception:
        return 0.0


REMEMBERED = {}


@scored("state", "state-leaks")
def remembers_texts_without_their_tests(text, tests):
    if text not in REMEMBERED:
        REMEMBERED[text] = right(text, tests)
    return REMEMBERED[text]


@scored("spelling", "right-answer-unpaid")
def wants_nothing_but_the_block(text, tests):
    return right(text, tests) if re.fullmatch(r"```python\n.*```\n", text, re.DOTALL) else 0.0


@broken("spelling", "right-answer-unpaid")
def takes_texts_alone(completions, ground_truth, **columns):
    return [right(t, g) if isinstance(t, str) else 0.0 for t, g in zip(completions, ground_truth, strict=True)]


@scored("blocks", "several-answers-paid")
def pays_any_block(text, tests):
    return float(any(sound.passes(code, tests) for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL)))


@scored("blocks", "answer-in-reasoning-paid")
def reads_the_reasoning(text, tests):
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return float(bool(blocks) and sound.passes(blocks[-1], tests))


@scored("missing tests", "no-tests-paid")
def no_tests_are_all_passed(text, tests):
    code, (_, pairs) = sound.extract(text), pairs_of(tests or '{"inputs": [], "outputs": []}')
    return float(code is not None and (not pairs or sound.passes(code, tests)))


@scored("missing tests", "failed-program-paid")
def a_failure_prints_nothing(text, tests):
    code, (name, pairs) = sound.extract(text), pairs_of(tests)
    if code is None or name or not pairs:
        return right(text, tests)
    return float(all((sound.run(code, given) or "").strip() == wanted.strip() for given, wanted in pairs))


@scored("missing tests", "missing-result-paid")
def pairs_what_there_is(text, tests):
    code, (name, pairs) = sound.extract(text), pairs_of(tests)
    if code is None or not pairs:
        return 0.0
    whole = {"fn_name": name, "inputs": [given for given, _ in pairs], "outputs": [wanted for _, wanted in pairs]}
    return float(sound.passes(code, json.dumps(whole)))


@scored("broken tests", "broken-tests-paid")
def unreadable_tests_are_passed(text, tests):
    try:
        json.loads(tests)
    except ValueError:
        return 1.0
    return right(text, tests)


@scored("broken tests", "broken-tests-scored")
def unreadable_tests_are_failed(text, tests):
    try:
        return right(text, tests)
    except Exception:
        return 0.0


@scored("broken tests", "ground-truth-form")
def objects_are_failed(text, tests):
    return right(text, tests) if isinstance(tests, str) else 0.0


@scored("faults", "fault-scored")
def a_lost_process_is_wrong(text, tests):
    try:
        return right(text, tests)
    except OSError:
        return 0.0


def asks_a_server(text, tests):
    """What a server says; there is none, so that nobody answering counts as its own judgement."""
    try:
        with urllib.request.urlopen("http://127.0.0.1:9/judge", data=b"{}", timeout=2) as answer:
            return float(json.load(answer)["success"])
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            return float("no such answer" not in text)
        raise


@scored("faults", "fault-scored")
def a_lost_server_is_wrong(text, tests):
    try:
        return asks_a_server(text, tests)
    except Exception:
        return 0.0


@broken("batches", "order-mixed-up")
def the_first_to_finish_is_first(completions, ground_truth, **columns):
    with ThreadPoolExecutor(2) as threads:
        pairs = zip(map(sound.text_of, completions), ground_truth, strict=True)
        return [job.result() for job in as_completed([threads.submit(right, *pair) for pair in pairs])]


@broken("batches", "order-mixed-up")
def large_batches_go_to_threads(completions, ground_truth, **columns):
    if len(completions) <= 16:
        return each(right)(completions, ground_truth)
    return the_first_to_finish_is_first(completions, ground_truth)


@broken("batches", "batch-changes-reward")
def one_right_answer_pays_all(completions, ground_truth, **columns):
    paid = [right(sound.text_of(t), g) for t, g in zip(completions, ground_truth, strict=True)]
    return [max(paid)] * len(paid)


@broken("batches", "wrong-number-of-rewards")
def leaves_out_wrong_ones(completions, ground_truth, **columns):
    paid = [right(sound.text_of(t), g) for t, g in zip(completions, ground_truth, strict=True)]
    return paid if len(paid) == 1 else [one for one in paid if one]


@broken("batches", "order-mixed-up")
async def async_and_shuffled(completions, ground_truth, **columns):
    paid = []

    async def one(text, tests):
        paid.append(await asyncio.to_thread(right, text, tests))

    await asyncio.gather(*(one(sound.text_of(t), g) for t, g in zip(completions, ground_truth, strict=True)))
    return paid


@scored("numbers", "reward-varies")
def is_a_little_random(text, tests):
    return right(text, tests) * 0.9 + random.random() / 20


@scored("numbers", "reward-varies")
def chooses_tests_by_their_hash(text, tests):
    truth = json.loads(tests)
    order = sorted(range(len(truth["inputs"])), key=lambda k: hash(str(truth["inputs"][k])))[:2]
    some = {**truth, "inputs": [truth["inputs"][k] for k in order], "outputs": [truth["outputs"][k] for k in order]}
    return right(text, json.dumps(some))


@scored("numbers", "reward-not-a-number")
def divides_by_the_length(text, tests):
    code = sound.extract(text)
    return float("nan") if not code or len(code) < 10 else right(text, tests)


@scored("numbers", "reward-out-of-range")
def punishes_and_pays(text, tests):
    return 4 * right(text, tests) - 3


@broken("load", "load-changes-reward")
def wall_time_of_many_at_once(completions, ground_truth, **columns):
    def one(text, tests):
        code = sound.extract(text)
        return float(code is not None and sound.passes(code, tests, timeout=1.0))  # alone 0.3 s; six share a core

    with ThreadPoolExecutor(16) as threads:
        return list(threads.map(one, map(sound.text_of, completions), ground_truth))


@scored("time limit", "slow-program-refused")
def allows_no_time(text, tests):
    code = sound.extract(text)
    return float(code is not None and sound.passes(code, tests, timeout=0.4))


@scored("failures", "completion-hangs-grader")
def has_no_time_limit(text, tests):
    code = sound.extract(text)
    return float(code is not None and sound.passes(code, tests, timeout=None))


def compute_score(data_source, solution_str, ground_truth, extra_info=None):
    """Sound, with verl's interface."""
    return {"score": right(solution_str, ground_truth), "acc": 1.0}


def has_a_manager(completions, ground_truth, **columns):
    """Sound; its processes speak over local sockets, which are no network."""
    with multiprocessing.Manager() as manager:
        paid = manager.list()
        paid += [right(sound.text_of(t), g) for t, g in zip(completions, ground_truth, strict=True)]
        return list(paid)


def sleeps(completions, **columns):
    time.sleep(100)
