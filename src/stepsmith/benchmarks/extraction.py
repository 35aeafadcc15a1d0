"""Rules by which an answer is taken out of a model's text. They move scores, so each score says which one it used."""

import ast
import re
from collections.abc import Callable

from stepsmith.benchmarks.evalplus_sanitize import sanitize
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.reply_rules import RULES, ExtractionRule
from stepsmith.core.answers import code_blocks, strip_reasoning

_HUMANEVAL_STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")  # Chen et al. 2021, section 2.1


def last_block(problem: BenchmarkProblem, text: str) -> str | None:
    """Return the last code block that defines the entry point, or else the last one; None if there is none.

    A block that is the body of the function alone is put behind the prompt. Imports and helper functions of the prompt
    are put before a block that does not have them.
    """
    blocks = [block.code for block in code_blocks(strip_reasoning(text))]
    if not blocks:
        bare = strip_reasoning(text)
        return with_prompt(problem, bare) if defines(bare, problem.entry_point) else None
    defining = [code for code in blocks if defines(code, problem.entry_point)]
    return with_prompt(problem, (defining or blocks)[-1])


def first_block(problem: BenchmarkProblem, text: str) -> str | None:
    """Return the first code block, as many scripts do; None if there is none."""
    blocks = [block.code for block in code_blocks(strip_reasoning(text))]
    return with_prompt(problem, blocks[0]) if blocks else None


def stopped(problem: BenchmarkProblem, text: str) -> str | None:
    """Return the prompt and the completion up to the first stop sequence of the HumanEval paper.

    The official harness does not cut samples; the paper's sampling did.
    """
    ends = [at for stop in _HUMANEVAL_STOPS if (at := text.find(stop)) >= 0]
    return problem.prompt + text[: min(ends, default=len(text))]


def evalplus(problem: BenchmarkProblem, text: str) -> str | None:
    """Return what EvalPlus' ``sanitize`` keeps: what the entry point needs of the longest part that is Python."""
    whole = text if defines(text, problem.entry_point) else f"{problem.prompt}\n{text}"
    return sanitize(whole, problem.entry_point)


def _of_reply(rule: ExtractionRule) -> Callable[[BenchmarkProblem, str], str | None]:
    return lambda problem, text: rule.take(text, problem.entry_point) or None


EXTRACTIONS: dict[str, Callable[[BenchmarkProblem, str], str | None]] = {
    "last-block": last_block,
    "first-block": first_block,
    "stop-sequences": stopped,
    "evalplus": evalplus,
    **{name: _of_reply(rule) for name, rule in RULES.items()},
}


def defines(code: str, entry_point: str) -> bool:
    """Return whether a text defines the entry point at its top level, as far as can be seen."""
    name = re.escape(entry_point)
    return bool(entry_point) and re.search(rf"^(?:async def|def|class) {name}\b|^{name}\s*=", code, re.M) is not None


def with_prompt(problem: BenchmarkProblem, code: str) -> str:
    """Return a block as a whole answer: behind the prompt if it is a body, behind the prompt's helpers otherwise."""
    if not defines(problem.prompt, problem.entry_point):
        return code
    if not defines(code, problem.entry_point):
        body = code if re.match(r"\s", code) else "\n".join(f"    {line}" for line in code.splitlines())
        return f"{problem.prompt}{body}\n"
    before = _before(problem.prompt, problem.entry_point)
    return f"{before}\n{code}" if before else code


def _before(prompt: str, entry_point: str) -> str:
    """Return the imports and helpers that stand before the entry point in a prompt."""
    try:
        tree = ast.parse(f"{prompt}    pass\n")
    except (SyntaxError, ValueError):
        return ""
    parts = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == entry_point:
            break
        parts.append(ast.unparse(node))
    return "\n".join(parts)
