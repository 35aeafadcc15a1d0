"""The option ``--executor``, which several commands have: where the work runs."""

from typing import Annotated

import typer

Executor = Annotated[
    str | None,
    typer.Option(
        help="Where the work runs: local, ray (Ray on this machine, or the cluster of RAY_ADDRESS) or ray://HOST:PORT.",
        show_default="local",
    ),
]
