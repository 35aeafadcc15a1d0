"""Write the files of a finished audit: audit.json, audit.sarif, audit.html, and the patch."""

from pathlib import Path

import msgspec

from stepsmith.audit.document import AUDIT
from stepsmith.audit.findings import AuditDocument
from stepsmith.audit.patching import Patch, make_patch
from stepsmith.audit.sarif import sarif
from stepsmith.audit.sources import Problems
from stepsmith.core.errors import MachineError
from stepsmith.store.folder_lock import write_whole

SARIF, PAGE = "audit.sarif", "audit.html"
CORRECTED, CHANGES, DIFF = "corrected.jsonl", "patch.json", "patch.diff"
_EXTRA = {"jinja2", "markdown_it", "markupsafe", "plotly", "pygments"}


def write_document(folder: Path, document: AuditDocument) -> None:
    """Write ``audit.json``, ``audit.sarif`` and, with the extra ``report``, ``audit.html``.

    Raises ``MachineError`` without the extra, when the other files are written.
    """
    write_whole(folder / AUDIT, msgspec.json.format(msgspec.json.encode(document), indent=1))
    write_whole(folder / SARIF, msgspec.json.format(msgspec.json.encode(sarif(document)), indent=1))
    try:
        from stepsmith.audit.page import audit_page  # not at the top: it imports the libraries of the extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in _EXTRA:
            raise
        raise MachineError(f"the page needs {error.name}: pip install 'stepsmith[report]'") from None
    write_whole(folder / PAGE, audit_page(document).encode())


def write_patch(folder: Path, document: AuditDocument, problems: Problems) -> Patch | None:
    """Write the corrected rows, the corrections and the diff; None where nothing is to be corrected.

    The source is read again and never written.
    """
    if not any(subject.added or any(f.fixes for f in subject.findings) for subject in document.subjects):
        return None
    form, rows = problems.rows()
    patch = make_patch(rows, document.subjects, form, document.source)
    write_whole(folder / CORRECTED, "".join(f"{line}\n" for line in patch.lines).encode("utf-8", "surrogatepass"))
    write_whole(folder / CHANGES, msgspec.json.format(msgspec.json.encode(patch.corrections), indent=1))
    write_whole(folder / DIFF, patch.diff.encode("utf-8", "surrogatepass"))
    return patch
