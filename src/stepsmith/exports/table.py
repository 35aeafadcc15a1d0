"""The formats, and what they share: problems are chosen, divided, described; the folder appears whole or not at all."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from stepsmith.core.errors import ConfigError
from stepsmith.core.records import Problem
from stepsmith.exports import (
    harbor,
    hf,
    jsonl,
    kattis_2025,
    kattis_legacy,
    kattis_package,
    livecodebench,
    nemo_gym,
    trl,
    verifiers,
    verl,
)
from stepsmith.exports.bundle import Bundle, ExportSettings, LeftOut
from stepsmith.exports.card import CardFacts, DataFiles, card
from stepsmith.exports.splitting import halves_of
from stepsmith.exports.whole import whole

FormatName = Literal[
    "hf", "trl", "verl", "verifiers", "nemo-gym", "harbor", "lcb", "kattis-legacy", "kattis-2025-09", "jsonl"
]  # fmt: skip
CARD, LEFT_OUT = "README.md", "left-out.jsonl"


class Format(NamedTuple):
    """A form of problems. ``refuses`` says in words why a problem has no such form; None if it has one."""

    says: str
    refuses: Callable[[Problem], str | None]
    write: Callable[[Bundle, Path], None]
    data_files: DataFiles | None = None  # how `datasets` loads the folder
    usage: str = ""  # Markdown for the card


FORMATS: dict[FormatName, Format] = {
    "hf": Format("a data set for `datasets`, complete", hf.refuses, hf.write, hf.DATA_FILES, hf.USAGE),
    "trl": Format("prompts for GRPO, prompts and answers for SFT", trl.refuses, trl.write, trl.DATA_FILES, trl.USAGE),
    "verl": Format("rows for RL and their reward function", verl.refuses, verl.write, verl.DATA_FILES, verl.USAGE),
    "verifiers": Format("a task set of verifiers", verifiers.refuses, verifiers.write, usage=verifiers.USAGE),
    "nemo-gym": Format("a resources server of NeMo Gym", nemo_gym.refuses, nemo_gym.write, usage=nemo_gym.USAGE),
    "harbor": Format("tasks of Harbor", harbor.refuses, harbor.write, usage=harbor.USAGE),
    "lcb": Format(
        "rows of LiveCodeBench",
        livecodebench.refuses,
        livecodebench.write,
        livecodebench.DATA_FILES,
        livecodebench.USAGE,
    ),
    "kattis-legacy": Format(
        "problem packages for Kattis", kattis_package.refuses, kattis_legacy.write, usage=kattis_legacy.USAGE
    ),
    "kattis-2025-09": Format(
        "problem packages for BAPCtools", kattis_package.refuses, kattis_2025.write, usage=kattis_2025.USAGE
    ),
    "jsonl": Format("one problem a line, complete", jsonl.refuses, jsonl.write, jsonl.DATA_FILES, jsonl.USAGE),
}


class Written(NamedTuple):
    """The result of an export: its folder, the problems in each half, and those left out."""

    folder: Path
    train: int
    test: int
    left_out: tuple[LeftOut, ...]

    @property
    def reasons(self) -> Counter[str]:
        """How many problems were left out, by reason."""
        return Counter(one.reason for one in self.left_out)


def write_export(
    problems: Iterable[Problem], to: FormatName, out: Path, settings: ExportSettings, facts: CardFacts | None = None
) -> Written:
    """Write problems into the folder ``out`` in the form ``to``, each once.

    Raises ``RunFolderError`` if ``out`` is there already or cannot be written, ``ConfigError`` if no problem can
    be exported. Nothing is left behind then.
    """
    form = FORMATS[to]
    kept: dict[str, Problem] = {}
    left_out: dict[str, LeftOut] = {}
    for problem in problems:
        problem_id = problem.id
        if problem_id in kept or problem_id in left_out:
            continue
        if reason := form.refuses(problem):
            left_out[problem_id] = LeftOut(problem_id=problem_id, title=problem.title, reason=reason)
        else:
            kept[problem_id] = problem
    if not kept:
        raise ConfigError(_nothing(to, tuple(left_out.values())))
    halves = halves_of(tuple(kept.values()), settings.held_out, settings.split)
    bundle = Bundle(train=tuple(halves.train), test=tuple(halves.test), settings=settings)
    with whole(out) as folder:
        form.write(bundle, folder)
        lines = [msgspec.json.encode(one) + b"\n" for one in left_out.values()]
        if lines:
            (folder / LEFT_OUT).write_bytes(b"".join(lines))
        text = card(bundle, to, form.usage, form.data_files, tuple(left_out.values()), facts or CardFacts())
        (folder / CARD).write_text(text, "utf-8")
    return Written(out, len(bundle.train), len(bundle.test), tuple(left_out.values()))


def _nothing(to: str, left_out: tuple[LeftOut, ...]) -> str:
    if not left_out:
        return "there is no problem to export: the run accepted none"
    reason, count = Counter(one.reason for one in left_out).most_common(1)[0]
    return f"none of the {len(left_out)} problems can be exported to {to}; for {count} of them: {reason}"
