"""Compare the rules of mathematics and EvalPlus with the code of four harnesses, answer by answer.

    python benchmarks/agreement/answers.py [--verl FOLDER] [--verifiers FOLDER] [--gym FOLDER] [--lighteval FOLDER]

FOLDER is a checkout, or the folder of a package's source. Only the functions that extract and compare are taken out of
their files; nothing is installed. Of lighteval the two modules that do this are loaded without the rest of the package.
Differences are printed.
"""

import __future__

import argparse
import ast
import contextlib
import importlib
import io
import itertools
import logging
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Optional

from stepsmith.benchmarks.maths import whole_reply_right
from stepsmith.benchmarks.reply_rules import RULES
from stepsmith.benchmarks.rules import dapo
from stepsmith.benchmarks.rules.hendrycks import same_answer

ANSWERS = [
    "1/2",
    "\\frac{1}{2}",
    "\\frac12",
    "\\dfrac{1}{2}",
    "\\tfrac12",
    "0.5",
    ".5",
    "-1/2",
    "\\frac1{2}",
    "\\frac{1}2",
    "\\frac",
    "\\frac1",
    "x=5",
    "5",
    "xyz=5",
    "x = 5",
    "5 ",
    "5\\text{ cm}",
    "5\\text{ cm}\\text{ m}",
    "5\\text{cm}",
    "50\\%",
    "50%",
    "50",
    "50\\\\%",
    "\\sqrt3",
    "\\sqrt{3}",
    "\\sqrt",
    "\\sqrt 3",
    "2\\sqrt3",
    "90^\\circ",
    "90^{\\circ}",
    "90",
    "\\$5",
    "$5$",
    "\\left(1,2\\right)",
    "(1,2)",
    "(1, 2)",
    "1,000",
    "1000",
    "",
    "\\!5",
    "\n5",
    "5\\\\5",
    "1/2/3",
    "10/20",
    "+1/2",
    "01/2",
    "a/b",
    "{.5}",
    "{0.5}",
    "5.",
    "\\pi",
    "0/3",
    "\\\\\\\\%5",
    "\\frac{a}{b}",
    "\\fracab",
    "\\frac ab",
    " .5",
    "x=",
    "=5",
]
REPLIES = [
    "\\boxed{5}",
    "so \\boxed{\\frac{1}{2}} done",
    "\\boxed{1} \\boxed{2}",
    "\\boxed{1",
    "\\boxed{1} and \\boxed{2",
    "\\boxed 7$ more",
    "\\boxed 7",
    "\\fbox{3}",
    "\\boxed{1}\\fbox{3}",
    "\\boxed{}",
    "no",
    "",
    "<think>\\boxed{1}</think>\\boxed{2}",
    "\\boxed{2}</think>3",
    "\\boxed{ 5 }",
    "\\boxed{{5}}",
    "\\boxed {5}",
    "\\boxed{\\}}",
    "#### 5",
    "#### 5.",
    "#### 1,000",
    "#### -3\n#### 4",
    "####5",
    "#### $5",
    "#### x",
    "#### 5" + " " * 294,
    "#### 5" + " " * 295,
    "#### 5" + " " * 400,
    "```python\nx\n```",
    "```\nx\n```",
    "```python\nx",
    "```python\nx\n```\n```\ny\n```",
    "```\ny\n```\n```python\nx\n```",
    "a ```python b``` c",
    "```python\r\nx\r\n```",
    "```python3\nx\n```",
    "```py\nx\n```",
    "text ``` x",
    "```",
    "``````",
    "```python```",
    "```python\nx\n``` ```python\ny",
]


