"""The door of the notifications room."""

from notifications.models import Message
from notifications.queries import count_unread
from notifications.services import notify
from notifications.sms import SmsGateway

__all__ = ["Message", "SmsGateway", "count_unread", "notify"]
