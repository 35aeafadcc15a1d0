"""The teacher in the loop: who is given to it, what joins the pool, and what its failures leave alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("torch")
pytest.importorskip("trl")

from stepsmith.core.errors import ConfigError, RunFolderError
from stepsmith.core.records import Problem
from stepsmith.curriculum import Sampler, item_of
from stepsmith.curriculum.evidence import Observation
from stepsmith.curriculum.sampler import Layout
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.local import LocalJudge
from stepsmith.pipeline.refining import JOINED, REFINED, Round, Rounds, refinement, teaching
from stepsmith.pipeline.training import curriculum_of, train
from stepsmith.scoring.completion import Completion
from stepsmith.store.json_lines import read_lines
from stepsmith.store.training_log import METRICS, Step
from stepsmith.synth.exercises import ExerciseSettings, exercises
from stepsmith.train.corpus import is_held_out
from stepsmith.train.policy import Policy, PromptFormat
from stepsmith.train.settings import TrainConfig, with_overrides
from tests.synth.llm.scripted_server import ScriptedServer, _entry
from tests.train.small_runs import Seen, a_policy, rl_config, some_problems, weights_of

ATTEMPTS = 8


class Scripted:
    """A policy that solves one operation always, two and three in half of its attempts, and more never."""

    def __init__(self) -> None:
        self.prompt_format, self.context = PromptFormat(prompt="full", max_completion_length=64), 4096
        self._asked: dict[str, Problem] = {}

    def prompt(self, problem: Problem) -> str:
        asked = ENVIRONMENTS[problem.environment].render(problem)
        self._asked[asked] = problem
        return asked

    def encode(self, prompt: str) -> list[int]:
        return list(range(len(prompt) // 8))

    def complete(
        self, prompts: Sequence[str], samples: int, temperature: float, max_tokens: int, seed: int
    ) -> list[list[Completion]]:
        return [[self._reply(self._asked[prompt], k) for k in range(samples)] for prompt in prompts]

    def _reply(self, problem: Problem, sample: int) -> Completion:
        environment = ENVIRONMENTS[problem.environment]
        steps = len(problem.features) or 3
        if steps == 1 or (steps <= 3 and sample % 2):
            return Completion(text=environment.write(environment.golden(problem)))
        return Completion(text="It is beyond me.", truncated=bool(sample % 4))


class Trainer:
    """As much of a trainer as the teacher touches."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.sampler = Sampler(
            [item_of(problem) for problem in problems],
            curriculum_of(TrainConfig().rl),
            Layout(groups=4, group_size=8, batches=50),
        )
        self.taken: list[Problem] = []
        self.between_steps, self.new_problems = True, 0

    def take(self, problems: Sequence[Problem]) -> None:
        self.taken += problems

    def observed(self, *results: tuple[Problem, int, int]) -> "Trainer":
        self.sampler.observe(Observation(problem_id=p.id, passes=k, attempts=n) for p, k, n in results)
        return self


def some(steps: int, count: int = 6, seed: int = 0, **environments: float) -> list[Problem]:
    settings = ExerciseSettings(count=count, distinct=True, steps={str(steps): 1.0}, seed=seed)
    return list(exercises(settings))


def config(held_out: float = 0.0, steps: int = 100, top: dict[str, object] | None = None, **teacher: object) -> TrainConfig:  # fmt: skip  # noqa: E501
    plain = {
        "stage": "rl",
        "data": {"held_out": held_out, "max_prompt_length": 4000},
        "rl": {"steps": steps, "max_completion_length": 64, "teacher": {"every": 5, "attempts": ATTEMPTS, **teacher}},
    }
    return with_overrides(with_overrides(TrainConfig(), plain), top or {})


def opened(
    settings: TrainConfig, folder: Path, pool: Sequence[Problem], judge: LocalJudge, done: int = 0,
    held_out: Sequence[Problem] = (),
):  # type: ignore[no-untyped-def]  # fmt: skip
    return refinement(settings, folder, Scripted(), pool, held_out, judge, done)  # type: ignore[arg-type]


def rounds(folder: Path) -> list[Round]:
    return [msgspec.json.decode(line, type=Round) for line in (folder / REFINED).read_bytes().splitlines()]


