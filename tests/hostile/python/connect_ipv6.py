# attack: reach a server on the judge's loopback by IPv6
# stopped by: system call filter; network namespace
# verdict: AC
import socket
import sys

targets = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
try:
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
        sock.connect(("::1", int(targets["tcp6"])))
    print("BROKEN")
except OSError:
    print("held")
