"""A rehearsal: one request of each kind that a run sends to its models, and what is understood of the replies.

The run's own code asks and reads. Where a reply cannot be used, the requests that depend on it are about a built-in
problem instead, so that each kind of request is sent in any case.

Replies are neither taken from the completion cache nor put there. The fault is often a setting of the server (its
context, its reasoning parser), which is no part of a reply's key, so a spoilt reply would be used again in the run.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from stepsmith.cluster.opening import make_judge
from stepsmith.core.errors import ConfigError, EndpointError
from stepsmith.core.ids import derive_rng
from stepsmith.core.model_outputs import Usage
from stepsmith.core.records import Environment, Lineage, Problem, TestCase
from stepsmith.core.stats import pass_rate
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.program import RunningJudge
from stepsmith.llm.check import IMPATIENT
from stepsmith.llm.gateway import Gateway
from stepsmith.llm.money import cost
from stepsmith.llm.records import Message
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.models import limit_of
from stepsmith.pipeline.rehearsed import RehearsalRecord, RehearsedModel, RehearsedRequest
from stepsmith.pipeline.roles import STUDENTS, TEACHERS, asked_models, endpoint_roles, is_policy, resolve_config
from stepsmith.pipeline.stock import stock_draft
from stepsmith.pipeline.synthesis import seed_source
from stepsmith.synth.draft import Draft, FailedAttempt, Feedback, Student, Teacher
from stepsmith.synth.llm.draft import LLMDraft
from stepsmith.synth.tree.evolve import EvolveSettings, evolve
from stepsmith.synth.tree.extract import extract
from stepsmith.synth.two_stage.draft import TwoStageDraft
from stepsmith.synth.two_stage.settings import tree_at

if TYPE_CHECKING:
    from stepsmith.pipeline.endpoint_roles import EndpointRoles

ATTEMPTS = 2  # attempts of the student: at least two are needed to see whether samples differ
FEEDBACK = Feedback(
    pass_rate=pass_rate(29, 32),
    solved=("(an attempt that is right)",),
    failed=(FailedAttempt("no readable value", "?"),),
)
_NOWHERE = Lineage(chain_id="", turn=1, parent_id=None, change="", direction="new", seed_ref="")

Show = Callable[[RehearsedRequest], None]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """All requests of a rehearsal, with the configuration as its names were resolved."""

    config: Config
    requests: tuple[RehearsedRequest, ...] = ()

    @property
    def failed(self) -> list[str]:
        """Kinds of request, each with its model, whose last reply was not understood; a successful repair counts."""
        last = {
            f"{request.purpose.removesuffix(', repair')}: {request.note} ({request.model})": request.understood
            for request in self.requests
        }
        return [kind.replace(":  (", " (") for kind, understood in last.items() if not understood]

    def projected(self) -> tuple[float, float]:
        """Return the tokens and USD of a whole run if all its requests were like these: a rough figure.

        Requests of one kind are averaged; repairs, rejections, the share of environments and attempts
        that adaptive rating saves are left out.
        """
        synth = self.config.synth
        turns = 1 if synth.mode == "single-turn" else synth.turns
        problems = synth.chains * turns
        votes = self.config.two_stage.solutions / max(1, len(synth.solvers)) if synth.method == "two-stage" else 1
        times = {
            "propose": (synth.chains, 1), "refine": (problems - synth.chains, 1), "plan": (problems, 1),
            "statement": (problems, 1), "inputs": (problems, 1), "generator": (problems, 1),
            "solve": (problems, votes), "attempt": (problems, synth.attempts),
            "solvability": (problems, synth.strong_attempts),
        }  # fmt: skip
        tokens = usd = 0.0
        for request in self.requests:
            if request.purpose not in times or not request.outputs:
                continue
            alike = [r for r in self.requests if (r.purpose, r.model) == (request.purpose, request.model) and r.outputs]
            asked, samples = times[request.purpose]
            share, each = asked / len(alike), samples / len(request.outputs)
            usage, prices = request.usage, self.config.models[request.model].prices
            asking = Usage(prompt_tokens=usage.prompt_tokens, cached_tokens=usage.cached_tokens)
            tokens += share * (asking.tokens + each * usage.completion_tokens)
            usd += share * (cost(asking, prices) + each * cost(usage - asking, prices))
        return tokens, usd


def rehearse(config: Config, show: Show, *, features: bool = False) -> Rehearsal:
    """Send each kind of request of a run once, within the budget; ``show`` gets each one when its reply is read.

    ``features`` asks the teacher for the features of a snippet and for an evolution of the tree, too, as ``stepsmith
    features`` does. A refusal of an endpoint is recorded, and the rehearsal goes on. Raises ``UserError`` (also
    ``BudgetExceeded``) for errors that the user can mend, and ``SandboxError`` where programs cannot be run.
    """
    config = resolve_config(config)
    names = asked_models(config)
    if not names:
        return Rehearsal(config)
    specs = {name: msgspec.structs.replace(config.models[name], batch=False, retries=IMPATIENT) for name in names}
    with (
        make_judge(config.runtime.judges, config.judge.isolation, config.judge.allow_unsafe) as judge,
        Gateway(limit=limit_of(config)) as gateway,
    ):
        record = RehearsalRecord()
        models = {name: RehearsedModel(gateway.model(spec), spec, record) for name, spec in specs.items()}
        _Rehearser(config, models, judge, record, show).run(features=features)
    return Rehearsal(config, tuple(record.requests))


class _Rehearser:
    """The models of a configuration, and the steps that ask them."""

    def __init__(
        self,
        config: Config,
        models: dict[str, RehearsedModel],
        judge: RunningJudge,
        record: RehearsalRecord,
        show: Show,
    ) -> None:
        synth = config.synth
        self._config, self._models, self._judge, self._record, self._show = config, models, judge, record, show
        self._rng = derive_rng(synth.seed, "rehearsal")
        self._seed = seed_source(config).window(derive_rng(synth.seed, "seed", 0))
        self._environments: list[Environment] = [name for name, weight in synth.environments.items() if weight > 0]
        one_each = msgspec.structs.replace(config.two_stage, solutions=max(1, len(synth.solvers)))
        self._roles = self._roles_with(one_each)
        self._solvers = [models[name] for name in synth.solvers]
        self._asks_teacher = synth.teacher not in TEACHERS

    def run(self, *, features: bool) -> None:
        """Ask everything."""
        drafts: dict[Environment, Draft] = {}
        if self._asks_teacher:
            drafts = self._two_stage() if self._config.synth.method == "two-stage" else self._teacher_student()
        for environment in self._environments:
            self._attempts(environment, drafts.get(environment))
        if features and self._asks_teacher:
            llm, prompts = self._models[self._config.synth.teacher], self._roles.prompts
            tree = tree_at(self._config.runtime.tree)
            with self._step(""):
                extract(llm, prompts, [self._seed])
            with self._step(""):
                evolve(llm, prompts, tree, EvolveSettings(requests=1))

    def _teacher_student(self) -> dict[Environment, Draft]:
        """Propose in every environment, refine once; return the drafts that can be used."""
        teacher = self._teacher(self._roles)
        drafts: dict[Environment, Draft] = {}
        for environment in self._environments:
            with self._step(environment):
                draft = teacher.propose(self._seed, environment, self._rng)
                if not draft.fault:
                    drafts[environment] = draft
                self._read_solvers(stock_problem("induction"))
        if self._solvers and "induction" in self._environments and "induction" not in drafts:
            self._solve_stock()
        first = self._environments[0]
        with self._step(first):
            teacher.refine(drafts.get(first, stock_draft(first)), FEEDBACK, "harder", self._rng)
            self._read_solvers(stock_problem("induction"))
        return drafts

    def _two_stage(self) -> dict[Environment, Draft]:
        """Go through both stages, inputs and solvers, and through both stages of a refinement."""
        environment = max(self._environments, key=lambda name: self._config.synth.environments[name])
        draft: Draft | None = None
        with self._step(""):
            draft = self._teacher(self._roles).propose(self._seed, environment, self._rng)
            self._read_solvers(stock_problem("induction"))
        if not any(request.purpose == "solve" for request in self._record.requests):
            self._solve_stock()
        if not isinstance(draft, TwoStageDraft) or draft.statement is None:
            return {}
        # Without further inputs a refinement ends before it is solved: the two stages are what is new about it.
        stages = msgspec.structs.replace(self._config.two_stage, prompted_inputs=0, generator=False, min_inputs=10**6)
        with self._step("refinement"):
            self._teacher(self._roles_with(stages)).refine(draft, FEEDBACK, "harder", self._rng)
        return {} if draft.environment != "induction" else {"induction": draft}

    def _attempts(self, environment: Environment, draft: Draft | None) -> None:
        """Let student and strong solver attempt the drafted problem, or the built-in one."""
        synth = self._config.synth
        problem = _problem(draft, self._rng) or stock_problem(environment)
        players: list[Student] = []
        if synth.student not in STUDENTS and not is_policy(self._config):
            players.append(self._roles.student(self._models[synth.student]))
        if synth.strong_solver:
            players.append(self._roles.strong_solver(self._models[synth.strong_solver]))
        for player in players:
            with self._step(environment):
                player.attempts(draft or stock_draft(environment), problem, self._rng)(ATTEMPTS)
                self._read_attempts(problem)

    def _solve_stock(self) -> None:
        problem = stock_problem("induction")
        question = [Message(role="user", content=self._roles.solver_prompt(problem))]
        for solver in self._solvers or [self._models[self._config.synth.teacher]]:
            with self._step(""):
                solver.complete(question, 1, purpose="solve")
                self._read_solvers(problem)

    def _read_attempts(self, problem: Problem) -> None:
        request = self._record.requests[-1]
        parse = ENVIRONMENTS[problem.environment].parse
        read = sum(o.finish_reason != "length" and parse(problem, o.text) is not None for o in request.outputs)
        request.understood = read == len(request.outputs)
        request.words = f"{read} of {len(request.outputs)} replies hold an answer that can be judged"

    def _read_solvers(self, problem: Problem) -> None:
        for request in self._record.requests:
            if request.purpose == "solve" and request.outputs and not request.words:
                faults = [self._roles.program_fault(problem, output) for output in request.outputs]
                request.understood = not any(faults)
                request.words = next(filter(None, faults), "a program that can be judged")

    def _teacher(self, roles: "EndpointRoles") -> Teacher:
        return roles.teacher(self._models[self._config.synth.teacher], self._judge, self._solvers)

    def _roles_with(self, settings: object) -> "EndpointRoles":
        return endpoint_roles(msgspec.structs.replace(self._config, two_stage=settings))

    @contextmanager
    def _step(self, note: str) -> Iterator[None]:
        """Run one step and show its requests; a failure of an endpoint is recorded and ends only this step."""
        before, self._record.note = len(self._record.requests), note
        try:
            yield
        except (EndpointError, ConfigError) as error:
            if not any(str(error) == request.words for request in self._record.requests[before:]):
                raise  # it belongs to no request: for example, a prompt that cannot be rendered
        finally:
            for request in self._record.requests[before:]:
                self._show(request)


def stock_problem(environment: Environment) -> Problem:
    """Return the built-in problem in an environment."""
    problem = _problem(stock_draft(environment), random.Random(1))
    assert problem is not None
    return problem


def _problem(draft: Draft | None, rng: random.Random) -> Problem | None:
    """Return the problem that students would see, with the teacher's outputs; None if the draft cannot become one."""
    if isinstance(draft, LLMDraft) and not draft.fault:
        pairs = zip(draft.inputs, draft.outputs, strict=False)
        tests = [TestCase(input=given.text, output=output) for given, output in pairs]
        return draft.derive(draft.write(tests, draft.program, _NOWHERE), (), rng)
    if isinstance(draft, TwoStageDraft) and draft.statement and draft.candidates:
        samples = [TestCase(input=sample.input, output=sample.output) for sample in draft.statement.samples]
        return draft.write(samples, draft.candidates[0], _NOWHERE)
    return None
