"""What counts of a statement and of a program."""

from stepsmith.curate.words import program_words, statement_words
from tests.curate.problems import ISLANDS, RENAMED_ISLANDS


def test_worked_examples_do_not_count() -> None:
    text = "Add the Numbers.\n\n```\n1 2\n```\n\nInput: nums = [1, 2]\nOutput: 3\n\n>>> add(1, 2)\n3\nThen stop.\n"
    assert statement_words(text) == ["add", "the", "numbers", "then", "stop"]


def test_a_renamed_program_has_the_same_words() -> None:
    assert program_words(RENAMED_ISLANDS[1]) == program_words(ISLANDS[1])


def test_builtins_attributes_numbers_and_strings_count() -> None:
    assert program_words('x = sorted(y.items())[1.5:]  # no\n"""doc"""\nz = "a # b"') == [
        "@", "=", "sorted", "(", "@", ".items", "(", ")", ")", "[", "1.5", ":", "]", "@", "=", '"a # b"',
    ]  # fmt: skip


def test_comments_of_other_languages() -> None:
    code = "#include <x>\nint main() { // one\n  int total = 1; /* two\n three */ return total; }"
    assert program_words(code, "cpp") == [
        "int", "@", "(", ")", "{", "int", "@", "=", "1", ";", "return", "@", ";", "}",
    ]  # fmt: skip
