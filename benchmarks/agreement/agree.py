"""Compare our rule sets with the verdicts of the harnesses' own code: ``agree.py RECORDED``; differences are printed.

RECORDED is {case: {peer: solved}}, by default ``recorded.json``: what ``peers.py`` wrote for each peer, put together.
"""

import json
import sys
from pathlib import Path

from awkward import CASES, PROBLEMS

from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.rules.differences import score_reply
from stepsmith.benchmarks.rules.rule_sets import RULE_SETS
from stepsmith.core.records import TestCase
from stepsmith.judge.local import LocalJudge

HERE = Path(__file__).parent


def problem_of(name):
    given = PROBLEMS[name]
    function = given.get("fn_name", "")
    inputs = [repr(tuple(map(json.loads, text.split("\n")))) if function else text for text in given["inputs"]]
    outputs = [repr(json.loads(text)) if function else text for text in given["outputs"]]
    return BenchmarkProblem(
        task_id=name,
        prompt="",
        interface="function" if function else "stdio",
        entry_point=f"Solution.{function}" if given.get("class") else function,
        tests=tuple(TestCase(input=a, output=b) for a, b in zip(inputs, outputs, strict=True)),
    )


def main(path=HERE / "recorded.json", only=""):
    recorded: dict[str, dict[str, object]] = {}
    for name, verdicts in json.loads(Path(path).read_text()).items():
        for peer, verdict in verdicts.items():
            recorded.setdefault(peer, {})[name] = verdict
    alike, unlike = dict.fromkeys(recorded, 0), 0
    with LocalJudge() as judge:
        for name, problem, reply in CASES:
            if only and only != name:
                continue
            for peer, verdicts in recorded.items():
                rules = RULE_SETS[peer]
                if verdicts[name] is None:
                    continue
                ruling = score_reply(judge, problem_of(problem), reply, rules)
                if ruling.passed == verdicts[name]:
                    alike[peer] += 1
                else:
                    unlike += 1
                    print(f"{name} ({problem}): {peer} says {verdicts[name]}, we {ruling}")
    print(f"alike: {alike}; unlike: {unlike}")


if __name__ == "__main__":
    main(*sys.argv[1:])
