"""What a session tells the log: events with stable names and fields, silent until the host program listens.

Events go to the standard logger `qstack` as JSON lines: `run.started`, `run.finished`, `run.failed`, `run.cancelled`.
"""

from __future__ import annotations

import logging

import structlog

logging.getLogger("qstack").addHandler(logging.NullHandler())

events: structlog.stdlib.BoundLogger = structlog.wrap_logger(
    logging.getLogger("qstack"),
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer(),
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
)
"""The logger of the application layer."""
