# attack: pass descriptors through a socket pair, where limits do not count them
# stopped by: system call filter (sendmsg)
# verdict: AC
import socket

one, two = socket.socketpair()
try:
    socket.send_fds(one, [b"x"], [0])
    print("BROKEN")
except OSError:
    print("held")
