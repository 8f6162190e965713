"""Facts that the auth room announces."""

from uuid import UUID

from core.events import Event


class NoticeDue(Event):
    """The owner of an account must hear something about it; the notice says what, and where."""

    notice_id: UUID


class PhoneChanged(Event):
    """An account has another phone now."""

    account_id: UUID
