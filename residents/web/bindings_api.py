"""/api/v1/residents/…: asking to act for somebody, and the institutions that check it."""

from uuid import UUID

from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.limits import By, limited
from core.web.writes import write
from residents.queries.bindings import (
    CHECK_ROLES,
    get_binding,
    get_own_binding,
    list_bindings,
    list_own_bindings,
)
from residents.schemas import (
    BindAdult,
    BindChild,
    BindingCase,
    BindingList,
    BindingRow,
    BindingSearch,
    BindingView,
    BindWard,
    ConfirmBinding,
    EnterCode,
    RecordBinding,
    RefuseBinding,
)
from residents.services.adults import ask_for_adult
from residents.services.bindings import (
    ask_for_child,
    ask_for_ward,
    confirm_binding,
    refuse_binding,
    withdraw_binding,
)
from residents.web.bindings import TRIES, WITHIN, ask, confirm_by_code
from residents.web.checks import record_both

api = room_api("residents_bindings", "Residents", "residents")


@api.get("/me/bindings")
@api.output(BindingList)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def own() -> BindingList:
    """The caller's requests that wait or were refused."""
    with transaction() as session:
        return BindingList(items=list_own_bindings(session, current_actor()))


@api.get("/me/bindings/<uuid:binding_id>")
@api.output(BindingView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def one_own(binding_id: UUID) -> BindingView:
    """One of the caller's requests."""
    with transaction() as session:
        return get_own_binding(session, current_actor(), binding_id)


@api.post("/me/bindings/children")
@api.input(BindChild, arg_name="command")
@api.output(BindingView, status_code=201)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def child(command: BindChild) -> BindingView:
    """Ask to act for one's child: waits for staff who see the document."""
    return ask(command, ask_for_child)


@api.post("/me/bindings/wards")
@api.input(BindWard, arg_name="command")
@api.output(BindingView, status_code=201)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def ward(command: BindWard) -> BindingView:
    """Ask to act for one's ward: waits for staff who see the document."""
    return ask(command, ask_for_ward)


@api.post("/me/bindings/adults")
@api.input(BindAdult, arg_name="command")
@api.output(BindingView, status_code=201)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def adult(command: BindAdult) -> BindingView:
    """Ask to act for an adult: a code goes to the phone that they registered here. The answer is
    the same whether or not that person is known.
    """
    return ask(command, ask_for_adult)


@api.post("/me/bindings/<uuid:binding_id>/code")
@api.input(EnterCode, arg_name="command")
@api.output(BindingView)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def code(binding_id: UUID, command: EnterCode) -> BindingView:
    """The code that the person read out: from now on the caller acts for them."""
    return confirm_by_code(binding_id, command)


@api.delete("/me/bindings/<uuid:binding_id>")
@api.output(BindingView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def withdraw(binding_id: UUID) -> BindingView:
    """Withdraw a request; answers it, however often it is called."""
    return write(BindingView, lambda s: withdraw_binding(s, current_actor(), binding_id))


@api.get("/bindings")
@api.input(BindingSearch, location="query", arg_name="search")
@api.output(Page[BindingRow])
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def to_check(search: BindingSearch) -> Page[BindingRow]:
    """Requests at the caller's institutions."""
    with transaction() as session:
        return list_bindings(session, current_actor(), search)


@api.get("/bindings/<uuid:binding_id>")
@api.output(BindingCase)
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def case(binding_id: UUID) -> BindingCase:
    """One request, with who known here may be meant."""
    with transaction() as session:
        return get_binding(session, current_actor(), binding_id)


@api.post("/bindings/<uuid:binding_id>/confirmation")
@api.input(ConfirmBinding, arg_name="command")
@api.output(BindingCase)
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def confirm(binding_id: UUID, command: ConfirmBinding) -> BindingCase:
    """The document was seen and is right."""
    return write(BindingCase, lambda s: confirm_binding(s, current_actor(), binding_id, command))


@api.post("/bindings/<uuid:binding_id>/refusal")
@api.input(RefuseBinding, arg_name="command")
@api.output(BindingCase)
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def refuse(binding_id: UUID, command: RefuseBinding) -> BindingCase:
    """The document does not show it; the applicant is told why."""
    return write(BindingCase, lambda s: refuse_binding(s, current_actor(), binding_id, command))


@api.post("/bindings")
@api.input(RecordBinding, arg_name="command")
@api.output(BindingCase, status_code=201)
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def record(command: RecordBinding) -> BindingCase:
    """Both are here: the one lets the other act from now on."""
    return record_both(command)
