"""/api/v1/residents/…: people registered by any paper, claims of accounts, ID numbers added."""

from uuid import UUID

from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from residents.queries.bindings import CHECK_ROLES
from residents.queries.claims import get_claim, list_claims, list_own_claims
from residents.queries.identifiers import FIND_ROLES
from residents.schemas import (
    AddNumber,
    ClaimCase,
    ClaimList,
    ClaimPaper,
    ClaimSearch,
    ClaimView,
    ConfirmClaim,
    NumberAdded,
    RefuseClaim,
    Registered,
    RegisterPerson,
)
from residents.services.claims import confirm_claim, refuse_claim, withdraw_claim
from residents.web.identifiers import give_number
from residents.web.own_paper import say
from residents.web.papers import register_person

api = room_api("residents_papers", "Residents", "residents")


@api.post("/people")
@api.input(RegisterPerson, arg_name="command")
@api.output(Registered)
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def register(command: RegisterPerson) -> Registered:
    """Register whoever shows a paper. Where somebody known looks the same nothing is written: the
    answer's ``state`` is ``asked``, and the call is made again with ``same`` or ``anew``.
    """
    return register_person(command)


@api.post("/people/<uuid:person_id>/id-number")
@api.input(AddNumber, arg_name="command")
@api.output(NumberAdded)
@api.doc(**SECURED)
@open_to(*FIND_ROLES)
def add_id_number(person_id: UUID, command: AddNumber) -> NumberAdded:
    """The ID number that somebody registered by another paper was given. Where another record has
    it the answer names the pair of records that waits to be merged.
    """
    return give_number(person_id, command)


@api.get("/me/papers")
@api.output(ClaimList)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def own() -> ClaimList:
    """By which papers the account's holder said who they are, and what became of it."""
    with transaction() as session:
        return ClaimList(items=list_own_claims(session, current_actor()))


@api.post("/me/papers")
@api.input(ClaimPaper, arg_name="command")
@api.output(ClaimList, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def claim_one(command: ClaimPaper) -> ClaimList:
    """Say who one is by a paper that staff of an institution will see."""
    return say(command)


@api.delete("/me/papers/<uuid:claim_id>")
@api.output(ClaimList)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def withdraw(claim_id: UUID) -> ClaimList:
    """Withdraw it; answers it, however often it is called."""
    return write(ClaimList, lambda s: withdraw_claim(s, current_actor(), claim_id))


@api.get("/claims")
@api.input(ClaimSearch, location="query", arg_name="search")
@api.output(Page[ClaimView])
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def claims(search: ClaimSearch) -> Page[ClaimView]:
    """Claims at the caller's institutions."""
    with transaction() as session:
        return list_claims(session, current_actor(), search)


@api.get("/claims/<uuid:claim_id>")
@api.output(ClaimCase)
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def claim(claim_id: UUID) -> ClaimCase:
    """One claim, with who known here looks the same."""
    with transaction() as session:
        return get_claim(session, current_actor(), claim_id)


@api.post("/claims/<uuid:claim_id>/confirmation")
@api.input(ConfirmClaim, arg_name="command")
@api.output(ClaimCase)
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def confirm(claim_id: UUID, command: ConfirmClaim) -> ClaimCase:
    """The paper was seen and is right: the account is the person's."""
    return write(ClaimCase, lambda s: confirm_claim(s, current_actor(), claim_id, command))


@api.post("/claims/<uuid:claim_id>/refusal")
@api.input(RefuseClaim, arg_name="command")
@api.output(ClaimCase)
@api.doc(**SECURED)
@open_to(*CHECK_ROLES)
def refuse(claim_id: UUID, command: RefuseClaim) -> ClaimCase:
    """The paper does not show it; the applicant sees why."""
    return write(ClaimCase, lambda s: refuse_claim(s, current_actor(), claim_id, command))
