"""Who hears of a referral on either side."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from appointments.models import Referral
from auth.public import people_in_role, person_and_phone
from core.access import Role
from directory.public import division_path


def receivers_of(session: Session, referral: Referral) -> Sequence[UUID]:
    """The people of the team, or of the institution's desk, that the referral was sent to."""
    return _side(session, referral.to_team_id, referral.to_institution_id, referral.division_code)


def senders_of(session: Session, referral: Referral) -> Sequence[UUID]:
    """Who sent it; where that is nobody's account any more, the people of their team or desk."""
    if referral.account_id:
        person_id, _ = person_and_phone(session, referral.account_id)
        if person_id:
            return [person_id]
    return _side(
        session, referral.from_team_id, referral.from_institution_id, referral.from_division
    )


def _side(
    session: Session, team_id: UUID | None, institution_id: UUID, division: str
) -> Sequence[UUID]:
    """Everybody of a team; of a desk its own registrars, or those of the nearest division above."""
    if team_id:
        units = [str(team_id)]
        found = {
            person_id
            for role in (Role.LEADER, Role.MEMBER)
            for person_id in people_in_role(session, role, units)
        }
        return sorted(found)
    for unit in (str(institution_id), *division_path(division)):
        if people := people_in_role(session, Role.REGISTRAR, [unit]):
            return people
    return []
