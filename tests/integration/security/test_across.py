"""Another person's, another team's, another county's: each address, asked for by its neighbour."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import AuditEvent
from service_packs.models import Entitlement, EntitlementItem
from tests.integration.security.world import Side, make_sides

Bearer = Callable[[UUID], dict[str, str]]
Browser = Callable[[UUID], FlaskClient]
REFUSED = {403, 404}
V = "/api/v1"
AT = {"version": 1}
SERVICE = {"reason": "没有来过"}
MOVED = {"reason": "moved"}
BOOKING = {"slot_id": "{slot}", "person_id": "{person}"}
NURSE = {**AT, "staff_id": "{staff}", "duty": "nurse"}
ANALYST = {"role": "analyst", "unit": "990102"}
AUDITOR = {"role": "auditor", "unit": "990102"}
REGISTRAR = "role=registrar&unit={institution}"
DESK = "institution_id={institution}&date=2027-01-04"
# Who of my county (method, address of theirs, body).
BY_API = [
    ("resident", "GET", f"{V}/appointments/bookings/{{booking}}", None),
    ("resident", "DELETE", f"{V}/appointments/bookings/{{booking}}", None),
    ("resident", "POST", f"{V}/appointments/bookings", BOOKING),
    ("resident", "DELETE", f"{V}/residents/me/representations/{{consent}}", None),
    ("resident", "PUT", f"{V}/residents/me/representations/{{consent}}", {"scopes": ["pay"]}),
    ("resident", "GET", f"{V}/residents/me/bindings/{{binding}}", None),
    ("resident", "POST", f"{V}/residents/me/bindings/{{binding}}/code", {"code": "123456"}),
    ("resident", "DELETE", f"{V}/residents/me/bindings/{{binding}}", None),
    ("registrar", "GET", f"{V}/residents/bindings/{{binding}}", None),
    (
        "registrar",
        "POST",
        f"{V}/residents/bindings/{{binding}}/confirmation",
        {"person_id": "{person}"},
    ),
    ("administrator", "POST", f"{V}/residents/bindings/{{binding}}/refusal", {"reason": "不符"}),
    ("leader", "GET", f"{V}/residents/people/{{person}}/labels", None),
    ("nurse", "POST", f"{V}/residents/people/{{person}}/labels/04/end", {"note": "不是了"}),
    ("resident", "GET", f"{V}/family-doctor/contracts/{{contract}}", None),
    ("resident", "GET", f"{V}/family-doctor/contracts/{{contract}}/agreement", None),
    ("resident", "GET", f"{V}/family-doctor/contracts/{{contract}}/obligations", None),
    ("resident", "GET", f"{V}/family-doctor/contracts?team_id={{team}}", None),
    ("resident", "POST", f"{V}/family-doctor/contracts/{{contract}}/cancel", None),
    ("resident", "POST", f"{V}/family-doctor/contracts/{{contract}}/terminate", MOVED),
    ("resident", "POST", f"{V}/family-doctor/contracts/{{contract}}/accept", None),
    ("resident", "GET", f"{V}/service-packs/orders/{{order}}", None),
    ("resident", "POST", f"{V}/service-packs/orders/{{order}}/pay", None),
    ("resident", "POST", f"{V}/service-packs/orders/{{order}}/cancel", None),
    ("resident", "GET", f"{V}/service-packs/entitlements?person_id={{person}}", None),
    ("resident", "GET", f"{V}/service-packs/service-records?team_id={{team}}", None),
    ("resident", "POST", f"{V}/service-packs/service-records/{{record}}/confirm", None),
    ("resident", "POST", f"{V}/service-packs/service-records/{{record}}/dispute", SERVICE),
    ("leader", "GET", f"{V}/family-doctor/contracts?team_id={{team}}", None),
    ("leader", "GET", f"{V}/family-doctor/contracts/{{contract}}", None),
    ("leader", "POST", f"{V}/family-doctor/contracts/{{contract}}/accept", None),
    ("leader", "POST", f"{V}/family-doctor/contracts/{{contract}}/reject", {"reason": "太远了"}),
    ("leader", "POST", f"{V}/family-doctor/contracts/{{contract}}/terminate", MOVED),
    ("leader", "GET", f"{V}/service-packs/entitlements?person_id={{person}}", None),
    ("leader", "GET", f"{V}/service-packs/service-records?team_id={{team}}", None),
    ("leader", "POST", f"{V}/service-packs/service-records", {"entitlement_item_id": "{item}"}),
    ("nurse", "POST", f"{V}/service-packs/service-records", {"entitlement_item_id": "{item}"}),
    ("nurse", "POST", f"{V}/service-packs/service-records/{{record}}/confirm", None),
    ("nurse", "GET", f"{V}/appointments/bookings/{{booking}}", None),
    ("registrar", "GET", f"{V}/appointments/day-list?{DESK}", None),
    ("registrar", "GET", f"{V}/appointments/bookings/{{booking}}", None),
    ("registrar", "DELETE", f"{V}/appointments/bookings/{{booking}}", None),
    ("registrar", "GET", f"{V}/service-packs/entitlements?person_id={{person}}", None),
    ("administrator", "GET", f"{V}/auth/accounts/{{account}}", None),
    ("administrator", "GET", f"{V}/auth/accounts/{{account}}/history", None),
    ("administrator", "PATCH", f"{V}/auth/accounts/{{account}}", {**AT, "display_name": "某"}),
    ("administrator", "POST", f"{V}/auth/accounts/{{account}}/disable", AT),
    ("administrator", "POST", f"{V}/auth/accounts/{{account}}/password", AT),
    ("administrator", "POST", f"{V}/auth/accounts/{{account}}/grants", ANALYST),
    ("administrator", "DELETE", f"{V}/auth/accounts/{{account}}/grants?{REGISTRAR}", None),
    ("administrator", "PATCH", f"{V}/directory/institutions/{{institution}}", {**AT, "beds": 1}),
    ("administrator", "POST", f"{V}/directory/institutions/{{institution}}/disable", AT),
    ("administrator", "PATCH", f"{V}/directory/departments/{{department}}", {**AT, "name": "某科"}),
    ("administrator", "PATCH", f"{V}/directory/staff/{{staff}}", {**AT, "title": "某"}),
    ("administrator", "POST", f"{V}/directory/staff/{{staff}}/account", {"username": "some.body"}),
    ("administrator", "PATCH", f"{V}/directory/teams/{{team}}", {**AT, "capacity": 1}),
    ("administrator", "POST", f"{V}/directory/teams/{{team}}/members", NURSE),
    ("administrator", "GET", f"{V}/directory/institution/{{institution}}/history", None),
    ("administrator", "GET", f"{V}/directory/team/{{team}}/history", None),
    ("administrator", "GET", f"{V}/statistics/indicators/PT01?division={{county}}", None),
    ("administrator", "GET", f"{V}/appointments/bookings/{{booking}}", None),
    ("administrator", "GET", f"{V}/family-doctor/contracts/{{contract}}", None),
    ("analyst", "GET", f"{V}/statistics/indicators/PT01?division={{county}}", None),
    ("analyst", "GET", f"{V}/statistics/indicators/PT01?division=990100", None),
    ("analyst", "GET", f"{V}/appointments/bookings/{{booking}}", None),
    ("analyst", "GET", f"{V}/family-doctor/contracts?team_id={{team}}", None),
    ("analyst", "GET", f"{V}/auth/accounts", None),
    ("administrator", "GET", f"{V}/auth/accounts/{{account}}/permissions", None),
    ("security", "GET", f"{V}/auth/accounts/{{account}}", None),
    ("security", "GET", f"{V}/auth/accounts/{{account}}/permissions", None),
    ("security", "POST", f"{V}/auth/accounts/{{account}}/grants", AUDITOR),
    ("security", "DELETE", f"{V}/auth/accounts/{{account}}/grants?{REGISTRAR}", None),
    ("security", "POST", f"{V}/auth/accounts/{{account}}/end-sessions", None),
    ("security", "PATCH", f"{V}/directory/institutions/{{institution}}", {**AT, "beds": 1}),
    ("security", "GET", f"{V}/family-doctor/contracts/{{contract}}", None),
    ("auditor", "GET", f"{V}/auth/accounts/{{account}}", None),
    ("auditor", "GET", f"{V}/auth/permissions", None),
    ("auditor", "GET", f"{V}/appointments/bookings/{{booking}}", None),
]  # fmt: skip
BY_PAGE: list[tuple[str, str, str, dict[str, str] | None]] = [
    ("resident", "GET", "/appointments/bookings/{booking}", None),
    ("resident", "POST", "/appointments/bookings/{booking}/cancel", {}),
    ("resident", "GET", "/appointments/bookings/{booking}/booked", None),
    ("resident", "GET", "/appointments/bookings/{booking}/code.svg", None),
    ("resident", "GET", "/appointments/bookings/{booking}/visit.ics", None),
    ("resident", "GET", "/appointments/bookings/{booking}/hold", None),
    ("resident", "POST", "/appointments/bookings/{booking}/confirm", {}),
    ("resident", "GET", "/appointments/bookings/{booking}/change", None),
    ("resident", "POST", "/appointments/bookings/{booking}/change/{slot}", {}),
    ("resident", "POST", "/me/family/{consent}/end", {}),
    ("resident", "GET", "/me/family/{consent}/change", None),
    ("resident", "GET", "/me/bindings/{binding}", None),
    ("resident", "POST", "/me/bindings/{binding}/withdraw", {}),
    ("registrar", "GET", "/residents/bindings/{binding}", None),
    ("leader", "GET", "/residents/bindings/{binding}", None),
    ("leader", "GET", "/residents/people/{person}/labels", None),
    ("resident", "GET", "/family-doctor/contracts/{contract}/agreement", None),
    ("resident", "GET", "/family-doctor/panel/{contract}", None),
    ("resident", "GET", "/packs/orders/{order}", None),
    ("resident", "GET", "/packs/records/{record}", None),
    ("resident", "POST", "/packs/records/{record}/confirm", {}),
    ("resident", "GET", "/packs/mine?person_id={person}", None),
    ("leader", "GET", "/family-doctor/panel/{contract}", None),
    ("leader", "GET", "/family-doctor/panel?team_id={team}", None),
    ("leader", "GET", "/family-doctor/today?team_id={team}", None),
    ("leader", "GET", "/family-doctor/applications?team_id={team}", None),
    ("leader", "POST", "/family-doctor/panel/{contract}/accept", {}),
    ("nurse", "GET", "/service-records/new/{person}", None),
    ("registrar", "GET", "/appointments/day-list?institution_id={institution}", None),
    (
        "registrar",
        "POST",
        "/appointments/desk/{institution}/find",
        {"name": "乙县居民", "tail": "0000"},
    ),
    ("registrar", "GET", "/appointments/desk/{institution}/patients/{person}", None),
    (
        "registrar",
        "POST",
        "/appointments/desk/{institution}/patients/{person}",
        {"slot_id": "{slot}", "pool": "onsite"},
    ),
    ("registrar", "GET", "/appointments/desk/slips/{booking}", None),
    ("leader", "GET", "/family-doctor/panel/{contract}/visits", None),
    ("leader", "GET", "/family-doctor/panel/{contract}/book/", None),
    ("leader", "POST", "/family-doctor/panel/{contract}/book/slots/{slot}", {}),
    ("administrator", "GET", "/admin/institutions/{institution}", None),
    ("administrator", "GET", "/admin/institutions/{institution}/staff", None),
    ("administrator", "GET", "/admin/departments/{department}/history", None),
    ("administrator", "GET", "/admin/staff/{staff}/edit", None),
    ("administrator", "GET", "/admin/teams/{team}", None),
    ("administrator", "GET", "/admin/accounts/{account}", None),
    ("analyst", "GET", "/statistics/?division={county}", None),
    ("analyst", "GET", "/statistics/export.csv?division={county}", None),
    ("analyst", "GET", "/service-records/", None),
    ("security", "GET", "/admin/accounts/{account}/permissions", None),
    ("security", "POST", "/admin/accounts/{account}/end-sessions", {}),
    ("security", "GET", "/admin/institutions/", None),
    ("auditor", "GET", "/admin/security/", None),
]


@pytest.fixture
def sides(session: Session) -> tuple[Side, Side]:
    return make_sides(session)


def filled(text: str, side: Side, session: Session) -> str:
    places = {name: str(value) for name, value in side.ids.items()} | {"county": side.county}
    if "{item}" in text:
        places["item"] = str(item_of(session, side))
    return text.format(**places)


def item_of(session: Session, side: Side) -> UUID:
    query = select(EntitlementItem.id).join(
        Entitlement, Entitlement.id == EntitlementItem.entitlement_id
    )
    return session.scalars(query.where(Entitlement.person_id == side.person.id).limit(1)).one()


@pytest.mark.parametrize(("role", "method", "path", "body"), BY_API)
def test_the_api_keeps_the_neighbour_out(
    client: FlaskClient,
    session: Session,
    sides: tuple[Side, Side],
    bearer: Bearer,
    role: str,
    method: str,
    path: str,
    body: dict[str, str] | None,
) -> None:
    mine, theirs = sides
    headers = bearer(mine.accounts[role])
    sent = {
        name: filled(value, theirs, session) if isinstance(value, str) else value
        for name, value in (body or {}).items()
    }
    address = filled(path, theirs, session)
    answer = client.open(address, method=method, headers=headers, json=sent if body else None)
    assert answer.status_code in REFUSED, answer.text
    assert theirs.person.name not in answer.text


@pytest.mark.parametrize(("role", "method", "path", "body"), BY_PAGE)
def test_pages_keep_the_neighbour_out(
    session: Session,
    sides: tuple[Side, Side],
    signed_in: Browser,
    role: str,
    method: str,
    path: str,
    body: dict[str, str] | None,
) -> None:
    mine, theirs = sides
    browser = signed_in(mine.accounts[role])
    answer = browser.open(filled(path, theirs, session), method=method, data=body)
    own = path == "/packs/mine?person_id={person}" and answer.status_code == 200
    assert own or answer.status_code in REFUSED, answer.text
    assert theirs.person.name not in answer.text


def test_their_own_addresses_do_answer(
    client: FlaskClient, session: Session, sides: tuple[Side, Side], bearer: Bearer
) -> None:
    """What is refused above is there, and answers its own people."""
    _, theirs = sides
    own = [
        ("resident", "appointments/bookings/{booking}"),
        ("resident", "family-doctor/contracts/{contract}"),
        ("resident", "service-packs/orders/{order}"),
        ("leader", "family-doctor/contracts?team_id={team}"),
        ("leader", "service-packs/entitlements?person_id={person}"),
        ("nurse", "service-packs/service-records?team_id={team}"),
        ("registrar", f"appointments/day-list?{DESK}"),
        ("registrar", "appointments/bookings/{booking}"),
        ("administrator", "auth/accounts/{account}"),
        ("administrator", "directory/team/{team}/history"),
    ]
    for role, path in own:
        address = f"{V}/{filled(path, theirs, session)}"
        answer = client.get(address, headers=bearer(theirs.accounts[role]))
        assert answer.status_code == 200, (address, answer.text)


def test_a_refusal_leaves_its_mark(
    client: FlaskClient, session: Session, sides: tuple[Side, Side], bearer: Bearer
) -> None:
    mine, theirs = sides
    path = filled("/api/v1/family-doctor/contracts/{contract}", theirs, session)
    client.get(path, headers=bearer(mine.resident.id))
    denials = select(func.count()).where(
        AuditEvent.outcome == "denied",
        AuditEvent.account_id == mine.resident.id,
        AuditEvent.person_id == theirs.person.id,
    )
    assert session.scalar(denials) == 1
