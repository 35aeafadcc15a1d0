"""Compressed data and pickles from other people: bounded, and never carried out."""

import gzip
import pickle
import zlib

import pytest

from stepsmith.core.unpacking import pickled_text, unpacked


def test_zlib_gzip_and_joined_files() -> None:
    assert unpacked(zlib.compress(b"abc")) == unpacked(gzip.compress(b"abc")) == b"abc"
    assert unpacked(gzip.compress(b"a") + gzip.compress(b"b") + b"\0\0") == b"ab"
    assert unpacked(b"") == b""


def test_a_bomb_is_refused_without_being_unpacked() -> None:
    bomb = zlib.compress(bytes(1 << 24))
    assert len(bomb) < 20_000
    assert len(unpacked(bomb)) == 1 << 24
    for data in (bomb, gzip.compress(bytes(600)) * 2):
        with pytest.raises(ValueError, match="more than 1000 bytes"):
            unpacked(data, 1000)


@pytest.mark.parametrize(
    ("data", "why"), [(b"nonsense", "header"), (gzip.compress(b"abc" * 99, mtime=0)[:-9], "ends too early")]
)
def test_what_is_not_compressed(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        unpacked(data)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("text", ["", "caf\u00e9 \U0001f600", "x" * 100_000])
def test_the_text_of_a_pickle(text: str, protocol: int) -> None:
    assert pickled_text(pickle.dumps(text, protocol)) == text


class Evil:
    def __reduce__(self):
        return print, ("carried out",)


@pytest.mark.parametrize("value", [Evil(), ["a"], 3, None, ("a", "b"), b"bytes", {"a": "b"}])
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_other_pickles_are_refused_and_not_carried_out(
    value: object, protocol: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match="pickle"):
        pickled_text(pickle.dumps(value, protocol))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("data", [b"", b"\x80", b"not a pickle", pickle.dumps("abc")[:-1]])
def test_broken_pickles(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pickletools words them in several ways
        pickled_text(data)
