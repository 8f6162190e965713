"""The planner's pages and API, and the page behind a stopped booking's message."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.jobs import end_bookings
from appointments.models import Booking, ClinicSession, Slot, Template, TemplateException
from appointments.schemas import Kind
from appointments.web.planning import fee_of, yuan_of
from core import clock
from core.access import Role
from tests.factories.appointments import Clinic, make_booking, make_slots, make_template
from tests.factories.auth import make_account, make_token
from tests.factories.directory import CITY, make_staff
from tests.factories.residents import make_person, make_resident
from tests.integration.appointments.planning import (
    DAY,
    HOME,
    Browser,
    administrator,
    clinic,
    desk,
    form_of,
)

__all__ = ["administrator", "clinic", "desk"]


Counting = Callable[[], AbstractContextManager[list[str]]]
MOST_STATEMENTS = 8


def test_a_weekly_clinic_from_beginning_to_end(
    session: Session, clinic: Clinic, desk: FlaskClient
) -> None:
    page = desk.get(f"{HOME}/templates/new?department_id={clinic.department.id}").text
    assert clinic.doctor.name in page
    typed = {
        "department_id": str(clinic.department.id),
        "staff_id": str(clinic.doctor.id),
        "kind": "vaccination",
        "weekday": "2",
        "half_day": "morning",
        "capacity": "4",
        "fee": "12.5",
    }
    answer = desk.post(f"{HOME}/templates/new", data=typed | {"fee": "十二元"})
    assert answer.status_code == 422
    assert "请填写整数" in answer.text
    answer = desk.post(f"{HOME}/templates/new", data=typed | {"staff_id": ""})
    assert answer.status_code == 422
    assert "两者选一" in answer.text
    answer = desk.post(f"{HOME}/templates/new", data=typed)
    row = session.scalars(select(Template)).one()
    assert answer.location == f"{HOME}/templates/{row.id}"
    assert (row.fee_fen, row.kind) == (1250, Kind.VACCINATION)
    again = desk.post(f"{HOME}/templates/new", data=typed)
    assert again.status_code == 409
    assert "这位医生在这个半天已有门诊" in again.text
    page = desk.get(answer.location).text
    changed = form_of(page) | {"capacity": "9", "on_holidays": "true", "room": ""}
    assert changed["fee"] == "12.50"
    assert "已保存" in desk.post(answer.location, data=changed, follow_redirects=True).text
    stale = desk.post(answer.location, data=changed | {"capacity": "8"})
    assert stale.status_code == 409
    assert "现在是 9，您填写的是 8" in stale.text
    ended = desk.post(
        f"{answer.location}/end",
        data={"version": "2", "last_day": clock.today().isoformat()},
        follow_redirects=True,
    )
    assert "已结束" in ended.text


def test_a_week_is_copied(session: Session, clinic: Clinic, desk: FlaskClient) -> None:
    make_template(session, clinic, weekday=1)
    make_template(session, clinic, weekday=2)
    colleague = make_staff(session, clinic.institution, department=clinic.department)
    make_template(session, clinic._replace(doctor=colleague), weekday=2)
    session.commit()
    department = str(clinic.department.id)
    typed = {
        "department_id": department,
        "staff_id": str(clinic.doctor.id),
        "to_department_id": department,
        "to_staff_id": str(colleague.id),
    }
    page = desk.post(f"{HOME}/copy", data=typed, follow_redirects=True).text
    assert "已复制 1 个半天" in page
    assert "没有复制：周二 上午" in page


def test_days_that_differ(session: Session, clinic: Clinic, desk: FlaskClient) -> None:
    slot = make_slots(session, clinic)[0]
    typed = {"institution_id": str(clinic.institution.id), "date": slot.date.isoformat()}
    assert desk.post(f"{HOME}/exceptions", data=typed).status_code == 422
    page = desk.post(
        f"{HOME}/exceptions", data=typed | {"reason": "停电"}, follow_redirects=True
    ).text
    assert "已开出 1 场，保持不变" in page
    row = session.scalars(select(TemplateException)).one()
    address = f"{HOME}/exceptions/{row.id}/remove"
    page = desk.post(address, data=typed, follow_redirects=True).text
    assert "照常开诊" in page
    assert session.scalars(select(TemplateException)).all() == []


def test_the_number_of_patients_is_said_before_the_stop(
    session: Session, clinic: Clinic, desk: FlaskClient
) -> None:
    slot = make_slots(session, clinic)[0]
    make_booking(session, slot, make_person(session).id)
    session.commit()
    page = desk.get(f"{HOME}/sessions/{slot.session_id}").text
    assert "1 个预约会取消" in page
    typed = {
        "department_id": str(clinic.department.id),
        "staff_id": str(clinic.doctor.id),
        "first": slot.date.isoformat(),
        "last": slot.date.isoformat(),
        "reason": "外出进修",
    }
    page = desk.post(f"{HOME}/stop", data=typed).text
    assert "会影响 1 个预约" in page
    assert session.get_one(ClinicSession, slot.session_id).stopped_at is None
    page = desk.post(f"{HOME}/stop", data=typed | {"confirmed": "true"}, follow_redirects=True).text
    assert "已停诊 1 场，1 位患者将收到通知" in page
    session.expire_all()
    assert session.get_one(Slot, slot.id).stopped
    page = desk.get(f"{HOME}/sessions/{slot.session_id}").text
    assert "已停诊：外出进修" in page
    address = f"{HOME}/sessions/{slot.session_id}/resume"
    assert "已恢复开诊" in desk.post(address, follow_redirects=True).text
    address = f"{HOME}/sessions/{slot.session_id}/stop"
    assert "请填写这一项" in desk.post(address, follow_redirects=True).text
    page = desk.post(address, data={"reason": "停电"}, follow_redirects=True).text
    assert "已停诊 1 场" in page


def test_a_stopped_patient_takes_another_place_with_one_tap(
    session: Session, clinic: Clinic, desk: FlaskClient, signed_in: Browser
) -> None:
    slot = make_slots(session, clinic)[0]
    colleague = make_staff(session, clinic.institution, department=clinic.department)
    other = make_slots(session, clinic._replace(doctor=colleague), day=slot.date + DAY)[0]
    account, person = make_resident(session)
    booking = make_booking(session, slot, person.id)
    session.commit()
    patient = signed_in(account.id)
    address = f"/appointments/bookings/{booking.id}/instead"
    assert patient.get(address).status_code == 404
    desk.post(f"{HOME}/sessions/{slot.session_id}/stop", data={"reason": "医生生病"})
    end_bookings(str(slot.session_id))
    assert "改约最近的空号" in patient.get(f"/appointments/bookings/{booking.id}").text
    page = patient.get(address).text
    assert "原因：医生生病" in page
    assert "不用缴挂号费" in page
    assert colleague.name in page
    assert str(other.id) in page
    answer = patient.post(address, data={"slot_id": str(other.id)})
    made = session.scalars(select(Booking).where(Booking.slot_id == other.id)).one()
    assert answer.location == f"/appointments/bookings/{made.id}/booked"
    # The link of the message leads on to the new one.
    assert patient.get(address).location == f"/appointments/bookings/{made.id}"
    assert signed_in(make_resident(session)[0].id).get(address).status_code == 403


def test_numbers_and_pools_of_a_session(
    session: Session, clinic: Clinic, desk: FlaskClient
) -> None:
    slot = make_slots(session, clinic, capacity=3)[0]
    make_booking(session, slot, make_person(session).id)
    make_booking(session, slot, make_person(session).id)
    session.commit()
    address = f"{HOME}/sessions/{slot.session_id}"
    refused = desk.post(f"{address}/capacity", data={"capacity": "1"}, follow_redirects=True)
    assert "有时段已约出 2 个号" in refused.text
    page = desk.post(f"{address}/capacity", data={"capacity": "4"}, follow_redirects=True).text
    assert "号数已修改" in page
    typed = {"source": "public", "target": "onsite", "places": "1", "slot_id": str(slot.id)}
    page = desk.post(f"{address}/places", data=typed, follow_redirects=True).text
    assert "号池已调整" in page
    refused = desk.post(f"{address}/places", data=typed | {"target": "public"})
    assert refused.status_code == 422
    assert "两个不同的号池" in refused.text
    refused = desk.post(f"{address}/places", data=typed | {"places": "50"})
    assert refused.status_code == 409


def test_an_extra_session(session: Session, clinic: Clinic, desk: FlaskClient) -> None:
    typed = {
        "department_id": str(clinic.department.id),
        "clinic_name": "健康体检",
        "kind": "health_check",
        "date": (clock.today() + DAY).isoformat(),
        "half_day": "morning",
        "capacity": "8",
        "fee": "0",
    }
    answer = desk.post(f"{HOME}/sessions/new", data=typed)
    row = session.scalars(select(ClinicSession)).one()
    assert answer.location == f"{HOME}/sessions/{row.id}"
    assert row.fee_fen == 0
    assert "免费" in desk.get(answer.location).text
    assert desk.post(f"{HOME}/sessions/new", data=typed).status_code == 409


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_in_few_statements_and_both_languages(
    session: Session,
    clinic: Clinic,
    desk: FlaskClient,
    administrator: FlaskClient,
    count_statements: Counting,
    language: str,
) -> None:
    slots = [
        make_slots(session, clinic, day=clock.today() + ahead * DAY)[0] for ahead in range(1, 7)
    ]
    for weekday in range(1, 8):
        make_template(session, clinic, weekday=weekday, clinic_name="普通门诊")
    template = make_template(session, clinic)
    house, department = clinic.institution.id, clinic.department.id
    addresses = [
        (desk, f"{HOME}/?lang={language}"),
        (desk, f"{HOME}/?department_id={department}&date={slots[0].date}"),
        (desk, f"{HOME}/sessions/{slots[0].session_id}"),
        (desk, f"{HOME}/sessions/new?department_id={department}"),
        (desk, f"{HOME}/templates?department_id={department}"),
        (desk, f"{HOME}/templates/new?department_id={department}"),
        (desk, f"{HOME}/templates/{template.id}"),
        (desk, f"{HOME}/copy?department_id={department}"),
        (desk, f"{HOME}/exceptions?department_id={department}"),
        (desk, f"{HOME}/stop?department_id={department}"),
        (desk, f"{HOME}/holidays"),
        (administrator, f"{HOME}/?lang={language}&institution_id={house}"),
        (administrator, f"{HOME}/rules"),
        (administrator, f"{HOME}/rules/{house}"),
    ]
    for browser, address in addresses:
        with count_statements() as counter:
            answer = browser.get(address)
        assert answer.status_code == 200, address
        assert len(counter) <= MOST_STATEMENTS, address
        assert re.findall(r"\{\{|\}\}|%\(", answer.text) == [], address


def test_a_fee_is_read_as_it_is_typed() -> None:
    assert [fee_of(text) for text in ("12", "12.5", "¥0.05", "", "x", "1.234")] == [
        "1200", "1250", "5", "", "x", "1.234",
    ]  # fmt: skip
    assert [yuan_of(fen) for fen in (1200, 1250, 5)] == ["12", "12.50", "0.05"]


def test_the_api_plans_too(session: Session, clinic: Clinic, client: FlaskClient) -> None:
    unit = str(clinic.institution.id)
    roles = {Role.REGISTRAR: [unit], Role.ADMINISTRATOR: [CITY]}
    account = make_account(session, roles=roles)
    headers = {"Authorization": f"Bearer {make_token(session, account.id)}"}
    session.commit()
    api = "/api/v1/appointments"

    def call(method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = client.open(f"{api}{path}", method=method, json=body, headers=headers)
        assert answer.status_code == status, (path, answer.text)
        return answer.json

    department, doctor = str(clinic.department.id), str(clinic.doctor.id)
    tomorrow = clock.today() + DAY
    given = {
        "department_id": department,
        "staff_id": doctor,
        "kind": "general",
        "weekday": tomorrow.isoweekday(),
        "half_day": "morning",
        "capacity": 3,
        "fee_fen": 1000,
    }
    made = call("POST", "/templates", given, 201)
    assert call("POST", "/templates", given, 409)["code"] == "half_day_filled"
    path = f"/templates/{made['id']}"
    assert call("PATCH", path, {"version": 1, "capacity": 4})["capacity"] == 4
    assert call("GET", path)["version"] == 2
    assert len(call("GET", f"/templates?department_id={department}")["items"]) == 1
    copied = {
        "department_id": department,
        "staff_id": doctor,
        "to_department_id": department,
        "to_clinic_name": "普通门诊",
    }
    assert call("POST", "/template-copies", copied)["made"] == 1
    differs = {"institution_id": unit, "date": tomorrow.isoformat(), "reason": "停电"}
    exception = call("POST", "/exceptions", differs, 201)
    assert len(call("GET", f"/exceptions?institution_id={unit}")["items"]) == 1
    call("DELETE", f"/exceptions/{exception['id']}")
    call("POST", "/holidays", {"day": tomorrow.isoformat(), "name": "试验节"}, 201)
    assert date.fromisoformat(call("GET", "/holidays")["items"][0]["day"]) == tomorrow
    call("DELETE", f"/holidays/{tomorrow}")
    call("DELETE", "/holidays/tomorrow", None, 404)
    rules = call("GET", f"/rules/{unit}")
    assert rules.pop("public_share") == 100
    del rules["institution_id"]
    assert (rules["quiet_from"], rules["quiet_until"]) == (None, None)
    rules |= {"quiet_from": "22:00", "quiet_until": "07:00"}
    changed = call("PUT", f"/rules/{unit}", rules | {"day_limit": 3})
    assert (changed["version"], changed["quiet_until"]) == (2, "07:00:00")
    assert call("PUT", f"/rules/{unit}", rules | {"quiet_until": None}, 422)
    assert call("PUT", f"/rules/{unit}", rules, 409)["code"] == "stale_version"
    assert call("POST", f"/rules/{unit}")["day_limit"] == 3
    extra = {name: value for name, value in given.items() if name != "weekday"}
    opened = call("POST", "/sessions", extra | {"date": tomorrow.isoformat()}, 201)
    path = f"/sessions/{opened['session_id']}"
    assert call("POST", f"{path}/capacity", {"capacity": 5})["capacity"] == 40
    moved = {"source": "public", "target": "elderly", "places": 1}
    assert call("POST", f"{path}/places", moved)["free"]["elderly"] == 8
    assert call("GET", path)["state"] == "open"
    week = call("GET", f"/schedule?institution_id={unit}&date={tomorrow}")
    assert opened["session_id"] in {entry["session_id"] for entry in week["entries"]}
    stop = {
        "department_id": department,
        "first": tomorrow.isoformat(),
        "last": tomorrow.isoformat(),
        "reason": "停水",
    }
    assert call("POST", "/stops/preview", stop)["sessions"] == 1
    assert call("POST", "/stops", stop)["sessions"] == 1
    assert call("POST", f"{path}/resume")["state"] == "open"
    assert call("POST", f"{path}/stop", {"reason": "又停水"})["sessions"] == 1
