"""The door of the notifications room."""

from notifications.models import Message
from notifications.queries import count_unread
from notifications.services import notify, notify_with_carers
from notifications.sms import SmsGateway

__all__ = ["Message", "SmsGateway", "count_unread", "notify", "notify_with_carers"]
