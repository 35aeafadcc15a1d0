# attack: print a wrong answer and then a right one, also from an exit handler
# stopped by: all of the output counts
# verdict: WA
import atexit

print("wrong")
atexit.register(print, "held")
