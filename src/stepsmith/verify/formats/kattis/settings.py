"""``problem.yaml`` of a Kattis package: its type, limits and validation. Also reads the package's other text files."""

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Record
from stepsmith.verify.formats.limits import megabytes, seconds
from stepsmith.verify.formats.problems import UnsupportedError

LEGACY = ("legacy", "legacy-icpc")
CURRENT = ("2023-07-draft", "2023-07", "2025-09-draft", "2025-09", "draft")
TIME_CEILING_S = 20.0  # time limit of accepted submissions, where the package's own limit depends on their times
JUDGE_VALIDATION_S, JUDGE_VALIDATION_MB = 30.0, 2048  # the limits of a custom checker in the judge

_KEYS = {
    "problem_format_version", "type", "name", "uuid", "version", "author", "credits", "source", "source_url", "license",
    "rights_owner", "embargo_until", "limits", "validation", "validator_flags", "grading", "keywords", "languages",
    "allow_file_writing", "constants",
}  # fmt: skip
_LIMITS = {
    "time_multiplier", "time_safety_margin", "time_multipliers", "time_limit", "time_resolution", "memory", "output",
    "code", "compilation_time", "compilation_memory", "validation_time", "validation_memory", "validation_output",
    "validation_passes",
}  # fmt: skip
_TYPES = {"pass-fail", "scoring", "multi-pass", "interactive", "submit-answer"}

Constants = tuple[tuple[str, str], ...]
Yaml = Mapping[str, object]  # values are text, lists and mappings: nothing is converted


class KattisSettings(Record, frozen=True, kw_only=True):
    """The settings in ``problem.yaml``, with defaults filled in."""

    legacy: bool
    types: tuple[str, ...]
    custom: bool | None  # whether a validator of the package's own decides; None: if there is one
    validator_flags: tuple[str, ...] = ()
    time_limit_s: float | None = None  # None: ``time_multiplier`` times the slowest accepted submission, rounded up
    time_multiplier: float = 2.0
    time_resolution_s: float = 1.0
    memory_mb: int = 2048
    output_mb: float = 8.0
    passes: int = 1  # most passes of a multi-pass problem
    constants: tuple[tuple[str, str], ...] = ()  # (name, text): the text replaces ``{{name}}``
    unknown: tuple[str, ...] = ()  # keys that the format does not have


def read_settings(folder: Path) -> KattisSettings:
    """Read ``problem.yaml``.

    Raises ``CaseError`` if it cannot be read, ``UnsupportedError`` for what is not served.
    """
    data = read_yaml(folder / "problem.yaml")
    version = _text(data, "problem_format_version", "legacy")
    if version not in LEGACY + CURRENT:
        raise UnsupportedError(f"problem_format_version {version!r}; served are legacy and 2025-09")
    legacy = version in LEGACY
    types, custom = _types(data, legacy=legacy)
    limits = _mapping(data, "limits")
    multipliers = _mapping(limits, "time_multipliers")
    multi_pass = "multi-pass" in types
    _check_guarantees(limits)
    if _text(data, "allow_file_writing", "false").lower() == "true":
        raise UnsupportedError("allow_file_writing: submissions may not write files here")
    time_limit = seconds(_text(limits, "time_limit", "") or _time_limit_elsewhere(folder), 0.0, unit="s")
    return KattisSettings(
        legacy=legacy,
        types=types,
        custom=custom,
        validator_flags=tuple(_text(data, "validator_flags", "").split()),
        time_limit_s=time_limit or None,
        time_multiplier=_number(limits, "time_multiplier", 5.0)
        if legacy
        else _number(multipliers, "ac_to_time_limit", 2.0),
        time_resolution_s=_number(limits, "time_resolution", 1.0),
        memory_mb=megabytes(_text(limits, "memory", ""), 2048, unit="MB"),
        output_mb=megabytes(_text(limits, "output", ""), 8, unit="MB"),
        passes=int(_number(limits, "validation_passes", 2)) if multi_pass else 1,
        constants=tuple(_constants(_mapping(data, "constants")).items()),
        unknown=(
            *(f"problem.yaml: {key}" for key in data if key not in _KEYS),
            *(f"problem.yaml: limits.{key}" for key in limits if key not in _LIMITS),
        ),
    )


