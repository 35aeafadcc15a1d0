"""Known holes in the installed packages, by ``pip-audit``. Where its service cannot be reached this says so.

Exit code 1 if a hole is known; 0 otherwise, also if nothing could be audited, so that CI does not need the network.

    python benchmarks/audit_deps.py
"""

import json
import subprocess
import sys

LONGEST_S = 300
COMMAND = [
    sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--timeout", "10",
    "--skip-editable",
]  # fmt: skip


def main() -> int:
    try:
        done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=LONGEST_S, check=False)
        packages = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        print(f"NOT AUDITED: pip-audit did not end within {LONGEST_S} s")
        return 0
    except (ValueError, KeyError):
        said = [line for line in done.stderr.splitlines() if line.strip()]
        print(f"NOT AUDITED: the vulnerability service cannot be reached ({said[-1][:200] if said else 'no answer'})")
        return 0
    return report(packages)


def report(packages: list[dict]) -> int:
    """Print what was found, and return the exit code."""
    audited = [package for package in packages if "skip_reason" not in package]
    holes = [(package, hole) for package in audited for hole in package["vulns"]]
    for package, hole in holes:
        fixed = ", ".join(hole.get("fix_versions", ())) or "no version yet"
        print(f"{package['name']} {package['version']}: {hole['id']}, fixed in {fixed}")
    if not audited:
        print(f"NOT AUDITED: the service knows none of {len(packages)} packages; it is out of reach or another index")
    else:
        print(f"{len(audited)} of {len(packages)} packages audited, {len(holes)} known holes")
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
