"""Where hospitals are linked, and the calls that people settle."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.hospital import client as caller
from appointments.models import ClinicSession, HospitalCall, HospitalLink
from appointments.schemas import CallState, Trouble
from core import clock, outgoing
from core.access import Role
from core.models import ChangeRecord
from core.settings import Environment, settings
from standins.hospital.system import Mode
from tests.factories.appointments import Clinic, make_booking, make_clinic, make_slots
from tests.factories.auth import make_account
from tests.factories.dripping import BODY, HEADERS, dripping
from tests.factories.exchange import LINK_SECRET, StandIn, hospital_running, make_link
from tests.factories.residents import make_person

Browser = Callable[[UUID], FlaskClient]
HOME = "/appointments/exchange"


@pytest.fixture(scope="module")
def his() -> Iterator[StandIn]:
    with hospital_running() as standin:
        yield standin


@pytest.fixture
def clinic(session: Session) -> Clinic:
    found = make_clinic(session)
    session.commit()
    return found


def holder(session: Session, role: Role, unit: object) -> UUID:
    account_id = make_account(session, roles={role: [str(unit)]}).id
    session.commit()
    return account_id


def make_exception(session: Session, clinic: Clinic, url: str, call: str = "lock") -> HospitalCall:
    make_link(session, clinic, url)
    slots = make_slots(session, clinic)
    session.get_one(ClinicSession, slots[0].session_id).external_id = "S1"
    booking = make_booking(session, slots[0], make_person(session).id)
    row = HospitalCall(
        booking_id=booking.id,
        institution_id=clinic.institution.id,
        division_code=clinic.institution.division_code,
        call=call,
        state=CallState.EXCEPTION,
        attempts=3,
        called_at=clock.now(),
        trouble=Trouble.SILENT,
        created_at=clock.now(),
    )
    waiting = HospitalCall(
        booking_id=booking.id,
        institution_id=clinic.institution.id,
        division_code=clinic.institution.division_code,
        call="confirm",
        next_at=clock.now(),
        created_at=clock.now(),
    )
    session.add_all([row, waiting])
    session.commit()
    return row


def test_an_administrator_links_a_hospital(
    session: Session, clinic: Clinic, his: StandIn, signed_in: Browser
) -> None:
    his.answers(Mode.HONEST)
    admin = signed_in(holder(session, Role.ADMINISTRATOR, clinic.institution.division_code))
    found = admin.get(f"{HOME}/links?search={clinic.institution.name}")
    assert "设置对接" in found.text
    page = f"{HOME}/links/{clinic.institution.id}"
    assert "医院呼叫门户" in admin.get(page).text
    wrong = admin.post(page, data={"version": "0", "base_url": "ftp://his.example"})
    assert wrong.status_code == 422
    assert "https:// 开头" in wrong.text
    given = {"version": "0", "base_url": his.api, "enabled": "true"}
    made = admin.post(page, data=given)
    shown = re.search(r"data-secret>([^<]+)<", made.text)
    assert shown and shown.group(1).startswith("whsec_")
    link = session.scalars(select(HospitalLink)).one()
    assert (link.base_url, link.enabled, link.secret) == (his.api, True, shown.group(1))
    # Told once: not by the same form again, and not by the page.
    again = admin.post(page, data=given)
    assert again.status_code == 409
    assert "whsec_" not in again.text + admin.get(page).text
    # The stand-in knows another secret.
    assert "没有接通" in admin.post(f"{page}/test", follow_redirects=True).text
    renewed = admin.post(f"{page}/secret", data={"version": "1"})
    assert "whsec_" in renewed.text
    session.refresh(link)
    assert link.secret not in (shown.group(1), "")
    assert link.secret in renewed.text
    stale = admin.post(f"{page}/secret", data={"version": "1"}, follow_redirects=True)
    assert "刚被别人修改过" in stale.text
    kept = session.scalars(select(ChangeRecord.changes)).all()
    assert "whsec_" not in str(kept)


def test_the_test_button(
    session: Session, clinic: Clinic, his: StandIn, signed_in: Browser
) -> None:
    make_link(session, clinic, his.api)
    admin = signed_in(holder(session, Role.ADMINISTRATOR, clinic.institution.id))
    test = f"{HOME}/links/{clinic.institution.id}/test"
    his.answers(Mode.HONEST)
    assert "签名也对得上" in admin.post(test, follow_redirects=True).text
    his.answers(Mode.FAILING)
    assert "系统报错" in admin.post(test, follow_redirects=True).text


def test_only_administrators_of_it(session: Session, clinic: Clinic, signed_in: Browser) -> None:
    other = make_clinic(session)
    make_link(session, other, "http://127.0.0.1:9")
    admin = signed_in(holder(session, Role.ADMINISTRATOR, clinic.institution.id))
    page = f"{HOME}/links/{other.institution.id}"
    assert admin.get(page).status_code == 403
    given = {"version": "1", "base_url": "http://127.0.0.1:9/other"}
    assert admin.post(page, data=given).status_code == 403
    assert admin.post(f"{page}/secret", data={"version": "1"}).status_code == 403
    assert admin.post(f"{page}/test").status_code == 403
    assert other.institution.name not in admin.get(f"{HOME}/links").text
    desk = signed_in(holder(session, Role.REGISTRAR, other.institution.id))
    assert desk.get(page).status_code == 403


def test_the_desk_tries_again_and_settles(
    session: Session, clinic: Clinic, his: StandIn, signed_in: Browser, run_jobs: Callable[[], int]
) -> None:
    his.answers(Mode.FAILING)
    row = make_exception(session, clinic, his.api)
    desk = signed_in(holder(session, Role.REGISTRAR, clinic.institution.id))
    page = desk.get(f"{HOME}/").text
    assert "锁号" in page and "连不上医院的系统" in page and "试过 3 次" in page
    said = desk.post(f"{HOME}/calls/{row.id}/retry", follow_redirects=True).text
    assert "已重新呼叫医院" in said
    run_jobs()
    session.refresh(row)
    assert (row.state, row.attempts) == (CallState.WAITING, 1)
    row.state, row.next_at, row.attempts = CallState.EXCEPTION, None, 3
    session.commit()
    short = desk.post(f"{HOME}/calls/{row.id}/settle", data={"note": "好"}, follow_redirects=True)
    assert "请至少填写 4 个字" in short.text or "有些内容需要修改" in short.text
    note = "已电话告知挂号处，号已留"
    desk.post(f"{HOME}/calls/{row.id}/settle", data={"note": note})
    session.refresh(row)
    assert (row.state, row.note) == (CallState.SETTLED, note)
    # Locked by hand, it is not confirmed by machine.
    confirm = session.scalars(select(HospitalCall).where(HospitalCall.call == "confirm")).one()
    session.refresh(confirm)
    assert confirm.state == CallState.VOID
    assert note in desk.get(f"{HOME}/?settled=true").text
    late = desk.post(f"{HOME}/calls/{row.id}/retry", follow_redirects=True).text
    assert "已经有人办理" in late


def test_another_hospital_s_exceptions_are_not_theirs(
    session: Session, clinic: Clinic, signed_in: Browser, bearer: Callable[[UUID], dict[str, str]],
    client: FlaskClient,
) -> None:  # fmt: skip
    row = make_exception(session, make_clinic(session), "http://127.0.0.1:9")
    account_id = holder(session, Role.REGISTRAR, clinic.institution.id)
    desk = signed_in(account_id)
    assert "没有要办的异常" in desk.get(f"{HOME}/").text
    assert desk.post(f"{HOME}/calls/{row.id}/retry").status_code == 403
    api = "/api/v1/appointments/exchange"
    headers = bearer(account_id)
    assert client.get(f"{api}/exceptions", headers=headers).get_json()["items"] == []
    body = {"note": "和医院说好了"}
    settle = client.post(f"{api}/calls/{row.id}/settle", json=body, headers=headers)
    assert settle.status_code == 403


def test_the_api_says_the_same(
    session: Session, clinic: Clinic, bearer: Callable[[UUID], dict[str, str]], client: FlaskClient
) -> None:
    row = make_exception(session, clinic, "http://127.0.0.1:9")
    headers = bearer(holder(session, Role.REGISTRAR, clinic.institution.id))
    api = "/api/v1/appointments/exchange"
    (item,) = client.get(f"{api}/exceptions", headers=headers).get_json()["items"]
    assert (item["id"], item["trouble"], item["attempts"]) == (str(row.id), "silent", 3)
    assert client.post(f"{api}/calls/{row.id}/retry", headers=headers).status_code == 200
    again = client.post(f"{api}/calls/{row.id}/retry", headers=headers)
    assert again.get_json()["code"] == "not_an_exception"
    link = f"{api}/hospitals/{clinic.institution.id}/link"
    admin = bearer(holder(session, Role.ADMINISTRATOR, clinic.institution.id))
    body = {"version": 1, "base_url": "http://127.0.0.1:9/new", "enabled": False}
    assert client.put(link, json=body, headers=headers).status_code == 403
    saved = client.put(link, json=body, headers=admin).get_json()
    assert (saved["base_url"], saved["secret"], saved["version"]) == (
        "http://127.0.0.1:9/new", None, 2,
    )  # fmt: skip


def test_the_list_costs_a_few_statements(
    session: Session, clinic: Clinic, signed_in: Browser, count_statements: Callable[[], Any]
) -> None:
    make_exception(session, clinic, "http://127.0.0.1:9")
    desk = signed_in(holder(session, Role.REGISTRAR, clinic.institution.id))
    with count_statements() as counted:
        assert desk.get(f"{HOME}/").status_code == 200
    assert len(counted) <= 8, counted.statements


@pytest.mark.parametrize(
    ("address", "resolved"),
    [("https://his.example/api", "10.0.0.5"), ("http://his.example/api", "93.184.216.34"),
     ("https:///api", "93.184.216.34")],
)  # fmt: skip
def test_no_private_address_is_called_in_production(
    app: object, monkeypatch: pytest.MonkeyPatch, address: str, resolved: str
) -> None:
    production = settings().model_copy(update={"environment": Environment.PRODUCTION})
    monkeypatch.setattr(outgoing, "settings", lambda: production)
    found = [(0, 0, 0, "", (resolved, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert caller.test(address, LINK_SECRET) is Trouble.BAD_ADDRESS


@pytest.mark.parametrize("after", [HEADERS, BODY], ids=["headers", "body"])
def test_a_hospital_that_drips_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, after: bytes
) -> None:
    monkeypatch.setattr(caller, "PATIENCE_SECONDS", 0.6)
    began = time.monotonic()
    with dripping(after) as port:
        assert caller.test(f"http://127.0.0.1:{port}", LINK_SECRET) is Trouble.SILENT
    assert time.monotonic() - began < 2
