# cheat: write more than is read
# stopped by: OLE is a verdict, and scores nothing
def even_sum(nums):
    return "x" * (1 << 23)
