"""Shares kept without chance: smooth weighted round-robin.

Each pick adds every name's weight to its credit, takes the name with the most, and subtracts 1 from it. With constant
weights the picks of any name stay within the number of names of their expectation at every moment, where drawing
lots strays by the square root of the picks: one source of variance between seeds less.
"""

from collections.abc import Mapping

import msgspec


class Quotas(msgspec.Struct, forbid_unknown_fields=True):
    """Credits by scope and name. Scopes do not know each other."""

    credits: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)

    def pick(self, scope: str, weights: Mapping[str, float]) -> str:
        """Return the next name; ``weights`` sum to 1, ties go to the first. A name without weight loses its credit."""
        old = self.credits.get(scope, {})
        new = {name: old.get(name, 0.0) + weight for name, weight in weights.items() if weight > 0}
        chosen = max(new, key=new.__getitem__)
        new[chosen] -= 1.0
        self.credits[scope] = new
        return chosen
