"""The whole path over real HTTP: bytes, kills, budgets, dry runs, keys, and what becomes of every kind of mistake."""

import math
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from stepsmith.cli.forecast import print_forecast
from stepsmith.core.errors import BudgetExceeded, ConfigError, EndpointError
from stepsmith.core.records import Chain, StageSpend
from stepsmith.llm.estimates import Estimate, Range
from stepsmith.llm.records import ModelSpec, Prices, Sampling
from stepsmith.pipeline.config import Config, RuntimeSettings, SuiteSettings, SynthSettings, VoterSettings, load_config
from stepsmith.pipeline.forecast import Forecast, forecast
from stepsmith.pipeline.roles import resolve_config
from stepsmith.pipeline.synthesis import synthesize
from stepsmith.store.attempts import read_attempts
from stepsmith.store.dataset import read_problems, read_rows
from stepsmith.store.manifest import Manifest
from stepsmith.synth.skill import SkillModel
from tests.synth.llm.scripted_server import ScriptedServer

STEPSMITH = str(Path(sys.executable).with_name("stepsmith"))
PRICES = Prices(input=1.0, output=4.0)
SAMPLING = Sampling(max_tokens=400, seed=0)
CHAINS, TURNS, ATTEMPTS, SEED = 4, 2, 6, 8
WEAKER = SkillModel(skill=1.0, length_penalty=0.15, no_answer=0.02)  # so that problems are kept with so few attempts


class Quiet:
    """Watches a run and says nothing."""

    def started(self, finished: int, chains: int, isolation: str) -> None: ...
    def asking(self, books: object) -> None: ...
    def grown(self, chain: Chain) -> None: ...
    def assembling(self) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(student=WEAKER) as server:
        yield server


def config_for(server: ScriptedServer, cache: Path, **changes: object) -> Config:
    models = {
        name: ModelSpec(name=name, base_url=server.url, model=name, prices=PRICES, sampling=SAMPLING, timeout_s=60.0)
        for name in ("teacher", "student", "solver-a", "solver-b", "strong-solver")
    }
    synth = SynthSettings(
        chains=CHAINS, turns=TURNS, attempts=ATTEMPTS, seed=SEED, teacher="teacher", student="student"
    )
    runtime = RuntimeSettings(**{"cache": str(cache), "workers": 1} | changes)
    return Config(runtime=runtime, models=models, synth=synth, suite=SuiteSettings(mutants=0))


def toml_for(server: ScriptedServer, cache: Path, folder: Path) -> Path:
    """The same configuration as a file."""
    lines = [
        "[runtime]", f'cache = "{cache}"', "[synth]", 'teacher = "teacher"', 'student = "student"', f"seed = {SEED}",
        f"chains = {CHAINS}", f"turns = {TURNS}", f"attempts = {ATTEMPTS}", "[suite]", "mutants = 0",
    ]  # fmt: skip
    for name in ("teacher", "student"):
        lines += [f"[models.{name}]", f'base_url = "{server.url}"', f'model = "{name}"', "timeout_s = 60.0"]
        lines += [f"[models.{name}.sampling]", "max_tokens = 400", "seed = 0"]
        lines += [f"[models.{name}.prices]", "input = 1.0", "output = 4.0"]
    path = folder / "config.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def undisturbed(server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest, list[str]]:
    """One chain after the other: the folder, the manifest, the prompts that were paid for."""
    folder = tmp_path_factory.mktemp("undisturbed")
    before = len(server.bills)
    manifest = synthesize(config_for(server, folder / "m.sqlite", chains_at_once=1), folder / "run", Quiet())
    return folder, manifest, [bill.prompt for bill in server.bills[before:]]


def data(run: Path) -> tuple[bytes, bytes]:
    return (run / "problems.parquet").read_bytes(), (run / "rejected.parquet").read_bytes()


def samples_of(prompt: str) -> int:
    return 1 if "You design programming problems" in prompt else ATTEMPTS


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [STEPSMITH, "synth", *map(str, words)], capture_output=True, text=True, timeout=120, check=False
    )


