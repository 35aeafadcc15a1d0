# attack: start threads without end
# stopped by: process limit or address space limit; the program gets an error, or is killed
# verdict: RTE MLE AC
# memory: 64
import threading

gate = threading.Event()
started = 0
try:
    while started < 5000:
        threading.Thread(target=gate.wait, daemon=True).start()
        started += 1
    print("BROKEN", started)
except RuntimeError:
    print("held")
gate.set()
