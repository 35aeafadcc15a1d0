"""Files that are copied into an export, with marks like ``@NAME@`` replaced. They lie in ``files/``."""

from collections.abc import Mapping
from importlib.resources import files


def filled(name: str, marks: Mapping[str, str]) -> str:
    """Return the text of a file of ``files/``, its marks replaced."""
    text = files("stepsmith.exports").joinpath("files", *name.split("/")).read_text("utf-8")
    for mark, value in marks.items():
        text = text.replace(f"@{mark}@", value)
    return text