def test_the_same_completions_give_the_same_bytes_and_are_paid_once(
    server: ScriptedServer, undisturbed: tuple[Path, Manifest, list[str]], tmp_path: Path
) -> None:
    folder, manifest, paid = undisturbed
    before = len(server.bills)
    again = synthesize(config_for(server, folder / "m.sqlite", workers=2), tmp_path / "again", Quiet())
    attempts = list(read_attempts(folder / "run" / "attempts.jsonl.gz"))
    assert list(read_attempts(tmp_path / "again" / "attempts.jsonl.gz")) == attempts
    rated = [row for name in ("problems", "rejected") for row in read_rows(folder / "run" / f"{name}.parquet")
             if row["attempts"]]  # fmt: skip
    texts = Counter(attempt.problem_id for attempt in attempts)
    assert all(row["attempts"] <= texts[row["id"]] <= ATTEMPTS for row in rated)
    assert texts.keys() >= {row["id"] for row in rated}
    assert all(bool(attempt.why) is (attempt.verdict != "AC") for attempt in attempts)
    settings = load_config(folder / "run" / "run.toml")
    assert resolve_config(settings).fingerprint_fields() == config_for(server, folder).fingerprint_fields() | {
        "prompts": {"version": settings.prompts.version}
    }
    assert data(tmp_path / "again") == data(folder / "run")
    assert len(server.bills) == before
    assert again.spend is not None
    assert manifest.spend is not None
    assert again.spend.paid_tokens == 0
    assert again.spend.stages == manifest.spend.stages
    fresh = synthesize(config_for(server, tmp_path / "m.sqlite", workers=2), tmp_path / "fresh", Quiet())
    assert data(tmp_path / "fresh") == data(folder / "run")
    assert (tmp_path / "fresh" / "manifest.json").read_bytes() == (folder / "run" / "manifest.json").read_bytes()
    assert Counter(bill.prompt for bill in server.bills[before:]) == Counter(paid)
    assert fresh.counts.accepted >= 2


def test_the_manifest_says_what_the_server_billed(
    server: ScriptedServer, undisturbed: tuple[Path, Manifest, list[str]]
) -> None:
    folder, manifest, paid = undisturbed
    bills, checks = server.bills[: len(paid)], server.checks[:2]
    assert [bill.model for bill in checks] == ["student", "teacher"]  # the student is asked before the teacher is paid
    spend = manifest.spend
    assert spend is not None
    assert spend.tokens == sum(bill.tokens_in + bill.tokens_out for bill in bills)
    assert spend.paid_tokens == sum(bill.tokens_in + bill.tokens_out for bill in (*bills, *checks))
    usd = sum(bill.tokens_in * 1.0 + bill.tokens_out * 4.0 for bill in bills) / 1e6
    assert spend.usd == pytest.approx(usd)
    assert spend.paid_usd == pytest.approx(usd + sum(bill.tokens_in + bill.tokens_out * 4.0 for bill in checks) / 1e6)
    assert spend.usd_per_accepted == pytest.approx(usd / manifest.counts.accepted)
    assert {stage.purpose for stage in spend.stages} == {"propose", "refine", "attempt"}
    attempts = next(stage for stage in spend.stages if stage.purpose == "attempt")
    assert attempts.completions == attempts.requests * ATTEMPTS  # all samples of a problem in one request
    for problem in read_problems(folder / "run" / "problems.parquet"):
        facts = dict(problem.provenance)
        assert re.fullmatch(r"teacher/(propose|refine)@[0-9a-f]{12}", facts["prompt"])
        assert sum(int(count) for count in re.findall(r" (\d+)", facts["attempts"])) == ATTEMPTS


def requests_in(cache: Path) -> int:
    with closing(sqlite3.connect(cache)) as db:
        return int(db.execute("SELECT COUNT(DISTINCT key) FROM completions").fetchone()[0])


def test_kill_dash_nine_then_resume_pays_nothing_twice(
    undisturbed: tuple[Path, Manifest, list[str]], tmp_path: Path
) -> None:
    folder, _, paid = undisturbed
    with ScriptedServer(delay_s=0.15, student=WEAKER) as slow:
        words = [STEPSMITH, "synth", toml_for(slow, tmp_path / "m.sqlite", tmp_path), "--out", tmp_path / "run"]
        with subprocess.Popen([*map(str, words)], stdout=subprocess.DEVNULL, start_new_session=True) as victim:
            while len(slow.bills) < len(paid) // 2:
                assert victim.poll() is None
                time.sleep(0.01)
            os.kill(victim.pid, signal.SIGKILL)
        while slow.in_flight:
            time.sleep(0.01)
        paid_before, cached = len(slow.bills) + len(slow.checks), requests_in(tmp_path / "m.sqlite")
        resumed = run(*words[2:], "--resume")
        assert resumed.returncode == 0, resumed.stderr
        asked = Counter(bill.prompt for bill in slow.bills)
    assert data(tmp_path / "run") == data(folder / "run")
    assert set(asked) == set(paid)
    # What reached the cache is not paid again. A chain asks one thing at a time: of each, one answer may not have.
    assert sum(asked.values()) - len(asked) == paid_before - cached <= CHAINS < len(paid) // 2


