"""Kattis problem packages on disk; their own submissions become candidates with known verdicts.

Read are ``problem.yaml`` (name, validation, flags, time limit), the English statement, ``data/**/*.in`` with ``.ans``,
``submissions/<verdict>/``, and the first input and output validator in a language that the judge has.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Verdict
from stepsmith.verify.formats.problems import Candidate, InputValidator, VerifyProblem

_LANGUAGES = {".py": "python", ".py3": "python", ".cpp": "cpp", ".cc": "cpp", ".cxx": "cpp", ".c": "c"}
_CLAIMS = {
    "accepted": Verdict.AC,
    "wrong_answer": Verdict.WA,
    "rejected": Verdict.WA,
    "run_time_error": Verdict.RTE,
    "time_limit_exceeded": Verdict.TLE,
}
_HEADERS = (".h", ".hpp", ".hh")


def package_folders(path: Path) -> Iterator[Path]:
    """``path`` itself if it is a package, else the packages directly inside, by name; ``CaseError`` if none."""
    if (path / "problem.yaml").is_file():
        yield path
        return
    inside = sorted(p.parent for p in path.glob("*/problem.yaml")) if path.is_dir() else []
    if not inside:
        raise CaseError(f"{path} is no Kattis problem package and holds none (no problem.yaml)")
    yield from inside


def kattis_package(folder: Path) -> VerifyProblem:
    """Read one package. Raises ``CaseError`` that names the folder."""
    try:
        settings = _settings((folder / "problem.yaml").read_text("utf-8", "replace"))
        inputs = sorted((folder / "data").rglob("*.in"), key=lambda p: ("sample" not in p.parts, p.as_posix()))
        answers = [p.with_suffix(".ans") for p in inputs]
        checker, files = _output_validator(folder, settings)
        return VerifyProblem(
            problem_id=folder.name,
            interface="stdio",
            statement=_statement(folder),
            inputs=tuple(map(_text, inputs)),
            outputs=tuple(_text(p) if p.is_file() else None for p in answers),
            kinds=tuple("nominal" if "sample" in p.parts else "complex" for p in inputs),
            checker=checker,
            checker_flags=settings.get("validator_flags", ""),
            checker_files=files,
            time_limit_s=_time_limit(folder, settings),
            memory_limit_mb=int(float(settings.get("memory", "") or 2048)),
            candidates=tuple(_submissions(folder)),
            validator=_input_validator(folder) or (),
        )
    except OSError as error:
        raise CaseError(f"cannot read the package {folder}: {error.strerror}") from None
    except ValueError as error:
        raise CaseError(f"package {folder}: {error}") from None


def _settings(text: str) -> dict[str, str]:
    """The scalar settings of problem.yaml by their last key, nesting aside: all that is needed of YAML here."""
    found = {}
    for match in re.finditer(r"^[ \t]*(\w+)[ \t]*:[ \t]*([^\n#]+?)[ \t]*(?:#[^\n]*)?$", text, re.MULTILINE):
        found[match.group(1)] = match.group(2).strip("'\"")
    return found


def _statement(folder: Path) -> str:
    """The English statement, or whatever there is, as its source text, with the samples that it shows by reference."""
    places = [p for sub in ("problem_statement", "statement") for p in sorted((folder / sub).glob("problem*.*"))]
    places = [p for p in places if p.suffix in (".tex", ".md")]
    english = [p for p in places if ".en." in p.name or p.stem == "problem"]
    text = _text((english or places)[0]) if places else ""
    for k, sample in enumerate(sorted((folder / "data" / "sample").glob("*.in")), 1):
        answer = sample.with_suffix(".ans")
        if answer.is_file():
            text += f"\n\nSample Input {k}\n```\n{_text(sample)}\n```\nSample Output {k}\n```\n{_text(answer)}\n```\n"
    return text


def _submissions(folder: Path) -> Iterator[Candidate]:
    """Single-file submissions (or folders with one source) in known languages, accepted ones first."""
    for claim, verdict in _CLAIMS.items():
        for path in sorted((folder / "submissions" / claim).glob("*")):
            sources = [path] if path.is_file() else [p for p in sorted(path.rglob("*")) if p.suffix in _LANGUAGES]
            if len(sources) == 1 and sources[0].suffix in _LANGUAGES:
                yield Candidate(
                    language=_LANGUAGES[sources[0].suffix],
                    code=_text(sources[0]),
                    verdict=verdict,
                    name=f"{claim}/{path.name}",
                )


def _output_validator(folder: Path, settings: dict[str, str]) -> tuple[str, dict[str, str]]:
    """(checker, its files): the default validator, or the package's own program."""
    places = [p for name in ("output_validators", "output_validator") for p in sorted((folder / name).rglob("*"))]
    sources = [p for p in places if p.suffix in (*_LANGUAGES, *_HEADERS)]
    if not sources or settings.get("validation", "").startswith("default"):
        return "tokens", {}
    return "custom-kattis", {p.name: _text(p) for p in sorted(sources, key=lambda p: (p.suffix in _HEADERS, p.name))}


def _input_validator(folder: Path) -> InputValidator | None:
    """The first validator that is one source file in a known language; grammars for other tools are passed over."""
    for name in ("input_validators", "input_format_validators"):
        for path in sorted((folder / name).rglob("*")):
            if path.suffix in _LANGUAGES and len([p for p in path.parent.iterdir() if p.suffix in _LANGUAGES]) >= 1:
                return InputValidator(language=_LANGUAGES[path.suffix], code=_text(path))
    return None


def _time_limit(folder: Path, settings: dict[str, str]) -> float:
    """Seconds, from problem.yaml (2023 format), ``.timelimit`` or domjudge-problem.ini; 10 where nobody says."""
    text = settings.get("time_limit", "")
    for name in (".timelimit", "domjudge-problem.ini"):
        if not text and (folder / name).is_file():
            match = re.search(r"(?:timelimit\s*=\s*)?['\"]?(\d+(?:\.\d+)?)", _text(folder / name))
            text = match.group(1) if match else ""
    return float(text) if text else 10.0


def _text(path: Path) -> str:
    """A file's text, whatever its bytes."""
    return path.read_bytes().decode("utf-8", "replace")
