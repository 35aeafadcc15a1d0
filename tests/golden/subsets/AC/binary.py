class Solution:
    def subsets(self, nums):
        return [[n for i, n in enumerate(nums) if mask >> i & 1] for mask in reversed(range(1 << len(nums)))]
