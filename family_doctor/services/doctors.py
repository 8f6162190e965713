"""What only a doctor of the team may do."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import Conflict
from directory.public import find_staff_of_account

# Professions of staff: who decides on a class of follow-up, and who prescribes.
DOCTORS = ("doctor", "leader", "general_practitioner", "public_health", "village_doctor")
PRESCRIBERS = ("doctor", "leader", "general_practitioner", "village_doctor")


def is_one_of(session: Session, actor: Actor, professions: Collection[str]) -> bool:
    """Whether the actor is staff of one of these professions."""
    staff = find_staff_of_account(session, actor.account_id)
    return staff is not None and staff.profession in professions


def require_one_of(
    session: Session, actor: Actor, professions: Collection[str], sentence: str
) -> None:
    """Raises Conflict ``not_a_doctor`` with ``sentence``."""
    if not is_one_of(session, actor, professions):
        raise Conflict("not_a_doctor", sentence)
