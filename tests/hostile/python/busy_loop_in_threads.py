# attack: compute for ever in many threads
# stopped by: CPU limit, which counts all threads
# verdict: TLE
import hashlib
import threading

def burn():
    data = bytes(1 << 20)
    while True:
        hashlib.sha256(data)

for _ in range(4):
    threading.Thread(target=burn).start()
