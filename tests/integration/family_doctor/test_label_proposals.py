"""Labels that records speak for: proposed, and set or declined by a doctor of the team."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, Denied
from directory.models import Staff
from family_doctor.models import LabelProposal, Obligation
from family_doctor.queries.proposals import proposals_of_team
from family_doctor.schemas import DeclineProposal, ProposalState, RecordFollowUp
from family_doctor.services.follow_ups import record_follow_up
from family_doctor.services.proposals import (
    confirm_proposal,
    decline_proposal,
    propose_labels,
    withdraw_support,
)
from residents.models import GroupMembership
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of, make_contract
from tests.factories.follow_ups import GOOD, HIGH, make_norms
from tests.factories.residents import make_resident

Browser = Callable[[UUID], FlaskClient]


class Scene:
    """A resident of 46 without a label, the nurse and the doctor of their team."""

    def __init__(self, session: Session) -> None:
        make_norms(session, "04-F01", "04-S07", screening=True)
        self.session = session
        self.account, self.person = make_resident(session)
        self.team, leader, nurse = make_team(session)
        begun = clock.today() - timedelta(days=30)
        self.contract = make_contract(session, self.person, self.team, starts_on=begun)
        self.nurse, self.doctor = actor_of(session, nurse), actor_of(session, leader)
        for account, profession in ((nurse, "nurse"), (leader, "general_practitioner")):
            staff = session.scalars(select(Staff).where(Staff.account_id == account)).one()
            staff.profession = profession
        session.flush()

    def measure(self, values: dict[str, Any], *, after: int) -> UUID:
        """A follow-up so many days from now, and what is proposed by it."""
        with clock.shifted(timedelta(days=after)):
            command = RecordFollowUp(person_id=self.person.id, item_code="F01", values=values)
            found = record_follow_up(self.session, self.nurse, command)
            propose_labels(self.session, self.person.id)
        return found.service_record_id

    def labels(self) -> set[str]:
        """What holds of the person."""
        query = select(GroupMembership.group_code).where(
            GroupMembership.person_id == self.person.id
        )
        return set(self.session.scalars(query))


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def waiting(session: Session, scene: Scene, actor: Actor | None = None) -> list[Any]:
    return proposals_of_team(session, actor or scene.nurse, scene.team.id).items


def test_three_high_days_are_proposed_and_a_doctor_confirms(session: Session, scene: Scene) -> None:
    first = scene.measure(HIGH, after=0)
    scene.measure(HIGH, after=0)  # again on the same day
    scene.measure(GOOD, after=5)
    scene.measure(HIGH, after=10)
    assert waiting(session, scene) == []
    last = scene.measure(HIGH, after=20)
    with clock.shifted(timedelta(days=20)):
        propose_labels(session, scene.person.id)
        [found] = waiting(session, scene)
        assert (found.group_code, len(found.records)) == ("04", 4)
        assert {first, last} <= {each.record_id for each in found.records}
        assert "04" not in scene.labels()  # nobody has said so yet
        with pytest.raises(Conflict) as refusal:
            confirm_proposal(session, scene.nurse, found.id)
        assert refusal.value.code == "not_a_doctor"
        _, other, _ = make_team(session)
        with pytest.raises(Denied):
            confirm_proposal(session, actor_of(session, other), found.id)
        for _ in range(2):
            done = confirm_proposal(session, scene.doctor, found.id)
        assert done.state is ProposalState.CONFIRMED
        row = session.get_one(GroupMembership, (scene.person.id, "04"))
        today = clock.today()
        assert (row.source, row.since, row.set_by_name) == ("records", today, scene.doctor.name)
        assert "非同日 3 次" in (row.note or "")
        assert waiting(session, scene) == []
        propose_labels(session, scene.person.id)
        assert waiting(session, scene) == []


def test_declined_it_wants_new_records_and_withdrawn_it_is_void(
    session: Session, scene: Scene
) -> None:
    for day in (0, 10, 20):
        last = scene.measure(HIGH, after=day)
    with clock.shifted(timedelta(days=20)):
        [found] = waiting(session, scene)
        withdraw_support(session, scene.person.id, last)
        # Two days are left of it; the record itself stands in this test, so it is proposed anew.
        assert session.get_one(LabelProposal, found.id).state == ProposalState.VOID
        [again] = waiting(session, scene)
        no = DeclineProposal(reason="白大衣高血压，家庭自测正常")
        done = decline_proposal(session, scene.doctor, again.id, no)
        assert done.state is ProposalState.DECLINED
        with pytest.raises(Conflict):
            confirm_proposal(session, scene.doctor, again.id)
    for day in (30, 40):
        scene.measure(HIGH, after=day)
        assert waiting(session, scene) == []
    scene.measure(HIGH, after=50)
    assert len(waiting(session, scene)) == 1
    assert scene.labels().isdisjoint({"04"})


def test_by_jobs_pages_and_the_api(
    session: Session, scene: Scene, client: FlaskClient, signed_in: Browser,
    bearer: Callable[[UUID], dict[str, str]], run_jobs: Callable[[], int],
) -> None:  # fmt: skip
    for day in (1, 2):
        scene.measure(HIGH, after=-day)
    command = RecordFollowUp(person_id=scene.person.id, item_code="F01", values=HIGH)
    record_follow_up(session, scene.nurse, command)
    session.commit()
    run_jobs()
    session.expire_all()
    path = f"/api/v1/family-doctor/teams/{scene.team.id}/label-proposals"
    listed = client.get(path, headers=bearer(scene.nurse.account_id)).json
    assert listed
    [one] = listed["items"]
    nurse, doctor = signed_in(scene.nurse.account_id), signed_in(scene.doctor.account_id)
    page = nurse.get("/family-doctor/label-proposals").get_data(as_text=True)
    assert "非同日 3 次血压" in page
    assert f"{one['id']}/confirm" not in page
    part = nurse.get(f"/family-doctor/panel/{scene.contract.id}/people").get_data(as_text=True)
    assert "按记录建议标签" in part
    assert client.get(path, headers=bearer(scene.account.id)).status_code == 403
    assert doctor.post(f"/family-doctor/label-proposals/{one['id']}/confirm").status_code == 302
    run_jobs()
    session.expire_all()
    assert "04" in scene.labels()
    owed = select(Obligation.due_on).where(
        Obligation.contract_id == scene.contract.id, Obligation.norm_code == "04-S07"
    )
    due: list[date] = list(session.scalars(owed))
    assert due  # planned anew when the doctor confirmed
