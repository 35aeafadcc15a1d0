import pytest

from stepsmith.core.errors import CaseError
from stepsmith.verify.formats.limits import megabytes, seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.0 seconds", 2.0), ("1 second", 1.0), ("2000 ms", 2.0), ("2000ms", 2.0), ("1.5 s", 1.5), ("3 Sec.", 3.0),
        ("500 milliseconds", 0.5), ("2 minutes", 120.0), (".5 s", 0.5), ("", 9.0), (" ", 9.0), (None, 9.0),
        ("0 seconds", 9.0), (0, 9.0),
    ],
)  # fmt: skip
def test_time_limits(text, expected):
    assert seconds(text, 9.0, unit="s" if text == 0 else "") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("256.0 megabytes", 256), ("256 MB", 256), ("1 GB", 1024), ("1.5 gigabytes", 1536), ("64 MiB", 64),
        ("65536 KB", 64), ("1000 kilobytes", 1), ("268435456 bytes", 256), (None, 9), ("", 9),
    ],
)  # fmt: skip
def test_memory_limits(text, expected):
    assert megabytes(text, 9) == expected


def test_bare_numbers_need_a_known_unit():
    assert seconds(1500, 2.0, unit="ms") == seconds("1.5", 2.0, unit="s") == 1.5
    assert megabytes(1 << 28, 512, unit="bytes") == 256


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (seconds, "2000", "has no unit; write a number of seconds or ms"),
        (seconds, 2.5, "'2.5' has no unit"),
        (seconds, "2 fortnights", "'2 fortnights' cannot be read"),
        (seconds, "2 MB", "'2 mb' cannot be read"),
        (seconds, "1-2 seconds", "cannot be read"),
        (seconds, "-1 s", "cannot be read"),
        (seconds, "2,5 s", "cannot be read"),
        (seconds, float("nan"), "cannot be read"),
        (megabytes, "lots", "cannot be read"),
        (megabytes, "256", "has no unit; write a number of MB or GB"),
        (megabytes, "1 TB", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(read, text, words):
    with pytest.raises(CaseError, match=words):
        read(text, 1)
