"""The fork server: a small Python interpreter that confines itself, then forks a process per solution.

It holds no inputs, outputs or secrets, and has an empty environment. Started by ``worker.Worker``.
"""

import _sitebuiltins
import _socket
import builtins
import contextlib
import fcntl
import gc
import json
import os
import resource
import signal
import sys

from stepsmith.sandbox import folder, landlock, linux, namespaces, supervisor, wire
from stepsmith.sandbox.confinement import EXEC_FD, MB, Confinement, limit_resources, no_new_privileges

LOADER = "/lib64/ld-linux-x86-64.so.2"
# What contest programs import most, so that they find it loaded.
PRELOADED = (
    "math cmath collections heapq itertools bisect functools re string random io typing operator copy "
    "datetime decimal fractions json enum array threading atexit"
)


def main(descriptor: int) -> None:
    """Serve one judge over a socket until it hangs up."""
    control = _socket.socket(fileno=fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, EXEC_FD + 1))
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    for low in (0, 1, 3, EXEC_FD):  # so that no descriptor of ours ever lies where a test's own are put
        os.dup2(null, low)
    packet, _ = wire.receive(control)
    if not packet:
        return
    settings = json.loads(packet)
    if settings["level"] >= 2:
        namespaces.unshare()
        pid = namespaces.fork_sibling()
        if pid:
            wire.send(control, wire.encode({"pid": pid}))
            os._exit(0)
    server = Server(settings)
    wire.send(control, wire.encode({"ready": 1}))
    server.serve(control)


class Server:
    """The fork server's state: the confinements it can give, and the solution's process that is open."""

    def __init__(self, settings: dict[str, object]) -> None:
        self.level = int(settings["level"])  # type: ignore[call-overload]
        self.box = str(settings["box"])
        self.readable = list(settings["readable"])  # type: ignore[call-overload]
        self.programs = list(settings["programs"])  # type: ignore[call-overload]
        uid = settings["uid"]
        assert uid is None or isinstance(uid, int)
        self.own_user = self.level >= 2 or uid is not None
        self.child = 0
        self.status = 0
        self.folder = folder.Folder(f"{self.box}/run")
        self.confinements: dict[tuple[str, str, bool], Confinement] = {}
        preload(list(settings["packages"]), list(settings["package_path"]), str(settings["package_root"]))  # type: ignore[call-overload]
        self.base_mb = _address_space_mb()
        self._drop(uid, int(settings["box_mb"]))  # type: ignore[call-overload]
        self.confinement("python", folder="", spawning=False)
        gc.collect()
        gc.freeze()

    def _drop(self, uid: int | None, box_mb: int) -> None:
        if self.level >= 2:
            namespaces.build_root([*self.readable, *self.programs], self.box, box_mb)
        if self.level >= 1:
            namespaces.drop_privileges(uid)
            no_new_privileges()
        self.folder.make()

    def confinement(self, kind: str, *, folder: str, spawning: bool) -> Confinement:
        """Return the confinement for a kind of program, built on first use."""
        key = kind, folder, spawning
        if key not in self.confinements:
            rules = [(path, landlock.READ) for path in [*self.readable, *namespaces.DEVICES]]
            rules.append(("/dev/null", landlock.READ | landlock.WRITE_FILE))
            if kind != "python":
                rules.append((os.path.realpath(LOADER), landlock.READ | landlock.EXECUTE))
            if kind == "command":
                rules += [(path, landlock.READ | landlock.EXECUTE) for path in self.programs]
                rules.append(("/proc/cpuinfo", landlock.READ))
            if folder:
                rules.append((self.folder.path, landlock.CHANGE if folder == "write" else landlock.READ))
            self.confinements[key] = Confinement(
                self.level, rules, writing=folder == "write", spawning=spawning, executing=kind != "python"
            )
        return self.confinements[key]

    def serve(self, control: _socket.socket) -> None:
        """Answer packets until the judge hangs up."""
        while True:
            packet, fds = wire.receive(control)
            self._end()
            if not packet:
                return
            request = json.loads(packet)
            if request["op"] == "open":
                self._open(control, request, fds)
            elif request["op"] == "collect":
                files = self.folder.collect(request["names"], request["max_bytes"])
                wire.send(control, wire.encode({"names": [name for name, _ in files]}), [fd for _, fd in files])
                fds = [fd for _, fd in files]
            elif request["op"] == "status":
                wire.send(control, wire.encode({"status": self.status}))
            for descriptor in fds:
                os.close(descriptor)

    def _open(self, control: _socket.socket, request: dict[str, object], fds: list[int]) -> None:
        session, code, *files = fds
        self.folder.empty()
        self.folder.fill(request["names"], files)  # type: ignore[arg-type]
        confinement = self.confinement(
            str(request["kind"]), folder=str(request["folder"]), spawning=bool(request["spawning"])
        )
        self.child = linux.fork()
        if self.child == 0:
            try:
                control.close()
                linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
                self._become_supervisor(_socket.socket(fileno=session), code, request, confinement)
            except BaseException as error:
                os.write(2, f"supervisor: {error!r}\n".encode())
                os._exit(1)
            os._exit(0)

    def _become_supervisor(
        self, session: _socket.socket, code_fd: int, request: dict[str, object], confinement: Confinement
    ) -> None:
        limits = request["limits"]
        assert isinstance(limits, dict)
        if request["folder"]:
            os.chdir(self.folder.path)
            sys.path.insert(0, self.folder.path)
        code = None
        if request["kind"] == "command":
            path = request["command"][0]  # type: ignore[index]
            os.dup2(os.open(path, os.O_PATH | os.O_CLOEXEC), EXEC_FD, inheritable=False)
        elif request["kind"] == "binary":
            os.dup2(code_fd, EXEC_FD, inheritable=False)
        confinement.enter_supervisor()
        if request["kind"] == "python":
            code, problem = supervisor.compile_python(wire.read_file(code_fd), request["command"][0])  # type: ignore[index]
            if code is None:
                wire.send(session, wire.encode({"ok": False, "text": problem}))
                return
            start = supervisor.python_start(code, request["entry_point"], request["command"])  # type: ignore[arg-type]
        else:
            start = supervisor.exec_start(list(request["command"]))  # type: ignore[call-overload]
        wire.send(session, wire.encode({"ok": True, "text": ""}))
        limit_resources(
            base_mb=self.base_mb,
            memory_mb=limits["memory_mb"],
            output_bytes=limits["output_bytes"],
            own_user=self.own_user,
            is_compiler=bool(request["spawning"]),
        )
        supervisor.serve(session, start, confinement, limits["cpu_s"], limits["wall_s"])

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


def preload(packages: list[str], package_path: list[str], package_root: str) -> None:
    """Import what programs are likely to need, and give them the builtins that ``site`` would."""
    sys.path += package_path
    for name in [*PRELOADED.split(), *packages]:
        __import__(name)
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")  # type: ignore[assignment]
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")  # type: ignore[assignment]
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # too much output ends a program, as it would one in C
    if package_root in sys.path:
        sys.path.remove(package_root)


def _address_space_mb() -> int:
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[0]) * resource.getpagesize() // MB + 1
