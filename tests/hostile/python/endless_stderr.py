# attack: fill the error output without end
# stopped by: file size limit on the error output
# verdict: OLE
# output: 1
import sys

while True:
    sys.stderr.write("x" * 1000)
