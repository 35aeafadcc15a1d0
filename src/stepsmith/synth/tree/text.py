"""The tree as a text file that people can read, edit and compare: one node per line, two spaces per level.

    # a comment
    algorithm x12
      sorting x7
        inversions x2
        median

``xN`` is ``Node.seen``; it is left out if it is 0. Blank lines and lines that start with ``#`` are skipped.
"""

import re
from functools import lru_cache
from importlib import resources
from pathlib import Path as FilePath

from stepsmith.core.errors import UserError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.synth.tree.tree import FeatureTree, Node

INDENT = 2
_SEEN = re.compile(r"^(.*?)\s+x(\d+)$")
_Open = tuple[str, int, list[Node]]  # a node whose children are still being read


def format_tree(tree: FeatureTree, comment: str = "") -> str:
    """Write a tree; ``parse_tree`` reads it back to an equal one."""
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    for path, node in tree.walk():
        seen = f" x{node.seen}" if node.seen else ""
        lines.append(f"{' ' * (INDENT * (len(path) - 1))}{node.name}{seen}")
    return "\n".join(lines) + "\n"


def parse_tree(text: str, source: str = "the feature tree") -> FeatureTree:
    """Read a tree. Raises ``UserError`` with the line for tabs, skipped levels, "/" in a name and repeated siblings."""
    stack: list[_Open] = [("", 0, [])]
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        indent = len(line) - len(line.lstrip(" "))
        name, seen = _name_and_count(line.strip())
        if indent % INDENT or line.lstrip(" ").startswith("\t"):
            raise _fault(source, number, "levels are indented by two spaces each")
        depth = indent // INDENT + 1
        if depth > len(stack):
            raise _fault(source, number, f"{name!r} is more than one level below the line before it")
        if "/" in name or not name:
            raise _fault(source, number, f"{line.strip()!r} is not a name; a name holds no '/'")
        _close(stack, depth)
        level = stack[-1]
        if any(node.name == name for node in level[2]):
            raise _fault(source, number, f"{name!r} occurs twice below {level[0] or 'the top'!r}")
        stack.append((name, seen, []))
    _close(stack, 1)
    return FeatureTree(roots=tuple(stack[0][2]))


def read_tree(path: FilePath) -> FeatureTree:
    """Read a tree file. Raises ``UserError`` if it is missing, unreadable or malformed."""
    check_not_a_pipe(path, read_once=True)
    try:
        return parse_tree(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


@lru_cache(maxsize=1)
def starter_tree() -> FeatureTree:
    """Return the tree that ships with the package: our own, seven categories, depth 3 to 5."""
    place = resources.files("stepsmith.synth") / "data" / "starter_tree.txt"
    return parse_tree(place.read_text(encoding="utf-8"), "starter_tree.txt")


def _name_and_count(text: str) -> tuple[str, int]:
    counted = _SEEN.match(text)
    return (counted[1], int(counted[2])) if counted else (text, 0)


def _close(stack: list[_Open], depth: int) -> None:
    """Turn open nodes at ``depth`` and below into children of the ones above them."""
    while len(stack) > depth:
        name, seen, children = stack.pop()
        above = stack[-1][2]
        above.append(Node(name=name, seen=seen, children=tuple(children)))


def _fault(source: str, line: int, what: str) -> UserError:
    return UserError(f"{source}, line {line}: {what}")
