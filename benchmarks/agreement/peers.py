"""Score the cases with a harness's own code, in an environment that has NumPy and tqdm: ``peers.py PEER SOURCES OUT``.

SOURCES is the folder that holds the peer's files: for "official" a checkout of LiveCodeBench/LiveCodeBench, for
"nemo-gym" ``resources_servers/code_gen`` of NVIDIA-NeMo/Gym, for "lighteval" and "verl" the unpacked wheel. Writes
{case: solved}.
"""

import importlib.util
import io
import json
import sys
import types
from contextlib import redirect_stdout
from pathlib import Path

from awkward import CASES, PROBLEMS


def module_at(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def sample_of(problem):
    return {"input_output": json.dumps({key: problem.get(key) for key in ("inputs", "outputs", "fn_name")})}


def official(sources):
    sys.path.insert(0, str(sources))
    from lcb_runner.evaluation.compute_code_generation_metrics import evaluate_generations_by_problem
    from lcb_runner.lm_styles import LMStyle
    from lcb_runner.utils.extraction_utils import extract_code

    def score(problem, reply):
        (result,), _ = evaluate_generations_by_problem(
            ([extract_code(reply, LMStyle.OpenAIChat)], sample_of(problem), False, 6)
        )
        return all(grade > 0 for grade in result)

    return score


def lighteval(sources):
    theirs = module_at("codegen_metrics", sources / "lighteval/tasks/tasks/lcb/codegen_metrics.py")

    def score(problem, reply):
        (result,) = theirs.evaluate_generations_by_problem(([theirs.extract_code(reply)], sample_of(problem), 6))
        return bool(all(grade > 0 for grade in result))

    return score


def nemo_gym(sources):
    # only its remote wrapper needs Ray; the check itself does not
    sys.modules["ray"] = types.SimpleNamespace(remote=lambda **_: lambda function: function)
    sys.path.insert(0, str(sources))
    from lcb_integration.compute_code_generation_metrics import check_correctness
    from lcb_integration.extraction_utils import LMStyle, extract_code

    def score(problem, reply):  # the lines of ``verify`` in app.py, without its server
        if not reply.strip():
            return False
        code = extract_code(reply, LMStyle.OpenAIChat)
        if not code:
            return False
        result, _ = check_correctness(sample_of(problem), code, 10, debug=False)
        violation = "<think>" in reply or "</think>" in reply
        return not violation and all(grade == True for grade in result)  # noqa: E712 - their words

    return score


def verl(sources):
    package = types.ModuleType("prime_code")
    package.__path__ = [str(sources / "verl/utils/reward_score/prime_code")]
    sys.modules["prime_code"] = package
    theirs = module_at("prime_code", sources / "verl/utils/reward_score/prime_code/__init__.py")

    def score(problem, reply):
        tests = {key: problem[key] for key in ("inputs", "outputs", "fn_name") if key in problem}
        success, _ = theirs.compute_score(reply, json.loads(json.dumps(tests)), continuous=True)
        return float(success) == 1.0

    return score


def verifiers(sources):
    """Its comparison alone: the package has no harness for programs, so the process is ours."""
    import re
    import subprocess
    import tempfile

    text = (sources / "verifiers/v1/utils/score.py").read_text()
    start = text.index("def compare_stdout_results")
    space = {}
    exec("from decimal import Decimal, InvalidOperation\n" + text[start : text.index("\ndef ", start + 1)], space)

    def score(problem, reply):
        if "fn_name" in problem:
            return None
        found = re.search(r"```(?:python)?\n(.*?)```", reply, re.DOTALL)
        program = (found[1] if found else reply).strip()
        if not program:
            return False
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "solution.py").write_text(program)
            for given, expected in zip(problem["inputs"], problem["outputs"], strict=True):
                Path(folder, "in").write_text(given)
                words = [sys.executable, "solution.py"]
                try:
                    with Path(folder, "in").open() as stdin:
                        run = subprocess.run(words, cwd=folder, stdin=stdin, capture_output=True, text=True, timeout=8)
                except subprocess.TimeoutExpired:
                    return False
                if run.returncode or not space["compare_stdout_results"](run.stdout, expected):
                    return False
        return True

    return score


PEERS = {"official": official, "lighteval": lighteval, "nemo-gym": nemo_gym, "verl": verl, "verifiers": verifiers}


def main(peer, sources, out, only=""):
    score = PEERS[peer](Path(sources))
    verdicts = {}
    for name, problem, reply in CASES:
        if only and only != name:
            continue
        with redirect_stdout(io.StringIO()):
            try:
                verdicts[name] = score(PROBLEMS[problem], reply)
            except Exception as error:  # what the harness itself does not catch
                verdicts[name] = f"{type(error).__name__}: {error}"
    Path(out).write_text(json.dumps(verdicts, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
