# attack: reach a server by a Unix socket, named and abstract, by stream and datagram, and from a socket pair
# stopped by: system call filter, Landlock's scope, namespaces
# verdict: AC
import socket
import sys

targets = dict(line.rstrip("\n").split(" ", 1) for line in sys.stdin)
for address in (targets["unix"], "\0" + targets["abstract"]):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        try:
            with socket.socket(socket.AF_UNIX, kind) as sock:
                sock.connect(address)
            print("BROKEN", kind)
        except OSError:
            pass
        try:
            one, two = socket.socketpair(socket.AF_UNIX, kind)
            one.sendto(b"BROKEN", address)
            print("BROKEN pair", kind)
        except OSError:
            pass
print("held")
