# attack: block on a pipe that nobody writes to
# stopped by: wall clock limit
# verdict: TLE
# wall: 1
import os

reader, writer = os.pipe()
os.read(reader, 1)
