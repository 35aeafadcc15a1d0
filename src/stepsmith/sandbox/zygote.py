"""The fork server (zygote): a small Python interpreter that confines itself, then forks a process per solution.

It holds no inputs, outputs or secrets, and its environment is empty. ``worker.Worker`` starts it.
"""

import _socket
import contextlib
import gc
import os
import re
import signal
import site
import sys
from typing import cast

from stepsmith.sandbox import devices, landlock, linux, namespaces, native_loop, solution, warm_up, wire
from stepsmith.sandbox.confinement import EXEC_FD, Confinement, limit_server, no_new_privileges
from stepsmith.sandbox.folder import Folder

LOADER = "/lib64/ld-linux-x86-64.so.2"
# The modules that contest programs import most; they are loaded beforehand. Each module makes every fork a bit slower.
PRELOADED = "math collections heapq itertools bisect functools re string random io typing operator copy threading"


def main(descriptor: int) -> None:
    """Serve one judge over a socket until the judge closes it."""
    if descriptor == EXEC_FD + 1:  # dup2 refuses equal numbers
        os.set_inheritable(descriptor, False)
    else:
        descriptor = os.dup2(descriptor, EXEC_FD + 1, inheritable=False)
    control = _socket.socket(fileno=descriptor)
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    for low in (0, 1, 3, EXEC_FD):  # reserve the numbers of a test's descriptors, so that none of ours gets them
        os.dup2(null, low)
    packet, _ = wire.receive(control)
    if not packet:
        return
    settings = wire.unpack_settings(packet)
    if settings["level"] >= 2:
        namespaces.unshare()
        pid = namespaces.fork_sibling()
        if pid:
            wire.send(control, str(pid).encode())
            os._exit(0)
    zygote = Zygote(control, settings)
    wire.send(control, b"ready", [zygote.binaries] if zygote.binaries >= 0 else [])
    zygote.serve()


