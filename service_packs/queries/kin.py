"""Who does what here for somebody else."""

from uuid import UUID

from sqlalchemy.orm import Session

from core.access import Actor
from residents.public import family_of, representatives_of
from residents.schemas import FamilyMember, Scope


def kin_of(session: Session, actor: Actor, person_id: UUID, scope: Scope) -> list[str]:
    """Who may do this for the person, as the policy knows them; looked up only where it can matter:
    not for oneself, nor for whom no real name was checked.
    """
    if actor.person_id in (None, person_id):
        return []
    return sorted(map(str, representatives_of(session, person_id, scope)))


def family_seen(session: Session, actor: Actor) -> list[FamilyMember]:
    """Whose services the actor may see and answer for, the youngest last."""
    return family_of(session, actor, Scope.SEE_RECORDS)


def family_paid_for(session: Session, actor: Actor) -> list[FamilyMember]:
    """For whom the actor may order and pay, the youngest last."""
    return family_of(session, actor, Scope.PAY)
