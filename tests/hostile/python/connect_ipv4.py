# attack: reach a server on the judge's loopback by IPv4
# stopped by: system call filter; network namespace
# verdict: AC
import socket
import sys

targets = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
    try:
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.connect(("127.0.0.1", int(targets["tcp4"])))
            sock.send(b"BROKEN")
        print("BROKEN", kind)
    except OSError:
        pass
print("held")
