# cheat: return an int whose comparisons and text lie
# stopped by: only the text of plain values counts, compared in another process
class Lie(int):
    def __eq__(self, other):
        return True

    def __repr__(self):
        return "10"

    __str__ = __repr__

def even_sum(nums):
    return Lie(1)
