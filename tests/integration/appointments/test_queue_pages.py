"""The queue and the reviews as people see them: pages and API, in few statements."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from appointments.models import Release
from appointments.schemas import ConductCode
from core import clock
from core.access import Role
from tests.factories.appointments import make_clinic, make_conduct_rule, make_slots
from tests.factories.auth import make_account
from tests.factories.residents import make_resident
from tests.integration.appointments.test_queue import SECOND, at, released

SignedIn: TypeAlias = Callable[[UUID], FlaskClient]
Bearer: TypeAlias = Callable[[UUID], dict[str, str]]
Counting: TypeAlias = Callable[[], AbstractContextManager[list[str]]]
API = "/api/v1/appointments"


def test_from_the_slot_through_the_queue_and_back(
    session: Session, signed_in: SignedIn, count_statements: Counting
) -> None:
    _, slot, release_id = released(session, rate=1)
    account, _ = make_resident(session)
    session.commit()
    page = f"/appointments/queue/{release_id}"
    with at(session, release_id, -timedelta(minutes=20)):
        browser = signed_in(account.id)
        early = browser.get(f"/appointments/slots/{slot.id}").text
        assert "不用抢" in early
        answer = browser.get(f"/appointments/slots/{slot.id}/queue")
        assert answer.location == f"/appointments/slots/{slot.id}"
    with at(session, release_id, -timedelta(minutes=5)):
        assert "去排队" in browser.get(f"/appointments/slots/{slot.id}").text
        answer = browser.get(f"/appointments/slots/{slot.id}/queue")
        assert answer.location == f"{page}?slot={slot.id}"
        shown = browser.get(answer.location).text
        assert "人在等" in shown
        assert 'http-equiv="refresh"' in shown
        for _ in range(2):
            answer = browser.post(f"{page}?slot={slot.id}")
            assert answer.status_code == 303
        shown = browser.get(answer.location).text
        assert re.search(r"data-waiting>1<", shown)
        state = browser.get(f"{page}/state").json
        assert state
        assert (state["waiting"], state["number"]) == (1, None)
        assert browser.get(f"{page}/order").status_code == 409
    with at(session, release_id, SECOND / 2):
        answer = browser.post(f"/appointments/slots/{slot.id}")
        assert answer.location == f"{page}?slot={slot.id}"
        shown = browser.get(answer.location).text
        assert "queue-number" in shown
    with at(session, release_id, SECOND * 1.5):
        with count_statements() as counter:
            shown = browser.get(f"{page}?slot={slot.id}").text
        assert len(counter) <= 8
        assert "轮到您了" in shown
        assert f'href="/appointments/slots/{slot.id}"' in shown
        order = browser.get(f"{page}/order").text
        seed = session.get_one(Release, release_id, populate_existing=True).seed
        assert seed
        assert seed in order
        assert browser.get(f"{page}/order.json").json["drawn"] == 1  # type: ignore[index]
        answer = browser.post(f"/appointments/slots/{slot.id}")
        assert "/booked" in answer.location


def test_the_queue_reads_english(session: Session, signed_in: SignedIn) -> None:
    clinic, slot, release_id = released(session, rate=1)
    account, _ = make_resident(session)
    session.commit()
    page = f"/appointments/queue/{release_id}"
    browser = signed_in(account.id)
    shown = []
    with at(session, release_id, -timedelta(minutes=5)):
        browser.post(f"{page}?slot={slot.id}")
        shown.append(browser.get(f"{page}?slot={slot.id}&lang=en").text)
    with at(session, release_id, SECOND * 1.5):
        shown.append(browser.get(f"{page}?slot={slot.id}&lang=en").text)
        shown.append(browser.get(f"{page}/order?lang=en").text)
    for text in shown:
        main = re.sub(r"<[^>]+>", " ", text.partition("<main")[2].partition("</main>")[0])
        for name in (clinic.institution.name, clinic.department.name, clinic.doctor.name):
            main = main.replace(name, "")
        assert not re.findall("[\u4e00-\u9fff]+", main)


def test_the_api_books_only_through_the_queue(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    _, slot, release_id = released(session, rate=1)
    (one, person), (two, other) = make_resident(session), make_resident(session)
    session.commit()
    path = f"{API}/releases/{release_id}"
    with at(session, release_id, -timedelta(minutes=1)):
        first, second = bearer(one.id), bearer(two.id)
        assert client.post(f"{path}/join", headers=first).json["waiting"] == 1  # type: ignore[index]
        found = client.get(f"{API}/slots/{slot.id}/release", headers=second).json
        assert found
        assert (found["id"], found["joined"]) == (str(release_id), False)
        assert client.post(f"{path}/join").status_code == 401
        assert client.get(f"{path}/order", headers=first).status_code == 409
    with at(session, release_id, SECOND * 1.5):
        body = {"slot_id": str(slot.id), "person_id": str(other.id)}
        refused = client.post(f"{API}/bookings", json=body, headers=second)
        assert refused.status_code == 409
        assert refused.json
        assert refused.json["code"] == "queue"
        assert refused.json["release_id"] == str(release_id)
        assert client.get(path, headers=first).json["admitted"]  # type: ignore[index]
        body = {"slot_id": str(slot.id), "person_id": str(person.id)}
        assert client.post(f"{API}/bookings", json=body, headers=first).status_code == 201
        proof = client.get(f"{path}/order?limit=1", headers=second).json
        assert proof
        assert [each["number"] for each in proof["places"]] == [1]
    unknown = f"{API}/releases/{slot.id}/join"
    assert client.post(unknown, headers=first).status_code == 404


def test_a_page_for_who_has_no_checked_name(session: Session, signed_in: SignedIn) -> None:
    *_, release_id = released(session)
    account = make_account(session)
    session.commit()
    answer = signed_in(account.id).get(f"/appointments/queue/{release_id}")
    assert answer.status_code == 403
    assert "先去实名认证" in answer.text


def test_slowed_is_said_with_the_seconds_to_wait(
    client: FlaskClient, session: Session, bearer: Bearer, signed_in: SignedIn
) -> None:
    slot = make_slots(session, make_clinic(session), day=clock.today() + timedelta(days=3))[0]
    make_conduct_rule(session, ConductCode.SPEED, slow_at=2, review_at=9)
    account, person = make_resident(session)
    session.commit()
    body = {"slot_id": str(slot.id), "person_id": str(person.id)}
    headers = bearer(account.id)
    assert client.post(f"{API}/bookings", json=body, headers=headers).status_code == 201
    slowed = client.post(f"{API}/bookings", json=body, headers=headers)
    assert (slowed.status_code, slowed.json["code"]) == (429, "slowed")  # type: ignore[index]
    assert 10 < int(slowed.headers["Retry-After"]) <= 20
    page = signed_in(account.id).post(f"/appointments/slots/{slot.id}")
    assert page.status_code == 429
    assert "秒再试" in page.text


def test_a_review_from_the_refusal_to_the_decision(
    session: Session, signed_in: SignedIn, count_statements: Counting
) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic, day=clock.today() + timedelta(days=3))[0]
    make_conduct_rule(session, ConductCode.SPEED, review_at=2)
    account, _ = make_resident(session)
    unit = str(clinic.institution.id)
    desk = make_account(session, roles={Role.REGISTRAR: [unit]})
    stranger = make_account(
        session, roles={Role.REGISTRAR: [str(make_clinic(session).institution.id)]}
    )
    session.commit()
    resident, registrar = signed_in(account.id), signed_in(desk.id)
    resident.post(f"/appointments/slots/{slot.id}")
    answer = resident.post(f"/appointments/slots/{slot.id}")
    assert answer.location == "/appointments/conduct"
    page = resident.get(answer.location).text
    assert "操作快过常人：2，到 2 要核查" in page
    action = re.search(r'action="(/appointments/conduct/[^"]+)"', page)
    assert action
    assert resident.post(action[1], data={"answer": ""}).status_code == 422
    assert resident.post(action[1], data={"answer": "手机卡住，多点了几下。"}).status_code == 303

    with count_statements() as counter:
        listed = registrar.get("/appointments/reviews").text
    assert len(counter) <= 8
    link = re.search(r'href="(/appointments/reviews/[^"]+)"', listed)
    assert link
    case = link[1]
    page = registrar.get(case).text
    assert "多点了几下" in page
    assert "field-error" not in page
    assert signed_in(stranger.id).get(case).status_code == 403
    refused = registrar.post(case, data={"cleared": "true", "decision": ""})
    assert refused.status_code == 422
    kept = {"cleared": "false", "rest_days": "7", "decision": "请到窗口核对身份。"}
    assert registrar.post(case, data=kept).status_code == 303
    assert registrar.post(case, data=kept).status_code == 409
    assert "请到窗口核对身份" in resident.get("/appointments/conduct").text
    assert "网上预约暂停到" in resident.post(f"/appointments/slots/{slot.id}").text
    assert "没有要核查的" in registrar.get("/appointments/reviews").text


def test_an_administrator_changes_a_rule(session: Session, signed_in: SignedIn) -> None:
    make_clinic(session)
    make_conduct_rule(session, ConductCode.SPEED)
    boss = make_account(session, roles={Role.ADMINISTRATOR: ["990100"]})
    session.commit()
    browser = signed_in(boss.id)
    assert "操作快过常人" in browser.get("/appointments/conduct-rules").text
    page = "/appointments/conduct-rules/too_fast"
    assert browser.get(page).status_code == 200
    data = {"window_seconds": "10", "pause_seconds": "5", "slow_at": "9", "confirm_at": "8",
            "review_at": "40", "enabled": "true", "version": "1"}  # fmt: skip
    refused = browser.post(page, data=data)
    assert (refused.status_code, "从小到大" in refused.text) == (422, True)
    assert browser.post(page, data=data | {"confirm_at": "9"}).status_code == 303
    assert browser.post(page, data=data | {"confirm_at": "10"}).status_code == 409
    assert browser.get("/appointments/conduct-rules/none").status_code == 404
