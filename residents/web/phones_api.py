"""/api/v1/residents/phones: a registered phone is changed at a desk."""

from uuid import UUID

from core.database import transaction
from core.paging import Page
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.limits import By, limited
from core.web.writes import write
from residents.queries.bindings import CHECK_ROLES
from residents.queries.phones import get_phone_change, list_phone_changes
from residents.schemas import AskPhone, PhoneChangeView, PhoneSearch, ReadOut
from residents.services.phones import withdraw_phone
from residents.web.phones import TRIES, WITHIN, read_out, see_person

api = room_api("residents_phone_changes", "Residents", "residents")


@api.get("/phones")
@api.input(PhoneSearch, location="query", arg_name="search")
@api.output(Page[PhoneChangeView])
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def listing(search: PhoneSearch) -> Page[PhoneChangeView]:
    """Changes at the caller's institutions, the newest first."""
    with transaction() as session:
        return list_phone_changes(session, current_actor(), search)


@api.post("/phones")
@limited(TRIES, WITHIN, By.ACCOUNT)
@api.input(AskPhone, arg_name="command")
@api.output(PhoneChangeView, status_code=201)
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def ask(command: AskPhone) -> PhoneChangeView:
    """The person stands here with a document; a code goes to the new phone."""
    return see_person(command)


@api.get("/phones/<uuid:change_id>")
@api.output(PhoneChangeView)
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def show(change_id: UUID) -> PhoneChangeView:
    """One change."""
    with transaction() as session:
        return get_phone_change(session, current_actor(), change_id)


@api.post("/phones/<uuid:change_id>/code")
@limited(TRIES, WITHIN, By.ACCOUNT)
@api.input(ReadOut, arg_name="command")
@api.output(PhoneChangeView)
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def prove(change_id: UUID, command: ReadOut) -> PhoneChangeView:
    """The person read out the code from the new phone."""
    return read_out(change_id, command)


@api.delete("/phones/<uuid:change_id>")
@api.output(PhoneChangeView)
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def withdraw(change_id: UUID) -> PhoneChangeView:
    """Call off a change that waits."""
    actor = current_actor()
    return write(PhoneChangeView, lambda session: withdraw_phone(session, actor, change_id))
