"""`stepsmith rate`: what it prints, what it writes, and what it refuses."""

from pathlib import Path

from tests.cli.commands import run_here as run


def test_a_finished_run_is_rated_again(tmp_path: Path) -> None:
    made, rated = tmp_path / "made", tmp_path / "rated"
    synth = ["synth", "--chains", "1", "--turns", "2", "--profile", "micro", "--attempts", "8", "--workers", "1"]
    run(*synth, "--out", str(made))
    before = (made / "problems.parquet").read_bytes()
    done = run("rate", str(made), "--student", "simulated", "--attempts", "8", "--out", str(rated))
    assert done.code == 0, done.err
    assert "undecided" in done.out
    assert "simulated" in done.out
    assert (rated / "ratings.parquet").exists()
    assert (made / "problems.parquet").read_bytes() == before
    again = run("rate", str(made), "--student", "simulated", "--attempts", "8", "--out", str(rated))
    assert again.code == 2
    assert "already holds this run" in again.err
    for words, said in (
        (["--student", "nobody"], "unknown student 'nobody'"),
        (["--student", "simulated", "--confidence", "0.4"], "confidence"),
    ):
        refused = run("rate", str(made), *words, "--out", str(tmp_path / "other"))
        assert refused.code == 2
        assert said in refused.err
        assert not (tmp_path / "other").exists()
    nowhere = run("rate", str(tmp_path / "none"), "--student", "simulated")
    assert (nowhere.code, "there are no problems at" in nowhere.err) == (2, True)
