"""What every command does on odd terminals, with odd files, and when it is told to stop."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepsmith.cli.terminal import SAME_SIGNAL_S
from tests.cli.commands import run_here
from tests.processes import heed_interrupts

STEPSMITH = str(Path(sys.executable).with_name("stepsmith"))
SYNTH = ["synth", "--chains", "1", "--turns", "1", "--attempts", "4", "--workers", "1"]


def run(*words: object, **settings: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "100", **settings}
    command = [STEPSMITH, *map(str, words)]
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        command, capture_output=True, text=True, timeout=240, check=False, env=environment, encoding="utf-8",
        errors="surrogateescape",
    )  # fmt: skip


SHORT = [
    ["--help"], ["synth", "--help"], ["doctor"], ["features", "show"], ["curriculum", "list"],
    ["curriculum", "show", "classic"], ["study", "--list"], ["train", "presets"], ["judge", "run", "--help"],
]  # fmt: skip


@pytest.mark.parametrize("words", SHORT, ids=" ".join)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_output_that_a_terminal_lacks_is_replaced(words: list[str], encoding: str) -> None:
    if words == ["doctor"] and encoding != "ascii":
        pytest.skip("doctor tries the sandbox; once is enough")
    done = run(*words, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stdout) > 100


def test_a_run_on_an_ascii_terminal_shows_its_figures(tmp_path: Path) -> None:
    done = run(*SYNTH, "--out", tmp_path / "run", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert re.search(r"chain 1/1 - kept \d+/1 - \d+ per min - easy \d", done.stdout), done.stdout
    assert done.stdout.isascii()


def test_characters_have_a_plain_form_each() -> None:
    script = (
        "from stepsmith.cli.terminal import accept_any_text as a; a();"
        "print('a · b → c … é ñ 日本 \\udcff ▁█ ░█ 5×', end='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=True
    )
    assert done.stdout.decode("ascii") == "a - b -> c ... e n ?? ? _# .# 5x"
    utf8 = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, env={**os.environ, "PYTHONIOENCODING": "utf-8"}, check=True
    )
    assert utf8.stdout.decode() == "a · b → c … é ñ 日本 ? ▁█ ░█ 5×"


@pytest.mark.parametrize("words", [["features", "show", "--depth", "9"], ["curriculum", "list"], ["--help"], SYNTH])
def test_a_reader_that_goes_away_ends_a_command_quietly(words: list[str], tmp_path: Path) -> None:
    more = ["--out", str(tmp_path / "run")] if words == SYNTH else []
    with subprocess.Popen([STEPSMITH, *words, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        error = process.stderr.read().decode()
        process.wait(timeout=240)
    assert process.returncode in (0, 1)
    assert error == ""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with paths that no command can use."""
    folder = tmp_path_factory.mktemp("odd")
    os.mkfifo(folder / "pipe")
    (folder / "binary").write_bytes(b"\xff\xfe\x00binary\n" * 9)
    (folder / "empty").touch()
    (folder / "folder").mkdir()
    for name in ("pipe", "binary", "empty", "folder"):
        (folder / f"{name}.toml").symlink_to(folder / name)
    return folder


COMMANDS = [
    ["synth", "ODD", "--out", "OUT", "--dry-run"],
    ["synth", "--seeds", "ODD", "--out", "OUT", "--chains", "1", "--turns", "1"],
    ["synth", "--student", "ODD", "--out", "OUT"],
    ["report", "ODD"],
    ["verify", "ODD", "--out", "OUT"],
    ["judge", "run", "ODD", "--out", "OUT"],
    ["features", "show", "ODD"],
    ["features", "extract", "--seeds", "ODD", "--out", "OUT"],
    ["features", "extract", "--into", "ODD", "--out", "OUT"],
    ["cache", "stats", "--file", "ODD"],
    ["doctor", "ODD"],
    ["export", "ODD", "--to", "verl", "--out", "OUT"],
    ["study", "ODD.toml", "--out", "OUT"],
    ["curriculum", "show", "ODD.toml"],
    ["train", "sft", "ODD.toml", "--out", "OUT"],
]
EMPTY_IS_FINE = [
    words
    for words in COMMANDS
    if words[:2] in (["synth", "ODD"], ["doctor", "ODD"], ["verify", "ODD"], ["judge", "run"], ["features", "show"])
    or "--into" in words
    or "--file" in words
]


@pytest.mark.parametrize("name", ["pipe", "binary", "empty", "folder", "missing"])
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words))
def test_paths_that_cannot_be_used_are_one_clear_line(words: list[str], name: str, odd: Path, tmp_path: Path) -> None:
    if name == "empty" and words in EMPTY_IS_FINE:
        pytest.skip("a configuration, a tree, a cache or a list of cases may be empty")
    given = [word.replace("ODD", str(odd / name)).replace("OUT", str(tmp_path / "out")) for word in words]
    code, _, error = run_here(*given)
    assert code == 2, error
    assert re.fullmatch(r"stepsmith: [^\n]+\n", error), error
    assert not re.search(r"(?<!\.)\.\.(?![./])|[:;(] ?\.(?!\w)", error), error


# A run that takes long enough to be stopped: many chains over two worker processes.
LONG = ["synth", "--chains", "400", "--turns", "3", "--workers", "2"]


@pytest.fixture
def long_run(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A synthesis that has finished its first chains."""
    out = tmp_path / "run"
    process = subprocess.Popen(
        [STEPSMITH, *LONG, "--out", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=heed_interrupts, start_new_session=True,
    )  # fmt: skip
    assert process.stdout
    assert process.stderr
    while "chain " not in process.stdout.readline():
        assert process.poll() is None, process.stderr.read()
    yield process, out
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()


def semaphores() -> set[str]:
    return {path.name for path in Path("/dev/shm").glob("sem.*")}


def children_of(group: int) -> list[str]:
    """Processes of a session that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == group and fields[0] != "Z":
            found.append(path.parent.name)
    return found


@pytest.mark.parametrize(
    ("number", "to_group"),
    [(signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGTERM, True), (signal.SIGHUP, True)],
)
def test_signals_stop_a_run_that_says_how_to_go_on(
    long_run: tuple[subprocess.Popen[str], Path], number: signal.Signals, to_group: bool
) -> None:
    process, out = long_run
    before = semaphores()
    (os.killpg if to_group else os.kill)(process.pid, number)
    output, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Finished chains are safe" in output
    assert "--resume" in output
    assert f"{'Ctrl-C' if number == signal.SIGINT else number.name}: stopping" in error
    assert "A second Ctrl-C ends at once" in error
    assert "Traceback" not in error
    assert "semaphore" not in error
    time.sleep(1.0)  # the resource tracker ends by itself
    assert semaphores() <= before
    assert not children_of(process.pid)
    assert (out / "work.sqlite").exists()


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    script = (
        "import time\nfrom stepsmith.cli.terminal import stop_on_signals\nstop_on_signals()\n"
        "try:\n    print('up', flush=True)\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('saving', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=heed_interrupts,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)  # the same one again, as schedulers do
        assert process.stdout.readline() == "saving\n"
        time.sleep(SAME_SIGNAL_S + 0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        assert process.stderr
        assert process.stderr.read().count("stepsmith: ") == 2


def test_signals_that_are_ignored_stay_ignored() -> None:
    script = (
        "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from stepsmith.cli.terminal import stop_on_signals\nstop_on_signals()\n"
        "signal.raise_signal(signal.SIGHUP)\nprint('alive')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "alive\n"
