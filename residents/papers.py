"""Identity papers shown at an institution's desk, for the auth room."""

from functools import cache
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.database import reading
from core.settings import settings
from residents.models import Person
from residents.ports import IdentityVerifier, Verdict
from residents.queries import find_by_number
from residents.queries.papers import find_by_paper
from residents.services.identity import check_id_number, id_index

CARD_LENGTH = 18


@cache
def verifier() -> IdentityVerifier:
    """The identity service of this installation."""
    chosen = settings()
    return IdentityVerifier(chosen.identity_url, chosen.identity_key.get_secret_value())


def _is_card(number: str) -> bool:
    """Whether a number is meant to be that of an ID card; it need not be right."""
    text = number.strip().upper()
    return len(text) == CARD_LENGTH and text[:-1].isdigit()


class PapersDesk:
    """Checks a name and number, and finds whose they are."""

    def genuine(self, name: str, id_number: str) -> bool:
        """Whether the name belongs to the number; asks outside. Of another paper it is so where it
        was registered here under this name. Raises Invalid, Unavailable.
        """
        with reading() as session:
            if find_by_paper(session, name, id_number) is not None:
                return True
        if not _is_card(id_number):
            return False
        check_id_number(id_number)
        return verifier().verify(name, id_number) is Verdict.MATCH

    def person_of(self, session: Session, name: str, id_number: str) -> UUID | None:
        """The person of that number, if known here; of another paper than the ID card, and name."""
        by_number = find_by_number(session, id_index(id_number.strip()))
        person = by_number or find_by_paper(session, name, id_number)
        return person.id if person else None

    def mark_of(self, session: Session, name: str, id_number: str) -> bytes:
        """The keyed digest of a number; of another paper that of the person registered by it."""
        person_id = self.person_of(session, name, id_number)
        known = self.mark_of_person(session, person_id) if person_id else None
        return known or id_index(id_number.strip())

    def mark_of_person(self, session: Session, person_id: UUID) -> bytes | None:
        """The same of a person's number."""
        return session.scalar(select(Person.id_index).where(Person.id == person_id))