WHOLE = [
    "so \\boxed{0.25}",
    "\\boxed{\\dfrac14}",
    "The answer is 1/4.",
    "\\boxed{1/4} or \\boxed{1/3",
    "<think>\\boxed{3}</think> \\boxed{1/4}",
    "\\boxed{4}",
    "$0.25$ and 3",
    "3 and $1/4$",
    "",
    "1/4 = 0.25",
    "25\\%",
    "final answer is $\\frac{1}{4}$. I hope",
    "\\boxed{x=1/4}",
    "\\boxed{\\text{1/4}}",
    "so 0.25 or 0.3",
    "I get 0.3, then the answer is 0.25",
]
STATED = [
    "Answer: 5",
    "answer :  5\nAnswer: 7",
    "ANSWER: \\boxed{5}",
    "Answer: $x = 5$",
    "Answer: the 5 units.",
    "Answer: an 1,000 dollars",
    "Answer: 1,000",
    "Answer: \\frac12",
    "Answer: \\frac ab",
    "Answer: \\sqrt3",
    "Answer: \\text{5}",
    "Answer: \\textbf{5} cm",
    "Answer: 5^\\circ",
    "Answer: a 5 and $5$ or $7$",
    "Answer: 5.",
    "Answer:",
    "Answer:\n5",
    "Answer: [INVALID] \\boxed{5}",
    "Answer: 5" + "x" * 300 + "\\boxed{5}",
    "\\boxed{5}" + " " * 95,
    "\\boxed{5}" + " " * 80,
    "Answer: 1\\ldots",
    "Answer: 5\\text{m}",
    "Answer: (1,\\text{and}2)",
    "Answer: 5\\mbox{ feet}",
    "Therefore, the final answer is: $\\boxed{5}$. I hope it is correct",
    "final answer is 5. I hope it is 7",
    "The answer is 5, not 7",
    "5 = 7",
    "so $x = 5$ and $y = 7$",
    "Answer: 5 or 7",
    "\\boxed{5} and \\boxed{7}",
    "\\[5\\]",
    "the sum is 1,000.5 in all",
    "about 50%",
    "$\\frac{10}{2}$",
    "2 + 3",
    "It is (2+3).",
    "$1,000$ dollars",
    "$x=5$",
    "$5=x$",
    "\\boxed{x=5}",
    "\\boxed{a=1,b=5}",
    "\\boxed{1+2+2=5}",
    "\\boxed{(1,5)}",
    "\\boxed{\\{1,5\\}}",
    "\\boxed{5 \\text{ cm}}",
    "\\boxed{5.0000001}",
    "\\boxed{0.333333}",
    "\\boxed{\\text{Friday}}",
    "0005",
    "1 000",
    "3.5e1",
    "-5",
    "answer:5",
    "answer : 5 then 7",
    "$\\infty$",
    "x > 5",
    "\\boxed{x>5}",
]
EXPECTED = [
    "5",
    "7",
    "1000",
    "\\frac{1}{2}",
    "\\frac{1}{3}",
    "x=5",
    "(1,5)",
    "\\text{Friday}",
    "x>5",
    "50\\%",
    "\\sqrt{3}",
]


def functions(path: Path, names: set[str]) -> dict:
    """Return functions of a file, and its constants, without running the rest of it."""
    tree = ast.parse(path.read_text("utf-8"))
    tree.body = [
        node for node in tree.body
        if isinstance(node, ast.FunctionDef)
        or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.List))
    ]  # fmt: skip
    scope: dict = {"re": re, "Optional": Optional}
    exec(compile(tree, str(path), "exec", flags=__future__.annotations.compiler_flag), scope)
    return {name: scope[name] for name in names}


def quiet(function, *given):
    with contextlib.redirect_stdout(io.StringIO()):
        return function(*given)


def verl(folder: Path):
    (math_file,) = folder.rglob("reward_score/math_reward.py")
    (gsm8k_file,) = folder.rglob("reward_score/gsm8k.py")
    found = functions(math_file, {"compute_score", "is_equiv"})
    for one, other in itertools.product(ANSWERS, repeat=2):
        yield "verl, comparison", (one, other), bool(quiet(found["is_equiv"], one, other)), same_answer(one, other)
    for reply, gold in itertools.product(REPLIES, ["5", "7", "2", "", " 5 ", "{5}", "\\frac{1}{2}"]):
        answer = RULES["last-boxed"].take(reply, "")
        ours = bool(answer.strip()) and same_answer(answer, gold)
        theirs = bool(quiet(found["compute_score"], reply, gold))
        yield "verl, math_reward", (reply, gold), theirs if gold else ours, ours  # no problem has an empty answer
    extract = functions(gsm8k_file, {"extract_solution"})["extract_solution"]
    for reply in REPLIES:
        yield "verl, gsm8k", reply, extract(reply) or "", RULES["hashes-in-300"].take(reply, "")
    (dapo_file,) = folder.rglob("reward_score/math_dapo.py")
    score = functions(dapo_file, {"compute_score"})["compute_score"]
    for reply, gold in itertools.product(REPLIES + STATED + [f"Answer: {one}" for one in ANSWERS], EXPECTED):
        yield "verl, math_dapo", (reply, gold), bool(score(reply, gold)["acc"]), dapo.reply_right(reply, gold)


