"""Planners and the things they plan, for tests of what is offered."""

from datetime import timedelta

from sqlalchemy.orm import Session

from core.access import Actor, Role
from tests.factories.appointments import Clinic
from tests.factories.auth import actor_for, make_account

DAY = timedelta(days=1)


def make_registrar(session: Session, clinic: Clinic) -> Actor:
    """Who keeps the desk of the clinic's institution."""
    unit = str(clinic.institution.id)
    return actor_for(session, make_account(session, roles={Role.REGISTRAR: [unit]}).id)


def make_administrator(session: Session, unit: str) -> Actor:
    """Who administers a unit."""
    return actor_for(session, make_account(session, roles={Role.ADMINISTRATOR: [unit]}).id)
