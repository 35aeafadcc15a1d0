# attack: return something whose text never ends
# stopped by: output limit, memory limit or CPU limit
# verdict: MLE TLE RTE OLE
# interface: function
# entry: solve
# input: (1, 2)
# expected: 3
# memory: 128
class Deep:
    def tolist(self):
        return [self]

def solve(a, b):
    return Deep()
