"""News reach every process; streams are bounded, and leave pages and connections alone."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
import requests
from apiflask import APIFlask
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from appointments.models import Slot
from appointments.schemas import CallNext, MakeScreen
from appointments.services.calling import call_next
from appointments.services.screens import end_screen, make_screen
from bench.server import free_port
from core import clock, outgoing
from core.access import Actor, Role
from core.database import transaction
from core.errors import Conflict
from core.live import Hub, announce
from core.web import live as live_web
from portal.factory import ROOT
from tests.factories.appointments import make_booking, make_clinic, make_slots, make_ticket
from tests.factories.auth import make_account
from tests.factories.residents import make_person

SOON = 10.0


@pytest.mark.usefixtures("app", "committed_database")
def test_a_commit_wakes_those_who_watch_in_every_hub() -> None:
    hubs = Hub(4), Hub(4)
    watches = [hub.watch("queue:1", "hall:1") for hub in hubs]
    aside = hubs[0].watch("queue:2")
    assert all(hub.wait_until_listening(SOON) for hub in hubs)
    everybody = [watch for watch in (*watches, aside) if watch]
    for watch in everybody:
        assert watch.wait(SOON)  # the listener's beginning wakes all
    with transaction() as session:
        announce(session, "queue:1")
        assert not any(watch.wait(0.2) for watch in everybody)
    for told in watches:
        assert told
        assert told.wait(SOON)
    assert aside
    assert not aside.wait(0.2)
    with pytest.raises(Conflict), transaction() as session:
        announce(session, "queue:1")
        raise Conflict()
    assert not any(watch.wait(0.3) for watch in everybody)
    for watch in everybody:
        watch.close()
        watch.close()
    assert [hub.watched for hub in hubs] == [0, 0]


@pytest.mark.usefixtures("app")
def test_a_lost_connection_is_made_anew_and_everybody_woken(committed_database: Engine) -> None:
    hub = Hub(1)
    with closing(hub.watch("queue:1")) as watch:  # type: ignore[type-var]
        assert watch
        assert hub.wait_until_listening(SOON)
        assert watch.wait(SOON)
        with committed_database.connect() as connection:
            ended = connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                )
            )
            assert len(ended.all()) == 1
        assert watch.wait(SOON)


@pytest.mark.usefixtures("app", "committed_database")
def test_a_process_has_so_many_watches_and_no_more() -> None:
    hub = Hub(2)
    first, second = hub.watch("a"), hub.watch("b")
    assert first
    assert second
    assert hub.watch("c") is None
    first.close()
    third = hub.watch("c")
    assert third
    for watch in (second, third):
        watch.close()


def test_an_event_keeps_its_lines() -> None:
    assert live_web.event("changed", "<p>\n</p>") == "event: changed\ndata: <p>\ndata: </p>\n\n"


def test_the_gate_lets_so_many_pages_be_drawn_at_once() -> None:
    inside, most, leave = 0, 0, Event()

    def page(environ: object, start_response: object) -> list[bytes]:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        leave.wait(SOON)
        inside -= 1
        return []

    app = Flask("gate")
    app.wsgi_app = page  # type: ignore[method-assign]
    live_web.guard(app, 2)
    threads = [Thread(target=app.wsgi_app, args=({}, None)) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    assert most == 2
    leave.set()
    for thread in threads:
        thread.join(SOON)
    assert (inside, most) == (0, 2)


def test_who_waits_for_somebody_outside_lets_others_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "_aside", outgoing._aside)  # put back what guard provides
    entered, called, answered = [0], Event(), Event()

    def page(environ: dict[str, bool], start_response: object) -> list[bytes]:
        if environ["asks"]:
            with outgoing.aside(), outgoing.aside():
                called.set()
                answered.wait(SOON)
        entered[0] += 1
        return []

    app = Flask("aside")
    app.wsgi_app = page  # type: ignore[method-assign]
    live_web.guard(app, 1)
    slow = [Thread(target=app.wsgi_app, args=({"asks": True}, None)) for _ in range(3)]
    for thread in slow:
        thread.start()
    assert called.wait(SOON)
    others = [Thread(target=app.wsgi_app, args=({"asks": False}, None)) for _ in range(2)]
    for thread in others:
        thread.start()
        thread.join(SOON)
    assert entered == [2]
    answered.set()
    for thread in slow:
        thread.join(SOON)
    assert entered == [5]
    # All that was given back was taken again: one place is left, not more.
    gate = app.extensions[live_web.GATE]
    assert gate._places.acquire(blocking=False)
    assert not gate._places.acquire(blocking=False)


@pytest.fixture
def hall(app: APIFlask, committed_database: Engine) -> tuple[str, Slot, Actor]:
    """A screen's address, the room before it with two patients, and its desk."""
    with transaction() as session:
        clinic = make_clinic(session)
        slot = make_slots(session, clinic, day=clock.today())[0]
        for name in ("覃小满", "欧阳建国"):
            booking = make_booking(session, slot, make_person(session, name=name).id)
            make_ticket(session, booking, slot)
        unit = frozenset({str(clinic.institution.id)})
        desk = Actor(make_account(session).id, grants={Role.REGISTRAR: unit})
        wish = MakeScreen(institution_id=clinic.institution.id, name="二楼")
        _, token = make_screen(session, desk, wish)
    return f"/appointments/halls/{token}/live", slot, desk


