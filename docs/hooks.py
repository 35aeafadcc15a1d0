"""Hooks of mkdocs: links from a page of docs/ to a page elsewhere in the repository also work on the site.

On the site these pages stand beside those of docs/, so ``../CONTRIBUTING.md`` becomes ``CONTRIBUTING.md``.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
OUTSIDE = ["CONTRIBUTING.md", "benchmarks/gpu/README.md", "benchmarks/results/*.md", "benchmarks/results/*.svg"]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside docs/ that pages link to."""
    for pattern in OUTSIDE:
        for path in sorted(ROOT.glob(pattern)):
            files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Make links relative to the site's folders; a link to the licence, which is no page, becomes plain text."""
    if page.file.src_uri == "CONTRIBUTING.md":
        markdown = markdown.replace("](docs/", "](")
    elif "/" not in page.file.src_uri:
        markdown = markdown.replace("](../", "](")
    return re.sub(r"\[([^\]]*)\]\(LICENSE\)", r"\1", markdown)
