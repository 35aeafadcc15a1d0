# attack: print without end and take it back, so that only the right answer is left
# stopped by: nothing is wrong with that: what is left is the output
# verdict: AC OLE
import os

os.write(1, b"wrong\n")
os.lseek(1, 0, 0)
os.ftruncate(1, 0)
os.write(1, b"held\n")
