"""Findings as SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines of a file."""

from pathlib import Path
from typing import Any

from stepsmith import __version__
from stepsmith.audit.findings import AuditDocument, Finding
from stepsmith.audit.kinds import KINDS, Severity

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: dict[Severity, str] = {"high": "error", "medium": "warning", "low": "note"}


def sarif(document: AuditDocument) -> dict[str, Any]:
    """Return the log as plain values. Results are placed at the lines of JSON Lines files, else at the file."""
    rules = list(KINDS)
    return {
        "$schema": SCHEMA_URI,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "stepsmith audit",
                        "version": __version__,
                        "informationUri": "https://github.com/stepsmith/stepsmith",
                        "rules": [
                            {
                                "id": kind.name,
                                "shortDescription": {"text": kind.title},
                                "fullDescription": {"text": kind.harm},
                                "help": {"text": kind.remedy},
                                "defaultConfiguration": {"level": LEVELS[kind.severity]},
                            }
                            for kind in KINDS.values()
                        ],
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": document.complete,
                        "toolExecutionNotifications": [
                            {
                                "level": "note",
                                "message": {"text": f"{s.subject}: not checked: {row.check}: {row.reason}"},
                            }
                            for s in document.subjects
                            for row in s.not_checked
                        ],
                    }
                ],
                "results": [_result(finding, rules) for finding in document.findings],
                "columnKind": "unicodeCodePoints",
            }
        ],
    }


def _result(finding: Finding, rules: list[str]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.place.source)}}
    if finding.place.line is not None:
        physical["region"] = {"startLine": finding.place.line}
    text = finding.message + (f" (ambiguous: {finding.ambiguous})" if finding.ambiguous else "")
    properties: dict[str, Any] = {"severity": finding.severity, "evidence": dict(finding.evidence)}
    if finding.confidence is not None:
        properties["confidence"] = finding.confidence
    return {
        "ruleId": finding.kind,
        "ruleIndex": rules.index(finding.kind),
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.subject}: {text}"},
        "locations": [
            {
                "physicalLocation": physical,
                "logicalLocations": [{"name": finding.subject, "fullyQualifiedName": _qualified(finding)}],
            }
        ],
        "partialFingerprints": {"stepsmithFinding/v1": finding.id},
        "properties": properties,
    }


def _uri(source: str) -> str:
    """Return a path as a URI: relative as given, so that a code host finds it in the repository."""
    path = Path(source)
    return path.as_uri() if path.is_absolute() else path.as_posix()


def _qualified(finding: Finding) -> str:
    return f"{finding.subject}/{finding.place.part}" if finding.place.part else finding.subject
