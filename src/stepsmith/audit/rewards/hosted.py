"""A reward in a process of its own: it is started, called with time-outs, and started again after it died."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from stepsmith.audit.rewards.target import RewardTarget
from stepsmith.audit.rewards.trials import Fault, Odd, Paid, Reply, RewardCall
from stepsmith.core.errors import ConfigError

HOST = Path(__file__).parent / "hosting" / "host.py"
LOADING_S = 120.0  # importing torch or opening a sandbox takes its time
STDERR_SHOWN = 600  # characters


class _HostHello(msgspec.Struct):
    """The first line of the host."""

    kind: str = ""
    tasks: dict[str, dict[str, Any]] | None = None
    python: str = ""
    failed: str = ""


class _HostAnswer(msgspec.Struct):
    """An answer of the host to one request."""

    replies: list[dict[str, Any]]
    hits: int = 0


class HostedReward:
    """Calls a reward in its own process. Usable from one thread at a time."""

    def __init__(
        self, target: RewardTarget, fault: Fault = "", cores: int | None = None, seed: int | None = None
    ) -> None:
        self.target, self.fault, self.cores, self.seed = target, fault, cores, seed
        self.hits = 0
        self.interface = target.interface
        self.tasks: dict[str, dict[str, Any]] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._buffer = b""
        self._log: Any = None

    def call(self, calls: Sequence[RewardCall], *, together: bool, timeout_s: float | None = None) -> list[Reply]:
        """Return a reply to each call. A crash or a time-out of the target is a reply, too."""
        self.start()
        limit = timeout_s or self.target.timeout_s
        if together:
            return self._exchange(calls, True, limit)
        replies = []
        for call in calls:
            replies += self._exchange([call], False, limit)
        return replies

    def start(self) -> None:
        """Start the process, unless it runs. Raises ``ConfigError`` if the target cannot be loaded."""
        if self._process is not None:
            return
        ours, theirs = socket.socketpair()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        described = {
            "reference": self.target.reference,
            "kind": self.target.interface,
            "arguments": self.target.arguments,
            "fault": self.fault,
            "cores": self.cores,
        }
        try:
            self._process = subprocess.Popen(
                [self.target.python, str(HOST), str(theirs.fileno()), msgspec.json.encode(described).decode()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                cwd=self.target.folder if Path(self.target.folder).is_dir() else None,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={
                    **os.environ,
                    "PYTHONDONTWRITEBYTECODE": "1",
                    **({} if self.seed is None else {"PYTHONHASHSEED": str(self.seed)}),
                },
            )
        except OSError as error:
            ours.close()
            self._log.close()
            raise ConfigError(f"cannot start {self.target.python}: {error.strerror}") from None
        finally:
            theirs.close()
        self._channel, self._buffer = ours, b""
        try:
            line = self._line(LOADING_S)
        except (TimeoutError, EOFError) as error:
            said = self._stderr()
            self.close()
            how = f"takes longer than {LOADING_S:g} s" if isinstance(error, TimeoutError) else "ends the interpreter"
            raise ConfigError(f"loading {self.target.reference} {how}; {said}") from None
        hello = msgspec.json.decode(line, type=_HostHello)
        if hello.failed:
            self.close()
            raise ConfigError(f"{self.target.reference} cannot be loaded by {self.target.python}: {hello.failed}")
        self.interface, self.tasks = hello.kind, hello.tasks  # type: ignore[assignment]

    def close(self) -> None:
        """End the process and all that it started in its session."""
        process, self._process = self._process, None
        if self._channel:
            self._channel.close()
            self._channel = None
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1.0)  # it ends by itself at the end of the conversation, and closes what it opened
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if self._log:
            self._log.close()
            self._log = None

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self.close()

    def _exchange(self, calls: Sequence[RewardCall], together: bool, limit: float) -> list[Reply]:
        self.start()
        assert self._channel is not None
        request = {"calls": calls, "together": together}
        try:
            self._channel.sendall(msgspec.json.encode(request) + b"\n")
            answer = msgspec.json.decode(self._line(limit), type=_HostAnswer)
        except TimeoutError:
            self.kill()
            return [Reply(ending="timed-out", detail=f"no answer in {limit:g} s")] * len(calls)
        except (EOFError, OSError, msgspec.DecodeError) as error:
            said = self._death() if not isinstance(error, msgspec.DecodeError) else "it wrote what is no answer"
            self.kill()
            return [Reply(ending="died", detail=said)] * len(calls)
        self.hits = answer.hits
        return [_reply(one) for one in answer.replies]

    def _line(self, limit: float) -> bytes:
        """Return the next line. Raises ``TimeoutError`` and, at the end of the conversation, ``EOFError``."""
        assert self._channel is not None
        until = time.monotonic() + limit
        while b"\n" not in self._buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._channel], [], [], left)[0]:
                raise TimeoutError
            part = self._channel.recv(1 << 16)
            if not part:
                raise EOFError
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _death(self) -> str:
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2.0)
        code = self._process.returncode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return f"the process of the reward ended with {how}"

    def _stderr(self) -> str:
        if not self._log:
            return ""
        self._log.seek(0)
        text: str = self._log.read().decode("utf-8", "replace").strip()
        return text[-STDERR_SHOWN:]


def _reply(answer: dict[str, Any]) -> Reply:
    if "raised" in answer:
        return Reply(ending="raised", detail=str(answer["raised"]))
    rewards = answer["rewards"]
    if isinstance(rewards, dict):
        return Reply(rewards=(Odd(text=str(rewards["odd"])),))
    return Reply(rewards=tuple(_paid(one) for one in rewards))


def _paid(one: Any) -> Paid:
    if isinstance(one, dict):
        return Odd(text=str(one["odd"]))
    return None if one is None else float(one)
