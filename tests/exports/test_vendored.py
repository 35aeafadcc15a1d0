"""The zip file of modules, imported where there is no Stepsmith."""

import subprocess
import sys
from pathlib import Path

from stepsmith.exports.vendored import vendored

USE = """
import sys
sys.path[:] = [path for path in sys.path if not path.endswith("src")]
sys.path.insert(0, sys.argv[1])
from stepsmith.core.records import Checker
from stepsmith.judge.checkers import compare
import stepsmith.envs
assert stepsmith.envs.__file__.startswith(sys.argv[1]), stepsmith.envs.__file__
print(compare(Checker(name="float:1e-3"), "stdio", "", "1.0", "1.0001").ok)
"""


def test_modules_come_with_what_they_import_and_nothing_else(tmp_path: Path) -> None:
    archive = vendored(["stepsmith.envs", "stepsmith.judge.checkers"])
    assert archive == vendored(["stepsmith.judge.checkers", "stepsmith.envs"])
    assert len(archive) < 80_000
    (tmp_path / "some.zip").write_bytes(archive)
    run = subprocess.run(
        [sys.executable, "-c", USE, tmp_path / "some.zip"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert (run.stdout, run.stderr) == ("True\n", "")
