"""A fleet: the same verdicts as one judge, whatever happens to its servers."""

import pickle
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from stepsmith.cluster.fleet import client as fleet_module
from stepsmith.cluster.fleet.client import JudgeFleet
from stepsmith.core.errors import CaseError, ConfigError, MachineError, SandboxError
from stepsmith.core.records import Checker, Contract, Limits, Solution, TestCase, Verdict
from stepsmith.judge.batch import judge_case
from stepsmith.judge.languages import installed
from stepsmith.judge.pool import JudgePool
from stepsmith.judge.program import Program
from stepsmith.serve import calls
from tests.cluster.fleet.conftest import ScriptedJudge, ServerProcess, running, server_processes, url_of
from tests.judge.test_golden import PROGRAMS, golden_case
from tests.serve.conftest import wait_for

STDIO = Contract(interface="stdio")
ONE = [TestCase(input="", output="")]
SUMS = "print(sum(map(int, input().split())))"
KATTIS = "import sys\nsys.exit(42 if sys.stdin.read().strip() else 43)"
TESTLIB = "import sys\nsys.exit(0 if open('output.txt').read().strip() == '3' else 1)"


def python(code: str) -> Solution:
    return Solution(language="python", code=code)


FUNCTION = Contract(interface="function", entry_point="f", checker=Checker(name="literal"))


def custom(name: str, program: str) -> Contract:
    return Contract(interface="stdio", checker=Checker(name=name, files=(("check.py", program),)))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "PROBE_EVERY_S", 0.1)


@contextmanager
def fleet_of(*judges: ScriptedJudge, workers: int = 2, **more: object) -> Iterator[JudgeFleet]:
    """A fleet of scripted judges, one server each."""
    with ExitStack() as stack:
        urls = [url_of(stack.enter_context(running(judge, workers=workers))) for judge in judges]
        yield stack.enter_context(JudgeFleet(urls, allow_unsafe=True, **more))


# What a real judge says, a fleet says


@pytest.fixture(scope="module")
def real(pool: JudgePool) -> Iterator[JudgeFleet]:
    with running(pool, workers=1) as address, JudgeFleet([url_of(address)]) as fleet:
        yield fleet


def one_of_each() -> list[Path]:
    """A golden program for every pair of language and checker, and for every verdict."""
    chosen: dict[object, Path] = {}
    for program in PROGRAMS:
        case, verdict = golden_case(program), program.parent.name
        if case.language in installed() and verdict != "IE":  # IE takes long: the judge tries again
            chosen.setdefault((case.language, case.checker), program)
            chosen.setdefault(verdict, program)
    return sorted(set(chosen.values()))


def test_golden_programs_of_all_languages_and_checkers_get_their_verdict(real: JudgeFleet) -> None:
    programs = one_of_each()
    assert len(programs) > 8
    wrong = [program for program in programs if judge_case(real, golden_case(program)).verdict != program.parent.name]
    assert wrong == []


@pytest.mark.parametrize(
    ("contract", "code", "verdict"),
    [
        (STDIO, SUMS, Verdict.AC),
        (STDIO, "print(1", Verdict.CE),
        (FUNCTION, "def f(a, b): return a + b", Verdict.AC),
        (custom("custom-kattis", KATTIS), "", Verdict.WA),
        (custom("custom-testlib", TESTLIB), SUMS, Verdict.AC),
    ],
)
def test_checkers_and_interfaces(contract: Contract, code: str, verdict: Verdict, real: JudgeFleet) -> None:
    function = contract.interface == "function"
    test = TestCase(input="(1, 2)" if function else "1 2\n", output="3")
    assert real.judge(python(code), contract, [test]).verdict is verdict
    assert real.isolation.startswith("L")


def test_an_interactive_checker(real: JudgeFleet, pool: JudgePool) -> None:
    interactor = "import sys\nprint(7, flush=True)\nsys.exit(42 if input() == '8' else 43)"
    contract = custom("interactive-kattis", interactor)
    for code in ("print(int(input()) + 1)", "input(); print(0)"):
        solution = python(code)
        found = real.judge(solution, contract, ONE).verdict
        assert found is pool.judge(solution, contract, ONE).verdict


def test_executions_whole_programs_and_agreement(real: JudgeFleet, pool: JudgePool) -> None:
    assert [run.output for run in real.execute(python(SUMS), STDIO, ["1 2", "3 4"])] == ["3\n", "7\n"]
    odd = python("import sys; sys.stdout.buffer.write(b'\\xff')")
    assert real.execute(odd, STDIO, [""])[0].output == pool.execute(odd, STDIO, [""])[0].output == "\udcff"
    program = Program(
        language="python", sources=(("main.py", "import sys\nopen('out/x','wb').write(sys.stdin.buffer.read())"),),
        stdin=b"\xfe", files=(("out/", ""),), collect=("out/",),
    )  # fmt: skip
    assert real.run_program(program).files == pool.run_program(program).files == (("out/x", b"\xfe"),)
    assert real.agree(STDIO, "", "1", "1\n")
    assert not real.agree(STDIO, "", "1", "2")


