"""The fork server: a small Python interpreter that confines itself, then forks a process per solution.

It holds no inputs, outputs or secrets, and has an empty environment. Started by ``worker.Worker``.
"""

import fcntl
import gc
import os
import resource
import signal
import sys

import _socket

from stepsmith.sandbox import linux, wire
from stepsmith.sandbox.supervisor import Confinement, serve

PRELOADED = (
    "math cmath collections heapq itertools bisect functools re string random io typing operator copy "
    "datetime decimal fractions json enum array threading atexit _sitebuiltins"
).split()


def main(descriptor: int) -> None:
    """Serve one judge over a socket until it hangs up."""
    control = _socket.socket(fileno=fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 16))
    reserved = os.open("/dev/null", os.O_RDWR)
    for low in (0, 1, 3):  # so that no descriptor of ours ever lies where a test's own are put
        os.dup2(reserved, low)
    packet = wire.receive(control)
    if packet is None:
        return
    settings, _ = packet
    confinement = prepare(settings)
    wire.send(control, {"level": confinement.level})
    child = 0
    while True:
        packet = wire.receive(control)
        child = _end(child)
        if packet is None:
            return
        request, fds = packet
        if request["op"] == "open":
            child = _open(control, request, fds, confinement)
        elif request["op"] == "status":
            wire.send(control, {"status": _last_status})


_last_status = 0


def prepare(settings: dict[str, object]) -> Confinement:
    """Preload, freeze the heap, drop privileges."""
    for name in PRELOADED:
        __import__(name)
    _add_site_builtins()
    level = int(settings["level"])  # type: ignore[call-overload]
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    sys.path[:] = [path for path in sys.path if path != settings["package_root"]]
    readable = [str(path) for path in settings["readable"]]  # type: ignore[attr-defined]
    if level >= 1:
        linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    confinement = Confinement(level=level, readable=readable, base_mb=_address_space_mb())
    gc.collect()
    gc.freeze()
    return confinement


def _add_site_builtins() -> None:
    import builtins

    import _sitebuiltins

    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")


def _address_space_mb() -> int:
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[0]) * resource.getpagesize() // (1 << 20) + 1


def _open(control: _socket.socket, request: dict[str, object], fds: list[int], confinement: Confinement) -> int:
    pid = linux.fork()
    if pid == 0:
        try:
            control.close()
            session = _socket.socket(fileno=fds[0])
            serve(session, _read_all(fds[1]), request, confinement)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
        os._exit(0)
    for descriptor in fds:
        os.close(descriptor)
    return pid


def _read_all(descriptor: int) -> bytes:
    with open(descriptor, "rb") as file:  # noqa: PTH123
        return file.read()


def _end(child: int) -> int:
    global _last_status
    if child:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        _pid, _last_status = os.waitpid(child, 0)
    return 0
