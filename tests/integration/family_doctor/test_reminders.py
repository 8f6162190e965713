"""Reminders to both sides, each once and by day."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from family_doctor.models import Digest, Obligation
from family_doctor.schemas import (
    ChooseReminders,
)
from family_doctor.services import plans
from family_doctor.services.promises import keep_promise
from family_doctor.services.reminders import remind_residents, remind_teams
from notifications.models import Message
from tests.factories.family_doctor import actor_of, make_contract, make_service_record
from tests.factories.residents import make_person
from tests.integration.family_doctor.planned import Scene, late, scene

__all__ = ["late", "scene"]


def _at_hour(hour: int) -> timedelta:
    """To the next day at this hour of the region's wall clock."""
    return clock.at(clock.today() + timedelta(days=1), hour) - clock.now()


def _reminders(session: Session, person_id: UUID) -> int:
    told = select(func.count()).where(
        Message.person_id == person_id, Message.link == "/family-doctor/mine/plan"
    )
    return session.scalar(told) or 0


def test_residents_are_reminded_once_by_day_and_not_of_what_is_done(
    session: Session, scene: Scene
) -> None:
    session.execute(update(Obligation).values(remind_from=Obligation.opens_on))
    with clock.shifted(_at_hour(3)):
        assert remind_residents(session) == 0
    with clock.shifted(_at_hour(10)):
        open_now = scene.owed(session, Obligation.remind_from <= clock.today())
        assert len(open_now) == 2
        record = make_service_record(session, scene.contract, open_now[0].item_code)
        keep_promise(
            session,
            person_id=scene.person.id,
            item_code=open_now[0].item_code,
            record_id=record,
            performed_at=clock.now(),
        )
        assert remind_residents(session) == 1
        assert _reminders(session, scene.person.id) == 1
        assert remind_residents(session) == 0
        assert _reminders(session, scene.person.id) == 1


def test_who_declined_sms_gets_only_the_message(session: Session, scene: Scene) -> None:
    session.execute(update(Obligation).values(remind_from=Obligation.opens_on))
    jobs = select(func.count()).select_from(_jobs())
    with clock.shifted(_at_hour(10)):
        plans.choose_reminders(
            session, actor_of(session, scene.account.id), ChooseReminders(sms=False)
        )
        before = session.scalar(jobs)
        assert remind_residents(session) == 2
        assert session.scalar(jobs) == before
        other = make_contract(session, make_person(session, phone="13900000077"), scene.team)
        session.execute(
            update(Obligation)
            .where(Obligation.contract_id == other.id)
            .values(remind_from=Obligation.opens_on)
        )
        remind_residents(session)
        assert session.scalar(jobs) == (before or 0) + 1


def _jobs() -> Any:
    from sqlalchemy import column, table

    return table("procrastinate_jobs", column("id"))


def test_a_team_is_told_each_morning_once(session: Session, late: Scene) -> None:
    chief = make_person(session)
    session.get_one(Account, late.leader).person_id = chief.id
    session.flush()
    with clock.shifted(_at_hour(5)):
        assert remind_teams(session) == 0
    with clock.shifted(_at_hour(8)):
        assert remind_teams(session) == 1
        assert remind_teams(session) == 0
        message = session.scalars(select(Message).where(Message.person_id == chief.id)).one()
        assert message.values == {"due": "0", "late": "1"}
        assert session.scalar(select(func.count()).select_from(Digest)) == 1
