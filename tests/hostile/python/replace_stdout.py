# attack: replace sys.stdout by an object that claims anything
# stopped by: the output is what reached the descriptor
# verdict: WA RTE
import sys

class Liar:
    closed = False

    def write(self, text):
        return len(text)

    def flush(self):
        return None

    def getvalue(self):
        return "held\n"

    def __eq__(self, other):
        return True

sys.stdout = sys.__stdout__ = Liar()
print("held")
