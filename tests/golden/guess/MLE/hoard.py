print(500, flush=True)
x = bytearray(300 << 20)
