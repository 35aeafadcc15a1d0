"""``--log-format``: what happens, one line each, on stderr. Without the option only warnings are written."""

import json
import logging
import os
import sys
import time
from typing import Literal, cast

from stepsmith.core.tracing import current_trace

LogFormat = Literal["json", "text"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
WORKERS = "STEPSMITH_LOG_WORKERS"  # the environment variable that hands both on to worker processes
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """A record as one JSON object: time (UTC), level, logger, message, trace, and its own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{moment}.{int(record.msecs):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := current_trace():
            line["trace"] = trace
        line |= {key: value for key, value in vars(record).items() if key not in _USUAL and key[0] != "_"}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def write_logs(form: LogFormat, level: LogLevel) -> None:
    """Write the log of Stepsmith, and warnings of other libraries, to stderr. Worker processes do as well."""
    os.environ[WORKERS] = f"{form} {level}"
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if form == "json" else plain)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("stepsmith").setLevel(level)


def write_logs_as_parent() -> None:
    """In a worker process: write the log as the parent does, if it does."""
    if told := os.environ.get(WORKERS):
        form, level = told.split()
        write_logs(cast("LogFormat", form), cast("LogLevel", level))