@pytest.fixture(scope="module")
def easy() -> list[Problem]:
    return some(1)


@pytest.fixture(scope="module")
def middling() -> list[Problem]:
    return some(3)


@pytest.fixture(scope="module")
def hard() -> list[Problem]:
    return some(4)


def test_what_left_the_band_comes_back_harder_or_easier(
    easy: list[Problem], middling: list[Problem], hard: list[Problem], judge: LocalJudge, tmp_path: Path
) -> None:
    pool = [*easy, *middling, *hard]
    trainer = Trainer(
        pool
    ).observed(
        *[(p, 8, 8) for p in easy[:4]],
        (easy[4], 1, 1),  # too little is known of it
        *[(p, 4, 8) for p in middling],
        *[(p, 0, 8) for p in hard[:4]],
    )
    with opened(config(problems=20), tmp_path, pool, judge) as teacher:
        said = teacher.teach(5, trainer)  # type: ignore[arg-type]
        assert len(teacher.pool) == len(pool) + len(trainer.taken)
    (made,) = rounds(tmp_path)
    assert made.step == 5
    assert set(made.outcomes) == {p.id for p in (*easy[:4], *hard[:4])}
    joined = {problem.lineage.parent_id: problem for problem in made.joined}
    assert list(made.joined) == trainer.taken
    assert len(joined) == trainer.new_problems == list(made.outcomes.values()).count(JOINED) >= 2
    assert f"{len(joined)} {JOINED}" in said
    for parent in (*easy, *hard):
        if child := joined.get(parent.id):
            assert child.lineage.direction == ("harder" if parent in easy else "easier")
            assert child.lineage.chain_id == parent.lineage.chain_id
            assert (child.lineage.turn, child.lineage.seed_ref) == (2, parent.lineage.seed_ref)
            assert child.lineage.change
            assert child.pass_rate is not None
            assert child.pass_rate.attempts == ATTEMPTS
            assert 0 < child.pass_rate.rate < 0.97
            assert child.id in trainer.sampler._pool
            assert ENVIRONMENTS["induction"].judge(judge, child, ENVIRONMENTS["induction"].golden(child)).verdict == "AC"  # fmt: skip  # noqa: E501
    assert trainer.between_steps


def test_the_worst_come_first_and_those_with_a_refinement_not_again(
    easy: list[Problem], hard: list[Problem], judge: LocalJudge, tmp_path: Path
) -> None:
    pool = [*easy, *hard]
    trainer = Trainer(pool).observed((easy[0], 15, 16), (easy[1], 8, 8), (hard[0], 1, 16), (hard[1], 0, 8), (hard[2], 0, 16))  # fmt: skip  # noqa: E501
    with opened(config(problems=1), tmp_path, pool, judge) as teacher:
        for step in range(5, 30, 5):
            teacher.teach(step, trainer)  # type: ignore[arg-type]
    given = [next(iter(made.outcomes), None) for made in rounds(tmp_path)]
    assert given[:3] == [hard[2].id, *sorted([easy[1].id, hard[1].id])]
    assert set(given[3:5]) == {easy[0].id, hard[0].id}
    for number, made in enumerate(rounds(tmp_path)):
        for problem_id, fate in made.outcomes.items():
            assert fate != JOINED or problem_id not in given[number + 1 :]


def test_fresh_attempts_can_call_it_off(middling: list[Problem], judge: LocalJudge, tmp_path: Path) -> None:
    trainer = Trainer(middling).observed(*[(p, 0, 8) for p in middling])  # half of what the policy now tries is right
    with opened(config(), tmp_path, middling, judge) as teacher:
        said = teacher.teach(5, trainer)  # type: ignore[arg-type]
    assert said.endswith(f"{len(middling)} back in the band")
    assert not trainer.taken


