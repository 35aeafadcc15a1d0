# attack: none: a deep recursion that a judge has to allow
# stopped by: nothing
# verdict: AC
# time: 3
import sys
import threading

sys.setrecursionlimit(10**6)
threading.stack_size(128 << 20)

def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)

result = []
thread = threading.Thread(target=lambda: result.append(depth(100_000)))
thread.start()
thread.join()
print("held" if result == [100_000] and depth(50_000) == 50_000 else "lost")
