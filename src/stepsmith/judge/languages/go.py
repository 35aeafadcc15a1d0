"""Go. The compiler and the linker are called directly, because ``go build`` needs a cache folder that it can write to.

The packages of the standard library are listed once for each version of Go. From Go 1.20 on this also compiles them,
which takes a minute or two.
"""

import fcntl
import functools
import os
import shlex
import subprocess
from pathlib import Path

from stepsmith.core.errors import MachineError, SandboxError
from stepsmith.core.ids import content_id
from stepsmith.judge.languages.language import BINARY, Language, Sources, arguments

LIST_S = 600.0  # wall seconds to list and compile the standard library
_PACKAGES = "{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}"


class Go(Language, frozen=True, kw_only=True):
    """Go programs with one package, ``main``, that import only the standard library."""

    def folders(self) -> tuple[str, ...]:
        """The folder of Go itself."""
        root = Path(_environment(self.path)["GOROOT"]).resolve()
        return () if root.is_relative_to("/usr") else (str(root),)

    def prepared(self, folder: Path, sources: Sources) -> tuple[str, ...]:
        """Return the file that says where the compiled standard library is."""
        place = folder / content_id("go", self.version)
        config = place / "importcfg"
        if not config.exists():
            place.mkdir(parents=True, exist_ok=True)
            with (place / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # whoever comes second waits: without it nothing compiles
                if not config.exists():
                    _list_packages(self.path, place, config)
        return (str(config),)

    def compile_command(self, sources: Sources, prepared: tuple[str, ...]) -> tuple[str, ...]:
        """Compile all files as one package and link it."""
        if not prepared:
            raise MachineError(
                "the user that compiles Go programs cannot read the compiled standard library: "
                "set STEPSMITH_CACHE to a folder that every user can read"
            )
        config = shlex.quote(prepared[0])
        tools = shlex.quote(_environment(self.path)["GOTOOLDIR"])
        script = (
            f'{tools}/compile -p main -complete -trimpath . -importcfg {config} -o main.a "$@" && '
            f"{tools}/link -importcfg {config} -s -w -o {BINARY} main.a"
        )
        return ("/bin/sh", "-c", script, "sh", *arguments(sources))


@functools.cache
def _environment(go: Path) -> dict[str, str]:
    names = ("GOROOT", "GOTOOLDIR")
    done = subprocess.run([go, "env", *names], capture_output=True, text=True, check=False)
    values = done.stdout.split("\n")
    if done.returncode != 0 or len(values) <= len(names):
        raise MachineError(f"{go} env failed: {done.stderr.strip()[:200]}")
    return dict(zip(names, values, strict=False))


def _list_packages(go: Path, folder: Path, config: Path) -> None:
    environment = {
        "PATH": os.environ.get("PATH", ""), "HOME": str(folder), "GOCACHE": str(folder / "cache"), "GOFLAGS": "",
        "GO111MODULE": "off", "GOTOOLCHAIN": "local",
    }  # fmt: skip
    try:
        done = subprocess.run(
            [go, "list", "-export", "-f", _PACKAGES, "std"],
            capture_output=True, text=True, env=environment, cwd=folder, check=False, timeout=LIST_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SandboxError(f"{go} list did not end within {LIST_S:.0f} s") from None
    if done.returncode != 0:
        raise SandboxError(f"{go} list failed: {done.stderr.strip()[:500]}")
    new = config.with_suffix(".new")
    new.write_text(done.stdout)
    new.replace(config)


GO = Go(
    name="go",
    aliases=("golang",),
    endings=(".go",),
    tool="go",
    package="golang-go",
    version_option="version",
    reserve_mb=1024,  # for the heap's page tables
    out_of_memory="fatal error: runtime: (out of|cannot allocate) memory",
)
