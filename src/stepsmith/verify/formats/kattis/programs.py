"""Programs of a Kattis package, each a file or a folder: submissions, input validators, the output validator."""

import fnmatch
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Verdict
from stepsmith.judge.languages import language_of
from stepsmith.verify.formats.kattis.settings import KattisSettings, read_text, read_yaml
from stepsmith.verify.formats.kattis.test_data import KattisTest
from stepsmith.verify.formats.problems import Candidate, InputValidator, UnsupportedError

HEADERS = (".h", ".hpp", ".hh", ".hxx")
_SCRIPTS = ("build", "run")
_OTHER_VALIDATORS = {".ctd": "Checktestdata", ".viva": "VIVA"}
_ENTRY_POINTS = ("__main__", "main")
# Kattis compiles submissions by a newer standard than the judge's `cpp`.
_CPP = "cpp20"
# Endings of the format's language table that the judge does not know, for messages.
_UNSERVED = {
    ".cs": "C#", ".hs": "Haskell", ".kt": "Kotlin", ".lisp": "Lisp", ".cl": "Lisp", ".lua": "Lua", ".m": "Objective-C",
    ".ml": "OCaml", ".pas": "Pascal", ".php": "PHP", ".pl": "Prolog", ".py2": "Python 2", ".rb": "Ruby",
    ".scala": "Scala", ".sh": "Bash", ".ts": "TypeScript", ".jl": "Julia", ".zig": "Zig", ".d": "D", ".fs": "F#",
}  # fmt: skip


class Expectation(NamedTuple):
    """The verdicts that a submission's runs may get, and those of which at least one run must get one."""

    permitted: frozenset[Verdict]
    required: frozenset[Verdict]


_AC, _WA, _TLE, _RTE = Verdict.AC, Verdict.WA, Verdict.TLE, Verdict.RTE
_ANY = frozenset({_AC, _WA, _TLE, _RTE})


def _expect(permitted: str, required: str) -> Expectation:
    return Expectation(*(frozenset(Verdict(word) for word in words.split()) for words in (permitted, required)))


_FOLDERS = {
    "accepted": _expect("AC", "AC"),
    "rejected": _expect("AC WA TLE RTE", "WA TLE RTE"),
    "wrong_answer": _expect("AC WA", "WA"),
    "time_limit_exceeded": _expect("AC TLE", "TLE"),
    "run_time_error": _expect("AC RTE", "RTE"),
    "brute_force": _expect("AC RTE TLE", "RTE TLE"),
    "partially_accepted": _expect("AC WA TLE RTE", "WA TLE RTE"),
}
_LEGACY_FOLDERS = _FOLDERS | {"time_limit_exceeded": _expect("AC WA TLE", "TLE")}


class _Found(NamedTuple):
    """A program: the language of its sources, its files with the main one first."""

    name: str
    language: str
    files: tuple[tuple[str, str], ...]


class _UnservedError(Exception):
    """A program is not served; the message says why."""


def submissions(folder: Path, settings: KattisSettings) -> tuple[list[Candidate], list[str]]:
    """Return the submissions that can be judged, accepted ones first, and what was left out."""
    root = folder / "submissions"
    rules = read_yaml(root / "submissions.yaml", settings.constants) if (root / "submissions.yaml").is_file() else {}
    candidates, left_out = [], []
    for path in sorted(p for p in root.glob("*/*") if not p.name.startswith((".", "-"))):
        place = path.relative_to(root).as_posix()
        try:
            if _language_rule(place, rules) not in (None, "c", "cpp", "java", "python3", "rust", "go", "javascript"):
                raise _UnservedError("its language is not served")
            expectation = _expectation(place, settings, rules)
            found = _program(path, settings, ())
            if len(found.files) > 1:
                raise _UnservedError("it has several files")
        except (_UnservedError, CaseError) as error:
            left_out.append(f"submissions/{place}: {error}")
            continue
        verdict = min(expectation.required) if len(expectation.required) == 1 else _WA
        checked = verdict is not _AC and expectation.permitted != _ANY
        candidates.append(
            Candidate(
                language=_CPP if found.language == "cpp" else found.language,
                code=found.files[0][1],
                verdict=verdict,
                name=place,
                permitted=tuple(sorted(expectation.permitted)) if checked else (),
            )
        )
    candidates.sort(key=lambda candidate: candidate.verdict is not _AC)  # stable
    return candidates, left_out


