# attack: return a list that contains itself
# stopped by: it has no text as a plain value
# verdict: RTE WA MLE
# interface: function
# entry: solve
# input: (1, 2)
# expected: 3
# memory: 128
def solve(a, b):
    value = []
    value.append(value)
    return value
