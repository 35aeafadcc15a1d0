"""Rust, edition 2021. The main file is compiled; other files are modules that it declares."""

import functools
import subprocess
from pathlib import Path

from stepsmith.core.errors import MachineError
from stepsmith.judge.languages.language import BINARY, Language, Sources, argument


class Rust(Language, frozen=True, kw_only=True):
    """Rust. Where ``rustc`` is rustup's proxy, which needs a home folder, the compiler behind it is called."""

    @property
    def path(self) -> Path:
        """The compiler in its own folder."""
        found = super().path
        return _sysroot(found) / "bin" / "rustc"

    def folders(self) -> tuple[str, ...]:
        """The compiler's folder, with the standard library."""
        root = self.path.parent.parent
        return () if root.is_relative_to("/usr") else (str(root),)

    def compile_command(self, sources: Sources, prepared: tuple[str, ...]) -> tuple[str, ...]:
        """Compile with optimisation; overflow is not checked, as in contests."""
        return (str(self.path), "--edition=2021", "-O", "-o", BINARY, argument(sources[0][0]))


@functools.cache
def _sysroot(rustc: Path) -> Path:
    done = subprocess.run([rustc, "--print", "sysroot"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MachineError(f"{rustc} --print sysroot failed: {done.stderr.strip()[:200]}")
    return Path(done.stdout.strip())


RUST = Rust(
    name="rust",
    aliases=("rs",),
    endings=(".rs",),
    tool="rustc",
    needs=("cc",),
    package="rustc",
    out_of_memory="memory allocation of [0-9]+ bytes failed",
)
