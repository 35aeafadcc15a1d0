"""The entry point of the report. It can be imported without the extra ``report``."""

from pathlib import Path

from stepsmith.core.errors import MachineError

_EXTRA = {"jinja2", "markdown_it", "markupsafe", "plotly", "pygments"}


def write_report(folder: Path) -> Path:
    """Write ``report.html`` from the other files of a run and return its path. An existing report is replaced.

    ``folder`` holds a finished synthesis run (shown with the training runs in its folder ``training``), or a training
    run or a study, finished or not. The same files give the same bytes. Raises ``MachineError`` without the extra
    ``report``, ``RunFolderError`` when ``folder`` holds no run, and ``StoreError`` when its files do not match each
    other or the page cannot be written.
    """
    try:
        from stepsmith.report.page import write_page  # not at the top: it imports the libraries of the extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in _EXTRA:
            raise
        raise MachineError(f"the report needs {error.name}: pip install 'stepsmith[report]'") from None
    return write_page(folder)
