"""One word for one thing: no two classes of the source tree share a name, and no private one repeats a public one."""

import ast
from collections import defaultdict
from pathlib import Path

import stepsmith

SOURCE = Path(stepsmith.__file__).parent
# Names that still stand for several things. Take a name out when it is mended; never add one.
SHARED = {
    "Choice", "Config", "Line", "Message", "ServerSettings", "Setting", "Step", "Tally", "Usage",
}  # fmt: skip


def test_no_two_classes_share_a_name() -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{path.relative_to(SOURCE)}:{node.lineno}")
    assert len(places) > 300, "the tree was not found"
    shared = {
        name.lstrip("_"): [*found, *(places.get(name.lstrip("_"), []) if name.startswith("_") else [])]
        for name, found in places.items()
        if (len(found) > 1 and not name.startswith("_")) or (name.startswith("_") and name.lstrip("_") in places)
    }
    assert {name: found for name, found in shared.items() if name not in SHARED} == {}