def output_validator(folder: Path, settings: KattisSettings) -> dict[str, str]:
    """Return the files of the package's own output validator; none if the default validator decides.

    Raises ``UnsupportedError`` if the one that is asked for cannot be used.
    """
    places = _entries(folder / "output_validator") + _entries(folder / "output_validators")
    own = folder / "output_validator"  # of 2025-09: the folder is the program, where it has several files
    if any(path.stem in _ENTRY_POINTS and path.parent == own for path in places):
        places = [own, *(path for path in places if path.parent != own)]
    if settings.custom is False or (settings.custom is None and not places):
        return {}
    if not places:
        raise UnsupportedError("validation: custom, but the package has no output validator")
    if len(places) > 1:
        raise UnsupportedError(f"{len(places)} output validators: {', '.join(path.name for path in places)}")
    try:
        found = _program(places[0], settings, _headers_beside(places[0]))
    except _UnservedError as error:
        raise UnsupportedError(f"output validator {places[0].name}: {error}") from None
    return dict(found.files)


def input_validators(
    folder: Path, settings: KattisSettings, tests: list[KattisTest]
) -> tuple[list[InputValidator], list[str]]:
    """Return the input validators with their arguments for each test, and what was left out."""
    validators, left_out = [], []
    for path in _entries(folder / "input_format_validators") + _entries(folder / "input_validators"):
        try:
            if path.suffix in _OTHER_VALIDATORS:
                raise _UnservedError(f"{_OTHER_VALIDATORS[path.suffix]} is not run")
            found = _program(path, settings, _headers_beside(path))
        except _UnservedError as error:
            left_out.append(f"input validator {path.name}: {error}")
            continue
        names = (path.name, path.stem)
        validators.append(
            InputValidator(
                language=found.language,
                code=found.files[0][1],
                name=path.name,
                main=found.files[0][0],
                files=dict(found.files[1:]),
                args=tuple(_arguments(test.input_args, names) for test in tests),
                accepts=(42,),
            )
        )
    return validators, left_out


def _arguments(given: Mapping[str, tuple[str, ...]], names: tuple[str, str]) -> tuple[str, ...]:
    return next((given[name] for name in (*names, "") if name in given), ())


def _entries(folder: Path) -> list[Path]:
    """Return the programs in a folder: all its files and folders but hidden ones, headers and descriptions."""
    if not folder.is_dir():
        return []
    return [
        path
        for path in sorted(folder.iterdir())
        if not path.name.startswith((".", "-"))
        and path.suffix not in (*HEADERS, ".md", ".txt")
        and path.name not in ("README", "__pycache__")
    ]


def _headers_beside(path: Path) -> tuple[Path, ...]:
    """Return the headers that lie beside a program of one file."""
    if not path.is_file():
        return ()
    return tuple(other for other in sorted(path.parent.iterdir()) if other.suffix in HEADERS)