def test_a_budget_stops_cleanly_and_resumes(undisturbed: tuple[Path, Manifest, list[str]], tmp_path: Path) -> None:
    folder, manifest, paid = undisturbed
    assert manifest.spend is not None
    out = tmp_path / "run"
    with ScriptedServer(student=WEAKER) as server:
        budget = int(manifest.spend.tokens * 0.7)
        config = config_for(server, tmp_path / "m.sqlite", budget=f"{budget} tokens", chains_at_once=2)
        with pytest.raises(BudgetExceeded, match="larger --budget"):
            synthesize(config, out, Quiet())
        assert budget / 3 < server.tokens <= budget
        assert not (out / "manifest.json").exists()
        with pytest.raises(BudgetExceeded):  # what was spent before counts
            synthesize(config, out, Quiet(), resume=True)
        assert server.tokens <= budget
        done = synthesize(
            config_for(server, tmp_path / "m.sqlite", budget="10 USD", chains_at_once=2), out, Quiet(), resume=True
        )
        # Nothing twice. Near the limit samples are asked one by one.
        asked = Counter(bill.prompt for bill in server.bills for _ in range(bill.samples))
        assert asked == Counter(prompt for prompt in paid for _ in range(samples_of(prompt)))
        assert done.spend is not None
        assert done.spend.paid_tokens == server.tokens  # every part is in the books
        assert len(server.checks) == 2  # not asked again by a resumed run
        assert done.spend.tokens == server.tokens - sum(bill.tokens_in + bill.tokens_out for bill in server.checks)
    assert data(out) == data(folder / "run")


def test_a_spent_budget_is_one_line_and_exit_code_two(server: ScriptedServer, tmp_path: Path) -> None:
    config = toml_for(server, tmp_path / "m.sqlite", tmp_path)
    before = len(server.bills)
    stopped = run(config, "--out", tmp_path / "run", "--budget", "10 tokens")
    assert stopped.returncode == 2
    assert "budget is spent" in stopped.stderr
    assert "--resume" in stopped.stderr
    assert stopped.stderr.count("\n") == 1
    assert len(server.bills) == before


def test_a_dry_run_predicts_and_is_not_wasted(server: ScriptedServer, tmp_path: Path) -> None:
    config = config_for(server, tmp_path / "m.sqlite")
    config = msgspec.structs.replace(config, synth=msgspec.structs.replace(config.synth, chains=12, turns=1))
    before = len(server.bills)
    found = forecast(config)
    sampled = server.bills[before:]
    assert found.rest is not None
    assert (found.sampled, found.left) == (4, 8)
    assert sum(spend.tokens for spend in found.spent) == sum(bill.tokens_in + bill.tokens_out for bill in sampled)
    manifest = synthesize(config, tmp_path / "run", Quiet())
    rest = server.bills[before + len(sampled) :]
    assert not {bill.prompt for bill in sampled} & {bill.prompt for bill in rest}
    assert manifest.spend is not None
    tokens = sum(bill.tokens_in + bill.tokens_out for bill in rest)
    assert manifest.spend.paid_tokens == tokens
    assert found.rest.tokens.low <= tokens <= found.rest.tokens.high
    assert found.rest.tokens.expected == pytest.approx(tokens, rel=0.7)
    assert not (tmp_path / "dry").exists()


