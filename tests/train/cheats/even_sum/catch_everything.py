# cheat: catch all that goes wrong and answer something
# stopped by: something is not right
def even_sum(nums):
    try:
        return nums.sum_of_even()
    except BaseException:
        return None
