# attack: constant folding without end
# stopped by: the compiler folds small constants only; then CPU and memory limits
# verdict: CE TLE MLE
def f():
    return ((1 << 4000) ** 4000) ** 4000

f()
