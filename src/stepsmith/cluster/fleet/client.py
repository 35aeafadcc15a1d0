"""Several judge servers behind one judge: one class, because choosing, asking and watching them share their state.

A verdict never depends on which server gave it, nor on its load.

A request goes to the server with the smallest share of its workers busy. If that server is overloaded or stopping, it
is left alone for as long as it asks (Retry-After); if it is lost, the request is sent elsewhere; if its own machinery
fails (IE), another server is asked once. A request that takes much longer than usual is also sent to an idle server,
and the first answer counts. Servers that could judge differently are refused. If nobody can judge, the verdict is IE.
"""

import logging
import statistics
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import NamedTuple, Self

import stepsmith
from stepsmith.cluster.facts import source_hash
from stepsmith.cluster.fleet.about import check_same, differences_of
from stepsmith.cluster.fleet.calls import AgreeCall, Call, CallAnswer, ExecuteCall, JudgeCall, RunCall, encode
from stepsmith.cluster.fleet.member import (
    SPARE,
    Attempt,
    BusyError,
    ForeignError,
    LostError,
    Member,
    RefusalError,
    State,
)
from stepsmith.core.errors import CaseError, ConfigError, MachineError, SandboxError
from stepsmith.core.records import Contract, Execution, Judgement, Solution, TestCase, Verdict
from stepsmith.core.tracing import span, trace_headers
from stepsmith.judge.cases import NO_TESTS
from stepsmith.judge.program import Program, ProgramRun

log = logging.getLogger(__name__)

START_S = 10.0  # to find the servers when a fleet is opened
PROBE_EVERY_S = 1.0
PROBES_TO_LOSE = 3  # failed probes in a row after which a server counts as down, and its requests go elsewhere
PATIENCE_S = 600.0  # how long a request waits while no server is up
LOST_MOST = 8  # servers that a request may lose, one after another, before it is suspected and given up (IE)
HEDGE_FACTOR, HEDGE_LEAST_S = 3.0, 2.0  # a request is sent twice after this multiple of the 95th percentile
HEDGE_SHARE = 0.05  # of all requests, at most
REMEMBERED = 200  # durations of requests


class FleetCounts(NamedTuple):
    """What a fleet has done."""

    requests: int  # calls that were answered
    hedged: int  # that were sent to a second server
    moved: int  # sent again because a server was lost, busy or failed


