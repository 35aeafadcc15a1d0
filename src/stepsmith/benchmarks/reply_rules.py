"""How an answer is taken out of a reply: the rules of benchmarks and harnesses, by name.

A rule is a function of (reply, entry point) that returns the answer, or "" if there is none. The entry point is "" for
programs on standard input and for answers that are no programs; most rules ignore it. A harness's rule is written down
as it is, with what it gets wrong: a rule that is better than the original gives another score.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from stepsmith.core.answers import strip_reasoning
from stepsmith.core.errors import CaseError
from stepsmith.envs.reading import program_in


class ExtractionRule(NamedTuple):
    """One rule: its name at the command line, what it does in words, where it is from, and the function."""

    name: str
    says: str
    source: str
    take: Callable[[str, str], str]


def extraction_rule(name: str) -> ExtractionRule:
    """Return the rule of a name. Raises ``CaseError`` that lists the names for one that does not exist."""
    if name not in RULES:
        raise CaseError(f"unknown extraction rule {name!r}; use one of {', '.join(RULES)}")
    return RULES[name]


def _strict(reply: str, entry_point: str) -> str:
    return program_in(reply, entry_point or None) or ""


def _whole(reply: str, _: str) -> str:
    return reply


def _answer_or_all(reply: str, entry_point: str) -> str:
    return _strict(reply, entry_point) or strip_reasoning(reply)


def _between_last(reply: str, mark: str) -> str | None:
    """Return the lines between the last two lines that contain ``mark``; None if there are fewer than two."""
    lines = reply.split("\n")
    marked = [number for number, line in enumerate(lines) if mark in line]
    return "\n".join(lines[marked[-2] + 1 : marked[-1]]) if len(marked) >= 2 else None


def _last_fence(reply: str, _: str) -> str:
    return _between_last(reply, "```") or ""


def _python_tags(reply: str, entry_point: str) -> str:
    tagged = _between_last(reply, "PYTHON]")
    return _last_fence(reply, entry_point) if tagged is None else tagged


def _after_last_python_fence(reply: str, _: str) -> str:
    return reply.split("```python")[-1].split("```")[0]


def _first_fence_or_all(reply: str, _: str) -> str:
    found = re.search(r"```(?:python)?\n(.*?)```", reply, re.DOTALL)
    return (found[1] if found else reply).strip()


def _cruxeval_input(reply: str, _: str) -> str:
    text = _before_stop(reply)
    text = text.split("==")[0].strip()
    return "f" + text.split("assert f")[1].strip() if "assert f" in text else text


def _cruxeval_output(reply: str, _: str) -> str:
    text = _before_stop(reply)
    return text.split("==")[1].strip() if "==" in text else text.strip()


def _before_stop(reply: str) -> str:
    """Return what a reply says in its answer tags: generation stopped at the closing tag, and the prompt opened it."""
    text = reply.split("[ANSWER]")[1] if "[ANSWER]" in reply else reply
    return text.split("[/ANSWER]")[0].strip()


def _code_execution(reply: str, _: str) -> str:
    text = reply.split("==")[1].strip() if "==" in reply else reply
    return (text.split("[/ANSWER]")[0] if "[/ANSWER]" in text else text.split("\n")[0]).strip()


def _code_execution_cot(reply: str, entry_point: str) -> str:
    return _code_execution(reply.split("[ANSWER]")[1].strip() if "[ANSWER]" in reply else reply, entry_point)


def _test_output(reply: str, _: str) -> str:
    lines = reply.split("\n")
    if asserts := [line for line in lines if line.startswith("assert")]:
        return asserts[-1]
    tagged = [number for number, line in enumerate(lines) if "```python" in line or "```Python" in line]
    fences = [number for number, line in enumerate(lines) if "```" in line]
    if tagged:
        fences = [tagged[0], *(number for number in fences if number > tagged[0])]
    return "\n".join(lines[fences[0] + 1 : fences[1]]) if len(fences) >= 2 else ""


def _boxed(reply: str, _: str) -> str:
    return last_boxed(strip_reasoning(reply)) or ""


def last_boxed(text: str) -> str | None:
    r"""Return what the last complete ``\boxed{...}`` holds, braces inside it included; None without one."""
    for found in reversed(list(re.finditer(r"\\f?boxed\s*\{", text))):
        depth = 1
        for place in range(found.end(), len(text)):
            depth += (text[place] == "{") - (text[place] == "}")
            if depth == 0:
                return text[found.end() : place].strip()
    return None


def _boxed_after_think(reply: str, _: str) -> str:
    _before, found, rest = reply.split("</think>")[-1].strip().rpartition("\\boxed{")
    return _to_closing(rest) if found else ""


def _last_boxed(reply: str, _: str) -> str:
    if "\\boxed " in reply:
        return reply.split("\\boxed ")[-1].split("$")[0]
    _before, found, rest = reply.rpartition("\\boxed")
    return _to_closing(rest[1:]) if found and rest.startswith("{") else ""


def _to_closing(text: str) -> str:
    """Return the text up to the brace that closes the one before it; "" if it is missing."""
    depth = 1
    for place, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return text[:place]
    return ""


def _hashes_in_300(reply: str, _: str) -> str:
    found = re.findall(r"#### (-?[0-9.,]+)", reply[-300:])
    return found[-1].replace(",", "") if found else ""


def _last_closed_fence(reply: str, _: str) -> str:
    reply = reply.replace("\r", "")
    mark = "```python" if "```python" in reply else "```"
    before, _, rest = reply.rpartition(mark)
    code, closed, _ = rest.partition("```")
    return code.strip() if closed and (before or reply.startswith(mark)) else ""


_NUMBER = re.compile(r"-?\$?\d[\d,]*(?:\.\d+)?")


def _after_hashes(reply: str, _: str) -> str:
    found = re.findall(r"####\s*(.+)", reply)
    return _plain_number(found[-1]) if found else ""


def _last_number(reply: str, _: str) -> str:
    found = _NUMBER.findall(strip_reasoning(reply))
    return _plain_number(found[-1]) if found else ""


def _plain_number(text: str) -> str:
    found = _NUMBER.search(text)
    return found[0].replace(",", "").replace("$", "") if found else text.strip()


_LCB = "LiveCodeBench 28fef95, lcb_runner/utils/extraction_utils.py"
_CRUX = "cruxeval 190faf1, inference/tasks"
RULES: Mapping[str, ExtractionRule] = {
    rule.name: rule
    for rule in (
        ExtractionRule(
            "strict",
            "after the reasoning, the last complete block that defines the entry point or reads standard input, else "
            "the last complete block",
            "Stepsmith, envs/reading.py",
            _strict,
        ),
        ExtractionRule(
            "strict-or-all", "as strict; the whole answer where it has no block", "Stepsmith", _answer_or_all
        ),
        ExtractionRule("whole", "the reply as it is", "HumanEval; LiveCodeBench for base models", _whole),
        ExtractionRule(
            "last-fence",
            "the lines between the last two lines that contain ```, wherever they are in the line or the reasoning",
            f"{_LCB}; lighteval 0.13.0 and NeMo Gym 07d6b0d have the same",
            _last_fence,
        ),
        ExtractionRule(
            "python-tags", "the lines between the last two with PYTHON], else as last-fence", f"{_LCB}", _python_tags
        ),
        ExtractionRule(
            "after-last-python-fence",
            "from the last ```python to the next ```, or to the end; the reply from its start where there is none",
            "verl 0.9.1, utils/reward_score/prime_code/__init__.py",
            _after_last_python_fence,
        ),
        ExtractionRule(
            "first-fence-or-all",
            "the first block without a tag or with the tag python; the whole reply where there is none",
            "verifiers 0.4.0, environments/code_golf",
            _first_fence_or_all,
        ),
        ExtractionRule("cruxeval-input", "the call before ==, without assert", _CRUX, _cruxeval_input),
        ExtractionRule("cruxeval-output", "what follows the first ==", _CRUX, _cruxeval_output),
        ExtractionRule(
            "code-execution", "what follows the first ==, to the tag or the line's end", _LCB, _code_execution
        ),
        ExtractionRule("code-execution-cot", "the same, after the first [ANSWER]", _LCB, _code_execution_cot),
        ExtractionRule(
            "test-output", "the last line that starts with assert, else the first block", _LCB, _test_output
        ),
        ExtractionRule("boxed", r"the last complete \boxed{...} after the reasoning", "Stepsmith", _boxed),
        ExtractionRule(
            "boxed-after-think",
            r"the last \boxed{...} after </think>, if its braces are closed",
            "verifiers 0.4.0, MathRubric",
            _boxed_after_think,
        ),
        ExtractionRule(
            "last-boxed",
            r"the last \boxed{...} anywhere, or what follows the last `\boxed `",
            "verl 0.9.1, utils/reward_score/math_reward.py",
            _last_boxed,
        ),
        ExtractionRule(
            "hashes-in-300",
            "the number after the last #### of the last 300 characters",
            "verl 0.9.1, utils/reward_score/gsm8k.py",
            _hashes_in_300,
        ),
        ExtractionRule(
            "last-closed-fence",
            "the last ```python block, or the last ```; none if it is not closed",
            "NeMo Gym 07d6b0d, resources_servers/evalplus",
            _last_closed_fence,
        ),
        ExtractionRule("after-hashes", "the number after the last ####", "GSM8K", _after_hashes),
        ExtractionRule("last-number", "the last number after the reasoning", "Stepsmith", _last_number),
    )
}
