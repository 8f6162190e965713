"""Taking a place by the page's ticket: as quick as one statement, and worth nothing to others."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from itsdangerous import Signer
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from appointments.models import Arrival, Release
from appointments.web import places
from auth.models import Account
from core import clock
from core.database import at_once, transaction
from core.web.tickets import LASTS
from tests.factories.appointments import make_clinic, make_release, make_suspension
from tests.factories.residents import make_resident
from tests.integration.appointments.test_queue import OPENS_IN, SECOND, at, released
from tests.integration.appointments.test_race import at_once as together
from tests.integration.appointments.test_race import residents

SignedIn: TypeAlias = Callable[[UUID], FlaskClient]
Bearer: TypeAlias = Callable[[UUID], dict[str, str]]
Counting: TypeAlias = Callable[[], AbstractContextManager[list[str]]]
API = "/api/v1/appointments"


class Caller:
    """Somebody with a bearer token, and the ticket that a look gave them."""

    def __init__(self, client: FlaskClient, headers: dict[str, str], release_id: UUID) -> None:
        self._client, self._headers = client, headers
        self._address = f"{API}/releases/{release_id}"
        self.ticket = str(self.look()["ticket"])

    def look(self) -> dict[str, Any]:
        answer = self._client.get(self._address, headers=self._headers)
        assert answer.status_code == 200
        assert answer.json
        return dict(answer.json)

    def send(self, ticket: str | None = None, *, method: str = "POST") -> Any:
        headers = self._headers | {"Ticket": self.ticket if ticket is None else ticket}
        return self._client.open(f"{self._address}/place", method=method, headers=headers)


def refused(answer: Any) -> bool:
    return bool(answer.status_code == 403 and answer.json["code"] == "ticket")


def forged(ticket: str) -> dict[str, str]:
    """A ticket as somebody could make it who knows everything but the key."""
    body, _, mac = ticket.rpartition(".")
    other = bytearray(urlsafe_b64decode(body))
    other[20] ^= 1
    changed = urlsafe_b64encode(other).decode()
    return {
        "none": "",
        "no ticket": "x",
        "not text": "\xff" * 60,
        "another body": f"{changed}.{mac}",
        "another mac": f"{body}.{mac[::-1]}",
        "own key": Signer("key", "ticket queue", key_derivation="hmac").sign(body).decode(),
        "cut": ticket[:-1],
        "too long": ticket + "A" * 5000,
    }


def test_a_ticket_takes_the_same_place_and_sees_it(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    *_, release_id = released(session)
    (one, _), (two, _) = make_resident(session), make_resident(session)
    session.commit()
    with at(session, release_id, -timedelta(minutes=1)):
        first, second = (Caller(client, bearer(each.id), release_id) for each in (one, two))
        assert [first.send().json["waiting"] for _ in range(3)] == [1, 1, 1]
        assert first.look()["joined"]
        assert second.send(method="GET").json["joined"] is False
        assert second.send().json["waiting"] == 2
    with at(session, release_id, SECOND / 10):
        # The first after the minute draws, ticket or not; a number stays what it is.
        numbers = [each.send().json["number"] for each in (first, second, first, second)]
        assert sorted(numbers[:2]) == [1, 2]
        assert numbers[2:] == numbers[:2]
        assert first.send(method="GET").json["number"] == numbers[0] == first.look()["number"]
        third = make_resident(session)[0]
        session.commit()
        assert Caller(client, bearer(third.id), release_id).send().json["number"] == 3
    assert session.get_one(Release, release_id, populate_existing=True).arrivals == 3


def test_who_was_drawn_is_answered_from_memory(
    client: FlaskClient, session: Session, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a process has asked for the order; whoever came later is asked about each time."""
    *_, release_id = released(session)
    accounts = [make_resident(session)[0] for _ in range(4)]
    session.commit()
    with at(session, release_id, -timedelta(minutes=1)):
        early = [Caller(client, bearer(each.id), release_id) for each in accounts[:3]]
        for each in early:
            assert each.send().json["waiting"]
    asked: list[object] = []

    def counted() -> AbstractContextManager[Any]:
        asked.append(None)
        return at_once()

    with at(session, release_id, SECOND / 10):
        late = Caller(client, bearer(accounts[3].id), release_id)
        assert late.send().json["number"] == 4
        numbers = [each.look()["number"] for each in early]
        monkeypatch.setattr(places, "at_once", counted)
        seen = [each.send(method="GET").json for each in early]
        assert [each["number"] for each in seen] == numbers
        assert all(each["joined"] and each["waiting"] == 3 for each in seen)
        assert not asked
        assert late.send(method="GET").json["number"] == 4
        assert len(asked) == 1
    assert sorted(numbers) == [1, 2, 3]