def test_nothing_held_out_and_nothing_known_joins(
    easy: list[Problem], hard: list[Problem], judge: LocalJudge, tmp_path: Path
) -> None:
    pool = [*easy, *hard]
    every = [(p, 8, 8) for p in easy] + [(p, 0, 8) for p in hard]
    with opened(config(0.5, problems=12), tmp_path / "a", pool, judge) as teacher:
        teacher.teach(5, Trainer(pool).observed(*every))  # type: ignore[arg-type]
    (made,) = rounds(tmp_path / "a")
    assert "held out" in made.outcomes.values()
    assert made.joined
    assert not any(is_held_out([use.name for use in p.features], 0.5) for p in made.joined)
    twins = [msgspec.structs.replace(p, statement="Said in other words.") for p in made.joined]
    with opened(config(0.5, problems=12), tmp_path / "b", pool, judge, held_out=twins) as teacher:
        teacher.teach(5, Trainer(pool).observed(*every))  # type: ignore[arg-type]
    (again,) = rounds(tmp_path / "b")
    assert not again.joined
    assert {again.outcomes[i] for i, fate in made.outcomes.items() if fate == JOINED} == {"already there"}


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()


def test_what_joined_before_a_checkpoint_is_there_again(
    easy: list[Problem], hard: list[Problem], judge: LocalJudge, tmp_path: Path
) -> None:
    pool, settings = [*easy, *hard], config(problems=5)
    trainer = Trainer(pool).observed(*[(p, 8, 8) for p in easy], *[(p, 0, 8) for p in hard])
    with opened(settings, tmp_path / "a", pool, judge) as teacher:
        assert teacher.spare == 19 * 5  # after steps 5, 10, ..., 95
        for step in (5, 10):
            teacher.teach(step, trainer)  # type: ignore[arg-type]
    made = rounds(tmp_path / "a")
    assert made[0].joined
    state = trainer.sampler.state_dict()
    with opened(settings, tmp_path / "a", pool, judge, done=10) as again:
        assert again.pool == teacher.pool
        Trainer(again.pool).sampler.load_state_dict(state)
    with opened(settings, tmp_path / "a", pool, judge, done=9) as earlier:
        assert earlier.joined == list(made[0].joined)
        assert Rounds(tmp_path / "a", 9).times() == dict.fromkeys(made[0].outcomes, 1)
    with (
        pytest.raises(RunFolderError, match="another teacher"),
        opened(config(attempts=9), tmp_path / "a", pool, judge, done=9),
    ):
        pass


# --- a model as teacher ----------------------------------------------------------------------------------------------


@pytest.fixture
def server(easy: list[Problem], hard: list[Problem]) -> Iterator[ScriptedServer]:
    """A server whose teacher knows the compositions behind the pool, as a model sees them in its prompt."""
    from stepsmith.synth.offline import draft_from_problem

    with ScriptedServer() as server:
        for problem in (*easy, *hard):
            draft = draft_from_problem(problem)
            assert draft is not None
            entry, _ = _entry("induction", draft.composition)
            server.entries["induction", entry.code.strip()] = entry
        yield server


def toml(folder: Path, url: str, budget: str = "5 USD") -> str:
    path = folder / "teacher.toml"
    path.write_text(
        f'[runtime]\nbudget = "{budget}"\ncache = "{folder / "m.sqlite"}"\n[suite]\nmutants = 0\n[models.big]\n'
        f'base_url = "{url}"\nmodel = "teacher"\ntimeout_s = 20.0\nprices = {{input = 1.0, output = 4.0}}\n'
        "sampling = {max_tokens = 400, seed = 0}\nretries = {attempts = 1, patience_s = 0.5}\n"
    )
    return str(path)


def test_a_model_refines_problems_that_it_did_not_write(
    easy: list[Problem], hard: list[Problem], server: ScriptedServer, judge: LocalJudge, tmp_path: Path
) -> None:
    pool = [*easy, *hard]
    trainer = Trainer(pool).observed(*[(p, 8, 8) for p in easy], *[(p, 0, 8) for p in hard])
    settings = config(teacher="big", config=toml(tmp_path, server.url), problems=6)
    with opened(settings, tmp_path / "a", pool, judge) as teacher:
        teacher.teach(5, trainer)  # type: ignore[arg-type]
    (made,) = rounds(tmp_path / "a")
    assert len(made.outcomes) == len(server.bills) == 6
    assert made.joined
    shown = [bill.prompt for bill in server.bills]
    assert any(
        "An attempt that failed (no readable program):\n\n```text\nIt is beyond me." in prompt for prompt in shown
    )
    assert any("An attempt that succeeded:\n\n" in prompt for prompt in shown)
    assert all(("Of 8 attempts 0 succeeded" in prompt) == ("**easier**" in prompt) for prompt in shown)
    for problem in made.joined:
        parent = next(p for p in pool if p.id == problem.lineage.parent_id)
        assert problem.lineage.chain_id == parent.lineage.chain_id
        assert dict(problem.provenance)["teacher"] == "big"
        assert "Asked for" in problem.lineage.change