def read_yaml(path: Path, constants: Constants = ()) -> Yaml:
    """Return the mapping of a YAML file with every scalar as it is written. Raises ``CaseError``."""
    try:
        value = yaml.load(read_text(path, constants), Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise CaseError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from None
    if value in (None, ""):
        return {}
    if not isinstance(value, dict):
        raise CaseError(f"{path.name} is not a mapping of keys to values")
    return value


def read_text(path: Path, constants: Constants = ()) -> str:
    """Return a file's text, with the package's constants put in. Raises ``CaseError`` if it is not UTF-8."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise CaseError(f"{path.name} is not UTF-8: byte {error.start}") from None
    except OSError as error:
        raise CaseError(f"cannot read {path.name}: {error.strerror}") from None
    if not constants:
        return text
    values = dict(constants)
    return re.sub(r"\{\{([A-Za-z_][\w.]*)\}\}", lambda match: values.get(match[1], match[0]), text)


def _types(data: Yaml, *, legacy: bool) -> tuple[tuple[str, ...], bool | None]:
    """Return the problem's types, and whether its validator is its own."""
    given = data.get("type", "pass-fail")
    types = (
        given.split() if isinstance(given, str) else [str(word) for word in given] if isinstance(given, list) else []
    )
    unknown = [word for word in types if word not in _TYPES]
    if unknown or not types:
        raise UnsupportedError(f"problem type {' '.join(unknown) or 'missing'}")
    if "submit-answer" in types:
        raise UnsupportedError("a submit-answer problem: its submissions are answers, not programs")
    custom: bool | None = None
    if legacy or "validation" in data:
        validation = _text(data, "validation", "default").split()
        if (
            not validation
            or validation[0] not in ("default", "custom")
            or set(validation[1:]) - {"interactive", "score"}
        ):
            raise UnsupportedError(f"validation: {' '.join(validation)}")
        custom = validation[0] == "custom"
        if "score" in validation:
            raise UnsupportedError("validation: its output validator gives scores, which are not computed")
        if "interactive" in validation:
            types.append("interactive")
    if "scoring" in types and custom:
        raise UnsupportedError("a scoring problem with an output validator of its own: scores are not computed")
    return tuple(types), custom


def _check_guarantees(limits: Yaml) -> None:
    """Refuse a package that needs more for its validator than the judge gives."""
    asked = seconds(_text(limits, "validation_time", ""), 0.0, unit="s")
    if asked > JUDGE_VALIDATION_S:
        raise UnsupportedError(f"limits: validation_time {asked:g} s; the judge gives {JUDGE_VALIDATION_S:g} s")
    asked_mb = megabytes(_text(limits, "validation_memory", ""), 0, unit="MB")
    if asked_mb > JUDGE_VALIDATION_MB:
        raise UnsupportedError(f"limits: validation_memory {asked_mb} MB; the judge gives {JUDGE_VALIDATION_MB} MB")


def _time_limit_elsewhere(folder: Path) -> str:
    """Return the time limit in seconds that ``.timelimit`` or ``domjudge-problem.ini`` names, or ""."""
    for name in (".timelimit", "domjudge-problem.ini"):
        path = folder / name
        if path.is_file():
            match = re.search(r"(?:^|timelimit\s*=)\s*['\"]?(\d+(?:\.\d+)?)", read_text(path), re.MULTILINE)
            if match:
                return match[1]
    return ""


def _constants(given: Yaml) -> dict[str, str]:
    """Return the texts that replace ``{{name}}``, ``{{name.value}}`` and ``{{name.variant}}``."""
    constants: dict[str, str] = {}
    for name, value in given.items():
        variants = value if isinstance(value, dict) else {"value": value}
        constants |= {f"{name}.{variant}": str(text) for variant, text in variants.items()}
        if "value" in variants:
            constants[name] = str(variants["value"])
    return constants


def _mapping(data: Yaml, key: str) -> Yaml:
    value = data.get(key, "")
    if value == "":
        return {}
    if not isinstance(value, dict):
        raise CaseError(f"problem.yaml: {key} is not a mapping of keys to values")
    return value


def _text(data: Yaml, key: str, default: str) -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise CaseError(f"problem.yaml: {key} is not text")
    return value or default


def _number(data: Yaml, key: str, default: float) -> float:
    text = _text(data, key, "")
    try:
        value = float(text) if text else default
    except ValueError:
        raise CaseError(f"problem.yaml: {key} is not a number: {text!r}") from None
    if not 0 < value < float("inf"):
        raise CaseError(f"problem.yaml: {key} must be above 0, got {text}")
    return value
