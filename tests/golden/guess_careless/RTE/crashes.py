print(1, flush=True)
1 / 0