def test_errors_of_the_user_are_those_of_a_judge(real: JudgeFleet) -> None:
    with pytest.raises(CaseError, match="no tests"):
        real.judge(python(""), STDIO, [])
    with pytest.raises(CaseError, match="unknown language"):
        real.judge(Solution(language="cobol", code=""), STDIO, ONE)
    with pytest.raises(CaseError, match=r"time_s .*--max-time-limit.* must be above 0 and at most 60"):
        real.judge(python(""), msgspec.structs.replace(STDIO, limits=Limits(time_s=1000.0)), ONE)
    with pytest.raises(SandboxError):
        real.agree(custom("custom-kattis", "1/0"), "", "", "")


# Who is asked


def test_work_is_shared_by_the_size_of_the_servers() -> None:
    judges = [ScriptedJudge(), ScriptedJudge()]
    with fleet_of(*judges) as fleet, ThreadPoolExecutor(8) as threads:
        assert fleet.workers == 4
        verdicts = list(threads.map(lambda n: fleet.judge(python(f"AC {n}"), STDIO, ONE).verdict, range(40)))
    assert verdicts == [Verdict.AC] * 40
    assert sum(len(judge.done) for judge in judges) == 40, "nothing is judged twice"
    assert all(len(judge.done) >= 5 for judge in judges)


def test_a_failure_of_a_server_is_asked_elsewhere_and_stays_ie_if_that_fails_too() -> None:
    class Ill(ScriptedJudge):
        def _work(self, code: str) -> Verdict:
            super()._work(code)
            return Verdict.IE

    ill = [Ill(), ScriptedJudge()]
    with fleet_of(*ill) as fleet:
        for number in range(6):
            assert fleet.judge(python(f"WA {number}"), STDIO, ONE).verdict is Verdict.WA
    assert ill[0].done, "the ill server was asked as well"
    with fleet_of(Ill(), Ill()) as fleet:
        assert fleet.judge(python("AC"), STDIO, ONE).verdict is Verdict.IE


def test_a_slow_request_is_sent_to_a_second_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "HEDGE_LEAST_S", 0.2)
    stuck, fine = ScriptedJudge(), ScriptedJudge()
    stuck.go.clear()
    with fleet_of(stuck, fine) as fleet:
        began = time.monotonic()
        assert fleet.judge(python("AC"), STDIO, ONE).verdict is Verdict.AC
        assert time.monotonic() - began < 5
        assert fleet.counts.hedged == 1
        stuck.go.set()


def test_an_overloaded_server_is_left_alone_and_no_verdict_changes() -> None:
    judge = ScriptedJudge()
    judge.go.clear()
    with (
        running(judge, workers=1, max_queue=2) as address,
        JudgeFleet([url_of(address)], allow_unsafe=True) as fleet,
        JudgeFleet([url_of(address)], allow_unsafe=True) as other,  # neither knows what the other sends
        ThreadPoolExecutor(8) as threads,
    ):
        found = [
            threads.submit((fleet if n % 2 else other).judge, python(f"WA {n}"), STDIO, ONE) for n in range(8)
        ]  # fmt: skip
        wait_for(lambda: fleet.counts.moved + other.counts.moved > 0)
        judge.go.set()
        assert [future.result().verdict for future in found] == [Verdict.WA] * 8
    assert sorted(judge.done) == sorted(f"WA {n}" for n in range(8))


# Servers come and go


def test_a_server_that_is_killed_is_replaced_by_the_others_and_used_again_when_it_is_back() -> None:
    with (
        server_processes(2) as servers,
        JudgeFleet([server.url for server in servers]) as fleet,
        ThreadPoolExecutor(4) as threads,
    ):

        def one(n: int) -> Verdict:
            return fleet.judge(python(f"print({n % 3})"), STDIO, [TestCase(input="", output="1")]).verdict

        running_now = [threads.submit(one, n) for n in range(90)]
        wait_for(lambda: sum(future.done() for future in running_now) > 15)
        servers[0].kill()
        assert [future.result() for future in running_now] == [
            Verdict.AC if n % 3 == 1 else Verdict.WA for n in range(90)
        ]
        servers[0] = ServerProcess(servers[0].port)
        wait_for(lambda: all(member.state == "up" for member in fleet._members))
        assert [one(n) for n in range(6)] == [Verdict.WA, Verdict.AC, Verdict.WA] * 2


