"""Rate a finished data set again, by one student or several; the problems stay as they are.

problems ─► attempts of each student, until the band is settled ─► ratings.jsonl, one line a rating
         ─► ratings.parquet (all students) and problems.parquet (the pass rates are those of the first student)
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from stepsmith.cluster.opening import open_judge
from stepsmith.core.errors import ConfigError, RequestRefused
from stepsmith.core.ids import content_id, derive_rng
from stepsmith.core.records import Problem
from stepsmith.core.stats import pass_rate
from stepsmith.judge.program import RunningJudge
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.executor import LocalThreads
from stepsmith.pipeline.figures import NotedRatings, spent
from stepsmith.pipeline.models import Models
from stepsmith.pipeline.rating import rate, tally
from stepsmith.pipeline.roles import RoleFactory, asked_models, resolve_config
from stepsmith.scoring.scorer import Scorer
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from stepsmith.store.folder_lock import FolderLock, write_whole
from stepsmith.store.json_lines import append_line, as_lines, read_lines
from stepsmith.store.manifest import read_manifest
from stepsmith.store.progress import ProgressFile
from stepsmith.store.ratings import RATINGS, StudentRating, write_ratings
from stepsmith.store.runfolder import MANIFEST, PROBLEMS

LOG = "ratings.jsonl"
REFUSED = "refused"  # counted beside the verdicts: the endpoint does not take the problem


def rate_problems(
    problems: Sequence[Problem],
    students: Sequence[str],
    config: Config,
    out: Path,
    rated: Callable[[StudentRating], None] = lambda _: None,
    *,
    origin: Path | None = None,
    resume: bool = False,
) -> list[StudentRating]:
    """Rate ``problems`` by each of ``students`` into the folder ``out``; return the ratings, student by student.

    Of ``config`` the tables ``rating``, ``models``, ``judge`` and ``runtime`` count, and ``synth.attempts`` and
    ``synth.seed``. ``rated`` is called with each finished rating, also with those from before an interruption.
    ``origin`` is the folder of the run that made the problems: a student that voted on their outputs is refused.
    Raises ``ConfigError`` for that, for no students and for no problems, and what ``synthesize`` raises; finished
    ratings stay.
    """
    if not students or not problems:
        raise ConfigError(f"nothing to rate: {len(problems)} problems, {len(students)} students")
    if len({problem.id for problem in problems}) < len(problems):
        twice = next(id for id, count in Counter(problem.id for problem in problems).items() if count > 1)
        raise ConfigError(f"the problem {twice} is there twice; `stepsmith curate` removes duplicates")
    configs = [resolve_config(_for_student(config, student)) for student in students]
    names = [each.synth.student for each in configs]
    if len(set(names)) < len(names):
        raise ConfigError(f"the students {', '.join(students)} are not all different")
    for each in configs:
        _check_no_voter(each, origin)
    shaping = {
        "problems": content_id("set", [problem.id for problem in problems]),
        "students": names,
        "fields": [each.fingerprint_fields() for each in configs],
    }
    lock = FolderLock(out, shaping, started=LOG, finished=PROBLEMS, resume=resume)
    try:
        done = _done(out / LOG)
        for rating in done.values():
            rated(rating)
        with ProgressFile(out, "rating", "ratings", len(problems) * len(configs), len(done)) as progress:
            for each in configs:
                _rate_by(each, problems, done, out / LOG, NotedRatings(progress, rated), lock.config_id)
        ratings = [done[problem.id, name] for name in names for problem in problems]
        write_ratings(out / RATINGS, ratings)
        rows = (problem_row(_rerated(problem, done[problem.id, names[0]])) for problem in problems)
        write_rows(out / PROBLEMS, PROBLEM_SCHEMA, rows)
    finally:
        lock.close()
    return ratings


def _for_student(config: Config, student: str) -> Config:
    """Return a configuration in which the student is the only one who is asked."""
    synth = msgspec.structs.replace(
        config.synth, teacher="offline", student=student, solvers=(), strong_solver="", method="teacher-student"
    )
    return msgspec.structs.replace(config, synth=synth)


def _check_no_voter(config: Config, origin: Path | None) -> None:
    """Refuse a student whose weights settled the outputs of the problems: it must not measure their difficulty."""
    spec = config.models.get(config.synth.student)
    if spec is None or origin is None or not (origin / MANIFEST).is_file():
        return
    made = msgspec.json.decode(read_manifest(origin).config)
    synth, models = made.get("synth", {}), made.get("models", {})
    voters = list(synth.get("solvers", ()))
    if synth.get("method") == "two-stage" and not voters:
        voters = [synth.get("teacher")]
    if any(models.get(voter, {}).get("weights") == spec.weights for voter in voters):
        raise ConfigError(
            f"{spec.weights!r} voted on the outputs of the problems in {origin} and cannot measure their difficulty; "
            "name another --student"
        )


def _done(log: Path) -> dict[tuple[str, str], StudentRating]:
    """Return the ratings of the log by problem and student, after cutting off a line that is incomplete."""
    kept = list(read_lines(log, StudentRating)) if log.exists() else []
    write_whole(log, as_lines(kept))
    return {(rating.problem_id, rating.student): rating for rating in kept}


def _rate_by(
    config: Config,
    problems: Sequence[Problem],
    done: dict[tuple[str, str], StudentRating],
    log: Path,
    rated: NotedRatings,
    run: str,
) -> None:
    """Let one student rate the problems that it has not rated yet, and add the ratings to ``done`` and to the log."""
    name, asked = config.synth.student, asked_models(config)
    missing = [problem for problem in problems if (problem.id, name) not in done]
    if not missing:
        return
    workers = min(config.runtime.workers, len(missing))
    settings = config.judge
    runtime = config.runtime
    opened = open_judge(runtime.executor, workers, settings.isolation, settings.allow_unsafe, servers=runtime.judges)
    with opened as (judge, at_once):
        if not asked:
            _rate_missing(config, missing, judge, None, at_once, done, log, rated)
            return
        with Models(config, asked, run) as models:
            rated.progress.spends(partial(spent, models.ledger))
            models.check()
            threads = min(config.runtime.chains_at_once, len(missing))
            _rate_missing(config, missing, judge, models, threads, done, log, rated)


def _rate_missing(
    config: Config,
    missing: Sequence[Problem],
    judge: RunningJudge,
    models: Models | None,
    threads: int,
    done: dict[tuple[str, str], StudentRating],
    log: Path,
    rated: Callable[[StudentRating], None],
) -> None:
    roles = RoleFactory(config, judge, models)
    writing = threading.Lock()
    ended = False

    def rate_one(problem: Problem) -> StudentRating:
        found = _rating(config, roles, judge, problem)
        with writing:
            if not ended:  # afterwards another process may use the folder
                append_line(log, found)
        return found

    try:
        for found in LocalThreads(threads).map(rate_one, missing):
            done[found.problem_id, found.student] = found
            rated(found)
    finally:
        with writing:
            ended = True


def _rating(config: Config, factory: RoleFactory, judge: RunningJudge, problem: Problem) -> StudentRating:
    roles = factory.make()
    name = config.synth.student
    draft = factory.draft_from_problem(problem)
    if name == "simulated" and draft is None:
        raise ConfigError(
            f"the simulated student attempts only the offline teacher's problems, and {problem.id} is none; name "
            "another --student"
        )
    rng = derive_rng(config.synth.seed, "rate", problem.id)
    with Scorer(judge) as scorer:
        try:
            found = rate(roles.student, draft, problem, config.synth.attempts, scorer, rng, config.rating)
        except RequestRefused:
            return StudentRating(problem_id=problem.id, student=name, rate=pass_rate(0, 0), verdicts={REFUSED: 1})
    return StudentRating(problem_id=problem.id, student=name, rate=found.rate, verdicts=dict(found.verdicts))


def _rerated(problem: Problem, rating: StudentRating) -> Problem:
    """Return the problem with another pass rate; who measured it goes into its provenance."""
    kept = tuple(item for item in problem.provenance if item[0] not in ("attempts", "rated_by"))
    provenance = (*kept, ("rated_by", rating.student), ("attempts", tally(rating.verdicts)))
    return msgspec.structs.replace(problem, pass_rate=rating.rate, provenance=provenance)
