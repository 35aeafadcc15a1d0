"""Inputs of MBPP+ as the functions take them: JSON has no tuples, sets and complex numbers.

The table follows ``mbpp_deserialize_inputs`` of EvalPlus 0.3.1, task by task.
"""

from collections.abc import Callable, Sequence
from typing import Any

Arguments = Sequence[Any]
Inputs = Sequence[Arguments]


def mbpp_inputs(task_id: str, inputs: Inputs) -> list[tuple[Any, ...]]:
    """Return the argument tuples of a task ("Mbpp/2")."""
    number = int(task_id.rpartition("/")[2])
    read = next((read for numbers, read in _READERS if number in numbers), list)
    return [tuple(read(arguments)) for arguments in inputs]


def _tuples(arguments: Arguments) -> Arguments:
    return [tuple(value) for value in arguments]


def _lists_of_tuples(arguments: Arguments) -> Arguments:
    return [[tuple(item) for item in value] for value in arguments]


def _tuples_of_tuples(arguments: Arguments) -> Arguments:
    return [tuple(tuple(item) for item in value) for value in arguments]


def _first_list_of_tuples(arguments: Arguments) -> Arguments:
    return [[tuple(item) for item in arguments[0]], arguments[1]]


def _first_tuple(arguments: Arguments) -> Arguments:
    return [tuple(arguments[0]), arguments[1]]


def _second_tuple(arguments: Arguments) -> Arguments:
    return [arguments[0], tuple(arguments[1])]


def _sets(arguments: Arguments) -> Arguments:
    """Turn lists into sets; an empty one becomes ``{}``, a dictionary, as in EvalPlus."""
    return [[set(item) if isinstance(item, list) and item else {} for item in arguments[0]]]


def _tuple_with_tuples(arguments: Arguments) -> Arguments:
    return [tuple(tuple(item) if isinstance(item, list) else item for item in arguments[0])]


def _dictionary_of_tuples(arguments: Arguments) -> Arguments:
    return [{key: tuple(value) for key, value in arguments[0].items()}, *arguments[1:]]


def _all_tuples(value: Any) -> Any:
    return tuple(map(_all_tuples, value)) if isinstance(value, list) else value


_READERS: tuple[tuple[frozenset[int], Callable[[Arguments], Arguments]], ...] = (
    (frozenset((2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616, 630, 726, 740, 744,
                809)), _tuples),
    (frozenset((63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780)), _lists_of_tuples),
    (frozenset((75, 413, 444, 753)), _first_list_of_tuples),
    (frozenset((106, 750)), _second_tuple),
    (frozenset((115,)), _sets),
    (frozenset((124,)), lambda arguments: [float(arguments[0]), complex(arguments[1])]),
    (frozenset((250, 405, 446, 617, 720, 763, 808)), _first_tuple),
    (frozenset((259, 401, 445)), _tuples_of_tuples),
    (frozenset((278,)), _tuple_with_tuples),
    (frozenset((307,)), lambda arguments: [tuple(arguments[0]), arguments[1], arguments[2]]),
    (frozenset((722,)), _dictionary_of_tuples),
    (frozenset((252,)), lambda arguments: [complex(arguments[0])]),
    (frozenset((580, 615, 791)), _all_tuples),
)  # fmt: skip