class JudgeFleet:
    """A judge whose work is done by the servers at ``urls``. Safe to call from many threads.

    ``isolation`` and ``allow_unsafe`` are as for ``LocalJudge``. Servers that do not answer at the start are used when
    they come up, if they are like the others. The token is $STEPSMITH_TOKEN. Raises ``MachineError`` if no server
    answers, if servers differ from each other or run another version than this process, or lack the isolation level.
    """

    def __init__(
        self,
        urls: Sequence[str],
        isolation: str = "auto",
        allow_unsafe: bool = False,
        *,
        patience_s: float = PATIENCE_S,
        start_s: float | None = None,
    ) -> None:
        if not urls or len(set(urls)) < len(urls):
            raise ConfigError(f"--judge needs addresses of different servers, got {', '.join(urls) or 'none'}")
        self._given = tuple(urls), isolation, allow_unsafe
        self._members = [Member(url) for url in urls]
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._seconds: deque[float] = deque(maxlen=REMEMBERED)
        self._requests = self._hedged = self._moved = 0
        try:
            self._find(START_S if start_s is None else start_s)
            self._check(isolation, allow_unsafe)
        except BaseException:
            for member in self._members:
                member.close()
            raise
        self.workers = sum(member.workers for member in self._members if member.about)
        most = 2 * sum(max(member.workers, self.workers) + SPARE for member in self._members)
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="fleet")
        self._watchers = [
            threading.Thread(target=self._watch, args=(member,), daemon=True, name="fleet-watch")
            for member in self._members
        ]
        for watcher in self._watchers:
            watcher.start()

    # The judge

    @property
    def isolation(self) -> str:
        """Isolation level that every server proved at its start."""
        return self._like.node.isolation

    @property
    def counts(self) -> FleetCounts:
        """What the fleet has done so far."""
        return FleetCounts(self._requests, self._hedged, self._moved)

    def judge(
        self,
        solution: Solution,
        contract: Contract,
        tests: Sequence[TestCase],
        *,
        stop_at_first_failure: bool = False,
    ) -> Judgement:
        """See ``Judge``. The verdict is IE if no server can judge."""
        if not tests:
            raise CaseError(NO_TESTS)
        call = JudgeCall(
            solution=solution, contract=contract, tests=tuple(tests), stop_at_first_failure=stop_at_first_failure
        )
        try:
            found = self._ask(call).judgement
        except _NobodyError as error:
            found = Judgement(verdict=Verdict.IE, compile_output=str(error), isolation=self.isolation)
        assert found is not None
        return found

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        """See ``Judge``. The verdicts are IE if no server can run the program."""
        try:
            found = self._ask(ExecuteCall(solution=solution, contract=contract, inputs=tuple(inputs))).executions
        except _NobodyError as error:
            return [Execution(verdict=Verdict.IE, message=str(error))] * len(inputs)
        assert found is not None
        return list(found)

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        """See ``Judge``. Raises ``SandboxError`` if no server can decide."""
        call = AgreeCall(contract=contract, input_text=input_text, expected=expected, actual=actual)
        return bool(self._ask(call).agrees)

    def run_program(self, program: Program) -> ProgramRun:
        """See ``ProgramRunner``. The verdict is IE if no server can run it."""
        try:
            found = self._ask(RunCall.of(program)).run
        except _NobodyError as error:
            return ProgramRun(verdict=Verdict.IE, message=str(error))
        assert found is not None
        return found

    def close(self) -> None:
        """Cancel what is under way, which ends as IE, and close all connections. The servers stay."""
        self._closed.set()
        with self._changed:
            attempts = [attempt for member in self._members for attempt in member.attempts]
            self._changed.notify_all()
        for attempt in attempts:
            attempt.cancel()
        self._threads.shutdown(cancel_futures=True)
        for watcher in self._watchers:
            watcher.join()
        for member in self._members:
            member.close()

    def __reduce__(self) -> tuple[object, ...]:
        """In another process: a client of the same servers."""
        return JudgeFleet, self._given

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # One call

    def _ask(self, call: Call) -> CallAnswer:
        """Return the answer of some server, or raise what the judge raised there; ``_NobodyError`` if there is none."""
        with span(f"fleet.{type(call).__name__}"):
            body = encode(call)
            doubtful: CallAnswer | None = None  # an answer of IE, kept while another server is asked
            avoid: set[Member] = set()
            lost: list[str] = []
            while True:
                member = self._choose(avoid)
                if member is None and doubtful is not None:
                    break
                if member is None:
                    raise _NobodyError(f"no judge server could be asked: {self._why_none()}")
                try:
                    answer = self._answer(member, body)
                except LostError as error:
                    lost.append(f"{member.url}: {error}")
                    if len(lost) >= LOST_MOST or self._closed.is_set():
                        raise _NobodyError(f"{len(lost)} judge servers in a row were lost; last {lost[-1]}") from None
                    self._moved += 1
                except (BusyError, ForeignError):
                    self._moved += 1
                except RefusalError as error:
                    raise CaseError(f"the judge server {member.url} refuses a request: {error}") from None
                else:
                    if not answer.failed or doubtful is not None:
                        doubtful = answer
                        break
                    doubtful = answer
                    avoid.add(member)
                    self._moved += 1
            self._requests += 1
            doubtful.raise_error()
            return doubtful

    def _choose(self, avoid: set[Member]) -> Member | None:
        """Wait for a server that can take a request, and count it in; None if there is none to wait for."""
        up_until = time.monotonic() + self._patience_s
        with self._changed:
            while not self._closed.is_set():
                now = time.monotonic()
                living = [member for member in self._members if member.state == "up" and member not in avoid]
                free = [m for m in living if m.resting_until <= now and m.in_flight < m.workers + SPARE]
                if free:
                    best = min(free, key=lambda member: member.in_flight / member.workers)
                    best.in_flight += 1
                    return best
                if living:
                    up_until = now + self._patience_s
                elif avoid or now >= up_until:
                    return None
                rest = min((m.resting_until - now for m in living if m.resting_until > now), default=1.0)
                self._changed.wait(min(1.0, max(0.01, rest)))
        return None

    def _answer(self, member: Member, body: bytes) -> CallAnswer:
        """Send a call to a server, and to a second one if it takes too long; return the first answer."""
        began = time.monotonic()
        running = {self._send(member, body)}
        hedge_after = self._hedge_after()
        errors: list[BaseException] = []
        try:
            while running:
                done, _ = wait([future for future, _ in running], timeout=hedge_after, return_when=FIRST_COMPLETED)
                hedge_after = None
                if not done:
                    second = self._idle_member(member)
                    if second is not None:
                        self._hedged += 1
                        running.add(self._send(second, body))
                    continue
                for pair in [pair for pair in running if pair[0] in done]:
                    running.remove(pair)
                    error = pair[0].exception()
                    if error is None and not (pair[0].result().failed and running):
                        self._seconds.append(time.monotonic() - began)
                        return pair[0].result()
                    if error is not None:
                        errors.append(error)
            raise errors[0]
        finally:
            for _, attempt in running:
                attempt.cancel()

    def _send(self, member: Member, body: bytes) -> "tuple[Future[CallAnswer], Attempt]":
        """Start a request that ``_choose`` has counted in."""
        attempt = Attempt()
        trace = trace_headers()
        with self._changed:
            member.attempts.add(attempt)

        def work() -> CallAnswer:
            try:
                return member.call(body, attempt, trace)
            except LostError as error:
                if not attempt.cancelled:
                    self._set(member, "down", str(error))  # until the watcher reaches it
                raise
            except ForeignError as error:
                self._set(member, "down", str(error))  # the watcher looks at what it is now
                raise
            finally:
                with self._changed:
                    member.attempts.discard(attempt)
                    member.in_flight -= 1
                    self._changed.notify_all()

        try:
            return self._threads.submit(work), attempt
        except RuntimeError:  # closed
            with self._changed:
                member.attempts.discard(attempt)
                member.in_flight -= 1
            raise _NobodyError("the fleet is closed") from None

    def _hedge_after(self) -> float | None:
        """Return after how many seconds a request is sent to a second server; None: never."""
        if len(self._members) < 2 or self._hedged > HEDGE_SHARE * (self._requests + 20):
            return None
        usual = statistics.quantiles(self._seconds, n=20)[-1] if len(self._seconds) > 1 else 0.0
        return max(HEDGE_LEAST_S, HEDGE_FACTOR * usual)

    def _idle_member(self, busy: Member) -> Member | None:
        """Return a server other than ``busy`` with an idle worker, counted in."""
        with self._changed:
            now = time.monotonic()
            for member in self._members:
                idle = member.in_flight < member.workers and member.resting_until <= now
                if member is not busy and member.state == "up" and idle:
                    member.in_flight += 1
                    return member
        return None

    # The servers

    def _find(self, start_s: float) -> None:
        """Ask all servers what they are, until all have answered or the time is over."""
        until = time.monotonic() + start_s
        with ThreadPoolExecutor(len(self._members)) as threads:
            list(threads.map(lambda member: self._first_look(member, until), self._members))
        found = [member.about for member in self._members if member.about]
        if not found:
            raise MachineError(f"no judge server answers: {self._why_none()}; start one with `stepsmith judge serve`")
        self._like = found[0]
        check_same(found)

    def _first_look(self, member: Member, until: float) -> None:
        while True:
            try:
                about = member.ask_about()
            except RefusalError as error:
                raise MachineError(f"the judge server {member.url} cannot be used: {error}") from None
            except (LostError, BusyError) as error:
                member.state, member.why = "down", str(error)
                if time.monotonic() >= until:
                    log.warning("judge server %s does not answer: %s", member.url, error)
                    return
                time.sleep(0.2)
            else:
                member.about, member.state, member.workers = about, "up", about.node.judges
                return

    def _check(self, isolation: str, allow_unsafe: bool) -> None:
        node = self._like.node
        ours = f"{stepsmith.__version__} {source_hash()}"
        if node.stepsmith != ours:
            raise MachineError(
                f"the judge servers run stepsmith {node.stepsmith}, and this is {ours}; install the same on both sides"
            )
        if isolation not in ("auto", node.isolation):
            raise MachineError(f"the judge servers have isolation {node.isolation}, and {isolation} is asked for")
        if node.isolation == "L0" and not allow_unsafe:
            raise MachineError("the judge servers do not confine programs (L0); to use them, pass --allow-unsafe")

    def _watch(self, member: Member) -> None:
        """Keep the state of a server up to date."""
        failed = 0
        while not self._closed.wait(PROBE_EVERY_S):
            try:
                if member.state == "up":
                    member.check_health()
                else:
                    self._look_again(member)
                failed = 0
            except BusyError as error:
                self._set(member, "draining", str(error))
            except ForeignError as error:
                self._set(member, "down", str(error))  # it is compared with the others next
            except (LostError, RefusalError) as error:
                failed += 1
                if failed >= PROBES_TO_LOSE or member.state != "up":
                    self._set(member, "down", str(error), abandon=failed >= PROBES_TO_LOSE)

    def _look_again(self, member: Member) -> None:
        """Compare a server that was away with the others, and use it again if it is like them."""
        about = member.ask_about()
        node = self._like.node
        if found := differences_of([self._like, about]):
            self._set(member, "foreign", f"it differs from {node.address}: {'; '.join(found[:3])}")
            return
        member.about, member.workers = about, about.node.judges
        member.check_health()
        self._set(member, "up", "")

    def _set(self, member: Member, state: State, why: str, *, abandon: bool = False) -> None:
        """Change the state of a server. ``abandon``: do not wait for its answers any more, but ask elsewhere."""
        with self._changed:
            if member.state != state:
                level = logging.INFO if state == "up" else logging.WARNING
                log.log(level, "judge server %s is %s%s", member.url, state, f": {why}" if why else "")
            member.state, member.why = state, why
            attempts = list(member.attempts) if abandon else []
            self._changed.notify_all()
        for attempt in attempts:
            attempt.cancel()

    def _why_none(self) -> str:
        return "; ".join(f"{member.url}: {member.state} ({member.why or 'no reason'})" for member in self._members)


class _NobodyError(SandboxError):
    """No server could answer a call."""