def test_a_dry_run_from_the_command_line_writes_no_folder(server: ScriptedServer, tmp_path: Path) -> None:
    config = toml_for(server, tmp_path / "m.sqlite", tmp_path)
    shown = run(config, "--turns", 1, "--chains", 2, "--out", tmp_path / "run", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert re.search(r"propose.*teacher", shown.stdout)
    assert "The first 2 chains" in shown.stdout
    assert not (tmp_path / "run").exists()


def test_what_a_dry_run_says(capsys: pytest.CaptureFixture[str]) -> None:
    print_forecast(Console(width=100), forecast(Config()))
    assert "costs only time" in capsys.readouterr().out
    spent = StageSpend(
        purpose="attempt", model="small", requests=3, completions=24, prompt_tokens=900, completion_tokens=5100,
        reasoning_tokens=0, usd=0.0213,
    )  # fmt: skip
    likely = Range(expected=12_000, low=9_000, high=math.inf)
    rest = Estimate(sampled=1, planned=2, requests=likely, tokens=likely, usd=Range(expected=0.04, low=0.0, high=0.1))
    print_forecast(Console(width=100), Forecast(sampled=1, left=2, problems=1, spent=(spent,), rest=rest))
    said = capsys.readouterr().out
    for part in ("attempt", "6,000", "0.0213", "12.0k  (9.0k to unknown)", "0.0400  (0.0000 to 0.1000)"):
        assert part in said


def test_without_prices_there_is_no_cost_to_predict(capsys: pytest.CaptureFixture[str]) -> None:
    spent = StageSpend(
        purpose="propose", model="own", requests=3, completions=3, prompt_tokens=900, completion_tokens=100,
        reasoning_tokens=0, usd=0.0,
    )  # fmt: skip
    free = Range(expected=0.0, low=0.0, high=0.0)
    rest = Estimate(sampled=2, planned=2, requests=free, tokens=free, usd=free)
    print_forecast(Console(width=100), Forecast(sampled=2, left=2, problems=1, spent=(spent,), rest=rest))
    said = capsys.readouterr().out
    assert "no prices are configured: [models.NAME.prices]" in said
    assert "0.0000" not in said


def test_a_key_is_sent_and_appears_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sk-very-secret-314159"
    with ScriptedServer(key=secret) as locked:
        config = config_for(locked, tmp_path / "m.sqlite", chains_at_once=1)
        models = {name: msgspec.structs.replace(spec, key_env="A_TEST_KEY") for name, spec in config.models.items()}
        synth = msgspec.structs.replace(config.synth, chains=1, turns=1)
        config = msgspec.structs.replace(config, models=models, synth=synth)
        with pytest.raises(ConfigError, match=r"\$A_TEST_KEY"):
            synthesize(config, tmp_path / "run", Quiet())
        assert not (tmp_path / "run").exists()
        monkeypatch.setenv("A_TEST_KEY", "sk-wrong-271828")
        with pytest.raises(EndpointError, match="not accepted") as refused:
            synthesize(config, tmp_path / "run", Quiet())
        assert "271828" not in str(refused.value)
        monkeypatch.setenv("A_TEST_KEY", secret)
        synthesize(config, tmp_path / "run", Quiet(), resume=True)
        assert locked.bills
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 5
    for path in written:
        assert secret.encode() not in path.read_bytes(), path


def test_texts_of_attempts_are_dropped_by_a_setting(
    server: ScriptedServer, undisturbed: tuple[Path, Manifest, list[str]], tmp_path: Path
) -> None:
    folder, manifest, _ = undisturbed
    assert manifest.files["attempts.jsonl.gz"].rows
    bare = synthesize(config_for(server, folder / "m.sqlite", keep_attempts=False), tmp_path / "bare", Quiet())
    assert data(tmp_path / "bare") == data(folder / "run")
    assert set(bare.files) == {"problems.parquet", "rejected.parquet"}


def test_every_kind_of_mistake_is_rejected_for_what_it_is(tmp_path: Path) -> None:
    kinds = {
        "non-deterministic": "non-deterministic", "constant": "constant-output", "crash": "invalid-input",
        "leak": "message-leaks-code", "earlier": "message-not-alone",
    }  # fmt: skip
    unreadable = {
        "prose": "no-code", "no-message": "no-message", "wrong-literal": "wrong-input",
        "too-few-inputs": "too-few-inputs",
    }  # fmt: skip
    with ScriptedServer(rates=dict.fromkeys((*kinds, *unreadable), 0.09) | {"truncated": 0.1, "silent": 0.1}) as server:
        config = config_for(server, tmp_path / "m.sqlite")
        synth = msgspec.structs.replace(config.synth, chains=20, turns=2, environments={"induction": 1.0})
        manifest = synthesize(msgspec.structs.replace(config, synth=synth), tmp_path / "run", Quiet())
        made = server.made
    rejected = manifest.counts.rejected
    assert rejected["constant-output"] == made["constant"], "found after the teacher's gates, not sent back"
    for mistake, reason in kinds.items():  # sent back once; what is made again is rejected for what it is
        assert mistake == "constant" or 2 * rejected.get(reason, 0) <= made[mistake], (mistake, made, rejected)
    assert sum(rejected.get(reason, 0) for reason in kinds.values()) > rejected["constant-output"]
    repaired = sum(
        stage.completions for stage in (manifest.spend.stages if manifest.spend else ()) if "repair" in stage.purpose
    )
    failed = sum(rejected.get(reason, 0) for reason in unreadable.values())
    assert 0 < failed < repaired  # one request for repair each, and some succeed
    rows = list(read_rows(tmp_path / "run" / "rejected.parquet"))
    for row in rows:
        if row["reason"] == "no-code":
            assert "I would make a problem about lists" in str(row["statement"])  # the raw text is kept
    attempts = " ".join(dict(p.provenance)["attempts"] for p in read_problems(tmp_path / "run" / "problems.parquet"))
    assert "truncated" in attempts
    assert "none" in attempts


def test_two_solvers_settle_the_outputs_of_induction_problems(server: ScriptedServer, tmp_path: Path) -> None:
    config = config_for(server, tmp_path / "m.sqlite")
    solvers = ("solver-a", "solver-b")
    changes = {"chains": 4, "turns": 1, "seed": 7, "environments": {"induction": 1.0}}
    synth = msgspec.structs.replace(config.synth, solvers=solvers, **changes)
    voters = VoterSettings(target_error=0.05)  # three equal votes are worth about 0.92
    config = msgspec.structs.replace(config, synth=synth, voters=voters)
    manifest = synthesize(config, tmp_path / "run", Quiet())
    assert manifest.spend is not None
    assert {stage.model for stage in manifest.spend.stages if stage.purpose == "solve"} == set(solvers)
    problems = list(read_problems(tmp_path / "run" / "problems.parquet"))
    assert problems
    for problem in problems:
        facts = dict(problem.provenance)
        assert (facts["method"], facts["voters"]) == ("consensus", "3")
        assert float(facts["golden_confidence"]) > 0.9


def test_what_a_strong_solver_never_solves_is_dropped_before_the_student_is_asked(tmp_path: Path) -> None:
    with ScriptedServer(solver=SkillModel(skill=-0.6)) as server:
        config = config_for(server, tmp_path / "m.sqlite")
        synth = msgspec.structs.replace(
            config.synth, chains=20, turns=1, attempts=2, strong_solver="strong-solver", strong_attempts=2
        )
        refine = msgspec.structs.replace(config.refine, keep_low=0.0, keep_high=1.0)  # nothing else thins them out
        manifest = synthesize(msgspec.structs.replace(config, synth=synth, refine=refine), tmp_path / "run", Quiet())
    kept = [dict(problem.provenance) for problem in read_problems(tmp_path / "run" / "problems.parquet")]
    rows = [row for row in read_rows(tmp_path / "run" / "rejected.parquet") if row["reason"] == "unsolvable"]
    dropped = [{fact["key"]: fact["value"] for fact in row["provenance"]} for row in rows]  # type: ignore[union-attr, index]
    assert len(kept) >= 2
    assert len(dropped) >= 2
    assert all("AC" in facts["strong_attempts"] and "attempts" in facts for facts in kept)
    assert not any("AC" in facts["strong_attempts"] or "attempts" in facts for facts in dropped)
    assert {row["detail"] for row in rows} <= {f"none of {n} attempts of strong-solver passes" for n in (1, 2)}
    assert manifest.spend is not None
    spent = {(stage.purpose, stage.model): stage for stage in manifest.spend.stages}
    assert spent["solvability", "strong-solver"].completions == 2 * (len(kept) + len(dropped))
    assert spent["solvability", "strong-solver"].tokens > 0
    assert spent["attempt", "student"].completions == 2 * len(kept)


def test_the_offline_teacher_can_be_attempted_by_a_model(server: ScriptedServer, tmp_path: Path) -> None:
    """The model does not know these problems, and none of its answers can be read: no difficulty is measured."""
    config = config_for(server, tmp_path / "m.sqlite")
    synth = msgspec.structs.replace(config.synth, teacher="offline", profile="micro", chains=1, turns=1)
    manifest = synthesize(msgspec.structs.replace(config, synth=synth), tmp_path / "run", Quiet())
    assert manifest.counts.rejected == {"attempts-unreadable": 1}
    assert (manifest.counts.attempts, manifest.counts.unreadable) == ({"none": ATTEMPTS}, 1.0)
    (row,) = read_rows(tmp_path / "run" / "rejected.parquet")
    assert {"key": "attempts", "value": f"none {ATTEMPTS}"} in row["provenance"]  # type: ignore[operator]
