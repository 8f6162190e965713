"""Up leads to a higher house and down to a lower one; whoever receives on the way down may propose
another.
"""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from appointments.queries.referrals import get_referral
from appointments.referral_states import ReferralState, ReferralStep
from core.access import Role
from core.errors import Conflict, Invalid
from tests.factories.appointments import make_clinic, make_rule
from tests.factories.directory import make_department, make_institution, make_staff
from tests.factories.referrals import (
    Two,
    hand_down,
    make_township,
    refer,
    staff_actor,
    step,
)
from tests.integration.appointments.referring import two

__all__ = ["two"]
Browser = Callable[[UUID], FlaskClient]
HOME = "/appointments/referrals"


@pytest.mark.parametrize(
    ("type_code", "level"), [("C220", "一级"), ("B100", "一级甲等"), ("A100", "一级"), ("CDC", "")]
)
def test_up_is_never_to_the_same_level_or_below(
    session: Session, two: Two, type_code: str, level: str
) -> None:
    institution = make_institution(session, type_code=type_code, level=level)
    make_rule(session, institution)
    department = make_clinic(session, institution).department
    with pytest.raises(Invalid) as caught, session.begin_nested():
        refer(session, two, department_id=department.id)
    assert caught.value.code == "not_above"


def test_up_is_never_within_ones_own_house(session: Session, two: Two) -> None:
    two.clinic.institution.type_code, two.clinic.institution.level = "A100", "三级甲等"
    two.team.institution_id = two.clinic.institution.id
    session.flush()
    with pytest.raises(Invalid) as caught, session.begin_nested():
        refer(session, two)
    assert caught.value.code == "not_above"
    assert "department_id" in caught.value.fields


@pytest.mark.parametrize(
    ("type_code", "level"), [("A100", "三级甲等"), ("A100", "二级"), ("CDC", "")]
)
def test_down_is_never_to_the_same_level_or_above(
    session: Session, two: Two, type_code: str, level: str
) -> None:
    big = make_institution(session, type_code=type_code, level=level)
    with pytest.raises(Invalid) as caught, session.begin_nested():
        hand_down(session, two, institution_id=big.id)
    assert caught.value.code == "not_below"


def test_the_forms_offer_what_can_be_chosen(session: Session, two: Two, signed_in: Browser) -> None:
    same = make_institution(session, type_code="C220", level="一级", name="另一个卫生院")
    big = make_institution(session, level="三级甲等", name="更大的医院")
    session.commit()
    up = signed_in(two.doctor.account_id).get(f"{HOME}/new?person_id={two.person.id}").text
    assert two.clinic.institution.name in up
    assert big.name in up
    assert same.name not in up
    hand_down(session, two)
    session.commit()
    desk = signed_in(two.desk.account_id)
    down = desk.get(f"{HOME}/down?person_id={two.person.id}").text
    assert same.name in down
    assert big.name not in down


def test_a_proposal_up_stays_above_the_sender(session: Session, two: Two) -> None:
    sent = refer(session, two)
    low = make_township(session)
    department = make_department(session, low)
    make_staff(session, low, department=department)
    with pytest.raises(Invalid) as caught:
        step(session, two.desk, sent, ReferralStep.PROPOSE, department_id=department.id)
    assert caught.value.code == "not_above"


def test_the_receiver_of_a_down_referral_proposes_another_house(
    session: Session, two: Two, signed_in: Browser
) -> None:
    sent = hand_down(session, two)
    assert ReferralStep.PROPOSE in get_referral(session, two.doctor, sent.id).allowed
    other, big = make_township(session), make_institution(session, level="三级")
    session.commit()
    doctor, desk = signed_in(two.doctor.account_id), signed_in(two.desk.account_id)
    offered = doctor.get(f"{HOME}/{sent.id}/propose").text
    assert other.name in offered
    assert big.name not in offered
    told = {"version": 1, "institution_id": str(other.id), "note": "离家更近"}
    said = doctor.post(f"{HOME}/{sent.id}/propose", data=told, follow_redirects=True)
    assert "建议已发给转出方" in said.text
    assert other.name in desk.get(f"{HOME}/{sent.id}").text
    agreed = desk.post(f"{HOME}/{sent.id}/agree", data={"version": 2}, follow_redirects=True)
    assert agreed.status_code == 200
    township = staff_actor(session, Role.REGISTRAR, other.id)
    moved = get_referral(session, township, sent.id)
    assert (moved.state, moved.to_team_id, moved.to_name) == (ReferralState.SENT, None, other.name)
    assert moved.proposal is None
    accepted = step(session, township, moved, ReferralStep.ACCEPT)
    assert accepted.state is ReferralState.ACCEPTED
    with pytest.raises(Conflict):
        step(session, township, accepted, ReferralStep.PLACE)


def test_what_may_not_be_proposed_down(session: Session, two: Two) -> None:
    sent = hand_down(session, two)
    other = make_township(session)
    for institution_id in (None, two.team.institution_id, two.clinic.institution.id):
        with pytest.raises(Invalid):
            step(session, two.doctor, sent, ReferralStep.PROPOSE, institution_id=institution_id)
    proposed = step(session, two.doctor, sent, ReferralStep.PROPOSE, institution_id=other.id)
    declined = step(session, two.desk, proposed, ReferralStep.DISAGREE)
    assert (declined.state, declined.proposal) == (ReferralState.ANSWERED, None)
