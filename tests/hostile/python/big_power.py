# attack: a single arithmetic operation without end
# stopped by: CPU limit or memory limit
# verdict: TLE MLE
x = 9 ** (9 ** 9)
