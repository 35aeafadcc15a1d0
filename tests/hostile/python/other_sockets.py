# attack: netlink, packet, vsock and other kinds of socket
# stopped by: system call filter
# verdict: AC
import socket

for family in (socket.AF_NETLINK, socket.AF_PACKET, 40, 38, 31, 29, 44):
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM, socket.SOCK_STREAM):
        try:
            socket.socket(family, kind).close()
            print("BROKEN", family, kind)
        except OSError:
            pass
print("held")
