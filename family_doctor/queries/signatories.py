"""Who may sign for somebody else."""

from uuid import UUID

from sqlalchemy.orm import Session

from core.access import Actor
from residents.public import family_of, representatives_of
from residents.schemas import FamilyMember, Scope

# The one place that names the consent by which a contract is applied for in another's name.
SIGNING = Scope.SIGN


def signatories(session: Session, actor: Actor, person_id: UUID) -> tuple[str, ...]:
    """Who may apply and sign for this person, as the policy knows them; looked up only where it can
    matter: not for oneself, nor for whom no real name was checked.
    """
    if actor.person_id in (None, person_id):
        return ()
    return tuple(sorted(map(str, representatives_of(session, person_id, SIGNING))))


def signer_of(session: Session, actor: Actor, person_id: UUID) -> UUID | None:
    """The actor's person, where it signs for this one or is the same; None for everybody else."""
    own = actor.person_id == person_id
    return actor.person_id if own or acts_for(session, actor, person_id) else None


def acts_for(session: Session, actor: Actor, person_id: UUID) -> bool:
    """Whether the actor does for this person what they may as one who signs for them."""
    return str(actor.person_id) in signatories(session, actor, person_id)


def family_to_sign(session: Session, actor: Actor) -> list[FamilyMember]:
    """For whom the actor may apply, the youngest last."""
    return family_of(session, actor, SIGNING)
