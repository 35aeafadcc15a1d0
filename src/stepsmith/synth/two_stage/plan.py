"""Stage 1: annotate every leaf of a sampled subtree, choose those that fit together, say how they are integrated."""

from collections.abc import Callable, Sequence

import msgspec

from stepsmith.core.records import Record
from stepsmith.llm.parsing import ParseFailure, parse_json
from stepsmith.synth.tree.merge import key_of
from stepsmith.synth.tree.tree import Path, path_of, text_of

MIN_STRATEGY_WORDS = 5


class Use(Record, frozen=True, kw_only=True):
    """A leaf and the part that it could play."""

    feature: Path
    use: str


class Plan(Record, frozen=True, kw_only=True):
    """The result of stage 1: a use for every annotated leaf, the chosen leaves, and the integration strategy."""

    uses: tuple[Use, ...]
    chosen: tuple[Path, ...]
    strategy: str

    def chosen_uses(self) -> list[dict[str, str]]:
        """The chosen features with their uses, for the prompt of stage 2."""
        words = {use.feature: use.use for use in self.uses}
        return [{"feature": text_of(path), "use": words.get(path, "")} for path in self.chosen]


class _WrittenUse(msgspec.Struct):
    feature: str
    use: str = ""


class _WrittenPlan(msgspec.Struct):
    chosen: list[str]
    strategy: str
    uses: list[_WrittenUse] = []


def plan_parser(leaves: Sequence[Path], least: int, most: int) -> Callable[[str], Plan | ParseFailure]:
    """Return the parser of stage 1's reply over ``leaves``, of which ``least`` to ``most`` are to be chosen.

    If a reply chooses too many, the first ones are taken. A feature may be written in another case or number, or by its
    last names alone where that is unambiguous. Features that are not among the leaves are ignored.
    """
    by_key: dict[tuple[str, ...], Path | None] = {}
    for path in leaves:
        for start in range(1, len(path)):
            end = tuple(key_of(name) for name in path[start:])
            by_key[end] = None if end in by_key else path  # None: two leaves end so
    by_key |= {tuple(key_of(name) for name in path): path for path in leaves}

    def find(text: str) -> Path | None:
        return by_key.get(tuple(key_of(name) for name in path_of(text)))

    def parse(text: str) -> Plan | ParseFailure:
        reply = parse_json(text, _WrittenPlan)
        if isinstance(reply, ParseFailure):
            return reply
        chosen = tuple(dict.fromkeys(path for name in reply.chosen if (path := find(name))))
        if len(chosen) < least:
            detail = f"{len(chosen)} of the given features are chosen, at least {least} are needed"
            return ParseFailure(reason="too-few-features", detail=detail, raw=text)
        if len(reply.strategy.split()) < MIN_STRATEGY_WORDS:
            return ParseFailure(reason="no-strategy", detail="there is no integration strategy", raw=text)
        uses = tuple(Use(feature=path, use=use.use) for use in reply.uses if (path := find(use.feature)))
        return Plan(uses=uses, chosen=chosen[:most], strategy=reply.strategy.strip())

    return parse
