"""A team of three whose leader divides the work."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.access import Actor
from directory.models import Staff
from family_doctor.schemas import HandOver, HandoverView
from family_doctor.services.handing_over import hand_over
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of
from tests.factories.teamwork import make_member, staff_of


class Crew:
    """A team of a leader, a nurse and a village doctor."""

    def __init__(self, session: Session) -> None:
        self.team, self.leader_account, self.nurse_account = make_team(session)
        self.leader: Actor = actor_of(session, self.leader_account)
        self.chief: Staff = staff_of(session, self.leader_account)
        self.nurse_actor: Actor = actor_of(session, self.nurse_account)
        self.nurse: Staff = staff_of(session, self.nurse_account)
        self.doctor, self.doctor_account = make_member(session, self.team)
        self.doctor_actor: Actor = actor_of(session, self.doctor_account)

    def give(self, session: Session, to: Staff, **more: Any) -> HandoverView:
        """The leader hands residents over."""
        command = HandOver(team_id=self.team.id, to_staff_id=to.id, **more)
        return hand_over(session, self.leader, command)


@pytest.fixture
def crew(session: Session) -> Crew:
    return Crew(session)
