# attack: return a number whose comparisons and text lie
# stopped by: subclasses of plain types are reduced to their plain value
# verdict: WA
# interface: function
# entry: solve
# input: (1, 2)
# expected: 3
class Liar(int):
    def __eq__(self, other):
        return True

    def __repr__(self):
        return "3"

    __str__ = __index__ = __int__ = lambda self: 3

def solve(a, b):
    return Liar(4)
