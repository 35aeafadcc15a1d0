"""Score CRUXEval's published samples and compare with its published verdicts: ``cruxeval.py REPOSITORY DATA``.

REPOSITORY is a checkout of facebookresearch/cruxeval, whose ``samples`` hold ten answers of CodeLlama 7B to each of 800
inputs and 800 outputs, with the official verdict on each. The official list is shorter where the evaluator skipped
samples and another one was right; such problems are counted apart.
"""

import json
import sys
import time
from pathlib import Path

from stepsmith.benchmarks.cruxeval import CruxEval
from stepsmith.benchmarks.data import load_benchmark
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.judge.local import LocalJudge


def main(repository, data):
    with LocalJudge() as judge:
        for task in ("input", "output"):
            started = time.perf_counter()
            name = f"codellama-7b_temp0.2_{task}"
            samples = Path(repository, "samples")
            generations = json.loads(
                (samples / "model_generations" / f"sample_{name}" / "generations.json").read_text()
            )
            scored = json.loads((samples / "evaluation_results" / f"sample_scored_{name}.json").read_text())
            official = scored["raw_scored_generations"]
            benchmark = CruxEval(task)
            alike = unlike = skipped = right = 0
            for problem in load_benchmark(benchmark, Path(data)).problems:
                answers = generations[problem.task_id]
                distinct = list(dict.fromkeys(answers))
                verdicts = benchmark.judge(judge, problem, distinct, HarnessSettings())
                ours = [verdicts[distinct.index(answer)].passed for answer in answers]
                right += sum(ours)
                theirs = official[problem.task_id]
                if len(theirs) != len(ours):
                    skipped += 1
                    judged = [verdict for verdict, answer in zip(ours, answers, strict=True) if "f(" in answer]
                    ours = judged if task == "input" else ours
                if ours == theirs:
                    alike += len(theirs)
                    continue
                for answer, our, their in zip(answers, ours, theirs, strict=False):
                    alike += our == their
                    unlike += our != their
                    if our != their:
                        print(f"{problem.task_id}: {answer[:200]!r}: official {their}, ours {our}")
            print(
                f"{benchmark.title}: {alike} verdicts alike, {unlike} not; {skipped} problems with samples that the "
                f"official evaluator skips; {right} right; {time.perf_counter() - started:.0f} s"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
