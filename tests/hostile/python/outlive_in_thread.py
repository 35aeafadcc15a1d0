# attack: leave a thread behind that never ends
# stopped by: an interpreter waits for its threads; wall clock limit
# verdict: TLE
# wall: 1
import threading
import time

threading.Thread(target=time.sleep, args=(10**6,)).start()
print("held")
