"""One place (home) for each feature in its category, so that no feature is at two places of the tree."""

from stepsmith.synth.tree.merge import category_of, clean_name, key_of
from stepsmith.synth.tree.tree import FeatureTree, Path


class Homes:
    """The place of every name that has the same meaning everywhere in its category.

    These are names directly below the category ("greedy"), and names of several words ("meet in the middle"). A single
    word further down ("weighted") gets its meaning from the names above it, so it may be at many places.
    """

    def __init__(self, tree: FeatureTree) -> None:
        self._places: dict[tuple[str, str], Path] = {}
        for path, _ in tree.walk():
            self.add(path)

    def add(self, path: Path) -> None:
        """Note a path of the tree; the first place of a name is its home."""
        key = key_of(path[-1])
        if len(path) == 2 or (len(path) > 2 and " " in key):
            self._places.setdefault((path[0], key), path)

    def of(self, category: str, name: str) -> Path | None:
        """Return the home of ``name`` in ``category``, None if it has none yet."""
        return self._places.get((category, key_of(name)))

    def settled(self, path: Path) -> Path:
        """Return ``path`` with its first name below the category moved to its home, and note it.

        ``algorithm/two pointers/converging`` becomes ``algorithm/searching/two pointers/converging`` in a tree that has
        two pointers there. Paths outside the categories come back as they are.
        """
        category = category_of(path[0]) if path else None
        if category is None or len(path) < 2:
            return path
        settled = (*(self.of(category, path[1]) or (category, path[1])), *path[2:])
        for end in range(2, len(settled) + 1):
            if clean_name(settled[end - 1]):
                self.add(settled[:end])
        return settled