def _program(path: Path, settings: KattisSettings, beside: tuple[Path, ...]) -> _Found:
    """Read a program. Raises ``_UnservedError`` if the judge cannot run it."""
    files = [path] if path.is_file() else [p for p in sorted(path.rglob("*")) if p.is_file() and p.name[:1] not in "._"]
    root = path.parent if path.is_file() else path
    for script in _SCRIPTS:
        if path.is_dir() and (path / script).is_file():
            raise _UnservedError(f"its {script} script is not run")
    if path.is_dir():
        files += [p for p in sorted(path.rglob("__*__.py")) if p.is_file()]
    languages = {file: _language(file) for file in files}
    served = sorted({name for name in languages.values() if name})
    if len(served) != 1:
        unserved = sorted({_UNSERVED[file.suffix] for file in files if file.suffix in _UNSERVED})
        raise _UnservedError(f"{' and '.join(served or unserved) or 'its language'} is not served")
    sources = [file for file in files if languages[file]]
    sources.sort(key=lambda file: file.stem.lower() not in _ENTRY_POINTS)  # stable
    if served == ["python"] and re.match(r"#!.*python2\b", read_text(sources[0])):
        raise _UnservedError("Python 2 is not served")
    rest = [file for file in files if not languages[file]]
    texts = [(file.relative_to(root).as_posix(), read_text(file, settings.constants)) for file in (*sources, *rest)]
    texts += [(file.name, read_text(file, settings.constants)) for file in beside]
    return _Found(name=path.name, language=served[0], files=tuple(texts))


def _language(path: Path) -> str | None:
    if path.suffix == ".C":
        return "cpp"
    if path.suffix == ".py3":
        return "python"
    try:
        return language_of(path.name) if path.suffix not in HEADERS else None
    except CaseError:
        return None


# What the folders and submissions.yaml expect


def _expectation(place: str, settings: KattisSettings, rules: Mapping[str, object]) -> Expectation:
    """Return what is expected of a submission, over its folder and all rules that match its path.

    A rule on a group of tests says what must happen somewhere in the group. Raises ``_UnservedError`` if nothing
    says whether the submission is right or wrong.
    """
    folder = place.partition("/")[0]
    default = (_LEGACY_FOLDERS if settings.legacy else _FOLDERS).get(folder, Expectation(_ANY, _ANY))
    matching = [(key, rule) for key, rule in rules.items() if isinstance(rule, dict) and _matches(key, place)]
    expected = [_rule(rule, default if key == folder else Expectation(_ANY, _ANY)) for key, rule in matching]
    if folder not in rules:
        expected.append(default)
    parts = [part for _, rule in matching for part in rule.values() if isinstance(part, dict)]
    required = [one.required for one in expected] + [_rule(part, Expectation(_ANY, _ANY)).required for part in parts]
    permitted = frozenset.intersection(*(one.permitted for one in expected))
    failing = [one for one in required if _AC not in one]
    if not failing and permitted != {_AC}:
        raise _UnservedError("the package does not say whether it is right or wrong")
    return Expectation(permitted, min(failing, key=len) if failing else frozenset({_AC}))


def _rule(rule: Mapping[str, object], default: Expectation) -> Expectation:
    return Expectation(_verdicts(rule, "permitted", default.permitted), _verdicts(rule, "required", default.required))


def _verdicts(rule: Mapping[str, object], key: str, default: frozenset[Verdict]) -> frozenset[Verdict]:
    value = rule.get(key)
    if value is None:
        return default
    try:
        return frozenset(Verdict(str(word)) for word in (value if isinstance(value, list) else [value]))
    except ValueError:
        raise _UnservedError(f"submissions.yaml: {key}: {value}") from None


def _language_rule(place: str, rules: Mapping[str, object]) -> object:
    """Return the language that submissions.yaml names for a submission, or None."""
    named = [
        rule["language"]
        for key, rule in rules.items()
        if isinstance(rule, dict) and "language" in rule and _matches(key, place)
    ]
    return named[-1] if named else None


def _matches(pattern: str, place: str) -> bool:
    """Return whether a glob pattern matches a submission or a folder above it; ``*`` does not match ``/``."""
    names = place.split("/")
    return any(
        len(parts) <= len(names) and all(map(fnmatch.fnmatchcase, names, parts))
        for parts in (choice.split("/") for choice in _braces(pattern))
    )


def _braces(pattern: str) -> Iterator[str]:
    """Yield the patterns that a pattern with ``{a,b}`` stands for."""
    match = re.search(r"\{([^{}]*)\}", pattern)
    if match is None:
        yield pattern
        return
    for choice in match[1].split(","):
        yield from _braces(pattern[: match.start()] + choice + pattern[match.end() :])
