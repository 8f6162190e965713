"""The pages of referrals: both sides and the patient, in few statements."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Referral
from appointments.referral_states import ReferralState, ReferralStep
from core.access import Actor
from tests.factories.referrals import Two, hand_down, make_two, refer, step

Browser = Callable[[UUID], FlaskClient]
Counting = Callable[[], AbstractContextManager[list[str]]]
MOST_STATEMENTS = 8
HOME = "/appointments/referrals"


@pytest.fixture
def two(session: Session) -> Two:
    return make_two(session)


@pytest.fixture
def browse(signed_in: Browser) -> Callable[[Actor], FlaskClient]:
    return lambda actor: signed_in(actor.account_id)


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


def test_the_doctor_fills_the_form_and_a_place_is_held(
    session: Session, two: Two, browse: Callable[[Actor], FlaskClient]
) -> None:
    doctor = browse(two.doctor)
    where = (
        f"person_id={two.person.id}&institution_id={two.clinic.institution.id}"
        f"&department_id={two.clinic.department.id}"
    )
    form = page(doctor, f"{HOME}/new?{where}")
    assert two.person.name in form
    assert "转诊指征" in form
    assert "最早的转诊号" in form
    empty = {"person_id": str(two.person.id), "department_id": str(two.clinic.department.id)}
    refused = doctor.post(f"{HOME}/new?{where}", data=empty | {"criteria": ["any-up-1"]})
    assert refused.status_code == 422
    assert re.search(r'value="any-up-1" checked', refused.text)
    filled = {"urgency": "urgent", "reason": "血压不稳", "summary": "病情摘要甲", "slot_id": ""}
    sent = doctor.post(f"{HOME}/new?{where}", data=empty | filled, follow_redirects=True)
    assert "保留了号" in sent.text
    assert "病情摘要甲" in sent.text
    assert session.scalars(select(Referral.booking_id)).one()


def test_the_way_through_both_inboxes(
    session: Session, two: Two, browse: Callable[[Actor], FlaskClient]
) -> None:
    sent = refer(session, two)
    desk, doctor, patient = browse(two.desk), browse(two.doctor), browse(two.patient)
    assert two.person.name in page(desk, f"{HOME}/?part=new")
    one = f"{HOME}/{sent.id}"
    asked = desk.post(f"{one}/ask", data={"version": 1, "note": "肌酐？"}, follow_redirects=True)
    assert "问题已发给转出方" in asked.text
    assert "肌酐？" in page(doctor, one)
    stale = desk.post(f"{one}/decline", data={"version": 1, "note": "写了很久的话"})
    assert stale.status_code == 409
    assert "写了很久的话" in stale.text
    doctor.post(f"{one}/answer", data={"version": 2, "note": "88"})
    page(desk, f"{one}/propose?institution_id={two.clinic.institution.id}")
    accepted = desk.post(f"{one}/accept", data={"version": 3}, follow_redirects=True)
    assert "已接收" in accepted.text
    seen = page(patient, one)
    assert "对方已接收，请按时前往" in seen
    assert "肌酐" not in seen
    assert "高血压三年" not in seen
    assert two.clinic.department.name in page(patient, f"{HOME}/mine")
    refused = patient.post(f"{one}/refuse", data={"version": 4}, follow_redirects=True)
    assert "您已谢绝" in refused.text
    assert session.scalars(select(Referral.state)).one() == ReferralState.REFUSED


def test_down_from_the_day_list(
    session: Session, two: Two, browse: Callable[[Actor], FlaskClient]
) -> None:
    sent = hand_down(session, two)
    desk = browse(two.desk)
    day = two.slots[-1].date.isoformat()
    listed = page(desk, f"/appointments/day-list?date={day}")
    link = re.search(r'href="(/appointments/referrals/down\?[^"]+)"', listed)
    assert link
    assert "把" in page(desk, link[1].replace("&amp;", "&"))
    step(session, two.desk, sent, ReferralStep.WITHDRAW)
    again = desk.post(
        link[1].replace("&amp;", "&"),
        data={
            "person_id": str(two.person.id),
            "from_institution_id": str(two.clinic.institution.id),
            "reason": "稳定",
            "plan": "随访",
            "medicines": "无",
            "watch": "头痛",
            "next_check": "2099-01-01",
        },
        follow_redirects=True,
    )
    assert "下转已发出" in again.text
    assert two.person.name in page(browse(two.doctor), f"{HOME}/")


def test_strangers_and_unknown_steps(
    session: Session, two: Two, browse: Callable[[Actor], FlaskClient]
) -> None:
    sent = refer(session, two)
    other = make_two(session)
    for actor in (other.doctor, other.desk, other.patient):
        assert browse(actor).get(f"{HOME}/{sent.id}").status_code == 403
    assert browse(other.doctor).get(f"{HOME}/new?person_id={two.person.id}").status_code == 403
    assert browse(two.doctor).get(f"{HOME}/new").status_code == 404
    assert browse(two.desk).post(f"{HOME}/{sent.id}/lapse").status_code in (404, 422)
    assert browse(two.desk).post(f"{HOME}/{sent.id}/dance").status_code == 404


def test_no_page_asks_more_than_eight_times(
    session: Session,
    two: Two,
    browse: Callable[[Actor], FlaskClient],
    count_statements: Counting,
) -> None:
    sent = refer(session, two)
    down = hand_down(session, make_two(session))
    assert down.version == 1
    for actor, path in (
        (two.desk, f"{HOME}/"),
        (two.doctor, f"{HOME}/?folder=sent"),
        (two.patient, f"{HOME}/mine"),
        (two.patient, f"{HOME}/{sent.id}"),
        (two.desk, f"{HOME}/{sent.id}"),
        (two.doctor, f"{HOME}/new?person_id={two.person.id}"),
    ):
        client = browse(actor)
        page(client, path)
        with count_statements() as counted:
            page(client, path)
        assert len(counted) <= MOST_STATEMENTS, path
