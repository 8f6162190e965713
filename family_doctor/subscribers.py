"""Reactions to other rooms' facts."""

from sqlalchemy.orm import Session

from core import clock
from family_doctor.services.promises import keep_promise
from service_packs.events import ServiceRecorded


def settle_promise(session: Session, event: ServiceRecorded) -> None:
    """A service was recorded: the promise it keeps is done."""
    keep_promise(
        session,
        person_id=event.person_id,
        item_code=event.item_code,
        record_id=event.record_id,
        performed_at=clock.now(),
    )
