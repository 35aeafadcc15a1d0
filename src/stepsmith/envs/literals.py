"""Python literals as text: their canonical form, and the arguments of a call.

It uses only the standard library, because the reward file for verl contains this module (``train.verl.standalone``).
"""

import ast
from collections.abc import Callable, Mapping
from typing import NamedTuple

from stepsmith.core.integers import literal_text, long_integers, read_literal

MAX_TEXT = 1_000_000  # characters; a longer text is not an answer

JSON_NAMES: dict[str, object] = {"true": True, "false": False, "null": None}


class Signature(NamedTuple):
    """How a function is called. ``kinds`` are the types of the arguments of a call that is known to be well formed,
    as in ``("str", "list")``; empty if none is known.
    """

    name: str
    parameters: tuple[str, ...]
    required: int  # number of parameters without a default; these come first
    kinds: tuple[str, ...] = ()


def canonical(text: str) -> str | None:
    """Return ``repr`` of the literal value of ``text``; None if it is not a Python literal."""
    if not text or len(text) > MAX_TEXT:
        return None
    try:
        return literal_text(read_literal(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def signature_of(program: str, entry_point: str, known_call: str = "") -> Signature:
    """Return the signature of a function, or of a ``Solution.method`` without ``self``, defined in ``program``.

    ``known_call`` is an argument tuple as text, from which the kinds are read. Raises ``ValueError`` if the
    function is not defined.
    """
    owner, _, name = entry_point.rpartition(".")
    tree = ast.parse(program)
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == owner]
    for scope in classes if owner else [tree]:
        for node in ast.walk(scope):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                signature = signature_from(node)
                names = signature.parameters[1:] if owner else signature.parameters
                required = signature.required - 1 if owner else signature.required
                return Signature(name, names, required, kinds_of(known_call))
    raise ValueError(f"the program defines no function {entry_point!r}")


def signature_from(function: ast.FunctionDef) -> Signature:
    """Return the signature of a function definition, ``self`` included; keyword-only parameters are left out."""
    names = tuple(argument.arg for argument in (*function.args.posonlyargs, *function.args.args))
    return Signature(function.name, names, len(names) - len(function.args.defaults))


def kinds_of(call: str) -> tuple[str, ...]:
    """Return the type names of the members of an argument tuple given as text; () if it cannot be read."""
    try:
        value = read_literal(call)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return ()
    return tuple(type(member).__name__ for member in value) if isinstance(value, tuple) else ()


def call_text(entry_point: str, arguments: str) -> str:
    """Return an argument tuple as a call, as a person writes it: ``"([1, 2],)"`` → ``"f([1, 2])"``."""
    return f"{entry_point.rpartition('.')[2]}({', '.join(map(literal_text, read_literal(arguments)))})"


@long_integers()
def read_call(text: str, signature: Signature) -> str:
    """Return the arguments of one call as a canonical tuple: ``"[1,2], k=3"`` → ``"([1, 2], 3)"``.

    It also reads a whole call, ``f([1, 2], 3)``; a list or tuple with all the arguments, if the function needs two or
    more; and JSON's ``true``, ``false`` and ``null``. Raises ``ValueError``, which quotes the place, if the text is not
    a list of literals or does not fit the parameters.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"it has {len(text)} characters, more than {MAX_TEXT}")
    call = _parsed_call(text, signature.name)
    return fitted(positional_of(call), keywords_of(call), signature)


def fitted(given: list[object], named: Mapping[str, object], signature: Signature) -> str:
    """Return values as the canonical argument tuple of a call. Raises ``ValueError`` for a wrong call."""
    name, names = signature.name, signature.parameters
    if len(given) == 1 and not named and signature.required > 1 and isinstance(given[0], (list, tuple)):
        given = list(given[0])  # taken as one argument, it would leave other parameters without a value
    if len(given) > len(names):
        raise ValueError(f"it has {len(given)} arguments, and {name} has {len(names)} parameters")
    values = dict(zip(names, given, strict=False))
    for key, value in named.items():
        if key not in names or key in values:
            raise ValueError(f"{key} is not a parameter of {name}, or is given twice")
        values[key] = value
    if absent := [key for key in names[: signature.required] if key not in values]:
        raise ValueError(f"it has no value for the parameter {absent[0]}")
    if names[: len(values)] != tuple(key for key in names if key in values):
        raise ValueError("it leaves out a parameter before others that it gives")
    text = literal_text(tuple(values[key] for key in names[: len(values)]))
    if canonical(text) is None:
        raise ValueError("its arguments have no spelling as Python literals (inf, nan or the like)")
    return text


def node_value(node: ast.expr, names: Mapping[str, object] = JSON_NAMES) -> object:
    """Return the value of an expression of literals and ``names``. Raises ``ValueError``, which quotes other parts."""
    match node:
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Tuple(elts=items):
            return tuple(node_value(item, names) for item in items)
        case ast.List(elts=items):
            return [node_value(item, names) for item in items]
        case ast.Dict(keys=keys, values=values) if None not in keys:
            pairs = [(node_value(k, names), node_value(v, names)) for k, v in zip(keys, values, strict=True) if k]
            return _hashed(node, lambda: dict(pairs))
        case ast.Set(elts=items):
            members = [node_value(item, names) for item in items]
            return _hashed(node, lambda: set(members))
    return _hashed(node, lambda: ast.literal_eval(node))


def _hashed(node: ast.expr, make: Callable[[], object]) -> object:
    """Return the result of ``make``. Raises ``ValueError``, which quotes ``node``, if Python cannot make it."""
    try:
        return make()
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"{quoted(node)} is no literal value; write it out") from None


def positional_of(call: ast.Call, names: Mapping[str, object] = JSON_NAMES) -> list[object]:
    """Return the positional arguments of a call, a starred tuple unpacked. Raises ``ValueError`` as ``node_value``."""
    given: list[object] = []
    for node in call.args:
        if not isinstance(node, ast.Starred):
            given.append(node_value(node, names))
            continue
        several = node_value(node.value, names)
        if not isinstance(several, (list, tuple)):
            raise ValueError(f"{quoted(node)} is no list of arguments")
        given += several
    return given


def keywords_of(call: ast.Call, names: Mapping[str, object] = JSON_NAMES) -> dict[str, object]:
    """Return the keyword arguments of a call. Raises ``ValueError`` for ``**`` and for values that are not literals."""
    found: dict[str, object] = {}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in found:
            raise ValueError(f"{keyword.arg or '**'} is not a parameter, or is given twice")
        found[keyword.arg] = node_value(keyword.value, names)
    return found


@long_integers()
def quoted(node: ast.AST, width: int = 80) -> str:
    """Return the source text of a node, shortened for a message."""
    text = " ".join(ast.unparse(node).split())
    return repr(text if len(text) <= width else f"{text[: width - 1]}…")


def _parsed_call(text: str, name: str) -> ast.Call:
    problem = ""
    for source in (text.strip(), f"{name}({text.strip()}\n)"):
        try:
            tree = ast.parse(source, mode="eval").body
        except SyntaxError as error:
            shown = text.strip().splitlines()[(error.lineno or 1) - 1 :][:1]
            problem = problem or f": {error.msg}" + (f", at {shown[0].strip()[:80]!r}" if shown else "")
        except (ValueError, RecursionError, MemoryError) as error:
            problem = problem or f": {str(error)[:80]}"
        else:
            if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == name:
                return tree
    raise ValueError(f"it is not a list of literal values, separated by commas{problem}")
