"""Visits that are over, the desk that marks them, and what they led to."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Booking, Suspension
from appointments.queries.records import list_records
from appointments.schemas import MarkVisit, Outcome, RecordQuery, RecordView
from core import clock
from core.access import Actor, Role
from notifications.public import SmsGateway
from tests.factories.appointments import Clinic, make_booking, make_slots
from tests.factories.auth import actor_for, make_account
from tests.factories.residents import make_resident

CAME, MISSED = MarkVisit(outcome=Outcome.ATTENDED), MarkVisit(outcome=Outcome.NO_SHOW)


@pytest.fixture(autouse=True)
def no_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SMS gateway takes everything."""
    monkeypatch.setattr(SmsGateway, "send_message", lambda *_: None)


def resident(session: Session) -> Actor:
    account, person = make_resident(session)
    return Actor(account_id=account.id, person_id=person.id, verified=True)


def desk_account(session: Session, clinic: Clinic) -> UUID:
    grants = {Role.REGISTRAR: [str(clinic.institution.id)]}
    return make_account(session, name="挂号员", roles=grants).id


def desk(session: Session, clinic: Clinic) -> Actor:
    return actor_for(session, desk_account(session, clinic))


def visit(session: Session, clinic: Clinic, person_id: UUID, ago: int) -> Booking:
    """A visit that was booked for so many days ago."""
    slot = make_slots(session, clinic, day=clock.today() - timedelta(days=ago))[0]
    return make_booking(session, slot, person_id)


def own(actor: Actor) -> UUID:
    assert actor.person_id
    return actor.person_id


def suspension(session: Session, actor: Actor) -> Suspension | None:
    query = select(Suspension).where(Suspension.person_id == actor.person_id)
    newest = query.order_by(Suspension.since.desc(), Suspension.id.desc())
    return session.scalars(newest.execution_options(populate_existing=True)).first()


def record(session: Session, actor: Actor) -> RecordView:
    (only,) = list_records(session, actor, RecordQuery())
    return only
