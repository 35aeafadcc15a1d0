from itertools import combinations


def two_sum(nums, target):
    print("looking for", target)
    return next((i, j) for i, j in combinations(range(len(nums)), 2) if nums[i] + nums[j] == target)
