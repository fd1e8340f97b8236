"""One configuration of logs for every process: structured events on standard error.

Call it once, in a composition root. Libraries that log through the standard library come out in the
same form.
"""

import logging
import sys
from contextvars import ContextVar
from typing import Literal

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from runtime.told_errors import told_error

LIBRARY_LEVELS = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "asyncio": logging.WARNING}
"""Libraries that narrate every request at INFO."""

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The id of the request that is being answered; every line about it has it."""


def configure_logging(
    level: Literal["debug", "info", "warning", "error"] = "info",
    form: Literal["json", "console"] = "json",
    *first: Processor,
) -> None:
    """Send structlog and the standard library's logging to standard error, one event a line.

    `first` look at each event of structlog before anything else does.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        _of_request,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(lambda error: told_error(error[1])),
    ]
    structlog.configure(
        processors=[
            *first,
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    # Else a line that cannot be written is written in another form, with the words of its error.
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_colours,
                _without_futures,
                _renderer(form),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for name, library_level in LIBRARY_LEVELS.items():
        logging.getLogger(name).setLevel(max(threshold, library_level))


def _of_request(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if name := REQUEST.get():
        event.setdefault("request", name)
    return event


def _without_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Uvicorn sends each message twice, once for terminals."""
    event.pop("color_message", None)
    return event


def _without_futures(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Asyncio writes out the future that failed, with the words of its error."""
    if event.get("logger") == "asyncio":
        event["event"] = str(event.get("event", "")).partition("\n")[0]
    return event


def _renderer(form: Literal["json", "console"]) -> Processor:
    if form == "console":
        return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
