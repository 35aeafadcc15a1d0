from pathlib import Path

import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.curriculum import Schedule
from stepsmith.curriculum.library import load_curriculum

USERS = """
[mine]
kind = "schedule"
steps = 10
segments = [{ until = 4, easy = 2, easy-medium = 2 }, { until = 10, hard = 1 }]

[yours]
kind = "chains"
threshold = 0.7
"""


def test_users_bring_their_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(USERS)
    mine = load_curriculum(f"{path}#mine")
    assert isinstance(mine, Schedule)
    assert mine.weights(0.399) == {"easy": 0.5, "easy-medium": 0.5}
    assert mine.weights(0.4) == {"hard": 1.0}
    assert load_curriculum(f"{path}#yours").half_life == 0.1
    with pytest.raises(ConfigError, match="more or less than one: mine, yours"):
        load_curriculum(str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[a]\nkind = "schedule"\nsegments = [{ eazy = 1 }]', r"\[a\]: .*unknown field `eazy`.*segments"),
        ('[a]\nkind = "schedule"\nsegments = [{ easy = -1 }]', r"\[a\]: .*>= 0"),
        ('[a]\nkind = "schedule"\nsegments = []', "at least one segment"),
        ('[a]\nkind = "schedule"\nsegments = [{ easy = 0 }]', "segment 1 has no positive weight"),
        ('[a]\nkind = "schedule"\nsegments = [{ until = 2, easy = 1 }]', "segment 1 must end after 0 and by 1"),
        (
            '[a]\nkind = "schedule"\nsteps = 9\nsegments = [{ until = 5, easy = 1 }, { until = 5, hard = 1 }]',
            "segment 2 must end after 5 and by 9",
        ),
        (
            '[a]\nkind = "schedule"\nsteps = 9\nsegments = [{ until = 5, easy = 1 }]',
            "last segment ends at 5, the schedule at 9",
        ),
        ('[a]\nkind = "magic"', "magic"),
        ("[a]\nsegments = []", "kind"),
        ('[a]\nkind = "chains"\nthreshold = 1.5', "threshold"),
        ("[a", "own.toml: "),
        ("a = 1", r"\[a\]: "),
        ("", "more or less than one: none"),
    ],
)
def test_a_mistake_in_a_file_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        load_curriculum(str(path))
    assert "\n" not in str(caught.value)
    assert "own.toml" in str(caught.value)


def test_names_and_files_that_are_not_there_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no curriculum .sof.: .*hard, soft, classic"):
        load_curriculum("sof")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_curriculum(str(tmp_path / "none.toml"))
