# attack: an output that is one line of several megabytes
# stopped by: nothing has to: it is compared, and wrong
# verdict: WA
print("x" * (4 << 20))
