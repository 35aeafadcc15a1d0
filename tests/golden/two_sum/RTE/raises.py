def two_sum(nums, target):
    raise ValueError("no idea")
