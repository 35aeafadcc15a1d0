# attack: ignore every signal that a limit could send
# stopped by: the supervisor kills with SIGKILL
# verdict: TLE
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
