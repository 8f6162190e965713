"""Identity papers shown at an institution's desk, for the auth room."""

from functools import cache
from uuid import UUID

from sqlalchemy.orm import Session

from core.settings import settings
from residents.ports import IdentityVerifier, Verdict
from residents.queries import find_by_number
from residents.services.identity import check_id_number, id_index


@cache
def verifier() -> IdentityVerifier:
    """The identity service of this installation."""
    chosen = settings()
    return IdentityVerifier(chosen.identity_url, chosen.identity_key.get_secret_value())


class PapersDesk:
    """Checks a name and number, and finds whose they are."""

    def genuine(self, name: str, id_number: str) -> bool:
        """Whether the name belongs to the number; asks outside. Raises Invalid, Unavailable."""
        check_id_number(id_number)
        return verifier().verify(name, id_number) is Verdict.MATCH

    def person_of(self, session: Session, id_number: str) -> UUID | None:
        """The person of that number, if known here."""
        person = find_by_number(session, id_index(id_number))
        return person.id if person else None
