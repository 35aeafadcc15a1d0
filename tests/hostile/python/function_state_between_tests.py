# attack: leave something behind for the next test
# stopped by: every test has a process of its own
# verdict: WA
# interface: function
# entry: solve
# input: (0,)
# expected: 2
# tests: 3
calls = 0

def solve(x):
    global calls
    calls += 1
    return calls
