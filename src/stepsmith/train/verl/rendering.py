"""Write the folder: the data for other trainers, and the other files that verl needs."""

from collections.abc import Collection, Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec

from stepsmith.core.errors import ConfigError, RunFolderError, StoreError
from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Problem
from stepsmith.curriculum import Layout, Sampler, item_of, load_curriculum
from stepsmith.curriculum.rotation import Rotation
from stepsmith.curriculum.schedule import Schedule
from stepsmith.scoring.tests import SplitSettings
from stepsmith.store.dataset import write_rows
from stepsmith.train.corpus import Halves, composition_of, is_held_out
from stepsmith.train.settings import PromptLength, TrainConfig
from stepsmith.train.verl.hydra import check_possible, fully_async_file, hydra_file, verl_steps
from stepsmith.train.verl.rows import ROW_SCHEMA, verl_row
from stepsmith.train.verl.standalone import standalone

TRAIN, TEST, REWARD, ORDER = "train.parquet", "test.parquet", "reward.py", "train.order.json"
CHECKPOINTS = "checkpoints"


def render(
    config: TrainConfig, problems: Sequence[Problem], folder: Path, judge_url: str, *, real: Collection[str] = ()
) -> list[Path]:
    """Write everything that ``./launch.sh`` in ``folder`` needs to train with verl; return the paths of the files.

    ``real`` holds the ids of problems written by people, for ``rl.mix``. Raises ``ConfigError`` for settings that verl
    does not support and for problems that the curriculum cannot use, ``RunFolderError`` for a folder that holds a run.
    """
    if (folder / CHECKPOINTS).exists():
        raise RunFolderError(f"{folder} has checkpoints of a run; choose another --out")
    check_possible(config)
    halves = split(problems, config.data.held_out)
    test = halves.test
    if 0 < config.eval.problems < len(test):
        test = derive_rng(config.seed, "measured").sample(test, config.eval.problems)
    places = order(config, halves.train, real)
    written = write_data(halves.train, test, folder, form=config.data.prompt, tests=config.rl.tests)
    texts = {
        "grpo.yaml": hydra_file(config, ordered=places is not None),
        "fully_async.yaml": fully_async_file(config, ordered=places is not None),
        "launch.sh": _file("launch.sh").replace("@JUDGE_URL@", judge_url),
        "stepsmith_hooks.py": _file("stepsmith_hooks.py"),
        "config.json": msgspec.json.format(msgspec.json.encode(config), indent=1).decode() + "\n",
    }
    (folder / ORDER).unlink(missing_ok=True)
    if places is not None:
        texts[ORDER] = msgspec.json.encode(places).decode()
    written += [_write(folder / name, text) for name, text in texts.items()]
    (folder / "launch.sh").chmod(0o755)
    return written


def split(problems: Iterable[Problem], share: float) -> Halves:
    """Divide problems into train and test, by the rule of ``stepsmith train``; a problem that occurs twice counts once.

    ``share`` (0 to 1) of the compositions are held out, each with all its problems.
    """
    halves = Halves([], [])
    seen: set[str] = set()
    for problem in problems:
        if problem.id in seen:
            continue
        seen.add(problem.id)
        (halves.test if is_held_out(composition_of(problem), share) else halves.train).append(problem)
    return halves


def order(config: TrainConfig, problems: Sequence[Problem], real: Collection[str] = ()) -> list[int] | None:
    """Return the indices of the problems as a curriculum draws them, batch by batch; None if verl may shuffle.

    Raises ``ConfigError`` for a curriculum that needs the observed pass rates, which verl does not report.
    """
    rl = config.rl
    curriculum = load_curriculum(rl.curriculum)
    if rl.mix.review or not isinstance(curriculum, Schedule | Rotation):
        raise ConfigError(
            f"curriculum {rl.curriculum!r} with review {rl.mix.review:g} needs pass rates, which verl does not report; "
            "choose a schedule of `stepsmith curriculum list`, or `shuffled`, and set rl.mix.review = 0"
        )
    if isinstance(curriculum, Rotation) and not rl.mix.real and not rl.mix.environments:
        return None
    place = {problem.id: index for index, problem in enumerate(problems)}
    sampler = Sampler(
        [item_of(problem, real=problem.id in real) for problem in problems],
        curriculum,
        Layout(groups=rl.groups, group_size=1, batches=verl_steps(config)),
        mix=rl.mix,
        seed=config.seed,
    )
    return [place[problem_id] for problem_id in sampler]


def write_data(
    train: Sequence[Problem], test: Sequence[Problem], folder: Path, *, form: PromptLength, tests: SplitSettings
) -> list[Path]:
    """Write ``train.parquet`` and ``test.parquet`` in verl's row format, and the reward function that reads them.

    Raises ``ConfigError`` if one of them would be empty.
    """
    for part, what in ((train, "left to train on"), (test, "held out, and verl needs some to evaluate on")):
        if not part:
            raise ConfigError(
                f"of {len(train) + len(test)} problems none is {what}; give more problems, or another held-out share"
            )
    _make(folder)
    written = []
    for name, part, half in ((TRAIN, train, "train"), (TEST, test, "test")):
        rows = (verl_row(problem, index, half, form, tests) for index, problem in enumerate(part))
        write_rows(folder / name, ROW_SCHEMA, rows)
        written.append(folder / name)
    return [*written, _write(folder / REWARD, standalone("stepsmith.train.verl.reward"))]


def _file(name: str) -> str:
    return files("stepsmith.train.verl").joinpath("files", name).read_text("utf-8")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"the folder {folder} cannot be made: {error.strerror}") from None


def _write(path: Path, text: str) -> Path:
    _make(path.parent)
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}") from None
    return path
