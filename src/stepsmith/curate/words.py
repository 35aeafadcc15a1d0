"""Statements and programs as lists of words, without layout, case, comments and names that the author chose."""

import builtins
import keyword
import re
from collections.abc import Sequence

_WORD = re.compile(r"\w+")
_FENCED = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.DOTALL | re.MULTILINE)
_DOCTEST = re.compile(r"^[ \t]*>>>[^\n]*\n(?:[ \t]*(?!>>>)[^\n\s][^\n]*(?:\n|\Z))?", re.MULTILINE)
_SHOWN_VALUE = re.compile(r"^[ \t>*-]*\**(?:input|output|explanation|example \d+|sample (?:in|out)put \d*)\**:[^\n]*$",
                          re.IGNORECASE | re.MULTILINE)  # fmt: skip

_STRING = r"(?:[rbufRBUF]{0,2}(?:\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'))"
_NAME, _NUMBER = r"[^\W\d]\w*", r"\d[\w.]*"
_OPERATOR = r"->|=>|<<=?|>>=?|\*\*=?|//=?|[-+*/%&|^<>=!]=|&&|\|\||::|\+\+|--|[^\s\w]"
_HASH_COMMENTS = re.compile(rf"#[^\n]*|({_STRING}|\.\s*{_NAME}|{_NAME}|{_NUMBER}|{_OPERATOR})", re.DOTALL)
_SLASH_COMMENTS = re.compile(
    rf"//[^\n]*|/\*.*?\*/|^[ \t]*#[^\n]*|({_STRING}|\.\s*{_NAME}|{_NAME}|{_NUMBER}|{_OPERATOR})",
    re.DOTALL | re.MULTILINE,
)
_C_FAMILY = frozenset(
    _WORD.findall(
        "auto bool boolean break case catch char class const continue default delete do double else enum extends "
        "false final finally float fn for foreach func function go if impl implements import int interface let long "
        "loop match mut namespace new null nullptr package private protected public range return short signed sizeof "
        "static string struct super switch template this throw true try typedef unsigned use using var "
        "vector void while"
    )
)
_PYTHON = frozenset(keyword.kwlist) | frozenset(dir(builtins))
_FLOW = frozenset(_WORD.findall("def class for while if elif else try except with lambda yield return break continue"))
_C_FLOW = frozenset(_WORD.findall("class struct for while if else switch case try catch return break continue do"))
MOST_FORMS = 1_000_000  # distinct tokens that are remembered
CHOSEN = "@"  # stands for a name that the author chose


def prose(statement: str) -> str:
    """Return a statement without its worked examples: fenced blocks, doctests, lines that show an input or output."""
    return _SHOWN_VALUE.sub(" ", _DOCTEST.sub(" ", _FENCED.sub(" ", statement)))


def statement_words(statement: str) -> list[str]:
    """Return the words and numbers of a statement's prose, in lower case."""
    return _WORD.findall(prose(statement).lower())


def all_words(text: str) -> list[str]:
    """Return the words and numbers of a text, in lower case."""
    return _WORD.findall(text.lower())


def program_words(code: str, language: str = "python") -> list[str]:
    """Return the tokens of a program; every name that its author chose is the same token.

    Comments, docstrings and layout (with Python's indentation) are left out; keywords, builtins, attributes, numbers
    and strings count. Renaming and reformatting change nothing, and moving functions changes little.
    """
    if language in ("python", "pypy"):
        return _counted(_HASH_COMMENTS.findall(code), _IN_PYTHON)
    return _counted(_SLASH_COMMENTS.findall(code), _IN_OTHERS)


def _counted(tokens: Sequence[str], forms: "_Forms") -> list[str]:
    return [form for token in tokens if (form := forms[token])]


class _Forms(dict[str, str]):
    """Maps a token to the word that it counts as: itself, CHOSEN, or "" if it is left out. Works out each one once."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known

    def __missing__(self, token: str) -> str:
        if token[:3] in ('"""', "'''"):
            form = ""
        elif token in self._known or not (token[:1].isalpha() or token[:1] == "_") or token[-1] in "\"'":
            form = token
        else:
            form = CHOSEN
        if len(self) < MOST_FORMS:
            self[token] = form
        return form


_IN_PYTHON, _IN_OTHERS = _Forms(_PYTHON), _Forms(_C_FAMILY)


def shape(tokens: Sequence[str], language: str = "python") -> str:
    """Return the control flow of a program's tokens: "def for if return"."""
    flow = _FLOW if language in ("python", "pypy") else _C_FLOW
    return " ".join(token for token in tokens if token in flow)
