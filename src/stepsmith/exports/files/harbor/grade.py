# mypy: ignore-errors
"""Judges the answer in the container and writes the reward; without a reward Harbor records a failure of the verifier.

`problem.json` has the tests, `stepsmith.zip` the checkers and the rules by which answers are read. Expected outputs
never enter the process of a solution, which runs as another user where it can.
"""

import argparse
import json
import math
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "stepsmith.zip"))

import msgspec  # noqa: E402

from stepsmith.core.records import Execution, Judgement, Problem, TestResult, Verdict  # noqa: E402
from stepsmith.envs import ENVIRONMENTS, Answer  # noqa: E402
from stepsmith.judge.checkers import compare, is_custom  # noqa: E402
from stepsmith.judge.checkers.custom import checker_program  # noqa: E402

NOBODY = 65534
CHECKER_S = 30.0
# Calls the function and writes its value; what the program itself prints goes elsewhere.
DRIVER = """
import ast, os, sys
out = os.dup(1)
os.dup2(2, 1)
path, entry = sys.argv[1:]
given = ast.literal_eval(sys.stdin.read())
names = {"__name__": "solution"}
exec(compile(open(path).read(), path, "exec"), names)
owner, _, method = entry.rpartition(".")
function = getattr(names[owner](), method) if owner else names[method]
value = function(**given) if isinstance(given, dict) else function(*given)
os.write(out, repr(value).encode("utf-8", "surrogateescape"))
"""


class ContainerJudge:
    """The judge of a container: a process for each test, limited in CPU time, memory and output. No stronger walls."""

    isolation = "L0"

    def __init__(self, *, as_nobody):
        self.as_nobody = as_nobody

    def judge(self, solution, contract, tests, *, stop_at_first_failure=False):
        """Run the program on tests; the verdict is that of the first that fails."""
        results = []
        for test in tests:
            (run,) = self.execute(solution, contract, [test.input])
            verdict = run.verdict
            if verdict == "AC" and not self.agree(contract, test.input, test.output, run.output):
                verdict = Verdict.WA
            results.append(TestResult(verdict=verdict, message=run.message))
            if verdict == "TLE" or (verdict != "AC" and stop_at_first_failure):
                break  # a program that runs out of time once is likely to do so on every other test
        failed = next((result.verdict for result in results if result.verdict != "AC"), Verdict.AC)
        return Judgement(verdict=failed, tests=tuple(results), isolation=self.isolation)

    def execute(self, solution, contract, inputs):
        """Run the program on inputs."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            path = Path(folder, "solution.py")
            path.write_text(solution.code, "utf-8")
            words = [str(path)]
            if contract.interface == "function":
                words = ["-c", DRIVER, str(path), contract.entry_point]
            return [
                run_limited([sys.executable, "-I", *words], text, contract.limits, folder, as_nobody=self.as_nobody)
                for text in inputs
            ]

    def agree(self, contract, input_text, expected, actual):
        """Ask the checker."""
        if is_custom(contract.checker):
            return by_program(contract.checker, input_text, expected, actual)
        return compare(contract.checker, contract.interface, input_text, expected, actual).ok


def run_limited(words, text, limits, folder, *, as_nobody):
    """Run a program under limits and return how it ended."""
    most = int(limits.output_mb * 1e6)

    def confine():
        seconds = math.ceil(limits.time_s) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, ((limits.memory_mb + 256) << 20,) * 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    env = {"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"}
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if as_nobody else {}
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(text.encode("utf-8", "surrogateescape"))
        given.seek(0)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            ended = subprocess.run(
                words, stdin=given, stdout=out, stderr=err, cwd=folder, preexec_fn=confine, check=False,
                timeout=10 * limits.time_s + 10, env=env, **user,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Execution(verdict=Verdict.TLE, message="no end within the wall time")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        out.seek(0)
        output = out.read(most + 1)
        err.seek(0)
        said = err.read()[-2000:].decode("utf-8", "replace")
    if cpu_s > limits.time_s or ended.returncode == -signal.SIGXCPU:
        return Execution(verdict=Verdict.TLE, cpu_s=cpu_s, message=said)
    if len(output) >= most:
        return Execution(verdict=Verdict.OLE, cpu_s=cpu_s, message=said)
    if ended.returncode:
        return Execution(verdict=Verdict.RTE, cpu_s=cpu_s, message=said)
    return Execution(verdict=Verdict.AC, output=output.decode("utf-8", "surrogateescape"), cpu_s=cpu_s)


def by_program(checker, input_text, expected, actual):
    """Let a Kattis output validator in Python decide."""
    with tempfile.TemporaryDirectory() as folder:
        _, files = checker_program(checker)  # the main one is the first
        main = files[0][0]
        for name, source in files:
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, name).write_text(source, "utf-8")
        (Path(folder) / "feedback").mkdir()
        for name, text in (("input.txt", input_text), ("answer.txt", expected)):
            Path(folder, name).write_bytes(text.encode("utf-8", "surrogateescape"))
        words = [sys.executable, main, "input.txt", "answer.txt", "feedback/", *checker.flags]
        given = actual.encode("utf-8", "surrogateescape")
        ended = subprocess.run(words, input=given, capture_output=True, cwd=folder, timeout=CHECKER_S, check=False)
    if ended.returncode not in (42, 43):
        sys.exit(
            f"the checker ended with exit code {ended.returncode}: {ended.stderr[-2000:].decode(errors='replace')}"
        )
    return ended.returncode == 42


def main():
    """Judge, and write `reward.json`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--answer", type=Path, default=Path("/app/@ANSWER@"))
    parser.add_argument("--logs", type=Path, default=Path("/logs/verifier"))
    parser.add_argument("--same-user", action="store_true", help="Run solutions as this user: outside of a container.")
    options = parser.parse_args()
    as_nobody = os.geteuid() == 0 and not options.same_user
    problem = msgspec.json.decode((HERE / "problem.json").read_bytes(), type=Problem)
    if as_nobody:
        HERE.chmod(0o700)  # a solution runs as nobody, and must not read the tests
    environment = ENVIRONMENTS[problem.environment]
    text = options.answer.read_text("utf-8", "replace") if options.answer.is_file() else ""
    in_block = text if "```" in text else environment.write(Answer(text=text))
    answer = environment.parse(problem, in_block) if text.strip() else None
    verdict, passed, tests = "no answer", 0, len(problem.tests) if problem.environment == "induction" else 1
    if answer is not None:
        judgement = environment.judge(ContainerJudge(as_nobody=as_nobody), problem, answer)
        verdict, passed = str(judgement.verdict), sum(test.verdict == "AC" for test in judgement.tests)
    options.logs.mkdir(parents=True, exist_ok=True)
    (options.logs / "verdict.txt").write_text(f"{verdict}\n")
    reward = {"reward": float(verdict == "AC"), "tests_passed": passed / tests if tests else 0.0}
    (options.logs / "reward.json").write_text(json.dumps(reward) + "\n")


if __name__ == "__main__":
    main()
