"""Background work of the notifications room."""

from uuid import UUID

from auth.public import find_due_notice
from core.database import transaction
from core.jobs import job
from core.settings import settings
from core.web.formats import written
from notifications.models import Message
from notifications.schemas import ABOUT, ABOUT_SOMEBODY
from notifications.sms import SmsGateway
from residents.public import Person, find_phone_warning


@job
def send_account_notice(notice_id: str) -> None:
    """Send news about an account to its phone; tried again while the gateway does not answer."""
    with transaction() as session:
        notice = find_due_notice(session, UUID(notice_id))
    if notice is None or notice.phone is None:
        return
    link = settings().public_url + notice.link if notice.link else ""
    SmsGateway(settings()).send_notice(notice.phone, notice, link)


@job
def send_message(message_id: str) -> None:
    """Send a message of the portal to the person's phone; tried again while the gateway does not
    answer. One that was read meanwhile is not sent any more.
    """
    with transaction() as session:
        message = session.get(Message, UUID(message_id))
        person = session.get(Person, message.person_id) if message else None
        phone = person.phone if person else None
    if message is None or phone is None or message.read_at is not None:
        return
    about = ABOUT_SOMEBODY if ABOUT in message.values else ""
    values = {name: written(value) for name, value in message.values.items()}
    text = (about + message.sentence) % values
    link = settings().public_url + message.link
    SmsGateway(settings()).send_message(phone, text, link, message.id)


@job
def warn_old_phone(change_id: str) -> None:
    """Warn a registered phone that it is to be replaced; tried again while the gateway does not
    answer. A change that was stopped meanwhile is not told any more.
    """
    with transaction() as session:
        told = find_phone_warning(session, UUID(change_id))
    if told is None:
        return
    link = settings().public_url + told.path
    SmsGateway(settings()).send_phone_warning(told.old_phone, link, UUID(change_id))
