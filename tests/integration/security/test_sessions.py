"""What was taken away is gone at once; the keys of one account open nothing of another's."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter

from appointments.models import Booking
from auth import passwords
from auth.models import Account, SignInSession
from auth.services.accounts import end_grants
from auth.services.door import PASSWORD_TRIES_PER_NAME
from core import clock
from core.access import Role
from core.models import AuditEvent, StoredAnswer
from tests.factories.auth import make_account
from tests.factories.residents import make_resident
from tests.integration.security.world import Side, make_sides

Bearer = Callable[[UUID], dict[str, str]]
Browser = Callable[[UUID], FlaskClient]


@pytest.fixture
def sides(session: Session) -> tuple[Side, Side]:
    return make_sides(session)


def test_a_disabled_account_is_out_with_the_next_request(
    client: FlaskClient,
    session: Session,
    sides: tuple[Side, Side],
    bearer: Bearer,
    signed_in: Browser,
) -> None:
    leader = sides[0].leader
    headers, browser = bearer(leader), signed_in(leader)
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 200
    assert browser.get("/family-doctor/today").status_code == 200
    session.execute(update(Account).where(Account.id == leader).values(disabled_at=clock.now()))
    session.commit()
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 401
    assert browser.get("/family-doctor/today").status_code == 302


def test_a_role_taken_back_binds_on_the_next_request(
    client: FlaskClient, session: Session, sides: tuple[Side, Side], bearer: Bearer
) -> None:
    side = sides[0]
    headers = bearer(side.leader)
    path = f"/api/v1/family-doctor/contracts?team_id={side.team.id}"
    assert client.get(path, headers=headers).status_code == 200
    end_grants(session, [str(side.team.id)], account_id=side.leader, roles=[Role.LEADER])
    session.commit()
    assert client.get(path, headers=headers).status_code == 403


def test_an_unverified_account_does_nothing_in_a_name(
    client: FlaskClient, session: Session, sides: tuple[Side, Side], bearer: Bearer
) -> None:
    side = sides[0]
    stranger = make_account(session, phone="12099999999")
    session.commit()
    headers = bearer(stranger.id)
    booking = {"slot_id": str(side.ids["slot"]), "person_id": str(side.person.id)}
    refused = [
        client.post("/api/v1/appointments/bookings", json=booking, headers=headers),
        client.post(
            "/api/v1/family-doctor/contracts", json={"team_id": str(side.team.id)}, headers=headers
        ),
        client.post("/api/v1/service-packs/orders", json={"pack_code": "T"}, headers=headers),
    ]
    assert [answer.status_code for answer in refused] == [403, 409, 409]
    for path in ("appointments/bookings", "service-packs/orders", "family-doctor/contracts"):
        assert client.get(f"/api/v1/{path}", headers=headers).json == {
            "items": [],
            "next_cursor": None,
        }


def test_a_key_of_another_account_gives_nothing_of_theirs(
    client: FlaskClient, session: Session, sides: tuple[Side, Side], bearer: Bearer
) -> None:
    """A replay with the same key and body from another account is that account's own request."""
    side = sides[0]
    account, person = make_resident(session)
    session.commit()
    body = {"slot_id": str(side.ids["slot"]), "person_id": str(person.id)}
    key = {"Idempotency-Key": "guessed"}
    made = client.post(
        "/api/v1/appointments/bookings", json=body, headers={**bearer(account.id), **key}
    )
    assert made.status_code == 201
    stolen = client.post(
        "/api/v1/appointments/bookings", json=body, headers={**bearer(side.resident.id), **key}
    )
    assert stolen.status_code == 403
    kept = select(func.count()).select_from(Booking).where(Booking.person_id == person.id)
    assert session.scalar(kept) == 1


def test_a_key_holds_for_its_query_too(
    client: FlaskClient, session: Session, sides: tuple[Side, Side], bearer: Bearer
) -> None:
    side = sides[0]
    headers = {**bearer(side.administrator), "Idempotency-Key": "k"}
    path = f"/api/v1/auth/accounts/{side.registrar}/grants"
    first = client.delete(f"{path}?role=registrar&unit={side.institution.id}", headers=headers)
    assert first.status_code == 200, first.json
    other = client.delete(f"{path}?role=analyst&unit={side.county}", headers=headers)
    assert other.status_code == 409


def test_kept_answers_do_not_undo_encryption(
    client: FlaskClient, session: Session, sides: tuple[Side, Side], bearer: Bearer
) -> None:
    side = sides[0]
    headers = {**bearer(side.resident.id), "Idempotency-Key": "k"}
    answer = client.post(
        f"/api/v1/service-packs/service-records/{side.ids['record']}/dispute",
        json={"reason": "血糖没有测"},
        headers=headers,
    )
    assert answer.status_code == 200, answer.json
    table = StoredAnswer.__table__
    [sealed] = session.execute(select(func.encode(table.c.answer, "escape"))).scalars()
    assert "reason" not in sealed


