"""What all pages of a viewer share: the places, the index of problems, the templates."""

from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

import stepsmith
from stepsmith.report.text import in_script
from stepsmith.view.judging import Judging
from stepsmith.view.library import Library
from stepsmith.view.places import ServedPlaces
from stepsmith.view.settings import ViewSettings
from stepsmith.view.streams import Streams


class Viewing:
    """One viewer. ``close`` ends what it started."""

    def __init__(self, settings: ViewSettings) -> None:
        self.settings = settings
        self.places = ServedPlaces(settings.places)
        self.library = Library(self.places)
        self.judging = Judging()
        self.streams = Streams()
        self.templates = jinja2.Environment(
            loader=jinja2.ChoiceLoader(
                [
                    jinja2.PackageLoader("stepsmith.view"),
                    jinja2.PrefixLoader({"report": jinja2.PackageLoader("stepsmith.report")}),
                ]
            ),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.filters["in_script"] = in_script
        self.templates.globals.update(version=stepsmith.__version__, names=[place.name for place in self.places.named])

    def page(self, request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """Render a template. ``fragment`` is true there if htmx asks for a part of the page."""
        fragment = "hx-request" in request.headers and "hx-history-restore-request" not in request.headers
        html = self.render(template, path=request.url.path, fragment=fragment, **context)
        return HTMLResponse(html, status, {"Vary": "HX-Request"})

    def render(self, template: str, **context: Any) -> str:
        """Return the HTML of a template."""
        return self.templates.get_template(template).render(**context)

    def close(self) -> None:
        """Stop the work in the background."""
        self.streams.stop()
        self.judging.close()
        self.library.close()
