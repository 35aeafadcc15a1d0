"""Loading curricula by name or from a TOML file."""

from importlib.resources import files
from pathlib import Path

import msgspec

from stepsmith.core.errors import ConfigError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.curriculum.adaptive import Learnability, LearningProgress, Thompson
from stepsmith.curriculum.chains import Chains
from stepsmith.curriculum.rotation import Rotation
from stepsmith.curriculum.schedule import Schedule

# The kinds of curriculum. To add one, write a record with the members of `Curriculum` and add it here.
AnyCurriculum = Schedule | Rotation | Chains | Learnability | LearningProgress | Thompson


def presets() -> dict[str, AnyCurriculum]:
    """Return the curricula that ship with Stepsmith, by name, in the order of ``presets.toml``."""
    return _read(files("stepsmith.curriculum").joinpath("presets.toml").read_bytes(), "presets.toml")


def load_curriculum(name: str) -> AnyCurriculum:
    """Load a curriculum: the name of a preset, ``FILE.toml`` with one table, or ``FILE.toml#TABLE``.

    Raises ``ConfigError``.

    >>> type(st.load_curriculum("learnability")).__name__
    'Learnability'
    """
    known = presets()
    if name in known:
        return known[name]
    path_text, _, table = name.partition("#")
    if not path_text.endswith(".toml"):
        raise ConfigError(f"there is no curriculum {name!r}: give a .toml file or one of {', '.join(known)}")
    check_not_a_pipe(Path(path_text), read_once=True)
    try:
        found = _read(Path(path_text).read_bytes(), path_text)
    except OSError as error:
        raise ConfigError(f"{path_text} cannot be read: {error.strerror}") from None
    if not table and len(found) == 1:
        return next(iter(found.values()))
    if table not in found:
        names = ", ".join(found) or "none"
        raise ConfigError(
            f"{path_text} has {f'no curriculum {table!r}' if table else 'more or less than one'}: {names}; "
            f"name one as {path_text}#NAME"
        )
    return found[table]


def _read(text: bytes, where: str) -> dict[str, AnyCurriculum]:
    found: dict[str, AnyCurriculum] = {}
    try:
        tables = msgspec.toml.decode(text, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: {error}; a file of curricula has one table [NAME] per curriculum") from None
    for name, table in tables.items():
        try:
            found[name] = msgspec.convert(table, AnyCurriculum)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{where}: [{name}]: {error}") from None
    return found
