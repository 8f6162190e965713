"""Serving on loopback, in a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from standins.app import SCHEDULE, create_app
from standins.config import StandinConfig
from standins.schedule import Schedule

HOST = "127.0.0.1"
POLL_SECONDS = 0.05


class QuietHandler(WSGIRequestHandler):
    """Addresses carry client secrets and phone numbers, so requests are not logged."""

    def log_request(self, *_arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[str]:
    """Serve ``app`` on 127.0.0.1 while the block runs; gives its base URL.

    Port 0 takes a free one. Where the port is taken, werkzeug says so and raises SystemExit.
    """
    server = make_server(HOST, port, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def running(config: StandinConfig, port: int = 0) -> Iterator[str]:
    """Serve fresh stand-ins while the block runs; gives their base URL."""
    app = create_app(config)
    try:
        with serving(app, port) as url:
            yield url
    finally:
        cast(Schedule, app.extensions[SCHEDULE]).close()
