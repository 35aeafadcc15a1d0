# attack: change the arguments, so that a check that looks at them sees what it wants
# stopped by: the judge compares with its own copy
# verdict: WA
# interface: function
# entry: solve
# input: ([3, 1, 2],)
# expected: [1, 2, 3]
def solve(values):
    values[:] = [0]
    return values
