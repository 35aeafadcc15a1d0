# attack: return a list whose iteration and length lie
# stopped by: subclasses of plain types are reduced to their plain value
# verdict: WA
# interface: function
# entry: solve
# input: (1, 2)
# expected: [3]
class Liar(list):
    def __iter__(self):
        return iter([3])

    def __repr__(self):
        return "[3]"

    def __len__(self):
        return 1

def solve(a, b):
    return Liar([1, 2, 4])