def test_a_server_that_drains_gets_nothing_new() -> None:
    first, second = ScriptedJudge(), ScriptedJudge()
    with (
        running(first, workers=2) as one,
        running(second, workers=2) as two,
        JudgeFleet([url_of(one), url_of(two)], allow_unsafe=True) as fleet,
    ):
        one.server._serving.gate._draining = True
        for number in range(6):
            assert fleet.judge(python(f"AC {number}"), STDIO, ONE).verdict is Verdict.AC
        assert len(second.done) == 6
        wait_for(lambda: fleet._members[0].state == "draining")


def test_without_a_server_the_verdict_is_ie(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(ScriptedJudge(), workers=1) as address:
        fleet = JudgeFleet([url_of(address)], allow_unsafe=True, patience_s=0.3)
    with fleet:
        judgement = fleet.judge(python("AC"), STDIO, ONE)
        assert judgement.verdict is Verdict.IE
        assert "no judge server could be asked" in judgement.compile_output
        assert {run.verdict for run in fleet.execute(python("AC"), STDIO, ["", ""])} == {Verdict.IE}
        with pytest.raises(SandboxError):
            fleet.agree(STDIO, "", "", "")


def test_closing_ends_what_is_under_way() -> None:
    judge = ScriptedJudge()
    judge.go.clear()
    with fleet_of(judge) as fleet:
        found: list[Verdict] = []
        thread = threading.Thread(target=lambda: found.append(fleet.judge(python("AC"), STDIO, ONE).verdict))
        thread.start()
        wait_for(lambda: judge.running == 1)
        fleet.close()
        thread.join(5)
        assert found == [Verdict.IE]


# Who is refused


def other_facts(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Servers that start from now on are other ones."""
    usual = calls.about_here

    def changed(*words: object) -> object:
        about = usual(*words)
        return msgspec.structs.replace(about, node=msgspec.structs.replace(about.node, **changes))

    monkeypatch.setattr(calls, "about_here", changed)


def test_servers_that_differ_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(ScriptedJudge()) as one:
        other_facts(monkeypatch, python="3.9.1")
        with running(ScriptedJudge()) as two, pytest.raises(MachineError, match=r"python is .* and 3\.9\.1 on"):
            JudgeFleet([url_of(one), url_of(two)], allow_unsafe=True)


def test_a_server_that_comes_back_as_another_one_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(ScriptedJudge()) as one:
        with running(ScriptedJudge()) as two:
            port = two.port
            fleet = JudgeFleet([url_of(one), url_of(two)], allow_unsafe=True)
        other_facts(monkeypatch, languages={})
        with fleet, running(ScriptedJudge(), port=port):
            wait_for(lambda: fleet._members[1].state == "foreign")
            assert "missing" in fleet._members[1].why
            assert fleet.judge(python("AC"), STDIO, ONE).verdict is Verdict.AC


@pytest.mark.parametrize(
    ("isolation", "unsafe", "said"),
    [("L3", True, "have isolation L0, and L3 is asked for"), ("auto", False, "do not confine programs")],
)
def test_the_isolation_level_must_be_the_one_that_is_asked_for(isolation: str, unsafe: bool, said: str) -> None:
    with running(ScriptedJudge()) as one, pytest.raises(MachineError, match=said):
        JudgeFleet([url_of(one)], isolation, unsafe)


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "source_hash", lambda: "other")
    with running(ScriptedJudge()) as one, pytest.raises(MachineError, match="install the same on both sides"):
        JudgeFleet([url_of(one)], allow_unsafe=True)


def test_a_token_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(ScriptedJudge(), token="secret") as one:
        with pytest.raises(MachineError, match="wants a token: set STEPSMITH_TOKEN"):
            JudgeFleet([url_of(one)], allow_unsafe=True)
        monkeypatch.setenv("STEPSMITH_TOKEN", "secret")
        with JudgeFleet([url_of(one)], allow_unsafe=True) as fleet:
            assert fleet.judge(python("AC"), STDIO, ONE).verdict is Verdict.AC


def test_wrong_addresses() -> None:
    for urls in ([], ["http://a", "http://a"], ["ftp://a"], ["localhost:80"]):
        with pytest.raises(ConfigError):
            JudgeFleet(urls)
    with pytest.raises(MachineError, match="no judge server answers"):
        JudgeFleet(["http://127.0.0.1:9"], start_s=0.1)


def test_a_copy_in_another_process_asks_the_same_servers() -> None:
    with (
        running(ScriptedJudge()) as one,
        JudgeFleet([url_of(one)], allow_unsafe=True) as fleet,
        pickle.loads(pickle.dumps(fleet)) as copy,
    ):
        assert copy.judge(python("WA"), STDIO, ONE).verdict is Verdict.WA
