"""What a check is."""

from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar

from stepsmith.audit.findings import Finding

S = TypeVar("S")


class Check(NamedTuple, Generic[S]):
    """A check of subjects of type S: its name, the kinds that it can find, and the function that makes it.

    The function yields findings, and may raise ``NotCheckedError`` at any point.
    """

    name: str
    kinds: tuple[str, ...]
    run: Callable[[S], Iterator[Finding]]
