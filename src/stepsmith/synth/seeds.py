"""Where seeds come from: windows of 25 to 50 consecutive lines of real Python code."""

import os
import random
import sysconfig
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path

import msgspec

from stepsmith.core.errors import SeedError
from stepsmith.core.records import Record, Seed
from stepsmith.synth.licenses import STDLIB, AllowedLicenses, license_of_file, license_of_row
from stepsmith.synth.seed_files import JSONL, NOTEBOOK, PYTHON, ROW_FIELD, field_text, read_code, reason_to_skip

WINDOW_LINES = (25, 50)  # Deep Dive, seeds
SKIPPED_IN_STDLIB = frozenset(
    {"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__", "lib-dynload"}
)
MAX_MISSES = 200  # after so many unusable files in a row, an error says that there is no usable seed


class SeedCounts(Record, frozen=True, kw_only=True):
    """How many files and rows the seeds of a run are drawn from, and how many were left out, by reason."""

    files: int
    notebooks: int
    rows: int  # of JSONL files
    left_out: dict[str, int]

    def text(self) -> str:
        """Return the counts as one or two sentences."""
        kinds = {"Python files": self.files, "notebooks": self.notebooks, "JSONL rows": self.rows}
        used = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items() if count) or "none"
        left = ", ".join(f"{reason}: {count:,}" for reason, count in sorted(self.left_out.items()))
        return f"Seeds: {used}." + (f" Left out: {left}." if left else "")