class Zygote:
    """The fork server's state: the confinements that it has built, and the open solution's process."""

    def __init__(self, control: _socket.socket, settings: wire.ServerSettings) -> None:
        self.control = control
        self.level = settings["level"]
        self.readable = settings["readable"]
        self.programs = settings["programs"]
        self.folder = Folder(f"{settings['box']}/run")
        self.confinements: dict[tuple[str, str, bool], Confinement] = {}
        self.child = 0
        self.status = 0
        preload(settings)
        self.loop = _loop(settings["library"])
        gc.collect()
        if isinstance(self.loop, native_loop.NativeLoop):
            self.loop.arrange_memory()
        self.base_mb = solution.address_space_mb()
        self.binaries = -1  # a folder that the judge puts binaries in
        if self.level >= 2:
            namespaces.build_root([*self.readable, *self.programs], settings["box"], settings["box_mb"])
            with contextlib.suppress(OSError):  # an older kernel
                self.binaries = namespaces.memory_folder()
        if self.level >= 1:
            namespaces.drop_privileges(settings["uid"])
            no_new_privileges()
        self.folder.make()
        # Processes are counted per user; since Linux 5.14 per user namespace.
        version = re.match(r"(\d+)\.(\d+)", os.uname().release)
        new_kernel = version is not None and (int(version[1]), int(version[2])) >= (5, 14)
        limit_server(own_user=settings["uid"] is not None or (self.level >= 2 and new_kernel))
        self.confinement("python", folder="", spawning=False)
        gc.collect()
        gc.freeze()

    def confinement(self, kind: str, *, folder: str, spawning: bool) -> Confinement:
        """Return the confinement for a kind of program; it is built at its first use."""
        key = kind, folder, spawning
        if key not in self.confinements:
            rules: list[tuple[str | int, int]] = [
                (path, landlock.READ) for path in [*self.readable, *namespaces.DEVICES]
            ]
            rules.append(("/dev/null", landlock.READ | landlock.WRITE_FILE))
            if kind != "python":
                rules.append((os.path.realpath(LOADER), landlock.READ | landlock.EXECUTE))
            if kind == "binary" and self.binaries >= 0:
                rules.append((self.binaries, landlock.READ | landlock.EXECUTE))
            if kind == "command":
                rules += [(path, landlock.READ | landlock.EXECUTE) for path in self.programs]
                rules.append(("/proc/cpuinfo", landlock.READ))
            if folder:
                rules.append((self.folder.path, landlock.CHANGE if folder == "write" else landlock.READ))
            self.confinements[key] = Confinement(
                self.level, rules, writing=folder == "write", spawning=spawning, executing=kind != "python",
                has_key=isinstance(self.loop, native_loop.NativeLoop),
            )  # fmt: skip
        return self.confinements[key]

    def serve(self) -> None:
        """Answer packets until the judge closes the connection."""
        while True:
            packet, fds = wire.receive(self.control)
            self._end()
            if not packet:
                return
            request = wire.unpack_request(packet)
            if request["op"] == "open":
                self._open(cast(wire.OpenRequest, request), fds)
            elif request["op"] == "collect":
                fds += self._collect(cast(wire.CollectRequest, request))
            else:
                wire.send(self.control, str(self.status).encode())
            for descriptor in fds:
                os.close(descriptor)

    def _open(self, request: wire.OpenRequest, fds: list[int]) -> None:
        session, code, *files = fds
        self.folder.empty()
        self.folder.fill(request["names"], files)
        confinement = self.confinement(request["kind"], folder=request["folder"], spawning=request["spawning"])
        self.child = linux.fork()
        if self.child == 0:
            try:
                self.control.close()
                for descriptor in files:
                    os.close(descriptor)
                place = self.folder.path if request["folder"] else ""
                sock = _socket.socket(fileno=session)
                if request["one_shot"] and isinstance(self.loop, native_loop.NativeLoop):
                    become = solution.become_binaries if request["kind"] == "binary" else solution.become_one_shots
                    become(sock, request, confinement, self.loop, folder=place, base_mb=self.base_mb)
                else:
                    solution.become(sock, code, request, confinement, self.loop, folder=place, base_mb=self.base_mb)
            except BaseException as error:
                os.write(2, f"{error!r}\n".encode())
                os._exit(1)
            os._exit(0)

    def _collect(self, request: wire.CollectRequest) -> list[int]:
        files = self.folder.collect(request["names"], request["max_bytes"])
        fds = [descriptor for _, descriptor in files]
        wire.send(self.control, b"".join(name.encode() + b"\0" for name, _ in files) or b"\0", fds)
        return fds

    def _end(self) -> None:
        """Kill whatever is left of the last solution, and reap it."""
        if not self.child:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.child, signal.SIGKILL)
            if self.level >= 2:
                os.kill(-1, signal.SIGKILL)  # the first process of its namespace is spared
        _pid, self.status = os.waitpid(self.child, 0)
        self.child = 0
        with contextlib.suppress(ChildProcessError):
            while self.level >= 2:
                os.waitpid(-1, 0)


def _loop(library: str) -> solution.Loop:
    if library:
        return native_loop.NativeLoop(library)
    from stepsmith.sandbox import supervisor  # and the modules that only it needs

    return supervisor.PythonLoop()


def preload(settings: wire.ServerSettings) -> None:
    """Import what programs are likely to need, and give them the builtins that ``site`` would."""
    sys.path += settings["package_path"]
    for name in [*PRELOADED.split(), *settings["packages"]]:
        __import__(name)
    site.setquit()
    site.setcopyright()
    site.sethelper()
    devices.install()
    sys.dont_write_bytecode = True  # programs may not, and should not lose time trying
    warm_up.run()
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # too much output ends a program, as it would one in C
    # What else lies beside the packages can be seen at L1 and not read, so that importing it would be no ImportError.
    for path in (settings["package_root"], *settings["package_path"]):
        if path in sys.path:
            sys.path.remove(path)