def test_two_processes_tell_their_screens_of_a_call_by_a_third(
    hall: tuple[str, Slot, Actor], committed_database: Engine
) -> None:
    path, slot, desk = hall
    url = committed_database.url.render_as_string(hide_password=False)
    with ExitStack() as stack:
        ports = [stack.enter_context(served(url)) for _ in range(2)]
        streams = [stack.enter_context(closing(opened(port, path))) for port in ports]
        read = [parts(stream) for stream in streams]
        assert all("请等候叫号" in next(part) for part in read)
        with transaction() as session:
            call_next(session, desk, slot.session_id, CallNext())
        for part in read:
            shown = next(part)
            assert "<strong>001</strong>" in shown
            assert "覃**" in shown
            assert "小满" not in shown
        # One more stream is let in, the next is told to ask now and then.
        second = stack.enter_context(closing(opened(ports[0], path)))
        assert second.status_code == 200
        refused = stack.enter_context(closing(opened(ports[0], path)))
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        for _ in range(5):  # pages have threads of their own
            page = requests.get(f"http://127.0.0.1:{ports[0]}{path}", timeout=SOON)
            assert "001" in page.text
        idle = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in transaction%'"
        )
        with committed_database.connect() as connection:
            assert connection.execute(text(idle)).scalar_one() == 0


def test_a_screen_that_is_ended_ends_its_stream(
    hall: tuple[str, Slot, Actor], committed_database: Engine
) -> None:
    path, _, desk = hall
    with served(committed_database.url.render_as_string(hide_password=False)) as port:
        with closing(opened(port, path)) as stream:
            read = parts(stream)
            next(read)
            with transaction() as session:
                screen_id = session.execute(text("SELECT id FROM appointments_screen")).scalar_one()
                end_screen(session, desk, screen_id)
            assert list(read) == ["-"]  # gone
        assert opened(port, path).status_code == 404


def test_a_stream_ends_after_a_while(
    client: FlaskClient, hall: tuple[str, Slot, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_web, "LASTS_SECONDS", 0.5)
    monkeypatch.setattr(live_web, "HEARTBEAT_SECONDS", 0.1)
    answer = client.get(hall[0], headers={"Accept": "text/event-stream"})
    said = answer.text
    assert said.startswith("retry: 5000\n\nevent: changed\n")
    assert "\n\n: \n\n" in said


@contextmanager
def served(url: str) -> Iterator[int]:
    """One process of the portal, with two streams at most."""
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("gunicorn")), "wsgi:app", "--bind", f"127.0.0.1:{port}",
        "--worker-class", "gthread", "--threads", "5", "--log-level", "warning",
        "--graceful-timeout", "1",
    ]  # fmt: skip
    more = {"DATABASE_URL": url, "LIVE_STREAMS": "2"}
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | more, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_for(port)
            yield port
        finally:
            server.terminate()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2)
            return
        except requests.RequestException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def opened(port: int, path: str) -> requests.Response:
    headers = {"Accept": "text/event-stream"}
    address = f"http://127.0.0.1:{port}{path}"
    return requests.get(address, headers=headers, stream=True, timeout=SOON)


def parts(stream: requests.Response) -> Iterator[str]:
    """Each different part that the stream sends."""
    stream.encoding = "utf-8"
    shown, lines = "", []
    for line in stream.iter_lines(decode_unicode=True):
        if line.startswith("data: "):
            lines.append(line.removeprefix("data: "))
        elif not line and lines:
            part, lines = "\n".join(lines), []
            if part != shown:
                shown = part
                yield part