def test_a_ticket_opens_neither_too_early_nor_when_it_is_over(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    *_, release_id = released(session)
    account, _ = make_resident(session)
    session.commit()
    for after, code in (
        (-timedelta(minutes=16), "queue_not_open"),
        (timedelta(minutes=30), "queue_over"),
    ):
        with at(session, release_id, after):
            answer = Caller(client, bearer(account.id), release_id).send()
        assert (answer.status_code, answer.json["code"]) == (409, code)
    assert session.scalars(select(Arrival)).first() is None


def test_a_ticket_is_worth_nothing_to_anybody_else(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    """Another person's, another token of the same person, another release, without a token."""
    *_, release_id = released(session)
    (one, _), (two, _) = make_resident(session), make_resident(session)
    elsewhere = make_release(
        session, make_clinic(session).institution, clock.now() + OPENS_IN, rate=1
    )
    session.commit()
    address = f"{API}/releases/{release_id}/place"
    with at(session, release_id, -timedelta(minutes=1)):
        owner = Caller(client, bearer(one.id), release_id)
        thieves = [
            Caller(client, bearer(two.id), release_id),
            Caller(client, bearer(one.id), release_id),
            Caller(client, bearer(one.id), elsewhere),
        ]
        for thief in thieves:
            assert refused(thief.send(owner.ticket))
            assert refused(thief.send(owner.ticket, method="GET"))
        for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer "}):
            assert refused(client.post(address, headers={**headers, "Ticket": owner.ticket}))
    assert session.scalars(select(Arrival)).first() is None


def test_what_is_no_ticket_is_refused_without_asking_the_database(
    client: FlaskClient, session: Session, bearer: Bearer, count_statements: Counting
) -> None:
    *_, release_id = released(session)
    account, _ = make_resident(session)
    session.commit()
    with at(session, release_id, -timedelta(minutes=1)):
        caller = Caller(client, bearer(account.id), release_id)
        with count_statements() as counter:
            for kind, ticket in forged(caller.ticket).items():
                assert refused(caller.send(ticket)), kind
        assert len(counter) == 0
        answer = caller.send("x")
        assert "重新打开页面" in answer.json["detail"]
        assert caller.send().status_code == 200


def test_a_ticket_ends_and_the_place_stays(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    *_, release_id = released(session)
    account, _ = make_resident(session)
    session.commit()
    begin = -timedelta(minutes=14)
    with at(session, release_id, begin):
        headers = bearer(account.id)
        caller = Caller(client, headers, release_id)
        assert caller.send().status_code == 200
    with at(session, release_id, begin + LASTS - timedelta(minutes=1)):
        number = caller.send().json["number"]
        assert number == 1
    with at(session, release_id, begin + LASTS + timedelta(minutes=1)):
        assert refused(caller.send())
        renewed = Caller(client, headers, release_id)
        assert renewed.send(method="GET").json["number"] == number


def test_who_was_closed_out_after_the_ticket_has_a_place_that_opens_nothing(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    """The booking asks anew: a closed account is nobody, a suspended patient books nothing."""
    clinic, slot, release_id = released(session, rate=20)
    people = [make_resident(session) for _ in range(2)]
    session.commit()
    with at(session, release_id, -timedelta(minutes=1)):
        tokens = [bearer(account.id) for account, _ in people]
        callers = [Caller(client, headers, release_id) for headers in tokens]
    session.get_one(Account, people[0][0].id).disabled_at = clock.now()
    make_suspension(session, clinic.institution, people[1][1].id)
    session.commit()
    with at(session, release_id, SECOND):
        for caller, headers, (_, person), status in zip(
            callers, tokens, people, (401, 409), strict=True
        ):
            assert caller.send().json["admitted"]
            body = {"slot_id": str(slot.id), "person_id": str(person.id)}
            answer = client.post(f"{API}/bookings", json=body, headers=headers)
            assert answer.status_code == status
    session.refresh(slot)
    assert slot.taken == 0


def test_the_page_carries_a_ticket_of_this_browser(
    session: Session, signed_in: SignedIn, count_statements: Counting
) -> None:
    *_, release_id = released(session)
    account, _ = make_resident(session)
    session.commit()
    page = f"/appointments/queue/{release_id}"
    with at(session, release_id, -timedelta(minutes=1)):
        browser, other = signed_in(account.id), signed_in(account.id)
        shown = browser.get(page).text
        found = re.search(r'data-ticket="([^"]+)"', shown)
        assert found
        headers = {"Ticket": found[1]}
        with count_statements() as counter:
            assert browser.get(f"{page}/place", headers=headers).json["joined"] is False  # type: ignore[index]
        assert len(counter) <= 1
        assert browser.post(f"{page}/place", headers=headers).json["joined"]  # type: ignore[index]
        assert other.get(f"{page}/place", headers=headers).status_code == 403
        browser.set_cookie("kangqiao-device", "another browser")
        assert browser.get(f"{page}/place", headers=headers).status_code == 403
        ticket = browser.get(f"{page}/state").json["ticket"]  # type: ignore[index]
        assert browser.get(f"{page}/place", headers={"Ticket": ticket}).status_code == 200
        with browser.session_transaction() as cookie:
            cookie.clear()
        assert browser.get(f"{page}/place", headers={"Ticket": ticket}).status_code == 403


def test_one_person_with_many_tickets_at_once_has_one_place(
    app: Any, committed_database: Engine
) -> None:
    """On real commits; with and without a ticket, before the draw and after it."""
    with transaction() as session:
        clinic = make_clinic(session, queue_minutes=30, queue_rate=5)
        opens_at = clock.now() + timedelta(minutes=5)
        release_id = make_release(session, clinic.institution, opens_at, rate=5)
    early, late = residents(2)
    address = f"{API}/releases/{release_id}"

    def calls(headers: dict[str, str]) -> list[Callable[[], Any]]:
        ticket = Caller(app.test_client(), headers, release_id).ticket
        by_ticket = headers | {"Ticket": ticket}
        return [
            lambda: app.test_client().post(f"{address}/place", headers=by_ticket),
            lambda: app.test_client().post(f"{address}/join", headers=headers),
        ] * 8

    assert {answer.status_code for answer in together(calls(early[0]))} == {200}
    with clock.shifted(timedelta(minutes=5)):
        answers = together(calls(late[0]))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json["number"] for answer in answers if answer.json} == {2}
    with at_once() as connection:
        row = connection.execute("SELECT arrivals FROM appointments_release").fetchone()
    assert row == {"arrivals": 2}
