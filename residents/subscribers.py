"""What the residents room does about other rooms' facts."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from auth.events import PhoneChanged
from auth.public import person_and_phone, phone_index
from residents.models import Person


def keep_phone(session: Session, event: PhoneChanged) -> None:
    """A person is reached at the phone that their account proved last."""
    person_id, phone = person_and_phone(session, event.account_id)
    if person_id is None or phone is None:
        return
    session.execute(
        update(Person)
        .where(Person.id == person_id)
        .values(phone=phone, phone_index=phone_index(phone))
    )
