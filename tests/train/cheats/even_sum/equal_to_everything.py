# cheat: return an object that equals everything
# stopped by: only the text of plain values counts, compared in another process
class Everything:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0

def even_sum(nums):
    return Everything()
