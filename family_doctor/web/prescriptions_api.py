"""/api/v1/family-doctor/medicines and /refills: long-term medicines and requests to renew them."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries.medicines import list_medicines
from family_doctor.queries.refills import get_refill, list_refills
from family_doctor.schemas import (
    AskRefill,
    DecideRefill,
    EnterMedicine,
    MedicineList,
    MedicineSearch,
    MedicineView,
    RefillSearch,
    RefillView,
)
from family_doctor.services import medicines as medicine_services
from family_doctor.services import refills as services

TEAM = (Role.LEADER, Role.MEMBER)
api = room_api("family_doctor_prescriptions", "Family doctor", "family-doctor")


@api.get("/medicines")
@api.input(MedicineSearch, location="query", arg_name="search")
@api.output(MedicineList)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def medicines(search: MedicineSearch) -> MedicineList:
    """A person's long-term medicines, and what stands in the way of renewing each now."""
    with transaction() as session:
        return list_medicines(session, current_actor(), search.person_id)


@api.post("/medicines")
@api.input(EnterMedicine, arg_name="command")
@api.output(MedicineView, status_code=201)
@api.doc(**SECURED)
@open_to(*TEAM)
def enter_medicine(command: EnterMedicine) -> MedicineView:
    """A doctor of the team enters a medicine."""
    return write(
        MedicineView,
        lambda session: medicine_services.enter_medicine(session, current_actor(), command),
    )


@api.post("/medicines/<uuid:medicine_id>/end")
@api.output(MedicineView)
@api.doc(**SECURED)
@open_to(*TEAM)
def end_medicine(medicine_id: UUID) -> MedicineView:
    """It is taken no more."""
    return write(
        MedicineView,
        lambda session: medicine_services.end_medicine(session, current_actor(), medicine_id),
    )


@api.post("/medicines/<uuid:medicine_id>/refills")
@api.input(AskRefill, arg_name="command")
@api.output(RefillView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def ask_refill(medicine_id: UUID, command: AskRefill) -> RefillView:
    """Ask the team to renew a medicine; the code of a refusal is the first hurdle."""
    return write(
        RefillView,
        lambda session: services.ask_refill(session, current_actor(), medicine_id, command),
    )


@api.get("/refills")
@api.input(RefillSearch, location="query", arg_name="search")
@api.output(Page[RefillView])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def refills(search: RefillSearch) -> Page[RefillView]:
    """One's own requests; with person_id those of one of the family, with team_id a team's."""
    with transaction() as session:
        return list_refills(session, current_actor(), search)


@api.get("/refills/<uuid:refill_id>")
@api.output(RefillView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def refill(refill_id: UUID) -> RefillView:
    """One request."""
    with transaction() as session:
        return get_refill(session, current_actor(), refill_id)


@api.post("/refills/<uuid:refill_id>/withdraw")
@api.output(RefillView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def withdraw_refill(refill_id: UUID) -> RefillView:
    """Take a request back."""
    return write(
        RefillView,
        lambda session: services.withdraw_refill(session, current_actor(), refill_id),
    )


@api.post("/refills/<uuid:refill_id>/decide")
@api.input(DecideRefill, arg_name="command")
@api.output(RefillView)
@api.doc(**SECURED)
@open_to(*TEAM)
def decide_refill(refill_id: UUID, command: DecideRefill) -> RefillView:
    """The doctor's answer."""
    return write(
        RefillView,
        lambda session: services.decide_refill(session, current_actor(), refill_id, command),
    )


@api.post("/refills/<uuid:refill_id>/confirm")
@api.output(RefillView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def confirm_refill(refill_id: UUID) -> RefillView:
    """The resident confirms that a long supply was explained."""
    return write(
        RefillView,
        lambda session: services.confirm_refill(session, current_actor(), refill_id),
    )
