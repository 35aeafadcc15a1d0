"""Integers of any length are read and written, and CPython's limit stays as it was."""

import sys
import threading

import pytest

from stepsmith.core.integers import MOST_DIGITS, HugeInt, literal_text, long_integers, read_integer, read_literal

LONG = "7" * 5001


def test_literals_of_many_digits() -> None:
    for text in (LONG, f"-{LONG}", f"([{LONG}, 1], {{'a': -{LONG}}})"):
        assert literal_text(read_literal(text)) == text


def test_the_limit_is_back_afterwards() -> None:
    usual = sys.get_int_max_str_digits()
    with pytest.raises(SyntaxError):
        read_literal("1 +* 2")
    with long_integers():
        with long_integers():
            assert sys.get_int_max_str_digits() == MOST_DIGITS
        assert sys.get_int_max_str_digits() == MOST_DIGITS
    assert sys.get_int_max_str_digits() == usual
    with pytest.raises(ValueError, match="digits"):
        int(LONG)


def test_a_limit_that_is_higher_stays() -> None:
    usual = sys.get_int_max_str_digits()
    try:
        for limit in (0, 2 * MOST_DIGITS):
            sys.set_int_max_str_digits(limit)
            with long_integers():
                assert sys.get_int_max_str_digits() == limit
            assert sys.get_int_max_str_digits() == limit
    finally:
        sys.set_int_max_str_digits(usual)


def test_threads_do_not_take_the_limit_from_each_other() -> None:
    usual, wrong = sys.get_int_max_str_digits(), []

    def read() -> None:
        for _ in range(200):
            if literal_text(read_literal(LONG)) != LONG:
                wrong.append(1)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert sys.get_int_max_str_digits() == usual


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-12", -12),
        ("1_000", 1000),
        (LONG, HugeInt(LONG)),
        (f"-{LONG}", HugeInt(f"-{LONG}")),
        (f"+{LONG}", HugeInt(LONG)),
        ("_".join(LONG), HugeInt(LONG)),
        ("0" * 5000 + "12", 12),
        ("-" + "0" * 5000, 0),
    ],
)
def test_integers_are_the_same_however_they_are_written(text: str, value: int | HugeInt) -> None:
    assert read_integer(text) == value


def test_reading_takes_no_time_that_grows_with_the_square() -> None:
    assert repr(read_integer("9" * 5_000_000)) == "9" * 5_000_000  # converting them would take minutes
