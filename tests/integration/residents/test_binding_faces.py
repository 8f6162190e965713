"""The pages and the API of asking to act for another, and of checking it."""

from collections.abc import Callable
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from residents.models import Binding
from tests.factories.residents import make_person, make_resident, number_of
from tests.integration.residents.binding import (
    NUMBER,
    Browser,
    child_of_ten,
    registrar,
    request,
    serving,
)


def test_the_pages_ask_check_and_show(session: Session, signed_in: Browser) -> None:
    place = serving(session)
    account, _ = make_resident(session)
    staff = registrar(session, place)
    child = make_person(session, name="覃小宝", birth_date=child_of_ten())
    session.commit()
    mine, desk = signed_in(account.id), signed_in(staff.account_id)
    assert "我的孩子" in mine.get("/me/bindings/new").text
    assert place.name in mine.get("/me/bindings/child").text
    body = {
        "evidence": "household_book",
        "evidence_number": NUMBER,
        "name": "覃小宝",
        "sex": "female",
        "birth_date": child.birth_date.isoformat(),
        "institution_id": str(place.id),
        "scopes": ["", "sign", "book"],
        "_once": "a",
    }
    nothing = mine.post("/me/bindings/child", data=body | {"scopes": [""]})
    assert nothing.status_code == 422
    assert "请至少选择一项" in nothing.text
    waiting = mine.post("/me/bindings/child", data=body | {"_once": "b"}, follow_redirects=True)
    assert "30 天内带证件原件" in waiting.text
    assert "正在办理" in mine.get("/me/family").text
    assert "覃小宝" in desk.get("/residents/bindings/").text
    asked = session.scalars(select(Binding)).one()
    case = desk.get(f"/residents/bindings/{asked.id}").text
    assert NUMBER in case
    assert number_of(child) not in case
    refused = desk.post(f"/residents/bindings/{asked.id}/refuse", data={"reason": ""})
    assert refused.status_code == 422
    answer = desk.post(
        f"/residents/bindings/{asked.id}/confirm",
        data={"person_id": str(child.id)},
        follow_redirects=True,
    )
    assert "已确认" in answer.text
    assert "签约家庭医生、预约挂号" in mine.get("/me/family").text
    assert "覃小宝" in desk.get("/residents/bindings/?settled=true").text


def test_the_api_asks_checks_and_shows(
    session: Session, client: FlaskClient, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    place = serving(session)
    account, _ = make_resident(session)
    staff = registrar(session, place)
    child = make_person(session, name="覃小宝", birth_date=child_of_ten())
    session.commit()
    mine, desk = bearer(account.id), bearer(staff.account_id)
    body = request(place).model_dump(mode="json")
    base = "/api/v1/residents"
    made = client.post(f"{base}/me/bindings/children", json=body, headers=mine)
    assert made.status_code == 201
    assert made.json
    address = f"{base}/bindings/{made.json['id']}"
    assert client.get(address, headers=mine).status_code == 403
    found = client.get(f"{base}/bindings", headers=desk).json
    assert found
    assert [each["name"] for each in found["items"]] == ["覃小宝"]
    done = client.post(f"{address}/confirmation", json={"person_id": str(child.id)}, headers=desk)
    assert done.json
    assert done.json["state"] == "confirmed"
    late = client.post(f"{address}/refusal", json={"reason": "晚了"}, headers=desk)
    assert late.status_code == 409
    family = client.get(f"{base}/me/family", headers=mine).json
    assert family
    assert family["represented"][0]["scopes"] == ["sign", "book"]
    own = client.get(f"{base}/me/bindings/{made.json['id']}", headers=mine).json
    assert own
    assert "evidence_number" not in own
