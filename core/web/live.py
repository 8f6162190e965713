"""Pages that move by themselves: server-sent events, or the same part asked for again and again.

A stream occupies a thread for minutes, so a process has a bounded number of them, beside the
threads that answer pages; it holds no database connection while it waits.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import BoundedSemaphore, local
from typing import Any, TypeAlias, cast

from flask import Flask, Response, current_app, request, stream_with_context

from core.errors import PortalError, Unavailable
from core.live import Hub, Watch
from core.messages import N_
from core.outgoing import provide_aside

# A comment that often shows that the line stands, and finds out who has gone.
HEARTBEAT_SECONDS = 15.0
# A stream ends by itself, sooner for some than for others, and the browser opens another: so a
# process that is to stop empties, and whether one may still look is asked again.
LASTS_SECONDS = 300.0
RETRY_SECONDS = 5
HUB = "live_hub"
GATE = "live_gate"
Wsgi: TypeAlias = Callable[[Any, Any], Iterable[bytes]]
Render: TypeAlias = Callable[[], str]


class Gate:
    """Lets so many requests be worked on at once, however many threads there are: threads that
    wait for a stream's news cost nothing, threads that draw pages hinder each other. What a
    stream sends later passes the gate again.
    """

    def __init__(self, application: Wsgi, most: int) -> None:
        self._application = application
        self._places = BoundedSemaphore(most)
        self._mine = local()

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer; a stream's body is drawn after the gate."""
        with self.passing():
            return self._application(environ, start_response)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """For a request, and for the work of a stream."""
        with self._places:
            self._mine.inside = True
            try:
                yield
            finally:
                self._mine.inside = False

    @contextmanager
    def aside(self) -> Iterator[None]:
        """For who waits for somebody outside: others pass meanwhile."""
        if not getattr(self._mine, "inside", False):
            yield
            return
        self._mine.inside = False
        self._places.release()
        try:
            yield
        finally:
            self._places.acquire()
            self._mine.inside = True


def install(app: Flask, streams: int) -> None:
    """Give the process its hub; called once by the factory."""
    app.extensions[HUB] = Hub(streams)


def guard(app: Flask, most: int) -> None:
    """Put the gate in front; called by the entry that a threaded server starts."""
    gate = Gate(app.wsgi_app, most)
    app.extensions[GATE] = gate
    provide_aside(gate.aside)
    app.wsgi_app = gate  # type: ignore[method-assign]


def live(topics: Iterable[str], render: Render) -> Response:
    """What ``render`` draws, now and whenever one of the topics changes, to a browser that asks for
    a stream; to any other just now. The caller has asked whether one may look. ``render`` may
    raise a PortalError: the stream ends, and the browser loads its page anew.

    Raises Unavailable where the process has all the streams that it may.
    """
    if "text/event-stream" not in request.headers.get("Accept", ""):
        return Response(render(), mimetype="text/html")
    watch = cast(Hub, current_app.extensions[HUB]).watch(*topics)
    if watch is None:
        return _busy()
    gate: Gate | None = current_app.extensions.get(GATE)
    passing = gate.passing if gate else nullcontext
    body = stream_with_context(_events(watch, render, passing))
    answer = Response(body, mimetype="text/event-stream")
    answer.call_on_close(watch.close)
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _busy() -> Response:
    """No stream: the page asks now and then instead."""
    error = Unavailable("streams_full", N_("实时连接已满，页面会自己定时刷新。"))
    return Response(
        str(error), error.status, {"Retry-After": str(RETRY_SECONDS)}, mimetype="text/plain"
    )


def _events(
    watch: Watch, render: Render, passing: Callable[[], AbstractContextManager[object]]
) -> Iterator[str]:
    ends = time.monotonic() + LASTS_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311  no secret
    with watch:
        yield f"retry: {RETRY_SECONDS * 1000}\n\n"
        news = True
        while time.monotonic() < ends:
            if news:
                try:
                    with passing():
                        part = render()
                except PortalError:
                    # Not to be seen here any more; the page that the browser loads says why.
                    yield event("gone", "-")
                    return
                yield event("changed", part)
            else:
                yield ": \n\n"
            news = watch.wait(HEARTBEAT_SECONDS)


def event(name: str, data: str) -> str:
    """One event as it goes over the line (HTML standard, 9.2.5)."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"event: {name}\n{lines}\n"
