"""The published filters: which statements and which solvers' replies are dropped before anything runs."""

import ast
import re

from stepsmith.core.answers import code_blocks
from stepsmith.core.model_outputs import ModelOutput

WORDS_PER_TOKEN = 0.75  # the usual rule for English; the paper counts tokens of a tokenizer that it does not name
CHARS_PER_TOKEN = 4  # where a server does not count

# Words that name a method rather than a task. Ours: the paper only says that statements give no hints.
_HINTS = re.compile(
    r"\b(?:dynamic programming|memoi[sz](?:e|ation)|binary search|ternary search|two pointers?|sliding window"
    r"|prefix sums?|greed(?:y|ily)|backtrack(?:ing)?|breadth[- ]first|depth[- ]first|bfs|dfs|dijkstra|floyd[- ]warshall"
    r"|union[- ]find|disjoint[- ]set|segment tree|fenwick|binary indexed tree|sparse table|trie|hash ?(?:map|table|set)"
    r"|heap|priority queue|monoton(?:ic|e) (?:stack|queue|deque)|topological(?:ly)? (?:order|sort)(?:ing)?|bit ?mask"
    r"|time complexity|divide and conquer|coordinate compression|inclusion[- ]exclusion|sieve|max(?:imum)?[- ]flow"
    r"|suffix (?:array|automaton|tree)|rolling hash|knapsack|memory complexity)\b|\bO\([^)\n]{1,20}\)",
    re.IGNORECASE,
)
_NOT_ALONE = re.compile(
    r"\b(?:previous|earlier|last|original|former)\s+(?:problem|version|task)\b"
    r"|\b(?:harder|easier|simpler|modified)\s+(?:version|variant|problem)\b|\bpass rate\b",
    re.IGNORECASE,
)


def drop_statement(statement: str, min_tokens: int) -> tuple[str, str] | None:
    """Return (reason, detail) to drop a statement, or None.

    Reasons: "statement-too-short" (X-Coder), "hint-in-statement", "not-alone".
    """
    words = len(statement.split())
    if words < min_tokens * WORDS_PER_TOKEN:
        return (
            "statement-too-short",
            f"the statement has {words} words, at least {least_words(min_tokens)} are needed",
        )
    if hint := _HINTS.search(statement):
        return "hint-in-statement", f"the statement names a method: {' '.join(hint[0].split())!r}"
    if reference := _NOT_ALONE.search(statement):
        return "not-alone", f"the statement refers to what its reader has not seen: {reference[0]!r}"
    return None


def least_words(min_tokens: int) -> int:
    """Words that make ``min_tokens`` tokens."""
    return round(min_tokens * WORDS_PER_TOKEN)


def read_solution(completion: ModelOutput, max_tokens: int) -> tuple[str, str]:
    """Return (program, "") of a solver's reply, or ("", reason) to drop it: all reasons are X-Coder's.

    "reply-too-long" (over ``max_tokens``, reasoning included), "reasoning-incomplete" (cut off, or it has no answer
    after the reasoning), "refused", "no-code-block", "several-code-blocks", "syntax-error".
    """
    if tokens(completion) > max_tokens:
        return "", "reply-too-long"
    if completion.refusal or completion.finish_reason in ("content_filter", "refusal"):
        return "", "refused"
    if completion.finish_reason == "length" or not completion.text:
        return "", "reasoning-incomplete"
    blocks = code_blocks(completion.text)
    if len(blocks) != 1:
        return "", "several-code-blocks" if blocks else "no-code-block"
    if blocks[0].language not in ("", "python", "py", "python3"):
        return "", "not-python"
    try:
        ast.parse(blocks[0].code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "", "syntax-error"
    return blocks[0].code.rstrip() + "\n", ""


def tokens(completion: ModelOutput) -> int:
    """Tokens of a reply as the server counted them, else by length."""
    if completion.usage.completion_tokens and not completion.usage.estimated:
        return completion.usage.completion_tokens
    return (len(completion.content) + len(completion.reasoning_content)) // CHARS_PER_TOKEN
