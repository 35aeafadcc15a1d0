"""``stepsmith view``: look at problems and runs in a browser."""

import os
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from stepsmith.cli.judge_view import PatientConsole
from stepsmith.core.errors import MachineError


def view(
    dirs: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="Folders of runs, finished or not, or Parquet files of problems."),
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = 8010,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="STEPSMITH_TOKEN",
            help="Token that readers need. Without one, an address that other machines reach gets a new token.",
            show_default=False,
        ),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser, if this machine has a screen.")] = True,
) -> None:
    """Show problems, chains and runs on a local page. Only decisions about an audit are written, beside it."""
    try:
        from stepsmith.serve.server import listen
        from stepsmith.view.server import address_of, make_viewer
        from stepsmith.view.settings import view_settings
        from stepsmith.view.viewing import Viewing
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("stepsmith"):
            raise
        raise MachineError(f"the viewer needs the package {error.name}; run pip install 'stepsmith[view]'") from None
    settings = view_settings(tuple(dirs), host, port, token)
    console = PatientConsole(stderr=True, soft_wrap=True, highlight=False)
    viewing = Viewing(settings)
    try:
        with listen(settings.listening) as listener:
            address = address_of(viewing, listener)
            console.print(f"showing {', '.join(map(str, dirs))} on {address}; Ctrl-C stops", markup=False)
            if browser and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
                webbrowser.open(address)
            make_viewer(viewing).run(sockets=[listener])
    finally:
        viewing.close()
