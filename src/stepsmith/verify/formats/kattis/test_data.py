"""``data/`` of a Kattis package: tests with the arguments that their groups give to validators, and invalid data."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from stepsmith.core.errors import CaseError
from stepsmith.verify.formats.kattis.settings import KattisSettings, Yaml, read_text, read_yaml
from stepsmith.verify.formats.problems import UnsupportedError

__test__ = False  # not a pytest module

GROUP_FILES = ("testdata.yaml", "test_group.yaml")  # legacy, 2025-09
_INPUT = ("input_validator_flags", "input_validator_args")
_OUTPUT = ("output_validator_flags", "output_validator_args")
_USED = ("sample", "secret", "invalid_input", "invalid_output", "valid_output")


class KattisTest(NamedTuple):
    """One test. ``input_args`` are by the validator's name, "" for those that are not named."""

    name: str  # path below ``data`` without its ending
    input: str
    answer: str | None
    output: str | None  # a given output, of (in)valid ones
    input_args: Mapping[str, tuple[str, ...]]
    output_args: tuple[str, ...]


def read_tests(folder: Path, settings: KattisSettings, part: str) -> list[KattisTest]:
    """Return the tests of a part of ``data`` (``sample``, ``secret``, ``invalid_input``...), ordered by name."""
    data = folder / "data"
    config = _group(data, settings, {})
    return list(_tests(data, data / part, settings, config)) if (data / part).is_dir() else []


def unused_data(folder: Path) -> list[str]:
    """Return the folders of ``data`` that the format does not have."""
    return [
        f"data/{path.name}: not a folder of the format"
        for path in sorted((folder / "data").glob("*/"))
        if path.name not in _USED and not path.name.startswith((".", "-"))
    ]


def _tests(data: Path, folder: Path, settings: KattisSettings, above: Yaml) -> Iterator[KattisTest]:
    config = _group(folder, settings, above)
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "-")):
            continue
        if path.is_dir():
            if path.suffix == ".files":
                raise UnsupportedError(f"{path.relative_to(data.parent)}: submissions get no files here")
            yield from _tests(data, path, settings, config)
        elif path.suffix == ".in":
            yield _test(data, path, settings, config)


def _test(data: Path, path: Path, settings: KattisSettings, group: Yaml) -> KattisTest:
    own = path.with_suffix(".yaml")
    config = {**group, **(read_yaml(own, settings.constants) if own.is_file() else {})}
    name = path.relative_to(data).with_suffix("").as_posix()
    if config.get("args"):
        raise UnsupportedError(f"data/{name}: submissions get no command-line arguments here")
    answer, output = path.with_suffix(".ans"), path.with_suffix(".out")
    try:
        return KattisTest(
            name=name,
            input=read_text(path),
            answer=read_text(answer) if answer.is_file() else None,
            output=read_text(output) if output.is_file() else None,
            input_args=_input_args(_first(config, _INPUT)),
            output_args=settings.validator_flags + _output_args(_first(config, _OUTPUT)),
        )
    except CaseError as error:
        raise CaseError(f"data/{name}: {error}") from None


def _group(folder: Path, settings: KattisSettings, above: Yaml) -> Yaml:
    """Return a group's configuration on top of the one above it."""
    config = dict(above)
    for name in GROUP_FILES:
        if (folder / name).is_file():
            own = read_yaml(folder / name, settings.constants)
            if "static_validation_score" in own:
                raise UnsupportedError(f"{folder.name}/{name}: static validation")
            config |= own
    return config


def _first(config: Yaml, keys: tuple[str, ...]) -> object:
    return next((config[key] for key in keys if config.get(key)), "")


def _input_args(value: object) -> dict[str, tuple[str, ...]]:
    """Return arguments by validator, from text, a list, legacy's ``{name, flags}`` or 2025-09's ``{name: list}``."""
    if not isinstance(value, dict):
        return {"": _words(value)}
    if set(value) == {"name", "flags"}:
        return {str(value["name"]): _words(value["flags"])}
    return {str(name): _words(args) for name, args in value.items()}


def _output_args(value: object) -> tuple[str, ...]:
    return _words(value["flags"] if isinstance(value, dict) and "flags" in value else value)


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise CaseError(f"validator arguments must be text or a list of texts, got {value!r}")
