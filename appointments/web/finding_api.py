"""/api/v1/appointments/…: finding a place to be seen."""

from uuid import UUID

from appointments.queries.finding import find, list_doctor_slots
from appointments.schemas import Finding, Found, SlotList
from core.database import transaction
from core.web.access import ANYONE, open_to
from core.web.api import room_api
from directory.public import get_doctor

api = room_api("appointments_finding", "Appointments", "appointments")


@api.get("/finding")
@api.input(Finding, location="query", arg_name="query")
@api.output(Found)
@open_to(ANYONE)
def finding(query: Finding) -> Found:
    """Departments and doctors for a symptom, department, doctor or hospital, soonest or nearest
    first.
    """
    with transaction() as session:
        return find(session, query)


@api.get("/doctors/<uuid:staff_id>/slots")
@api.output(SlotList)
@open_to(ANYONE)
def doctor_slots(staff_id: UUID) -> SlotList:
    """The slots of a doctor in the coming days."""
    with transaction() as session:
        get_doctor(session, staff_id)
        return SlotList(items=list_doctor_slots(session, staff_id))
