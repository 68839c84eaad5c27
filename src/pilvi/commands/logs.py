"""How our processes log: a line of key=value for people or of JSON for programs, with UTC.

What links a request with what happens for it later is its `request_id`: its own line has it, with
`method` and `path`; so have the lines of reconcilers that work for it, in the API and on hosts,
with the `kind` and `id` of their object.
"""

import logging

import structlog
import structlog.tracebacks
from structlog.typing import Processor

from pilvi.settings import LogFormat


def configure_logs(form: LogFormat = "text", level: int = logging.INFO) -> None:
    """Set up structlog and the standard logging that libraries use."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor]
    if form == "json":
        # Frames without their variables: passwords and tokens are among those.
        frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        last = [
            structlog.processors.ExceptionRenderer(frames),
            structlog.processors.JSONRenderer(),
        ]
    else:
        order = ["timestamp", "level", "event"]
        last = [
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=order),
        ]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[*shared, *last],
        cache_logger_on_first_use=True,
    )
    _configure_libraries(form, [*shared, structlog.stdlib.add_logger_name], last)


def _configure_libraries(form: LogFormat, shared: list[Processor], last: list[Processor]) -> None:
    """Let what libraries log look like ours."""
    handler = logging.StreamHandler()
    if form == "json":
        formatter: logging.Formatter = structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    else:
        formatter = logging.Formatter("%(asctime)s %(name)s %(message)s")
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
