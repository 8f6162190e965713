"""/api/v1/auth/recoveries: a lost phone, at an institution's desk."""

from uuid import UUID

from apiflask import APIBlueprint

from auth.queries.recovery import DESK_ROLES, READERS, get_recovery, list_recoveries
from auth.schemas import (
    BeginRecovery,
    Objection,
    Papers,
    PapersSeen,
    ProveNewPhone,
    RecoverySearch,
    RecoveryView,
)
from auth.services import recovery as services
from auth.web.entering import FORM_BYTES, TRIES, WITHIN
from auth.web.identity import origin
from auth.web.recovery import confirm_papers, overrule_objection, prove_new_phone, see_papers
from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import ANYONE, current_actor, open_to
from core.web.api import SECURED, VERSION
from core.web.limits import By, body_at_most, limited

api = APIBlueprint(
    "recovery_api", "auth", url_prefix=f"/api/{VERSION}/auth/recoveries", tag="Account recovery"
)


@api.get("")
@api.input(RecoverySearch, location="query", arg_name="search")
@api.output(Page[RecoveryView])
@api.doc(**SECURED)
@open_to(*READERS)
def recoveries(search: RecoverySearch) -> Page[RecoveryView]:
    """Recoveries at one's institutions."""
    with transaction() as session:
        return list_recoveries(session, current_actor(), search)


@api.get("/<uuid:case_id>")
@api.output(RecoveryView)
@api.doc(**SECURED)
@open_to(*READERS)
def recovery(case_id: UUID) -> RecoveryView:
    """One recovery."""
    with transaction() as session:
        return get_recovery(session, current_actor(), case_id)


@api.post("/papers")
@api.input(BeginRecovery, arg_name="command")
@api.output(PapersSeen, status_code=202)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(*DESK_ROLES)
def papers(command: BeginRecovery) -> PapersSeen:
    """The first member of staff saw the papers: a code goes to the new phone."""
    return see_papers(command)


@api.post("")
@api.input(ProveNewPhone, arg_name="command")
@api.output(RecoveryView, status_code=201)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(*DESK_ROLES)
def begin(command: ProveNewPhone) -> RecoveryView:
    """Open the case by the code that the new phone got."""
    return prove_new_phone(command)


@api.post("/<uuid:case_id>/confirmation")
@api.input(Papers, arg_name="command")
@api.output(RecoveryView)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(*DESK_ROLES)
def confirm(case_id: UUID, command: Papers) -> RecoveryView:
    """The second member of staff, another account, saw the papers too: the wait begins."""
    return confirm_papers(case_id, command)


@api.post("/<uuid:case_id>/overruling")
@api.input(Papers, arg_name="command")
@api.output(RecoveryView)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(Role.SECURITY)
def overrule(case_id: UUID, command: Papers) -> RecoveryView:
    """A security administrator saw the papers and overrules the objection: a longer wait begins."""
    return overrule_objection(case_id, command)


@api.post("/<uuid:case_id>/upholding")
@api.output(RecoveryView)
@api.doc(**SECURED)
@open_to(Role.SECURITY)
def uphold(case_id: UUID) -> RecoveryView:
    """A security administrator lets the objection stand."""
    with transaction() as session:
        return services.uphold(session, current_actor(), case_id)


@api.delete("/<uuid:case_id>")
@api.output(RecoveryView)
@api.doc(**SECURED)
@open_to(*DESK_ROLES)
def withdraw(case_id: UUID) -> RecoveryView:
    """Call it off."""
    with transaction() as session:
        return services.withdraw(session, current_actor(), case_id)


@api.post("/objections")
@api.input(Objection, arg_name="command")
@api.output({}, status_code=204)
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def object_to(command: Objection) -> str:
    """Stop a recovery by the code that the old contact got."""
    with transaction() as session:
        services.object_to(session, command, origin("api"))
    return ""
