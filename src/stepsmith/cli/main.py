"""The ``stepsmith`` command: it finds the subcommands and turns errors into one line and an exit code."""

import sys
import warnings
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import stepsmith
from stepsmith.cli.commands import Commands
from stepsmith.cli.run_metrics import publish_metrics
from stepsmith.cli.terminal import EXIT_INTERRUPTED, accept_any_text, stop_on_signals, visible
from stepsmith.core.errors import StepsmithError, UserError
from stepsmith.core.logs import LogFormat, LogLevel, write_logs
from stepsmith.core.tracing import send_traces

EXIT_FAILED, EXIT_USER = 1, 2

app = typer.Typer(
    name="stepsmith",
    cls=Commands,
    help="Verified, difficulty-graded coding problems, and code models trained on them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _before_any_command(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    log_format: Annotated[
        LogFormat | None,
        typer.Option(envvar="STEPSMITH_LOG_FORMAT", help="Write what happens to stderr, as JSON lines or as text."),
    ] = None,
    log_level: Annotated[
        LogLevel, typer.Option(envvar="STEPSMITH_LOG_LEVEL", help="Least level that is written.")
    ] = "INFO",
    metrics_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, envvar="STEPSMITH_METRICS_PORT", help="Serve Prometheus metrics on this loopback port."
        ),
    ] = None,
    metrics_file: Annotated[
        Path | None,
        typer.Option(envvar="STEPSMITH_METRICS_FILE", help="Write Prometheus metrics to this file (node-exporter)."),
    ] = None,
    trace: Annotated[
        str | None,
        typer.Option(
            metavar="TARGET", help="Send OpenTelemetry spans to console, or to the URL of an OTLP/HTTP collector."
        ),
    ] = None,
) -> None:
    if version:
        print(stepsmith.__version__)
        raise typer.Exit
    if log_format:
        write_logs(log_format, log_level)
    if metrics_port is not None or metrics_file is not None:
        publish_metrics(metrics_port, metrics_file)
    if trace:
        send_traces(trace)


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 failed, 2 the user can correct it, 130 stopped by a signal."""
    warnings.simplefilter("ignore", SyntaxWarning)  # these warnings are about programs that are only data here
    accept_any_text()
    stop_on_signals()
    try:
        app()
    except UserError as error:
        _fail(str(error), EXIT_USER)
    except StepsmithError as error:
        _fail(str(error), EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except OSError as error:
        if error.filename is None:
            raise
        _fail(f"{error.filename}: {error.strerror}", EXIT_USER)


def _fail(text: str, code: int) -> NoReturn:
    print(f"stepsmith: {visible(' '.join(text.split()))}", file=sys.stderr)
    sys.exit(code)
