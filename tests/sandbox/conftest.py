from collections.abc import Iterator
from pathlib import Path

import pytest

from stepsmith.core.errors import SandboxError
from stepsmith.judge.languages import tool_folders
from stepsmith.sandbox import levels, native
from stepsmith.sandbox.launch import Setup
from stepsmith.sandbox.worker import Worker


@pytest.fixture(scope="session")
def library_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    folder.chmod(0o700)
    return folder


@pytest.fixture(scope="session")
def best() -> int:
    """The best level of this machine that confines; tests that need one are skipped without it."""
    for level in (3, 2, 1):
        try:
            levels.start(level, Setup()).close()
        except SandboxError:
            continue
        return level
    pytest.skip("this machine gives no isolation level above L0")


@pytest.fixture(scope="module", params=["native", "python"])
def worker(request: pytest.FixtureRequest, best: int, library_folder: Path) -> Iterator[Worker]:
    """A worker of the best level, with the supervisor's loop in C and in Python."""
    if request.param == "native" and not native.library(library_folder):
        pytest.skip("no C compiler")
    folder = str(library_folder) if request.param == "native" else ""
    with levels.start(best, Setup(programs=tool_folders(), library_folder=folder)) as worker:
        yield worker
