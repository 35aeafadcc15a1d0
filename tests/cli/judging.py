"""``stepsmith judge`` run in this process, and the files of a program."""

from pathlib import Path

from typer.testing import CliRunner

from stepsmith.cli.judge import judge_app
from stepsmith.core.errors import UserError


def run(*arguments: object) -> tuple[int, str]:
    """Run ``stepsmith judge ARGUMENTS``; return its exit code and output. Raises the errors of the user."""
    result = CliRunner().invoke(judge_app, [str(argument) for argument in arguments])
    if isinstance(result.exception, UserError):
        raise result.exception
    return result.exit_code, result.output


def write(folder: Path, **files: str) -> dict[str, Path]:
    """Write files; ``a__py`` is the name ``a.py``. Return their paths by these names."""
    paths = {}
    for name, text in files.items():
        paths[name] = folder / name.replace("__", ".")
        paths[name].write_text(text)
    return paths
