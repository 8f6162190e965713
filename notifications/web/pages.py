"""The message box."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.searching import SearchQuery
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import read_query
from core.web.pager import pager
from notifications.queries import list_messages
from notifications.services import mark_read
from notifications.web.wording import text

pages = Blueprint("notifications", __name__, url_prefix="/messages")


@pages.get("/")
@open_to(SIGNED_IN)
def box() -> ResponseReturnValue:
    """One's own messages, newest first; showing them marks them read, but not a search: it leaves
    some out.
    """
    actor, search = current_actor(), read_query(SearchQuery)
    with transaction() as session:
        messages = list_messages(session, actor, search)
        if not search.search:
            mark_read(session, actor)
    return render_template(
        "notifications/box.html",
        messages=messages,
        search=search,
        pager=pager(messages),
        text=text,
    )
