# attack: return an object that equals everything, and prints as one might hope
# stopped by: only the text of plain values counts, and it is compared in another process
# verdict: WA
# interface: function
# entry: solve
# input: (1, 2)
# expected: 3
class Everything:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 3

    def __repr__(self):
        return "Everything()"

def solve(a, b):
    return Everything()