def lighteval(folder: Path):
    """Compare whole replies as its metrics of MATH-500, AIME and GSM8K do: ``MultilingualExtractiveMatchMetric``."""
    (path,) = folder.rglob("metrics/utils/extractive_match_utils.py")
    for name in ("", ".metrics", ".metrics.utils", ".tasks", ".tasks.templates", ".tasks.templates.utils", ".utils"):
        package = sys.modules[f"lighteval{name}"] = ModuleType(f"lighteval{name}")
        package.__path__ = [str(path.parents[2].joinpath(*name.split(".")[1:]))]
    for name, key, value in (
        ("tasks.requests", "Doc", object),
        ("utils.imports", "requires", lambda *_: lambda function: function),
    ):
        module = sys.modules[f"lighteval.{name}"] = ModuleType(name)
        setattr(module, key, value)
    logging.disable(logging.WARNING)  # it warns with every answer
    taking = importlib.import_module("lighteval.metrics.utils.extractive_match_utils")
    comparing = importlib.import_module("lighteval.metrics.utils.math_comparison")
    english = importlib.import_module("lighteval.utils.language").Language.ENGLISH
    number, latex, box = (
        taking.ExprExtractionConfig(), taking.LatexExtractionConfig(),
        taking.LatexExtractionConfig(boxed_match_priority=0),
    )  # fmt: skip
    readings = {
        "lighteval": ("\\boxed{{{}}}", [number, latex], [number, latex], 6),
        "lighteval, numbers": ("{}", [number], [number, box], 5),
    }
    for name, (template, of_gold, of_reply, precision) in readings.items():
        numbers = [gold for gold in EXPECTED if gold.isdigit()]
        for reply, gold in itertools.product(REPLIES + STATED + WHOLE, numbers if "numbers" in name else EXPECTED):
            expected, given = (
                taking.extract_target_from_pred(
                    text, taking.get_extraction_regexes_inspect(kinds, english), "first_match", "any_match", 5
                )
                for text, kinds in ((template.format(gold), of_gold), (reply.strip(), of_reply))
            )
            theirs = comparing.compare_gold_target(expected or [gold], given, precision, timeout_seconds=5)
            yield name, (reply, gold), theirs, whole_reply_right(gold, reply, name) is True


def verifiers(folder: Path):
    path = next(folder.rglob("legacy/utils/data_utils.py"), None) or next(folder.rglob("utils/data_utils.py"))
    extract = functions(path, {"extract_boxed_answer"})["extract_boxed_answer"]
    for reply in REPLIES:
        theirs = extract(reply.split("</think>")[-1].strip(), strict=True)
        yield "verifiers", reply, theirs, RULES["boxed-after-think"].take(reply, "")


def gym(folder: Path):
    (path,) = folder.rglob("resources_servers/evalplus/app.py")
    extract = functions(path, {"extract_code_strict"})["extract_code_strict"]
    for reply in REPLIES:
        yield "NeMo Gym, evalplus", reply, extract(reply), RULES["last-closed-fence"].take(reply, "")
    from math_verify.metric import math_metric
    from math_verify.parser import ExprExtractionConfig, LatexExtractionConfig

    latex, plain = LatexExtractionConfig(), ExprExtractionConfig()  # as math_with_judge calls it
    metric = math_metric(gold_extraction_target=(latex,), pred_extraction_target=(plain, latex))
    for reply, gold in itertools.product(WHOLE, ["\\frac{1}{4}", "3", "x"]):
        theirs = metric([f"\\boxed{{{gold}}}"], [reply])[0] == 1.0
        yield "NeMo Gym, mathematics", (reply, gold), theirs, whole_reply_right(gold, reply) is True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers = {"verl": verl, "verifiers": verifiers, "gym": gym, "lighteval": lighteval}
    for name in peers:
        parser.add_argument(f"--{name}", type=Path)
    given = vars(parser.parse_args())
    alike: dict[str, int] = {}
    for name, compare in peers.items():
        for what, case, theirs, ours in compare(given[name]) if given[name] else ():
            alike.setdefault(what, 0)
            alike[what] += theirs == ours
            if theirs != ours:
                print(f"{what}: {case!r}: {theirs!r}, ours {ours!r}")
    print(f"alike: {alike}")


if __name__ == "__main__":
    main()
