"""The door of the notifications room."""

from notifications.queries import count_unread
from notifications.services import notify
from notifications.sms import SmsGateway

__all__ = ["SmsGateway", "count_unread", "notify"]
