"""Choosing names by weight without randomness: smooth weighted round-robin.

Each pick adds the weight of every name to its credit, takes the name with the most credit, and subtracts 1 from it.
With constant weights, the number of picks of a name never differs from its expectation by more than the number of
names. Random draws would differ by about the square root of the picks, and add variance between seeds.
"""

from collections.abc import Mapping

import msgspec


class Quotas(msgspec.Struct, forbid_unknown_fields=True):
    """Credits by scope and name. Scopes are independent."""

    credits: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)

    def pick(self, scope: str, weights: Mapping[str, float]) -> str:
        """Return the next name. ``weights`` sum to 1; ties go to the first; a name without weight loses its credit."""
        old = self.credits.get(scope, {})
        new = {name: old.get(name, 0.0) + weight for name, weight in weights.items() if weight > 0}
        chosen = max(new, key=new.__getitem__)
        new[chosen] -= 1.0
        self.credits[scope] = new
        return chosen