def test_a_browser_has_one_session(client: FlaskClient, session: Session, app: APIFlask) -> None:
    """A planted cookie is worth nothing after a sign-in. Whoever signs in again goes on in their
    session under another token; somebody else ends it, and finds nothing of theirs.
    """
    for name in ("first.one", "second.one"):
        account = make_account(session, username=name)
        account.password_hash = passwords.hash_password("a long enough one")
    session.commit()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "planted"

    def enter(name: str) -> str:
        body = {"username": name, "password": "a long enough one"}
        answer = client.post("/auth/password", data=body)
        assert answer.status_code == 302
        flags = answer.headers["Set-Cookie"]
        assert "HttpOnly" in flags
        assert "SameSite=Lax" in flags
        with client.session_transaction() as cookie:
            assert not {"wechat_ticket", "ended_session", "pending_sign_in"} & cookie.keys()
            cookie.update(wechat_ticket="theirs", ended_session="theirs", pending_sign_in="x")
            return str(cookie["_user_id"])

    def live() -> list[tuple[UUID, UUID]]:
        query = select(SignInSession.id, SignInSession.account_id)
        rows = session.execute(query.where(SignInSession.ended_at.is_(None)))
        return [(row.id, row.account_id) for row in rows]

    first = enter("first.one")
    [mine] = live()
    again = enter("first.one")
    assert (again != first, live()) == (True, [mine])
    former = app.test_client()
    for token in ("planted", first):
        with former.session_transaction() as cookie:
            cookie["_user_id"] = token
        assert former.get("/auth/security").status_code == 302
    assert client.get("/auth/security").status_code == 200
    enter("second.one")
    [theirs] = live()
    assert theirs[1] != mine[1]


def test_unknown_and_known_names_are_answered_alike(
    client: FlaskClient,
    session: Session,
    signed_in: Browser,
    count_statements: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In answer and in work: one argon2 hash and one event for each try; only the auditor reads
    whose it was.
    """
    known = make_account(session, username="known.name")
    known.password_hash = passwords.hash_password("a long enough one")
    session.commit()
    hashed: list[str | None] = []
    matches = passwords.matches

    def counted(stored: str | None, password: str) -> bool:
        hashed.append(stored)
        return matches(stored, password)

    monkeypatch.setattr(passwords, "matches", counted)
    answers: dict[str, list[tuple[int, str]]] = {}
    statements: dict[str, list[int]] = {}
    for name in ("known.name", "unknown.name"):
        body = {"username": name, "password": "wrong"}
        for _ in range(PASSWORD_TRIES_PER_NAME + 1):
            with count_statements() as counter:
                answer = client.post("/api/v1/auth/tokens/password", json=body)
            answers.setdefault(name, []).append((answer.status_code, answer.text))
            statements.setdefault(name, []).append(len(counter))
    assert answers["known.name"] == answers["unknown.name"]
    assert statements["known.name"] == statements["unknown.name"]
    statuses = [status for status, _ in answers["known.name"]]
    assert statuses == [422] * PASSWORD_TRIES_PER_NAME + [429]
    assert (
        hashed == [known.password_hash] * PASSWORD_TRIES_PER_NAME + [None] * PASSWORD_TRIES_PER_NAME
    )
    whose = session.scalars(
        select(AuditEvent.account_id)
        .where(AuditEvent.action == "auth:sign-in", AuditEvent.outcome == "denied")
        .order_by(AuditEvent.at)
    ).all()
    assert whose == [known.id] * PASSWORD_TRIES_PER_NAME + [None] * PASSWORD_TRIES_PER_NAME
    assert "有 10 次没有成功的登录" in signed_in(known.id).get("/auth/security").text


def test_every_form_of_a_page_needs_its_token(
    app: APIFlask,
    sides: tuple[Side, Side],
    signed_in: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    browser = signed_in(sides[0].administrator)
    open_to_machines = {
        "/oauth/token", "/oauth/userinfo", "/oauth/par", "/oauth/device", "/oauth/introspect",
        "/oauth/revoke", "/webhooks/stripe",
    }  # fmt: skip
    zero = str(UUID(int=0))
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.rule.startswith("/api/"):
            continue
        if rule.rule in open_to_machines:
            continue
        chosen = {
            name: sorted(converter.items)[0] if isinstance(converter, AnyConverter) else zero
            for name, converter in rule._converters.items()
        }
        path = rule.build(chosen)
        assert path is not None
        # With a field of our own forms: what has none is another party's, and carries nothing out.
        answer = browser.post(path[1], data={"decision": "x"})
        assert answer.status_code == 400, rule.rule
