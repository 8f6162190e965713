"""The pages and the API of a team's division of work, within their number of statements."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from family_doctor.models import Contract, Handover
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_resident
from tests.factories.teamwork import make_residents
from tests.integration.family_doctor.crew import Crew, crew

__all__ = ["crew"]
Browser = Callable[[UUID], FlaskClient]
MOST_STATEMENTS = 8
ROOT = "/family-doctor/teamwork"


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


@pytest.fixture
def signed(session: Session, crew: Crew) -> Contract:
    """A resident with an account, and others of a village."""
    _, person = make_resident(session, name="韦示例")
    contract = make_contract(session, person, crew.team)
    make_residents(session, crew.team, 5, late=2)
    session.commit()
    return contract


def test_a_leader_hands_over_what_they_ticked_or_found(
    session: Session, crew: Crew, signed: Contract, signed_in: Browser
) -> None:
    leader = signed_in(crew.leader_account)
    assert "有 6 位居民没有人负责" in text(leader.get(f"{ROOT}/"))
    panel = text(leader.get("/family-doctor/panel"))
    assert f'name="c" value="{signed.id}"' in panel
    asked = f"team_id={crew.team.id}&c={signed.id}&c=nonsense"
    assert "第一步：交给谁" in text(leader.get(f"{ROOT}/handover?{asked}"))
    found = f"team_id={crew.team.id}&search=居民&to_staff_id={crew.nurse.id}"
    page = text(leader.get(f"{ROOT}/handover?{found}"))
    assert f"5 位居民移交给{crew.nurse.name}" in page
    assert "其中 2 位有逾期的服务" in page
    data = {"team_id": str(crew.team.id), "search": "居民", "to_staff_id": str(crew.nurse.id)}
    short = leader.post(f"{ROOT}/handovers", data=data | {"expected": "5", "note": "x"})
    assert short.status_code == 422
    assert "第二步：核对后移交" in text(short)
    done = leader.post(
        f"{ROOT}/handovers",
        data=data | {"expected": "5", "note": "先看血压"},
        follow_redirects=True,
    )
    assert f"5 位居民已交给{crew.nurse.name}负责" in text(done)
    again = leader.post(f"{ROOT}/handovers", data=data | {"expected": "5"})
    assert again.status_code == 409
    assert "没有要移交的居民" in text(again)
    one = leader.post(
        f"{ROOT}/handovers",
        data={
            "team_id": str(crew.team.id),
            "contract_ids": str(signed.id),
            "to_staff_id": str(crew.doctor.id),
            "back_to": str(signed.id),
        },
        follow_redirects=True,
    )
    assert "谁负责" in text(one)
    assert f">{crew.doctor.name}<" in text(leader.get(f"{ROOT}/residents/{signed.id}"))
    data["contract_ids"] = data["back_to"] = str(signed.id)
    unclear = leader.post(f"{ROOT}/handovers", data=data | {"to_staff_id": "", "note": "打电话"})
    assert unclear.status_code == 422
    assert ">打电话</textarea>" in text(unclear)
    nurse = signed_in(crew.nurse_account)
    assert "先看血压" in text(nurse.get(f"{ROOT}/handovers"))
    made = session.scalars(select(Handover).order_by(Handover.id)).first()
    assert made
    assert "居民003" in text(nurse.get(f"{ROOT}/handovers/{made.id}"))
    assert nurse.get(f"{ROOT}/handover?{asked}").status_code == 403
    # A village doctor sees none of it in another's lists of what is theirs.
    assert "居民003" not in text(
        signed_in(crew.doctor_account).get("/family-doctor/panel?whose=mine")
    )


def test_an_absence_is_seen_where_it_matters(
    session: Session, crew: Crew, signed: Contract, signed_in: Browser
) -> None:
    crew.give(session, crew.nurse, everyone=True)
    session.commit()
    nurse, doctor = signed_in(crew.nurse_account), signed_in(crew.doctor_account)
    today = clock.today()
    data = {
        "team_id": str(crew.team.id),
        "staff_id": str(crew.nurse.id),
        "substitute_id": str(crew.doctor.id),
        "starts_on": today.isoformat(),
        "ends_on": (today - timedelta(days=1)).isoformat(),
    }
    wrong = nurse.post(f"{ROOT}/absences", data=data)
    assert wrong.status_code == 422
    assert "结束日期不能早于开始日期" in text(wrong)
    data["ends_on"] = (today + timedelta(days=3)).isoformat()
    assert "已登记" in text(nurse.post(f"{ROOT}/absences", data=data, follow_redirects=True))
    for page in ("/family-doctor/today", "/family-doctor/panel?whose=stand_in"):
        shown = text(doctor.get(page))
        assert f"{crew.nurse.name}请假到" in shown
        assert "您代班" in shown
    warned = (
        f"{ROOT}/residents/{signed.id}",
        f"/family-doctor/panel/{signed.id}/book/",
        "/family-doctor/applications",
    )
    for page in warned:
        assert f"这期间由{crew.doctor.name}代班" in text(doctor.get(page))
    account = session.get_one(Contract, signed.id).person_id
    own = signed_in(_account_of(session, account))
    assert f"这期间请找{crew.doctor.name}" in text(own.get("/family-doctor/mine"))
    assert "交接说明" not in text(own.get("/family-doctor/mine"))


def test_pages_in_both_languages_within_their_statements(
    session: Session,
    crew: Crew,
    signed: Contract,
    signed_in: Browser,
    count_statements: Callable[[], AbstractContextManager[Any]],
) -> None:
    made = crew.give(session, crew.nurse, everyone=True, note="都好")
    session.commit()
    leader = signed_in(crew.leader_account)
    paths = (
        f"{ROOT}/",
        f"{ROOT}/handover?team_id={crew.team.id}&everyone=true&to_staff_id={crew.doctor.id}",
        f"{ROOT}/handovers?whole_team=true",
        f"{ROOT}/handovers/{made.id}",
        "/family-doctor/today?whose=mine",
        "/family-doctor/panel?whose=mine",
        "/family-doctor/applications",
        f"/family-doctor/panel/{signed.id}",
        f"{ROOT}/residents/{signed.id}",
    )
    for path in paths:
        leader.get(path)
        with count_statements() as counter:
            shown = leader.get(path)
        assert shown.status_code == 200
        own = [each for each in counter.statements if "notifications_message" not in each]
        assert len(own) <= MOST_STATEMENTS, (path, [each[:90] for each in own])
    assert "Division of work" in text(leader.get(f"{ROOT}/?lang=en"))


def test_the_api_says_the_same(
    crew: Crew, signed: Contract, client: FlaskClient, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    leader, nurse = bearer(crew.leader_account), bearer(crew.nurse_account)
    api = "/api/v1/family-doctor"
    body = {"team_id": str(crew.team.id), "to_staff_id": str(crew.nurse.id), "everyone": True}
    shown = client.post(f"{api}/teamwork/handovers/preview", json=body, headers=leader)
    assert shown.get_json()["residents"] == 6
    made = client.post(f"{api}/teamwork/handovers", json=body, headers=leader)
    assert made.status_code == 201
    assert client.post(f"{api}/teamwork/handovers", json=body, headers=nurse).status_code == 403
    listed = client.get(f"{api}/teamwork/handovers?team_id={crew.team.id}", headers=nurse)
    assert [each["residents"] for each in listed.get_json()["items"]] == [6]
    today = clock.today().isoformat()
    absence = {
        "team_id": str(crew.team.id),
        "staff_id": str(crew.nurse.id),
        "substitute_id": str(crew.doctor.id),
        "starts_on": today,
        "ends_on": today,
    }
    recorded = client.post(f"{api}/teamwork/absences", json=absence, headers=nurse)
    assert recorded.status_code == 201
    view = client.get(f"{api}/teams/{crew.team.id}/teamwork", headers=leader).get_json()
    assert view["unassigned"] == 0
    assert view["absences"][0]["substitute_name"] == crew.doctor.name
    path = f"{api}/teamwork/absences/{recorded.get_json()['id']}/end"
    assert client.post(path, headers=nurse).get_json()["ended_at"]


def _account_of(session: Session, person_id: UUID) -> UUID:
    return session.scalars(select(Account.id).where(Account.person_id == person_id)).one()
