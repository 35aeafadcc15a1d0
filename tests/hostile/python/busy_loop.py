# attack: compute for ever
# stopped by: CPU limit
# verdict: TLE
while True:
    pass
