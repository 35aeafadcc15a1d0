"""Audits: what they accuse, with the counter-example, which can be replayed; and what a reader decides about it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from stepsmith.audit.document import AUDIT, FINDINGS, read_audit
from stepsmith.audit.findings import AuditDocument, Finding
from stepsmith.audit.kinds import KINDS, SEVERITIES
from stepsmith.audit.replay import Shown, replay_finding
from stepsmith.audit.rewards.trials import RewardReplay
from stepsmith.audit.steps import ReplayStep
from stepsmith.core.errors import CaseError, RunFolderError, StepsmithError
from stepsmith.judge.local import LocalJudge
from stepsmith.view.answers import bounded
from stepsmith.view.decisions import MOST_NOTE, STATES, FindingDecision, decide, read_decisions
from stepsmith.view.forms import read_form
from stepsmith.view.places import state_of
from stepsmith.view.viewing import Viewing

PAGE = 25  # findings on a page
MOST_AUDITS = 200  # that are listed
MOST_STEPS = 40  # of a replay that are made


@dataclass(frozen=True, slots=True)
class ListedAudit:
    """An audit in a list. ``fault`` says why it cannot be read."""

    name: str
    link: str
    folder: Path
    document: AuditDocument | None = None
    states: Counter[str] = field(default_factory=Counter)  # of its findings
    fault: str = ""


@dataclass(frozen=True, slots=True)
class DecidedFinding:
    """A finding, what was decided about it, and what its replay has shown."""

    finding: Finding
    decision: FindingDecision | None
    problem: str  # address of the page of its problem, or ""
    replayed: tuple[Shown, ...] | None = None
    fault: str = ""

    @property
    def state(self) -> str:
        """The state that holds."""
        return self.decision.state if self.decision else "open"


def show_audits(viewing: Viewing, request: Request) -> Response:
    """List the audits in the served folders."""
    return viewing.page(request, "audits.html.j2", audits=list(found_audits(viewing)))


def show_audit(viewing: Viewing, request: Request) -> Response:
    """Show the findings of an audit that the address lets through."""
    audit = _audit(viewing, request)
    assert audit.document is not None
    decisions = read_decisions(audit.folder)
    asked = {name: request.query_params.get(name, "") for name in ("kind", "severity", "state")}
    findings = [
        one
        for one in sorted(
            audit.document.findings, key=lambda one: (bool(one.ambiguous), SEVERITIES.index(one.severity))
        )
        if asked["kind"] in ("", one.kind)
        and asked["severity"] in ("", one.severity)
        and asked["state"] in ("", _state(decisions, one))
    ]
    pages = -(-len(findings) // PAGE) or 1
    page = request.query_params.get("page", "1")
    number = min(pages, max(1, int(page))) if page.isascii() and page.isdecimal() and len(page) < 8 else 1
    shown = findings[(number - 1) * PAGE : number * PAGE]
    return viewing.page(
        request,
        "audit_findings.html.j2",
        audit=audit,
        total=len(findings),
        shown=[_decided(viewing, one, decisions) for one in shown],
        page=number,
        pages=pages,
        asked=asked,
        choices={
            "kind": Counter(one.kind for one in audit.document.findings),
            "severity": Counter(one.severity for one in audit.document.findings),
            "state": audit.states,
        },
        query=lambda **changes: urlencode({k: v for k, v in {**asked, **changes}.items() if v}),
        **_texts(),
    )


def findings_of_problem(viewing: Viewing, request: Request) -> Response:
    """Show what audits accuse a problem of: a part of its page, for htmx; empty without any."""
    id = str(request.path_params["id"])
    accused = [
        (audit, _decided(viewing, one, read_decisions(audit.folder)))
        for audit in found_audits(viewing)
        if audit.document
        for one in audit.document.findings
        if one.subject == id
    ]
    return viewing.page(request, "problem_findings.html.j2", accused=accused, **_texts())


async def decide_finding(viewing: Viewing, request: Request) -> Response:
    """Accept or dismiss a finding, or open it again; or replay it."""
    form = await read_form(request)
    return await run_in_threadpool(_act, viewing, request, form)


def _act(viewing: Viewing, request: Request, form: dict[str, str]) -> Response:
    audit = _audit(viewing, request)
    assert audit.document is not None
    wanted, act = form.get("finding", ""), form.get("act", "")
    finding = next((one for one in audit.document.findings if one.id == wanted), None)
    if finding is None or act not in (*STATES, "replay"):
        raise HTTPException(404, "This audit has no such finding any more. Open it again.")
    replayed, fault = None, ""
    if act == "replay":
        try:
            replayed = viewing.judging.run(lambda judge: tuple(_replayed(finding, judge)))
        except StepsmithError as error:
            fault = f"It was not replayed: {error}."
    else:
        decide(audit.folder, finding.id, next(state for state in STATES if state == act), form.get("note", ""))
    if "hx-request" not in request.headers and act != "replay":
        return RedirectResponse(f"{audit.link}#{finding.id}", 303)
    decided = _decided(viewing, finding, read_decisions(audit.folder))
    one = DecidedFinding(decided.finding, decided.decision, decided.problem, replayed, fault)
    return viewing.page(request, "finding.html.j2", audit=audit, one=one, **_texts())


def _replayed(finding: Finding, judge: LocalJudge) -> Iterator[Shown]:
    """Make the steps of a replay, with limits that a file cannot raise.

    Raises ``CaseError`` for findings about rewards: their replay runs code that a file names, outside the sandbox.
    """
    if isinstance(finding.replay, RewardReplay):
        raise CaseError("a reward runs outside the sandbox; use `stepsmith audit replay`")
    if finding.replay is not None:
        steps = tuple(map(_bounded_step, finding.replay.steps[:MOST_STEPS]))
        finding = msgspec.structs.replace(finding, replay=msgspec.structs.replace(finding.replay, steps=steps))
    yield from replay_finding(finding, judge)


def _bounded_step(step: ReplayStep) -> ReplayStep:
    if (suite := getattr(step, "suite", None)) is not None:
        return msgspec.structs.replace(step, suite=msgspec.structs.replace(suite, contract=bounded(suite.contract)))
    if (contract := getattr(step, "contract", None)) is not None:
        return msgspec.structs.replace(step, contract=bounded(contract))
    return step


def found_audits(viewing: Viewing) -> Iterator[ListedAudit]:
    """Return the audits in the served folders, in the order of the folders."""
    count = 0
    for folder in viewing.places.folders():
        if count >= MOST_AUDITS or not any((folder / name).is_file() for name in (AUDIT, FINDINGS)):
            continue
        if not viewing.places.holds(folder):
            continue
        count += 1
        yield _listed(viewing, folder)


def _listed(viewing: Viewing, folder: Path) -> ListedAudit:
    name, link = viewing.places.shown(folder), f"/audits{viewing.places.address(folder)}"
    try:
        path = folder / AUDIT if (folder / AUDIT).is_file() else folder / FINDINGS
        if not viewing.places.holds(path):
            raise RunFolderError(f"{path.name} is a link to elsewhere")
        document = _read(path, state_of(path))
        decisions = read_decisions(folder)
    except StepsmithError as error:
        return ListedAudit(name, link, folder, fault=str(error))
    return ListedAudit(name, link, folder, document, Counter(_state(decisions, one) for one in document.findings))


@lru_cache(maxsize=16)
def _read(path: Path, _state: tuple[int, int] | None) -> AuditDocument:
    return read_audit(path)


def _audit(viewing: Viewing, request: Request) -> ListedAudit:
    """Return the audit in the address. Raises ``RunFolderError`` if there is none, or if it cannot be read."""
    params = request.path_params
    folder = viewing.places.inside(int(params["place"]), str(params["path"]))
    audit = _listed(viewing, folder)
    if audit.document is None:
        raise RunFolderError(audit.fault)
    return audit


def _state(decisions: dict[str, FindingDecision], finding: Finding) -> str:
    return decisions[finding.id].state if finding.id in decisions else "open"


def _decided(viewing: Viewing, finding: Finding, decisions: dict[str, FindingDecision]) -> DecidedFinding:
    searcher = viewing.library.current(0)
    known = searcher and searcher.index.ask("SELECT 1 FROM problems WHERE id = ? LIMIT 1", [finding.subject])
    return DecidedFinding(finding, decisions.get(finding.id), f"/problems/{quote(finding.subject)}" if known else "")


def _texts() -> dict[str, Any]:
    return {"kinds": KINDS, "most_note": MOST_NOTE, "states": STATES}
