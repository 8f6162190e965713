"""Structured logs: ids, endpoints, durations; never a name, phone, id number or clinical word."""

import logging
import sys
import time

import structlog
from flask import Flask, Response, g, request

from core.ids import new_id

REQUEST_ID = "X-Request-Id"


def configure() -> None:
    """JSON lines on standard error; called once a process."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def install(app: Flask) -> None:
    """One line a request, without its query string or body."""
    log = structlog.get_logger()

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
