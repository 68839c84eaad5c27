"""Where the log of a fake cloud goes when it runs in somebody else's process."""

import structlog


def hand_over_logs() -> None:
    """Let it join the process's standard logging, where pytest and others find and filter it.

    Who configured structlog already has said what they want: nothing changes then.
    """
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["event"], bool_as_flag=False),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
