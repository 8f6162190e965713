"""The JSON API of the service packs."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from core import clock
from service_packs.schemas import Tier
from tests.factories.payments import Cashier, deliver
from tests.factories.residents import make_resident
from tests.factories.service_packs import Served, make_entitlement, make_item, make_pack

Headers = Callable[[UUID], dict[str, str]]
API = "/api/v1/service-packs"


def body_of(answer: TestResponse) -> Any:
    """The JSON of an answer."""
    return answer.json


def test_the_catalogue_is_open(client: FlaskClient, session: Session) -> None:
    item = make_item(session)
    pack = make_pack(session, items={item.code: 4})
    make_pack(session, group_code=None, tier=Tier.BASIC, name="基础包")
    gone = make_pack(session)
    gone.withdrawn_at = clock.now()
    session.commit()
    listed = body_of(client.get(f"{API}/packs"))
    assert [p["tier"] for p in listed["items"]] == ["basic", "intermediate"]
    [found] = body_of(client.get(f"{API}/packs?search=高血压&group=04"))["items"]
    assert (found["code"], found["group_name_en"]) == (pack.code, "Hypertension")
    detail = body_of(client.get(f"{API}/packs/{pack.code}"))
    assert [(i["code"], i["times_per_year"]) for i in detail["items"]] == [(item.code, 4)]
    assert (
        detail["public_health_fen"] + detail["insurance_fen"] + detail["person_fen"]
        == (detail["price_fen"])
    )
    assert client.get(f"{API}/packs/none").status_code == 404


def test_pages_of_the_catalogue(client: FlaskClient, session: Session) -> None:
    codes = sorted(make_pack(session).code for _ in range(3))
    session.commit()
    first = body_of(client.get(f"{API}/packs?limit=2"))
    rest = body_of(client.get(f"{API}/packs?limit=2&cursor={first['next_cursor']}"))
    seen = [pack["code"] for pack in first["items"] + rest["items"]]
    assert (seen, rest["next_cursor"]) == (codes, None)


def test_from_order_to_confirmed_service(
    client: FlaskClient,
    session: Session,
    served: Served,
    bearer: Headers,
    cashier: Cashier,
    run_jobs: Callable[[], int],
) -> None:
    pack = make_pack(session)
    session.commit()
    mine, nurse = bearer(served.resident.account_id), bearer(served.nurse.account_id)
    once = {**mine, "Idempotency-Key": "order-1"}
    body = {"pack_code": pack.code}
    placed = client.post(f"{API}/orders", json=body, headers=once)
    assert placed.status_code == 201
    order_id = body_of(placed)["id"]
    assert body_of(client.post(f"{API}/orders", json=body, headers=once))["id"] == order_id
    again = client.post(f"{API}/orders", json=body, headers=mine)
    assert (again.status_code, body_of(again)["code"]) == (409, "order_open")

    checkout = body_of(client.post(f"{API}/orders/{order_id}/pay", headers=mine))
    assert checkout["client_secret"] in checkout["checkout_url"]
    cashier.choose(checkout["checkout_url"], "pay")
    assert deliver(client, cashier.events("payment_intent.succeeded")[0]) == 200
    run_jobs()
    assert body_of(client.get(f"{API}/orders/{order_id}", headers=mine))["state"] == "paid"
    paid = body_of(client.get(f"{API}/orders?state=paid", headers=mine))["items"]
    assert [order["id"] for order in paid] == [order_id]
    closed = client.post(f"{API}/orders/{order_id}/cancel", headers=mine)
    assert (closed.status_code, body_of(closed)["code"]) == (409, "order_closed")

    person = f"person_id={served.person.id}"
    [held] = body_of(client.get(f"{API}/entitlements?{person}", headers=nurse))["items"]
    service = {"entitlement_item_id": held["items"][0]["id"], "note": "已随访"}
    done = {**nurse, "Idempotency-Key": "record-1"}
    answers = [client.post(f"{API}/service-records", json=service, headers=done) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert body_of(answers[0])["id"] == body_of(answers[1])["id"]
    [held] = body_of(client.get(f"{API}/entitlements", headers=mine))["items"]
    assert (held["items"][0]["times_left"], held["items"][0]["times_total"]) == (3, 4)

    record = f"{API}/service-records/{body_of(answers[0])['id']}"
    assert client.post(f"{record}/confirm", headers=nurse).status_code == 403
    assert body_of(client.post(f"{record}/confirm", headers=mine))["state"] == "confirmed"
    late = client.post(f"{record}/dispute", json={"reason": "没有来"}, headers=mine)
    assert (late.status_code, body_of(late)["code"]) == (409, "already_answered")
    team = f"{API}/service-records?team_id={served.team.id}&state=confirmed"
    assert len(body_of(client.get(team, headers=nurse))["items"]) == 1


def test_a_dispute_names_its_reason(
    client: FlaskClient, session: Session, served: Served, bearer: Headers
) -> None:
    held = make_entitlement(session, served.person.id, make_pack(session))
    session.commit()
    nurse, mine = bearer(served.nurse.account_id), bearer(served.resident.account_id)
    service = {"entitlement_item_id": str(held.items[0].id)}
    record = body_of(client.post(f"{API}/service-records", json=service, headers=nurse))
    path = f"{API}/service-records/{record['id']}/dispute"
    short = client.post(path, json={"reason": " "}, headers=mine)
    assert (short.status_code, body_of(short)["errors"][0]["field"]) == (422, "reason")
    disputed = body_of(client.post(path, json={"reason": "那天没有来"}, headers=mine))
    assert (disputed["state"], disputed["dispute_reason"]) == ("disputed", "那天没有来")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/orders"),
        ("get", "/orders"),
        ("get", "/entitlements"),
        ("post", "/service-records"),
        ("get", "/service-records"),
    ],
)
def test_who_is_not_signed_in_gets_nothing(client: FlaskClient, method: str, path: str) -> None:
    assert client.open(API + path, method=method.upper(), json={}).status_code == 401


def test_residents_do_not_record(
    client: FlaskClient, session: Session, served: Served, bearer: Headers
) -> None:
    held = make_entitlement(session, served.person.id, make_pack(session))
    session.commit()
    service = {"entitlement_item_id": str(held.items[0].id)}
    mine = bearer(served.resident.account_id)
    assert client.post(f"{API}/service-records", json=service, headers=mine).status_code == 403


def test_another_s_order_and_entitlements(
    client: FlaskClient, session: Session, served: Served, bearer: Headers
) -> None:
    pack = make_pack(session)
    account, _ = make_resident(session)
    session.commit()
    mine, theirs = bearer(served.resident.account_id), bearer(account.id)
    order = body_of(client.post(f"{API}/orders", json={"pack_code": pack.code}, headers=mine))
    path = f"{API}/orders/{order['id']}"
    assert client.get(path, headers=theirs).status_code == 403
    assert client.post(f"{path}/pay", headers=theirs).status_code == 403
    assert client.post(f"{path}/cancel", headers=theirs).status_code == 403
    entitlements = f"{API}/entitlements?person_id={served.person.id}"
    assert client.get(entitlements, headers=theirs).status_code == 403
