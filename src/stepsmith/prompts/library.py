"""The prompts: rendered from template files, with a version that is a hash of their text.

The name of a prompt is its path under ``templates/`` without the suffix, such as ``teacher/propose``. A file in the
user's own folder replaces ours of the same name, also where another template includes it.
"""

import re
from pathlib import Path

import jinja2
from jinja2 import meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.ids import content_id

SUFFIX = ".md.j2"
VERSION_DIGITS = 12  # hexadecimal digits of a version: 48 bits, enough to tell versions of one prompt apart

_BACKTICKS = re.compile(r"`{3,}")


class PromptLibrary:
    """Our templates, and those in ``folder``, which replace ours of the same name. Safe to use from several threads.

    Raises ``ConfigError`` if ``folder`` is not a folder, or if a template cannot be rendered (a syntax error, a
    variable that does not exist).
    """

    def __init__(self, folder: Path | None = None) -> None:
        own = jinja2.PackageLoader("stepsmith.prompts")
        if folder is not None and not folder.is_dir():
            raise ConfigError(f"runtime.prompts: {folder} is not a folder")
        self._jinja = jinja2.Environment(
            loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder), own]) if folder else own,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # prompts are text, not HTML; fenced blocks quote the values in them
        )
        self._jinja.filters |= {"fenced": fenced, "clipped": clipped}
        self._versions: dict[str, str] = {}

    def names(self) -> list[str]:
        """Return the names of all templates, sorted, including those that others include."""
        return sorted(name.removesuffix(SUFFIX) for name in self._jinja.list_templates() if name.endswith(SUFFIX))

    def render(self, name: str, **values: object) -> str:
        """Return the prompt with ``values`` filled in."""
        try:
            return self._jinja.get_template(name + SUFFIX).render(**values).strip() + "\n"
        except jinja2.TemplateError as error:
            raise _unusable(name, error) from None

    def version(self, name: str) -> str:
        """Return a hash of the text of the template and of all templates that it includes."""
        if name not in self._versions:
            texts = {part: self._source(part) for part in self._parts(name)}
            digest = content_id("prompt", sorted(texts.items())).removeprefix("prompt_")
            self._versions[name] = digest[:VERSION_DIGITS]
        return self._versions[name]

    def stamp(self, name: str) -> str:
        """Return ``name@version``, for provenance."""
        return f"{name}@{self.version(name)}"

    def version_of_all(self) -> str:
        """Return a hash of all templates, for the configuration of a run."""
        digest = content_id("prompts", [(name, self._source(name)) for name in self.names()])
        return digest.removeprefix("prompts_")[:VERSION_DIGITS]

    def _parts(self, name: str) -> set[str]:
        """Return the template and all that it includes, directly or not; all templates if a name is computed."""
        found: set[str] = set()
        ahead = [name]
        while ahead:
            part = ahead.pop()
            if part in found:
                continue
            found.add(part)
            try:
                mentioned = list(meta.find_referenced_templates(self._jinja.parse(self._source(part))))
            except jinja2.TemplateError as error:
                raise _unusable(part, error) from None
            if None in mentioned:
                ahead += self.names()
            ahead += [other.removesuffix(SUFFIX) for other in mentioned if other]
        return found

    def _source(self, name: str) -> str:
        loader = self._jinja.loader
        assert loader is not None
        try:
            return loader.get_source(self._jinja, name + SUFFIX)[0]
        except jinja2.TemplateError as error:
            raise _unusable(name, error) from None
        except UnicodeDecodeError:
            raise ConfigError(f"the prompt {name}{SUFFIX} is not UTF-8 text") from None


def fenced(text: str, language: str = "") -> str:
    """Return ``text`` as a fenced block, with a fence that is longer than any inside ``text``."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.strip(chr(10))}\n{fence}"


def clipped(text: str, characters: int) -> str:
    """Return ``text``; if it is longer than ``characters``, its beginning and end with a note on what is left out."""
    if len(text) <= characters:
        return text
    head, tail = text[: characters * 2 // 3], text[-(characters // 3) :]
    return f"{head}\n[... {len(text) - len(head) - len(tail)} characters left out ...]\n{tail}"


def _unusable(name: str, error: jinja2.TemplateError) -> ConfigError:
    if isinstance(error, jinja2.TemplateNotFound):
        return ConfigError(f"there is no prompt called {error.message}")
    line = f", line {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
    return ConfigError(f"the prompt {name}{SUFFIX}{line} cannot be used: {error.message}")
