"""``verifyproblem`` (problemtools) and ``bt`` (BAPCtools) over problem packages."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from submissions import Reply

# problemtools runs Python by PyPy, which need not be there.
CPYTHON = """\
python3:
  name: 'Python 3'
  priority: 850
  files: '*.py *.py3'
  compile: 'python3 -m py_compile {files}'
  run: 'python3 "{mainfile}"'
"""
VERDICT = re.compile(r"/([\w-]+)\.py\b.*?\b(AC|WA|RTE|TLE|CE)\b")
PARTS = {"run": ["submissions"], "validate": ["config", "data", "submissions", "validators"]}


def output_of(consumer: str, binaries: Path, package: Path, what: str, settings: Path) -> str:
    """What the tool prints of a package; ``what`` is "run" or "validate"."""
    if consumer == "kattis-legacy":
        config = settings / "problemtools"
        config.mkdir(parents=True, exist_ok=True)
        (config / "languages.yaml").write_text(CPYTHON)
        words = [binaries / "verifyproblem", "-p", *PARTS[what], "-t", "2", "--", package]
        env = {**os.environ, "XDG_CONFIG_HOME": str(settings)}
        run = subprocess.run(words, capture_output=True, text=True, env=env, check=False)
    else:
        words = [binaries / "bt", what, "--no-bar"]
        run = subprocess.run(words, capture_output=True, text=True, cwd=package, check=False)
    return run.stdout + run.stderr


def accepted(consumer: str, binaries: Path, packages: list[Path], settings: Path) -> str:
    """How many packages the tool's own checks find no error in."""
    texts = [output_of(consumer, binaries, package, "validate", settings) for package in packages]
    if consumer == "kattis-legacy":
        good = sum("tested: 0 errors" in text for text in texts)
        return f"verifyproblem: {good} of {len(texts)} packages without an error"
    bad = [text for text in texts if re.search(r"\b(ERROR|FATAL)\b", text) or "Input validation: Done" not in text]
    return f"bt validate: {len(texts) - len(bad)} of {len(texts)} packages without an error"


def verdicts(consumer: str, binaries: Path, packages: list[Path], settings: Path, some: list[Reply]) -> dict[str, bool]:
    """Whether the tool's runner accepts each program, put into its package. One that does not compile is not run."""
    found: dict[str, bool] = {}
    for package in packages:
        mine = [one for one in some if one.code and one.problem.endswith(package.name[-8:])]
        shutil.rmtree(package / "submissions")
        for one in mine:
            place = package / "submissions" / ("accepted" if one.solved else "wrong_answer") / f"{one.id}.py"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(one.code or "")
        for name, verdict in VERDICT.findall(output_of(consumer, binaries, package, "run", settings)):
            found.setdefault(name, verdict == "AC")
    return found
