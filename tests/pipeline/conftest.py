from pathlib import Path

import pytest

from stepsmith.pipeline.studies.definition import Study
from tests.pipeline.study_runs import STUDY, written


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return written(tmp_path, STUDY)
