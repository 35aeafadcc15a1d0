# attack: bytes that are no text
# stopped by: nothing has to: they are compared, and wrong
# verdict: WA
import sys

sys.stdout.buffer.write(b"held\x00\xff\xfe\xc3\x28\xed\xa0\x80\n" + bytes(range(256)))