class SeedSource:
    """Draws seeds from Python files, notebooks, JSONL files and folders; no paths: the interpreter's standard library.

    Folders are walked once, in sorted order; hidden folders, virtual environments, installed packages and caches in
    them are skipped. A file is read only when a window is drawn from it, so little memory is needed; files in a folder
    that cannot be read or decoded are skipped. ``Seed.source`` is the path relative to the given folder, so ids do not
    depend on the place of that folder. ``field`` is the field of a JSONL row that holds the code. With ``licenses``,
    files and rows of other licences, and those without one, are left out. Raises ``SeedError`` for a path that is
    missing or holds nothing usable, and for a word that is not a licence.
    """

    def __init__(self, paths: Sequence[Path] = (), field: str = ROW_FIELD, licenses: Sequence[str] = ()) -> None:
        self._field = field
        try:
            self._allowed = AllowedLicenses(licenses) if licenses else None
        except ValueError as error:
            raise SeedError(str(error)) from None
        self._files: list[tuple[str, Path]] = []
        self._roots: dict[Path, Path] = {}  # of each file: the folder up to which a licence file speaks for it
        self._lines: list[tuple[str, Path, array[int]]] = []
        self._numbers: dict[str, array[int]] = {}  # of the rows that are left of a file, where some were left out
        self._left_out: Counter[str] = Counter()
        if paths:
            for path in paths:
                self._add(path)
        else:
            self._add_folder(Path(sysconfig.get_path("stdlib")), (PYTHON,), SKIPPED_IN_STDLIB, links=True)
        self._is_stdlib = not paths
        if self._allowed:
            self._leave_out(self._allowed, licenses)
        self._read = lru_cache(maxsize=64)(read_code)

    def window(self, rng: random.Random) -> Seed:
        """Draw a seed: a file (or JSONL row) uniformly, then a window of 25 to 50 of its lines, or all if shorter."""
        for _ in range(MAX_MISSES):
            index = rng.randrange(len(self._files) + sum(len(offsets) for _, _, offsets in self._lines))
            source, lines, license = self._text(index)
            if not lines:
                continue
            length = min(rng.randint(*WINDOW_LINES), len(lines))
            first = rng.randint(0, len(lines) - length)
            code = "\n".join(lines[first : first + length])
            if code.strip():
                return Seed(source=source, first_line=first + 1, code=code, license=license())
        raise SeedError("the seed files hold no readable text; name files or folders of Python source with --seeds")

    def counts(self) -> SeedCounts:
        """Read every file and count what can be used. This takes time in proportion to the size of the files."""
        left_out, used = self._left_out.copy(), Counter[str]()
        for _, path in self._files:
            code = read_code(path)
            if code.problem:
                left_out[code.problem] += 1
            else:
                used[path.suffix] += 1
        rows = sum(self._code(_line(path, at)).strip() != "" for _, path, offsets in self._lines for at in offsets)
        return SeedCounts(files=used[PYTHON], notebooks=used[NOTEBOOK], rows=rows, left_out=dict(left_out))

    def _text(self, index: int) -> tuple[str, tuple[str, ...], Callable[[], str]]:
        """Return the name and the lines of the index-th file or JSONL row, and how to find its licence."""
        if index < len(self._files):
            name, path = self._files[index]
            return name, self._read(path).lines, partial(self._license, path)
        index -= len(self._files)
        for name, path, offsets in self._lines:
            if index < len(offsets):
                row = _line(path, offsets[index])
                number = self._numbers[name][index] if name in self._numbers else index + 1
                return f"{name}#{number}", tuple(self._code(row).splitlines()), partial(license_of_row, row)
            index -= len(offsets)
        raise IndexError(index)

    def _code(self, row: bytes) -> str:
        """Return the code of a JSONL row; "" for a row that has none."""
        try:
            return field_text(row, self._field) or ""
        except ValueError:
            return ""

    def _license(self, path: Path) -> str:
        """Return the licence of a file; "" where none is found."""
        return STDLIB if self._is_stdlib else license_of_file(path, self._roots.get(path, path.parent))

    def _leave_out(self, allowed: AllowedLicenses, names: Sequence[str]) -> None:
        """Leave out what has another licence, or none. Raises ``SeedError`` where nothing is left."""
        before = Counter[str]()

        def allows(license: str) -> bool:
            before[license or "no licence found"] += 1
            return allowed.allow(license)

        self._files = [(name, path) for name, path in self._files if allows(self._license(path))]
        for name, path, offsets in self._lines:
            kept = [k for k, at in enumerate(offsets) if allows(license_of_row(_line(path, at)))]
            self._numbers[name] = array("q", [k + 1 for k in kept])
            offsets[:] = array("q", [offsets[k] for k in kept])
        left = sum(before.values()) - len(self._files) - sum(len(offsets) for _, _, offsets in self._lines)
        if left:
            self._left_out["files and rows of other licences"] += left
        if left == sum(before.values()):
            have = ", ".join(f"{name}: {count:,}" for name, count in before.most_common(6))
            raise SeedError(f"no seed has one of the licences {', '.join(names)} ({have}); name others")

    def _add(self, path: Path) -> None:
        if path.is_dir():
            self._add_folder(path, (PYTHON, NOTEBOOK))
        elif not path.exists():
            raise SeedError(f"seed path {path} does not exist")
        elif not path.is_file():
            raise SeedError(f"seed path {path} is neither a file nor a folder")
        elif path.suffix in JSONL:
            self._lines.append((path.name, path, self._index(path)))
        elif problem := read_code(path).problem:
            raise SeedError(f"seed file {path} cannot be used ({problem})")
        else:
            self._files.append((path.name, path))
            self._roots[path] = path.parent

    def _add_folder(
        self, folder: Path, suffixes: Sequence[str], names: frozenset[str] = frozenset(), *, links: bool = False
    ) -> None:
        """Add the files below ``folder``; skip folders in ``names`` and those that ``reason_to_skip`` names.

        Links that lead out of the folder are skipped unless ``links``.
        """

        def unreadable(_: OSError) -> None:
            self._left_out["folders that cannot be read"] += 1

        found = []
        for place, folders, files in os.walk(folder, onerror=unreadable):
            reasons = {name: reason_to_skip(Path(place, name)) for name in folders if name not in names}
            folders[:] = [name for name, reason in reasons.items() if not reason]  # the others are not walked
            self._left_out.update(reason for reason in reasons.values() if reason)
            paths = [Path(place, name) for name in files if name.endswith(tuple(suffixes))]
            inside = [path for path in paths if links or not (path.is_symlink() and _leaves(path, folder))]
            if len(inside) < len(paths):
                self._left_out["links that leave the folder"] += len(paths) - len(inside)
            found += [(path.relative_to(folder).as_posix(), path) for path in inside if path.is_file()]
        if not found:
            left = ", ".join(f"{reason}: {count}" for reason, count in sorted(self._left_out.items()))
            more = f"; skipped in it: {left}" if left else ""
            raise SeedError(f"seed folder {folder} holds no Python files (*.py) and no notebooks (*.ipynb){more}")
        self._files += sorted(found)
        self._roots |= dict.fromkeys((path for _, path in found), folder)

    def _index(self, path: Path) -> "array[int]":
        """Return the offset of every row of a JSONL file. Rows without code count as left out."""
        offsets = array("q")
        offset, usable = 0, False
        fields: dict[str, None] = {}
        try:
            with path.open("rb") as file:
                for line in file:
                    try:
                        code = field_text(line, self._field) if line.strip() else ""
                    except ValueError:
                        code = None
                        self._left_out["JSONL rows that are not JSON objects"] += 1
                    else:
                        if code is None:
                            fields |= dict.fromkeys(msgspec.json.decode(line))
                            self._left_out[f"JSONL rows without a text field {self._field!r}"] += 1
                    usable = usable or bool(code and code.strip())
                    offsets.append(offset)
                    offset += len(line)
        except OSError as error:
            raise SeedError(f"seed file {path} cannot be read: {error.strerror}") from None
        if not usable:
            has = f" (its rows have: {', '.join(list(fields)[:12])})" if fields else ""
            raise SeedError(
                f"seed file {path} has no row with code in the field {self._field!r}{has}; name the field with --field"
            )
        return offsets


def _line(path: Path, offset: int) -> bytes:
    """Return the line of a file that begins at ``offset``."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.readline()


def _leaves(link: Path, folder: Path) -> bool:
    """Return whether a link leads out of ``folder``: a seed goes to a model, and other files are not its business."""
    return not link.resolve().is_relative_to(folder.resolve())
