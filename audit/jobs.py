"""Background work of the audit room."""

from audit.copies import head_copies
from audit.services.log import seal
from core.jobs import scheduled


@scheduled("* * * * *")
def seal_events() -> None:
    """Take the minute's events into the log and sign its head; every minute."""
    seal(head_copies())
