"""Pages for finding a place to be seen: by symptom, department, doctor or hospital; a doctor."""

from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from appointments.queries.finding import find, list_doctor_slots
from appointments.schemas import Finding
from appointments.web.choosing import by_session, has_doctor_for, waitable
from core.database import transaction
from core.messages import N_
from core.web.access import ANYONE, current_actor, open_to, signed_in
from core.web.forms import read_query
from directory.public import get_doctor, list_divisions
from residents.public import find_home

# What is looked for most; asked in Chinese, whatever it is shown in.
USUAL = (
    N_("发热"), N_("咳嗽"), N_("头痛"), N_("腹痛"), N_("关节痛"),
    N_("儿科"), N_("妇科"), N_("骨科"),
)  # fmt: skip

pages = Blueprint("appointments_finding", __name__, url_prefix="/appointments")


@pages.get("/find")
@open_to(ANYONE)
def search() -> ResponseReturnValue:
    """What is free for a symptom, a department, a doctor or a hospital; soonest or nearest first,
    seen from where one lives unless another place is chosen.
    """
    finding = read_query(Finding)
    with transaction() as session:
        if finding.near is None and signed_in():
            finding = finding.model_copy(update={"near": find_home(session, current_actor())})
        found = find(session, finding)
        places = list_divisions(session)
    return render_template(
        "appointments/find.html", finding=finding, found=found, places=places, usual=USUAL
    )


@pages.get("/doctors/<uuid:staff_id>")
@open_to(ANYONE)
def doctor(staff_id: UUID) -> ResponseReturnValue:
    """A doctor, and when they can be seen."""
    with transaction() as session:
        view = get_doctor(session, staff_id)
        slots = list_doctor_slots(session, staff_id)
        has_doctor = has_doctor_for(session, slots)
    clinics = by_session(slots)
    return render_template(
        "appointments/doctor.html",
        doctor=view,
        clinics=clinics,
        waitable=waitable(clinics),
        has_doctor=has_doctor,
    )
