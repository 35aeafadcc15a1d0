from collections.abc import Iterator

import pytest

from stepsmith.judge.local import LocalJudge


@pytest.fixture(scope="session")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalJudge]:
    """A judge with a cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEPSMITH_CACHE", str(tmp_path_factory.mktemp("cache")))
        with LocalJudge() as judge:
            yield judge


@pytest.fixture
def own() -> Iterator[LocalJudge]:
    """A judge to be maltreated."""
    with LocalJudge() as judge:
        yield judge
