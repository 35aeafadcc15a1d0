"""A Kattis package as a problem to verify: submissions are candidates, samples examples, answers published outputs."""

import os
from collections.abc import Iterator
from pathlib import Path

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Checker, Example
from stepsmith.judge.checkers.custom import checker_program
from stepsmith.verify.formats.kattis.programs import input_validators, output_validator, submissions
from stepsmith.verify.formats.kattis.settings import TIME_CEILING_S, KattisSettings, read_settings, read_text
from stepsmith.verify.formats.kattis.test_data import KattisTest, read_tests, unused_data
from stepsmith.verify.formats.problems import SCORED, UnsupportedError, ValidationCase, VerifyProblem

STATEMENTS = ("problem_statement", "statement")  # legacy, 2025-09
ARCHIVES = (".zip", ".kpp")


def package_folders(path: Path) -> Iterator[Path]:
    """Yield ``path`` itself if it is a package, else the packages directly inside, by name. Raises ``CaseError``."""
    if (path / "problem.yaml").is_file():
        yield path
        return
    if path.suffix in ARCHIVES:
        raise CaseError(f"{path} is an archive; unpack it and name the folder")
    inside = sorted(p.parent for p in path.glob("*/problem.yaml")) if path.is_dir() else []
    if not inside:
        raise CaseError(f"{path} is no Kattis problem package and holds none (no problem.yaml)")
    yield from inside


def kattis_package(folder: Path) -> VerifyProblem:
    """Read one package.

    Raises ``UnsupportedError`` with the name of a feature that is not served, and ``CaseError`` for a package that
    cannot be read.
    """
    _check_files(folder)
    settings = read_settings(folder)
    for place in ("include", "static_validator"):
        if any((folder / place).glob("*")):
            raise UnsupportedError(f"{place}/ is not served")
    samples, secret = read_tests(folder, settings, "sample"), read_tests(folder, settings, "secret")
    tests = samples + secret
    cases, cases_left_out = _validation_cases(folder, settings)
    candidates, submissions_left_out = submissions(folder, settings)
    validators, validators_left_out = input_validators(folder, settings, [*tests, *(test for _, test in cases)])
    files = output_validator(folder, settings)
    checker = Checker(
        name=_checker_name(settings) if files else "tokens", flags=_output_args(tests), files=tuple(files.items())
    )
    if files:
        _check_program(checker)
    elif special := [word for word in settings.types if word in ("interactive", "multi-pass")]:
        raise UnsupportedError(f"{' and '.join(special)} without an output validator of its own")
    return VerifyProblem(
        problem_id=folder.resolve().name,
        interface="stdio",
        statement=_statement(folder, settings),
        examples=tuple(Example(input=test.input, output=test.answer) for test in samples if test.answer is not None),
        inputs=tuple(test.input for test in tests),
        outputs=tuple(test.answer for test in tests),
        kinds=tuple("nominal" if test.name.startswith("sample/") else "complex" for test in tests),
        checker=checker.name,
        checker_flags=checker.flags,
        checker_files=files,
        time_limit_s=settings.time_limit_s or TIME_CEILING_S,
        time_multiplier=None if settings.time_limit_s else settings.time_multiplier,
        time_resolution_s=settings.time_resolution_s,
        memory_limit_mb=settings.memory_mb,
        output_limit_mb=settings.output_mb,
        candidates=tuple(candidates),
        validator=tuple(validators),
        validation_cases=tuple(case for case, _ in cases),
        left_out=(
            *(f"{key}: not a key of the format" for key in settings.unknown),
            *(
                ("data/invalid_input: the package has no input validator that is run",)
                if not validators and any(case.output is None for case, _ in cases)
                else ()
            ),
            *((SCORED,) if "scoring" in settings.types else ()),
            *unused_data(folder),
            *cases_left_out,
            *validators_left_out,
            *submissions_left_out,
        ),
    )


def _check_files(folder: Path) -> None:
    """Raise ``CaseError`` for a link that leaves the package or leads to a folder around it, and for a pipe or device.

    A package may come from anybody: its tests must not show other files of this machine, nor have no end.
    """
    top = folder.resolve()
    for place, folders, files in os.walk(folder):
        for path in (Path(place, name) for name in (*folders, *files)):
            name = path.relative_to(folder).as_posix()
            target = path.resolve()
            if path.is_symlink() and not target.is_relative_to(top):
                raise CaseError(f"{name} is a link that leaves the package; put a copy of the file in its place")
            if path.is_symlink() and path.parent.resolve().is_relative_to(target):
                raise CaseError(f"{name} is a link to a folder around it")
            if path.exists() and not path.is_file() and not path.is_dir():
                raise CaseError(f"{name} is a pipe or a device, not a file")


def _checker_name(settings: KattisSettings) -> str:
    """Return the name of the checker that runs the package's own output validator."""
    name = "interactive-kattis" if "interactive" in settings.types else "custom-kattis"
    return f"{name}:{settings.passes}" if settings.passes > 1 else name


def _output_args(tests: list[KattisTest]) -> tuple[str, ...]:
    """Return the arguments of the output validator, which must be the same for all tests."""
    by_args = {test.output_args: test.name for test in tests}
    if len(by_args) > 1:
        different = "; ".join(f"data/{name}: {' '.join(args) or 'none'}" for args, name in by_args.items())
        raise UnsupportedError(f"output validator arguments that differ between tests ({different})")
    return next(iter(by_args), ())


def _check_program(checker: Checker) -> None:
    try:
        checker_program(checker)
    except CaseError as error:
        raise UnsupportedError(f"output validator: {error}") from None


def _validation_cases(
    folder: Path, settings: KattisSettings
) -> tuple[list[tuple[ValidationCase, KattisTest]], list[str]]:
    """Return the data that tests the validators, and in words which of it cannot be used."""
    cases: list[tuple[ValidationCase, KattisTest]] = []
    left_out = []
    for test in read_tests(folder, settings, "invalid_input"):
        cases.append((ValidationCase(name=test.name, input=test.input), test))
    for part, accepted in (("invalid_output", False), ("valid_output", True)):
        for test in read_tests(folder, settings, part):
            if test.answer is None or test.output is None:
                left_out.append(f"data/{test.name}: it has no .ans or no .out")
            elif "interactive" in settings.types or settings.passes > 1:
                left_out.append(f"data/{test.name}: an output alone shows nothing here")
            else:
                case = ValidationCase(
                    name=test.name, input=test.input, answer=test.answer, output=test.output, accepted=accepted,
                    flags=test.output_args,
                )  # fmt: skip
                cases.append((case, test))
    return cases, left_out


def _statement(folder: Path, settings: KattisSettings) -> str:
    """Return the source text of the English statement, or of whichever there is; "" for PDF."""
    places = [
        p for name in STATEMENTS for p in sorted((folder / name).glob("problem*.*")) if p.suffix in (".tex", ".md")
    ]
    english = [p for p in places if ".en." in p.name or p.stem == "problem"]
    return read_text((english or places)[0], settings.constants) if places else ""
