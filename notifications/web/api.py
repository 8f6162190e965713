"""/api/v1/notifications/…: one's own messages."""

from core.database import transaction
from core.paging import Page
from core.searching import SearchQuery
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from notifications.queries import count_unread, list_messages
from notifications.schemas import MarkRead, MessageView, SaidMessage, Unread
from notifications.services import mark_read
from notifications.web.wording import text

api = room_api("notifications", "Messages")


@api.get("/messages")
@api.input(SearchQuery, location="query", arg_name="page")
@api.output(Page[SaidMessage])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def messages(page: SearchQuery) -> Page[SaidMessage]:
    """One's own messages, newest first, in the language of the request; they stay unread."""
    with transaction() as session:
        found = list_messages(session, current_actor(), page)
    return Page(items=[_said(each) for each in found.items], next_cursor=found.next_cursor)


@api.get("/unread")
@api.output(Unread)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def unread() -> Unread:
    """How many of them were not read yet."""
    with transaction() as session:
        return Unread(count=count_unread(session, current_actor()))


@api.post("/messages/read")
@api.input(MarkRead, arg_name="command")
@api.output({}, status_code=204)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def read(command: MarkRead) -> str:
    """Mark a message and all older ones as read; those that came since stay unread."""
    with transaction() as session:
        mark_read(session, current_actor(), until=command.message_id)
    return ""


def _said(message: MessageView) -> SaidMessage:
    return SaidMessage(
        id=message.id,
        text=text(message),
        link=message.link,
        created_at=message.created_at,
        read_at=message.read_at,
    )
