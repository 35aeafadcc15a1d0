"""The options ``--executor`` and ``--judge``, which several commands have: where the work runs, and who judges."""

from typing import Annotated

import typer

Executor = Annotated[
    str | None,
    typer.Option(
        help="Where the work runs: local, ray (Ray on this machine, or the cluster of RAY_ADDRESS) or ray://HOST:PORT.",
        show_default="local",
    ),
]
Servers = Annotated[
    str | None,
    typer.Option(
        "--judge",
        metavar="URL,URL",
        help="Servers (`stepsmith judge serve`) that judge instead of this machine. Their token: $STEPSMITH_TOKEN.",
    ),
]
