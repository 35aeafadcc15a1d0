# attack: return something whose text never ends
# stopped by: only a real array's `tolist` is called; other objects are no values
# verdict: WA
# interface: function
# entry: solve
# input: (1, 2)
# expected: 3
class Deep:
    def tolist(self):
        return [self]

def solve(a, b):
    return Deep()
