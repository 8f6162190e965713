"""A resident whose team owes services by dates."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from family_doctor.models import Contract, Obligation
from family_doctor.schemas import (
    MakeTemplate,
    PlanStep,
    PlanTerm,
)
from family_doctor.services import plans
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of, make_contract
from tests.factories.follow_ups import make_norms
from tests.factories.residents import make_resident

Browser = Callable[[UUID], FlaskClient]
MOST_STATEMENTS = 8
STEPS = (
    PlanStep(words="电话问伤口", offset_days=3),
    PlanStep(item_code="T01", offset_days=14),
    PlanStep(words="复查提醒", offset_days=900),
)


class Scene:
    """A resident with a contract that began so many days ago, and the team."""

    def __init__(self, session: Session, begun: int = 0) -> None:
        make_norms(session, "04-F01", "01-F04", "01-F06")
        self.account, self.person = make_resident(session)
        self.team, self.leader, self.nurse = make_team(session)
        start = clock.today() - timedelta(days=begun)
        self.contract: Contract = make_contract(session, self.person, self.team, starts_on=start)
        self.actor: Actor = actor_of(session, self.nurse)

    def owed(self, session: Session, *conditions: Any) -> list[Obligation]:
        """What is owed, by date."""
        session.expire_all()
        query = select(Obligation).where(Obligation.contract_id == self.contract.id, *conditions)
        return list(session.scalars(query.order_by(Obligation.due_on, Obligation.id)).all())

    def template(self, session: Session) -> UUID:
        """A template of the team."""
        command = MakeTemplate(
            team_id=self.team.id, name="术后", term=PlanTerm.AFTER_DISCHARGE, steps=STEPS
        )
        return plans.make_template(session, self.actor, command).id


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


@pytest.fixture
def late(session: Session) -> Scene:
    """A scene in the middle of the term: T02 of the first quarter is overdue."""
    return Scene(session, begun=150)
