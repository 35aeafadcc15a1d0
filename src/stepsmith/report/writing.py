"""The report's front door: importable in the slim install, where the libraries of the extra are missing."""

from pathlib import Path

from stepsmith.core.errors import MachineError

_EXTRA = {"jinja2", "markdown_it", "markupsafe", "plotly", "pygments"}


def write_report(folder: Path) -> Path:
    """(Re)write ``report.html`` from the other files of a run and return its path.

    ``folder`` holds a finished synthesis run, shown with the training runs in its folder ``training``, or a training
    run or a study, finished or not. The same files give the same bytes. Raises ``MachineError`` without the extra
    ``report``, ``RunFolderError`` when ``folder`` holds none of these, ``StoreError`` when its files do not fit
    together or nothing can be written.
    """
    try:
        from stepsmith.report.page import write_page  # here and not above: it imports the extra's libraries
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in _EXTRA:
            raise
        raise MachineError(f"the report needs {error.name}: pip install 'stepsmith[report]'") from None
    return write_page(folder)
