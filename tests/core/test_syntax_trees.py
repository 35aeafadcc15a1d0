import ast
import subprocess
import sys

import pytest

from stepsmith.core.syntax_trees import FAULTY, parse_by_turns

# Garbage with finalizers lets other threads run while a tree is built, so that the fault shows within a second.
PROGRAM = """
import ast, sys, threading, time
from stepsmith.core.syntax_trees import parse_by_turns
if sys.argv[1:]:
    parse_by_turns()
class Node:
    def __init__(self): self.me = self
    def __del__(self): sum(range(200))
sys.setswitchinterval(1e-6)
source = "\\n".join(f"def f{i}(a, b):\\n    return [a * {i} + b for a in range(b)]" for i in range(30))
faults, rounds, stop = [], [], time.monotonic() + 1.5
def work():
    while time.monotonic() < stop and not faults:
        for _ in range(50): Node()
        try:
            ast.parse(source)
            ast.literal_eval("[1, [2, [3]]]")
            rounds.append(1)
        except (SystemError, RecursionError) as fault:
            faults.append(fault)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(faults), len(rounds))
"""


def faults_and_rounds(*words: str) -> tuple[int, int]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True)
    faults, rounds = done.stdout.split()
    return int(faults), int(rounds)


def test_threads_parse_by_turns() -> None:
    faults, rounds = faults_and_rounds("by turns")
    assert faults == 0
    assert rounds > 0


@pytest.mark.skipif(not FAULTY, reason="this Python parses in threads")
def test_without_turns_they_cannot_here() -> None:
    assert faults_and_rounds()[0] > 0


def test_the_parser_is_the_same_otherwise() -> None:
    parse_by_turns()
    parse_by_turns()
    assert ast.dump(ast.parse("x + 1", mode="eval")) == ast.dump(compile("x + 1", "", "eval", ast.PyCF_ONLY_AST))
    with pytest.raises(SyntaxError):
        ast.parse("x +")