def test_a_teacher_that_is_down_or_too_dear_leaves_the_training_alone(
    easy: list[Problem], server: ScriptedServer, judge: LocalJudge, tmp_path: Path
) -> None:
    trainer = Trainer(easy).observed(*[(p, 8, 8) for p in easy])
    down = config(teacher="big", config=toml(tmp_path, "http://127.0.0.1:1/v1"), problems=2)
    with opened(down, tmp_path / "a", easy, judge) as teacher:
        said = [teacher.teach(step, trainer) for step in (5, 10)]  # type: ignore[arg-type]
    assert all("2 the teacher failed (" in text for text in said)
    assert [made.outcomes for made in rounds(tmp_path / "a")] == [{}, {}]  # they may come again
    poor = config(teacher="big", config=toml(tmp_path, server.url, budget="10 tokens"), problems=2)
    with opened(poor, tmp_path / "b", easy, judge) as teacher:
        assert "training continues without the teacher" in teacher.teach(5, trainer)  # type: ignore[arg-type]
        assert teacher.teach(10, trainer) == ""  # type: ignore[arg-type]
    assert not server.bills
    assert not trainer.taken
    assert trainer.between_steps


def test_a_teacher_that_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown teacher 'nobody'"):
        teaching(config(teacher="nobody").rl.teacher)
    path = tmp_path / "two.toml"
    path.write_text('[synth]\nmethod = "two-stage"\n[models.m]\nbase_url = "http://127.0.0.1:1/v1"\nmodel = "m"\n')
    with pytest.raises(ConfigError, match="two-stage"):
        teaching(config(teacher="m", config=str(path)).rl.teacher)
    with pytest.raises(ConfigError, match="does not exist"):
        teaching(config(config=str(tmp_path / "absent.toml")).rl.teacher)


# --- a whole training ------------------------------------------------------------------------------------------------


class Interrupting(Seen):
    """Ends the run when so many steps are on record."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after

    def stepped(self, step: Step) -> None:
        super().stepped(step)
        if step.step == self._after:
            raise KeyboardInterrupt


def test_a_training_that_was_cut_off_goes_on_with_what_had_joined(tmp_path: Path) -> None:
    """Some 10 s: three little trainings."""
    problems = some_problems(6)
    a_policy(problems).save(tmp_path / "policy")
    lenient = tmp_path / "lenient.toml"  # a policy that knows nothing solves nothing
    lenient.write_text("[refine]\nkeep_low = 0.0\n[suite]\nmutants = 0\n")
    settings = rl_config(
        {"model": {"path": str(tmp_path / "policy")}},
        steps=6,
        exercises={"count": 6, "steps": {"2": 1.0}},
        rewards={"mask_truncated": False},
        teacher={"every": 2, "problems": 2, "attempts": 4, "config": str(lenient)},
    )
    whole = train(settings, tmp_path / "whole", Seen())
    with pytest.raises(KeyboardInterrupt):
        train(settings, tmp_path / "cut", Interrupting(5))
    train(settings, tmp_path / "cut", Seen(), resume=True)
    assert [made.step for made in rounds(tmp_path / "whole")] == [2, 4]
    joined = [problem for made in rounds(tmp_path / "whole") for problem in made.joined]
    assert joined
    assert (tmp_path / "whole" / REFINED).read_bytes() == (tmp_path / "cut" / REFINED).read_bytes()
    steps = list(read_lines(tmp_path / "whole" / METRICS, Step))
    assert [step.new_problems for step in steps][-1] == len(joined)
    assert [step.reward for step in steps] == [step.reward for step in read_lines(tmp_path / "cut" / METRICS, Step)]
    assert whole.spent["teach"] > 0
    ours, theirs = (
        weights_of(Policy.open(settings.model.__class__(path=str(tmp_path / name / "model"))))
        for name in ("whole", "cut")
    )
    assert all(ours[name].equal(theirs[name]) for name in ours)
