"""Run a small typical program in the fork server before it serves, so that the interpreter's caches are filled.

The interpreter caches where methods are found, which strings are interned, and specialised bytecode. Entries that are
made before the fork are shared by all tests; after the fork, each one copies a page of memory.
"""

import gc
import os
import sys

from stepsmith.sandbox import python_child

RUNS = 8  # after so many runs bytecode is specialised
INPUT = b"5\n3 1 2\n4 5\n6\n"
PROGRAM = """
import bisect, functools, heapq, itertools, math, sys
from collections import Counter, defaultdict, deque

class Point:
    def __init__(self, x, y=1):
        self.x, self.y = x, y
    def __lt__(self, other):
        return self.x < other.x
    def total(self):
        return self.x + self.y

@functools.lru_cache(None)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

def solve(n, values):
    best, seen, queue, heap = 0, set(), deque(), []
    counts, groups, found = Counter(values), defaultdict(list), {}
    for i, value in enumerate(values):
        found[value] = found.get(value, 0) + 1
        seen.add(value)
        queue.append(value)
        heapq.heappush(heap, (value, i))
        groups[value % 3].append(i)
        if value > best:
            best = value
        while queue and queue[0] < value:
            queue.popleft()
    values.sort()
    values = sorted(values, key=lambda value: -value)
    values.reverse()
    values.pop()
    values.insert(0, 1)
    values.extend([1, 2])
    grid = [[0] * 3 for _ in range(3)]
    grid[1][2] = bisect.bisect_left(values, 3)
    pairs = tuple(zip(values, range(5)))
    text = "".join(str(value) for value in values).strip().lower().replace("1", "2").split("2")
    line = f"{sum(v for v in values if v % 2 == 0)} {max(values) - min(values):.2f} {text!r}"
    try:
        int("x")
    except ValueError as error:
        str(error)
    heapq.heappop(heap)
    numbers = math.gcd(4, 6), abs(-1), divmod(7, 2), pow(2, 5, 7), 1 / 2, 7 // 2, 2 ** 0.5, round(2.5)
    point = Point(1)
    flags = point < Point(2), isinstance(point, Point), "a" in line, not seen, any(values), all(values)
    while n > 0:
        n -= 1
    return best, "%d" % point.total(), line, sorted(found.items()), counts.most_common(1), ord("a"), chr(98), \\
        list(reversed(values)), fibonacci(5), numbers, flags, list(itertools.permutations(values[:2])), pairs

def main():
    n = int(input())
    values = list(map(int, input().split()))
    rest = sys.stdin.readline()
    more = [line.strip() for line in sys.stdin]
    for part in solve(n, values + [int(value) for value in rest.split()]):
        print(part)
    print(*values)
    print(n, end=" ")
    print("x", "y", sep=",")
    sys.stdout.write("\\n".join(map(str, values)) + sys.stdin.read())

if __name__ == "__main__":
    main()
"""


FUNCTION = (
    "def solve(values, limit):\n    return [value for value in values if value < limit], str(limit), {limit: None}\n"
)
ARGUMENTS = b"([1, 2, 3], 3)"


def run() -> None:
    """Run the programs a few times; afterwards the interpreter's streams and modules are as before."""
    usual = sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__, sys.argv, sys.orig_argv
    main = sys.modules["__main__"]
    for source, entry_point, text in ((PROGRAM, None, INPUT), (FUNCTION, "solve", ARGUMENTS)):
        code = compile(source, "solution.py", "exec")
        for _ in range(RUNS):
            _give(0, text)
            program = python_child.PythonMain(["solution.py"])
            program.end_preparations()
            program.start(code, entry_point=entry_point, shared=False, memory_mb=1 << 20)
            program.prepare()
            if program.execute([]) or not program.settle():
                raise RuntimeError("the warm-up program has failed")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__, sys.argv, sys.orig_argv = usual  # type: ignore[misc]
    sys.modules["__main__"] = main
    del sys.modules[python_child.FUNCTION_MODULE]
    gc.unfreeze()


def _give(number: int, content: bytes) -> None:
    """Make a descriptor refer to a memory file with the given content."""
    file = os.memfd_create("input")
    os.write(file, content)
    os.lseek(file, 0, os.SEEK_SET)
    os.dup2(file, number)
    os.close(file)
