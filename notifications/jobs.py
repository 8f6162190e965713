"""Background work of the notifications room."""

from uuid import UUID

from auth.public import find_due_notice
from core.database import transaction
from core.jobs import job
from core.settings import settings
from notifications.sms import SmsGateway


@job
def send_account_notice(notice_id: str) -> None:
    """Send news about an account to its phone; tried again while the gateway does not answer."""
    with transaction() as session:
        notice = find_due_notice(session, UUID(notice_id))
    if notice is None or notice.phone is None:
        return
    link = settings().public_url + notice.link if notice.link else ""
    SmsGateway(settings()).send_notice(notice.phone, notice, link)
