"""The main job from outside: bytes, kills, interrupts and everything a user can get wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stepsmith.core.records import Problem, Verdict
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.local import LocalJudge
from stepsmith.store.dataset import read_problems, read_rows
from stepsmith.store.manifest import read_manifest
from tests.processes import heed_interrupts

STEPSMITH = str(Path(sys.executable).with_name("stepsmith"))
SMALL = ["synth", "--chains", "5", "--turns", "2", "--attempts", "12", "--seed", "11"]


def run(*words: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([STEPSMITH, *map(str, words)], capture_output=True, text=True, timeout=240, check=False)
    if check:
        assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed run with one worker."""
    out = tmp_path_factory.mktemp("runs") / "one"
    run(*SMALL, "--workers", 1, "--out", out)
    return out


@pytest.fixture(scope="module")
def problems(finished: Path) -> list[Problem]:
    return list(read_problems(finished / "problems.parquet"))


def data(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "problems.parquet").read_bytes(), (folder / "rejected.parquet").read_bytes()


def test_two_workers_give_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    run(*SMALL, "--workers", 2, "--out", tmp_path / "two")
    assert data(tmp_path / "two") == data(finished)
    assert (tmp_path / "two" / "manifest.json").read_bytes() == (finished / "manifest.json").read_bytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_kill_dash_nine_then_resume(finished: Path, tmp_path: Path, workers: int) -> None:
    out = tmp_path / "killed"
    words = [STEPSMITH, *SMALL, "--workers", str(workers), "--out", str(out)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True) as victim:
        assert victim.stdout is not None
        while "chain" not in (line := victim.stdout.readline()) or line.startswith("5 chains"):
            assert line, "the run ended before it could be killed"
        os.kill(victim.pid, signal.SIGKILL)
    refused = run(*SMALL, "--workers", workers, "--out", out, check=False)
    assert refused.returncode == 2
    assert "--resume" in refused.stderr
    resumed = run(*SMALL, "--workers", workers, "--out", out, "--resume")
    assert "5 chains, 0 of them" not in resumed.stdout
    assert data(out) == data(finished)


