"""Structured logs with the ids of request, organization and job. Text for people, JSON lines for machines."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

_ABOUT: ContextVar[Mapping[str, object]] = ContextVar("about")
_NOTHING: Mapping[str, object] = {}


class about:  # noqa: N801 - reads as a statement
    """Within, each line that is logged carries these entries. As structlog's own, at a tenth of the price."""

    def __init__(self, **entries: object) -> None:
        self._entries = entries

    def __enter__(self) -> None:
        self._token = _ABOUT.set({**_ABOUT.get(_NOTHING), **self._entries})

    def __exit__(self, *_: object) -> None:
        _ABOUT.reset(self._token)


def note(**entries: object) -> None:
    """Add entries to those of the `about` block around."""
    _ABOUT.set({**_ABOUT.get(_NOTHING), **entries})


def _with_about(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {**_ABOUT.get(_NOTHING), **event}


def set_up_logs(*, json: bool, level: str) -> None:
    """Send structlog and the libraries' own logs the same way, to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _with_about,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if json else "%H:%M:%S", utc=json),
    ]
    # Plain tracebacks: rich ones print local variables, and those may hold secrets.
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    exceptions = [structlog.processors.format_exc_info] if json else []
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *exceptions, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("arq.worker", "uvicorn.access", "httpx", "httpx2", "pymongo", "botocore", "aiobotocore"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
