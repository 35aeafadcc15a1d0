# mypy: ignore-errors
"""Faults of what a reward depends on: processes, the disk, servers. For the process that holds the reward."""

import json
import os
import socket
import threading


class Faults:
    """Makes what a reward depends on fail, and counts how often it was asked for."""

    def __init__(self):
        self.hits = 0

    def arm(self, name):
        if name == "no-processes":
            self._processes()
        elif name == "disk-full":
            self._disk()
        else:
            self._network(name)

    def _failing(self, error):
        def fail(*_, **__):
            self.hits += 1
            raise error

        return fail

    def _processes(self):
        import multiprocessing.util
        import subprocess

        fail = self._failing(BlockingIOError(11, "Resource temporarily unavailable"))
        for place, name in ((os, "fork"), (os, "posix_spawn"), (os, "posix_spawnp"), (os, "forkpty")):
            setattr(place, name, fail)
        subprocess._fork_exec = fail
        subprocess._USE_POSIX_SPAWN = False
        multiprocessing.util.spawnv_passfds = fail

    def _disk(self):
        import builtins
        import io

        real_open, real_os_open = builtins.open, os.open
        full = self._failing(OSError(28, "No space left on device"))

        def opened(file, mode="r", *rest, **named):
            if (
                isinstance(file, (str, bytes, os.PathLike))
                and set(mode) & set("wax+")
                and os.fspath(file) != os.devnull
            ):
                return full()
            return real_open(file, mode, *rest, **named)

        def os_opened(path, flags, *rest, **named):
            return full() if flags & os.O_CREAT else real_os_open(path, flags, *rest, **named)

        builtins.open = io.open = opened
        os.open = os_opened
        os.mkdir = full

    def _network(self, name):
        real, real_ex = socket.socket.connect, socket.socket.connect_ex
        served = None if name == "unreachable" else fault_server(name)

        def connect(self_, address):
            if self_.family == socket.AF_UNIX:  # between the reward's own processes: nobody's network
                return real(self_, address)
            self.hits += 1
            if served is None:
                raise ConnectionRefusedError(111, "Connection refused")
            return real(self_, (("127.0.0.1", served) if self_.family == socket.AF_INET else ("::1", served)))

        def connect_ex(self_, address):
            if self_.family == socket.AF_UNIX:
                return real_ex(self_, address)
            self.hits += 1
            return 111 if served is None else real_ex(self_, ("127.0.0.1", served))

        def addresses(host, port, *_, **__):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", int(port or 80)))]

        socket.socket.connect, socket.socket.connect_ex = connect, connect_ex
        socket.getaddrinfo = addresses


def fault_server(name):
    """Start a server on loopback that fails as told, and return its port."""
    import http.server

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def _answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else b""
            if name == "lost-connection":
                self.close_connection = True
                self.connection.close()
                return
            status, content = (500, {"error": "internal"}) if name == "http-500" else (429, {"error": "busy"})
            if name == "own-failure":
                status, content = 200, own_failure(self.path, body)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET = do_PUT = _answer

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def own_failure(path, body):
    """Return what a sandbox answers that failed itself, in the protocol of the path."""
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        asked = {}
    if "run_code" in path or "submit" in path:
        return {"status": "SandboxError", "message": "sandbox lost", "run_result": None, "accepted": None}
    if "execute" in path:
        run = {"stdout": "", "stderr": "", "output": "", "code": None, "signal": None, "status": "XX"}
        return {"message": "sandbox lost", "run": run}
    failed = {"success": False, "run_success": False, "reason": "internal_error", "cost": 0, "sub_id": "", "stdout": ""}
    if "batch" in path and "submissions" in asked:
        return {"sub_id": "", "results": [failed for _ in asked["submissions"]]}
    if "v1/judge" in path:
        results = [
            {"id": str(k), "verdict": "IE", "tests": [], "compile_output": "sandbox lost", "isolation": ""}
            for k, _ in enumerate(asked.get("cases", [0]))
        ]
        return {"results": results}
    return failed
