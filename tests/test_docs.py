"""The tutorial says what really happens: its blocks are run in their order, in an empty folder.

``python -m tests.test_docs`` writes the outputs of a new run into the page; read the words around them again then.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

DOCS = Path(__file__).parents[1] / "docs"
TUTORIAL = DOCS / "tutorial.md"
BLOCK = re.compile(r"^(?P<fence>`{3,4})(?P<kind>bash|python|text)\n(?P<body>.*?)^(?P=fence)$", re.DOTALL | re.MULTILINE)
VARIES = [r"\d+ per min", r"\d+ s left", r"\d+\.\d\d s CPU, \d+ MB", r"\bL[1-3]\b"]  # differs between two runs


class Step(NamedTuple):
    """A block that is run, and the output block that follows it (None where there is none)."""

    kind: str
    source: str
    shown: str | None


def steps(page: str) -> list[Step]:
    blocks = [(block["kind"], block["body"]) for block in BLOCK.finditer(page)]
    outputs = [*blocks[1:], ("", "")]
    return [
        Step(kind, source, following[1] if following[0] == "text" else None)
        for (kind, source), following in zip(blocks, outputs, strict=True)
        if kind != "text"
    ]


def outputs(todo: list[Step]) -> list[str]:
    """Run the steps in the current folder and return what each of them prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {"__name__": "tutorial"}
    result = []
    for step in todo:
        if step.kind == "bash":
            command = ["bash", "-e", "-c", step.source]
            done = subprocess.run(
                command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "PATH": path}
            )
            assert done.returncode == 0, done.stdout
            result.append(done.stdout)
        else:
            with redirect_stdout(io.StringIO()) as printed:
                exec(compile(step.source, "tutorial.md", "exec"), variables)
            result.append(printed.getvalue())
    return result


def tidy(text: str) -> str:
    """Return the text without spaces at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def comparable(text: str) -> str:
    """Return the text without what differs between two runs."""
    for pattern in VARIES:
        text = re.sub(pattern, "(varies)", text)
    return tidy(text)


@pytest.mark.timeout(900)
def test_the_tutorial_runs_and_prints_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    todo = steps(TUTORIAL.read_text("utf-8"))
    assert {step.kind for step in todo} == {"bash", "python"}
    monkeypatch.chdir(tmp_path)
    for step, printed in zip(todo, outputs(todo), strict=True):
        assert comparable(printed) == comparable(step.shown or ""), step.source


def test_every_page_is_in_the_navigation() -> None:
    navigation = (DOCS.parent / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert pages == set(re.findall(r"[\w/-]+\.md", navigation)) - {"CONTRIBUTING.md"}


def _refresh() -> None:
    """Write the outputs of a new run into the page."""
    page = TUTORIAL.read_text("utf-8")
    todo = steps(page)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        printed = outputs(todo)
    shown = iter([text for step, text in zip(todo, printed, strict=True) if step.shown is not None])

    def refreshed(block: re.Match[str]) -> str:
        fence = block["fence"]
        return f"{fence}text\n{tidy(next(shown))}\n{fence}" if block["kind"] == "text" else block[0]

    TUTORIAL.write_text(BLOCK.sub(refreshed, page), "utf-8")


if __name__ == "__main__":
    _refresh()