def test_no_worker_outlives_a_killed_run(tmp_path: Path) -> None:
    words = [STEPSMITH, *SMALL, "--workers", "2", "--out", str(tmp_path / "run")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True) as victim:
        assert victim.stdout is not None
        victim.stdout.readline()
        time.sleep(2.0)
        os.kill(victim.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while (left := members(victim.pid)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left == []


def members(session: int) -> list[str]:
    """Command lines of the live processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, sid = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(sid) == session and state != "Z":
                    found.append((entry / "cmdline").read_text())
            except OSError:
                continue
    return found


def test_interrupt_is_clean_and_says_how_to_go_on(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "interrupted"
    words = [STEPSMITH, *SMALL, "--workers", "2", "--out", str(out)]
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while "chain 1/5" not in (line := process.stdout.readline()):
            assert line, "the run ended before it could be interrupted"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the whole group
        rest, errors = process.stdout.read(), process.stderr.read()
    assert process.returncode == 130
    assert "--resume" in rest
    assert "Traceback" not in errors + rest
    run(*SMALL, "--workers", 2, "--out", out, "--resume")
    assert data(out) == data(finished)


def test_goldens_pass_and_wrong_ones_fail_where_stated(problems: list[Problem]) -> None:
    assert len(problems) >= 4
    with LocalJudge() as judge:
        for problem in problems[:6]:
            verdict = judge.judge(problem.golden, problem.contract, problem.tests).verdict
            assert verdict is Verdict.AC, problem.title
            assert problem.environment != "induction" or problem.wrong
            for wrong in problem.wrong[:3]:
                results = judge.judge(wrong.solution, problem.contract, problem.tests).tests
                failing = [index for index, result in enumerate(results) if result.verdict is not Verdict.AC]
                assert failing
                assert wrong.killed_by in failing


def test_no_thoughtless_answer_is_right(problems: list[Problem]) -> None:
    with LocalJudge() as judge:
        for problem in problems[:6]:
            environment = ENVIRONMENTS[problem.environment]
            assert environment.judge(judge, problem, environment.golden(problem)).verdict is Verdict.AC
            for name, answer in environment.baselines(problem).items():
                verdict = environment.judge(judge, problem, answer, stop_at_first_failure=True).verdict
                assert verdict is not Verdict.AC, f"{problem.title}: {name}"


def test_chains_hang_together(finished: Path) -> None:
    rows = [*read_rows(finished / "problems.parquet"), *read_rows(finished / "rejected.parquet")]
    ids = {row["id"] for row in rows}
    assert len({row["chain_id"] for row in rows}) == 5
    for row in rows:
        assert (row["turn"] == 1) == (row["parent_id"] is None) or row["direction"] == "new"
        assert row["parent_id"] is None or row["parent_id"] in ids
        assert row["direction"] == "new" or row["change"]
        assert row["attempts"] is None or 0 < row["attempts"] <= 12
    kept = [row for row in rows if "reason" not in row]
    assert all(0.01 <= row["pass_rate"] <= 0.97 for row in kept)  # type: ignore[operator]
    assert all(row["pass_rate_low"] <= row["pass_rate"] <= row["pass_rate_high"] for row in kept)  # type: ignore[operator]


def test_statements_are_complete(problems: list[Problem]) -> None:
    for problem in problems:
        if problem.environment == "induction":
            for test in problem.tests[:2]:
                assert test.output.strip().replace("'", '"') in problem.statement.replace("'", '"')
            assert "Input" in problem.statement
            assert "Output" in problem.statement


def test_seed_lines_lead_to_features(problems: list[Problem]) -> None:
    """Some step of some problem was called for by what its seed does, and names lines inside the seed's window."""
    steered = [(problem, use) for problem in problems for use in problem.features if use.signal]
    assert steered
    for problem, use in steered:
        first, last = map(int, problem.lineage.seed_ref.rsplit(":", 1)[1].split("-"))
        assert use.seed_lines
        assert all(first <= line <= last for line in use.seed_lines)


def test_the_manifest_adds_up(finished: Path, problems: list[Problem]) -> None:
    manifest = read_manifest(finished)
    counts = manifest.counts
    assert counts.accepted == len(problems) == sum(counts.by_environment.values()) == sum(counts.by_band.values())
    assert counts.proposed == 10 == counts.accepted + sum(counts.rejected.values())
    assert manifest.student == "simulated"
    assert manifest.isolation in {"L1", "L2", "L3"}
    assert json.loads(bytes(manifest.config))["synth"]["seed"] == 11


def test_the_time_of_the_stages_is_kept(finished: Path) -> None:
    timings = json.loads((finished / "timings.json").read_text())
    assert {"propose", "label", "admit", "derive", "rate"} <= {*timings["stages"]}
    chains = sum(timings["chains"].values())
    assert 0.5 * chains < sum(timings["stages"].values()) <= chains


def test_single_turn_and_hard_first(tmp_path: Path) -> None:
    run("synth", "--chains", 3, "--mode", "single-turn", "--attempts", 8, "--seed", 3, "--out", tmp_path / "single")
    assert read_manifest(tmp_path / "single").counts.proposed == 3
    run("synth", "--chains", 1, "--turns", 3, "--mode", "hard-first", "--seed", 5, "--out", tmp_path / "hard")
    rows = [*read_rows(tmp_path / "hard" / "problems.parquet"), *read_rows(tmp_path / "hard" / "rejected.parquet")]
    by_turn = sorted((row["chain_id"], row["turn"], row["direction"]) for row in rows)
    assert {direction for _, turn, direction in by_turn if turn == 2} <= {"new", "harder", "easier", "sideways"}


def test_micro_profile(tmp_path: Path) -> None:
    run(
        "synth",
        "--chains",
        2,
        "--turns",
        3,
        "--profile",
        "micro",
        "--attempts",
        8,
        "--seed",
        2,
        "--out",
        tmp_path / "micro",
    )
    problems = list(read_problems(tmp_path / "micro" / "problems.parquet"))
    assert problems
    assert all(problem.golden.code.count("\n") <= 10 for problem in problems)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_seeds_from_files_and_jsonl(tmp_path: Path) -> None:
    code = "def total(xs):\n    seen = {}\n    for x in sorted(xs):\n        seen[x] = 1\n    return seen\n"
    plain = write(tmp_path / "mine.py", (code * 12).encode())
    broken = write(tmp_path / "broken.py", ("def f(:\n" + code * 8).encode())
    lines = write(tmp_path / "seeds.jsonl", (json.dumps({"code": code * 9}) + "\n").encode())
    for seeds in (plain, broken, lines):
        out = tmp_path / seeds.stem
        run("synth", "--chains", 1, "--turns", 1, "--attempts", 8, "--seeds", seeds, "--out", out)
        rows = [*read_rows(out / "problems.parquet"), *read_rows(out / "rejected.parquet")]
        assert {str(row["seed_ref"]).split(":")[0].split("#")[0] for row in rows} == {seeds.name}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--seeds", "{tmp}/none.py"], "none.py"),
        (["--seeds", "{tmp}/binary.py"], "binary.py"),
        (["--seeds", "{tmp}/empty"], "empty"),
        (["{tmp}/bad.toml"], "chians"),
        (["{tmp}/none.toml"], "does not exist"),
        (["--profile", "huge"], "--profile"),
        (["--chains", "0"], "--chains"),
        (["--workers", "0"], "--workers"),
        (["--teacher", "nobody"], "nobody"),
        (["--student", "nobody"], "nobody"),
        (["--out", "{tmp}/binary.py"], "file"),
        (["--out", "/proc/stepsmith"], "cannot be written"),
        (["--out", "{tmp}/other"], "not a run"),
        (["--allow-unsafely"], "No such option"),
    ],
)
def test_mistakes_are_one_clear_line(tmp_path: Path, words: list[str], says: str) -> None:
    write(tmp_path / "binary.py", b"\x7fELF\x00\x01\x02" * 50)
    write(tmp_path / "bad.toml", b"[synth]\nchians = 3\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    write(tmp_path / "other" / "notes.txt", b"mine")
    given = [word.replace("{tmp}", str(tmp_path)) for word in words]
    if "--out" not in given:
        given += ["--out", str(tmp_path / "run")]
    done = run("synth", "--chains", 1, *given, check=False)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    if "Usage:" not in done.stderr:  # what the command line's own parser refuses comes with a hint in a box
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists() or "nobody" not in says


def test_another_configuration_is_refused(finished: Path) -> None:
    before = data(finished)
    done = run(*SMALL[:-1], "12", "--out", finished, "--resume", check=False)
    assert done.returncode == 2
    assert "synth.seed: 11 → 12" in done.stderr
    assert data(finished) == before


def test_a_full_disk_is_one_line_and_resumable(tmp_path: Path) -> None:
    """A tiny file system of its own fills up in the middle of a run."""
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", small], capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        done = run(*SMALL, "--workers", 1, "--out", small / "run", check=False)
        assert done.returncode == 2, done.stderr + done.stdout
        assert "space" in done.stderr
        assert "--resume" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        subprocess.run(["umount", small], check=True)


def test_below_l1_needs_permission(tmp_path: Path) -> None:
    write(tmp_path / "c.toml", b'[judge]\nisolation = "L0"\n')
    done = run("synth", tmp_path / "c.toml", "--chains", 1, "--out", tmp_path / "run", check=False)
    assert done.returncode == 2
    assert "--allow-unsafe" in done.stderr
    run("synth", tmp_path / "c.toml", "--chains", 1, "--turns", 1, "--allow-unsafe", "--out", tmp_path / "run")
    assert read_manifest(tmp_path / "run").isolation == "L0"
