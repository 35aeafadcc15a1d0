import sys
from pathlib import Path

import pytest

from stepsmith.audit.rewards.target import PROTOCOLS, reward_target
from stepsmith.core.errors import ConfigError


def test_a_file_is_named_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text("")
    monkeypatch.chdir(tmp_path)
    target = reward_target("mine.py:reward")
    assert target.reference == f"{tmp_path}/mine.py:reward"
    assert target.python == sys.executable
    assert reward_target("package.module:function").reference == "package.module:function"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_protocol_of_an_address_is_read_from_its_path(protocol: str) -> None:
    path = PROTOCOLS[protocol]  # type: ignore[index]
    target = reward_target(f"http://judge:1/base{path}")
    assert (target.reference, target.protocol, target.interface) == ("http://judge:1/base", protocol, "judge")


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("http://judge:1", {}, "--protocol"),
        ("nowhere.py:reward", {}, "no file"),
        ("no reward", {}, "package.module:function"),
        ("module:function", {"protocol": "piston"}, "address of a judge"),
        ("module:function", {"python": Path("/no/python")}, "no file"),
    ],
)
def test_what_is_no_target_is_refused(text: str, options: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        reward_target(text, **options)
