from pathlib import Path

import msgspec
import pytest

from stepsmith.core.errors import CaseError, StoreError
from stepsmith.core.records import Record
from stepsmith.store.report_lines import append_reports, reports_so_far


class Line(Record, frozen=True, kw_only=True):
    digest: str


LINES = [Line(digest=name) for name in "abc"]


def encode(line: Line) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def so_far(path: Path, digests: str) -> list[Line]:
    return reports_so_far(path, Line, iter(digests), "stepsmith test")


def test_what_was_written_is_read_back_and_continued(tmp_path: Path) -> None:
    path, seen = tmp_path / "lines", list[Line]()
    assert so_far(path, "abc") == []
    append_reports(path, LINES[:2], encode, seen.append)
    left = iter("abc")
    assert reports_so_far(path, Line, left, "stepsmith test") == seen == LINES[:2]
    assert list(left) == ["c"], "the items that are done are taken, and no more"
    append_reports(path, LINES[2:], encode, seen.append)
    assert so_far(path, "abc") == LINES


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(encode(LINES[0]) + encode(LINES[1])[:-4])
    assert so_far(path, "abc") == LINES[:1]
    assert path.read_bytes() == encode(LINES[0])


@pytest.mark.parametrize(("content", "digests"), [(b"{}\n", "a"), (encode(LINES[0]), "b"), (encode(LINES[0]), "")])
def test_another_file_is_refused_and_kept(content: bytes, digests: str, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(content)
    with pytest.raises(CaseError, match=r"line 1.*choose another --out"):
        so_far(path, digests)
    assert path.read_bytes() == content


def test_a_line_is_there_before_it_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "lines"

    def look(line: Line) -> None:
        assert path.read_bytes().endswith(encode(line))

    append_reports(path, LINES, encode, look)


def test_a_full_disk_says_how_to_go_on() -> None:
    with pytest.raises(StoreError, match="No space left on device; run the same command again"):
        append_reports(Path("/dev/full"), LINES, encode, lambda _: None)
