"""Structured logs: ids, endpoints, durations; never a name, phone, id number or clinical word."""

import logging
import sys
import time
import traceback
from types import TracebackType
from typing import TypeAlias

import structlog
from flask import Flask, Response, g, request

from core.ids import new_id

REQUEST_ID = "X-Request-Id"
ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


def trace(exc_info: ExcInfo) -> str:
    """Where an exception and those behind it came from, without their messages: what a database or
    a validator says of an error quotes the row or the input.
    """
    error = exc_info[1]
    lines: list[str] = []
    while error is not None:
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        lines += [kind, *traceback.format_tb(error.__traceback__)]
        error = error.__cause__ or error.__context__
    return "\n".join(lines)


class WithoutQuotes(logging.Formatter):
    """For the libraries that log by themselves, the worker's among them."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802  logging's name
        """As ``trace``."""
        return trace(ei)


def configure() -> None:
    """JSON lines on standard error; called once a process."""
    handler = logging.StreamHandler()
    handler.setFormatter(WithoutQuotes("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.ExceptionRenderer(trace),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def install(app: Flask) -> None:
    """One line a request, without its query string or body."""
    log = structlog.get_logger().bind()  # once, not anew for each line

    @app.before_request
    def begin() -> None:
        g.request_id = str(new_id())
        g.started = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers[REQUEST_ID] = g.get("request_id", "")
        if request.endpoint != "static":
            log.info(
                "request",
                request_id=g.get("request_id"),
                method=request.method,
                endpoint=request.endpoint,
                status=response.status_code,
                milliseconds=round((time.perf_counter() - g.get("started", 0)) * 1000, 1),
            )
        return response
