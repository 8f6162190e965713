"""The desk gives out places: to who stands there, and to who calls without a smartphone."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from appointments.queries.bookings import get_booking
from appointments.queries.day_list import chosen_desk, desk_institutions
from appointments.queries.desk import callers_rule, desk_slots, find_patients, get_patient
from appointments.queries.tickets import find_ticket_of
from appointments.schemas import (
    BookingView,
    BookSlot,
    DeskPatient,
    FindPatient,
    Pool,
    TicketView,
    WalkIn,
)
from appointments.services.arriving import walk_in
from appointments.services.booking import book_slot
from appointments.web.choosing import ChosenDay, by_session
from core import clock
from core.access import Role
from core.database import transaction
from core.errors import Conflict
from core.web.access import current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.limits import By, limited
from core.web.problems import translated
from core.web.writes import write
from directory.public import get_institution
from residents.schemas import age_on

pages = Blueprint("appointments_desk", __name__, url_prefix="/appointments/desk")


class DeskChoice(BaseModel):
    """At which of one's institutions."""

    institution_id: UUID | None = None


class PlaceChoice(BaseModel):
    """Which places: for who stands here today, or for who calls."""

    pool: Pool = Pool.ONSITE
    date: ChosenDay = None
    department_id: UUID | None = None

    @property
    def from_elderly(self) -> bool:
        """Whether it is a caller's; whatever else is asked for, the day's own places are meant."""
        return self.pool is Pool.ELDERLY


@pages.get("/")
@open_to(Role.REGISTRAR)
def start() -> ResponseReturnValue:
    """Ask for the name and the end of the ID number."""
    return _start_page(read_query(DeskChoice).institution_id, blank(FindPatient), None)


@pages.post("/<uuid:institution_id>/find")
@limited(120, timedelta(hours=1), By.ACCOUNT)
@open_to(Role.REGISTRAR)
def find(institution_id: UUID) -> ResponseReturnValue:
    """Who it is. By a form that is sent, so that no name stands in an address or a log."""
    form = read_form(FindPatient)
    if form.command is None:
        return _start_page(institution_id, form, None)
    with transaction() as session:
        institution = get_institution(session, institution_id)
        found = find_patients(session, current_actor(), institution, form.command)
    return _start_page(institution_id, form, found)


@pages.get("/<uuid:institution_id>/patients/<uuid:person_id>")
@open_to(Role.REGISTRAR)
def choose(institution_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """The day's places of the desk."""
    return _choose_page(institution_id, person_id, read_query(PlaceChoice), "", 200)


@pages.post("/<uuid:institution_id>/patients/<uuid:person_id>")
@open_to(Role.REGISTRAR)
def give(institution_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """Give the patient a place; a refusal says why and shows what is left."""
    form = read_form(BookSlot, person_id=person_id)
    command = form.command
    if command is None:
        return _choose_page(institution_id, person_id, read_query(PlaceChoice), form.message, 422)
    try:
        booking = write(BookingView, lambda session: book_slot(session, current_actor(), command))
    except Conflict as refusal:
        sentence = translated(refusal.message)
        choice = read_query(PlaceChoice)
        return _choose_page(institution_id, person_id, choice, sentence, refusal.status)
    return redirect(url_for("appointments_desk.slip", booking_id=booking.id))


@pages.post("/<uuid:institution_id>/patients/<uuid:person_id>/arrived")
@open_to(Role.REGISTRAR)
def receive(institution_id: UUID, person_id: UUID) -> ResponseReturnValue:
    """Give who stands here a place of today and check them in, in one step."""
    form = read_form(WalkIn, person_id=person_id)
    command = form.command
    if command is None:
        return _choose_page(institution_id, person_id, read_query(PlaceChoice), form.message, 422)
    try:
        ticket = write(TicketView, lambda session: walk_in(session, current_actor(), command))
    except Conflict as refusal:
        sentence = translated(refusal.message)
        choice = read_query(PlaceChoice)
        return _choose_page(institution_id, person_id, choice, sentence, refusal.status)
    return redirect(url_for("appointments_desk.slip", booking_id=ticket.booking_id))


@pages.get("/slips/<uuid:booking_id>")
@open_to(Role.REGISTRAR)
def slip(booking_id: UUID) -> ResponseReturnValue:
    """What the patient takes along, for printing."""
    actor = current_actor()
    with transaction() as session:
        booking = get_booking(session, actor, booking_id)
        ticket = find_ticket_of(session, actor, booking_id)
    return render_template("appointments/booking/slip.html", booking=booking, ticket=ticket)


def _start_page(
    institution_id: UUID | None, form: Form[FindPatient], found: list[DeskPatient] | None
) -> ResponseReturnValue:
    with transaction() as session:
        institution = chosen_desk(
            session, desk_institutions(session, current_actor()), institution_id
        )
    if institution is None:
        return render_template("appointments/no_desk.html")
    page = render_template(
        "appointments/booking/desk.html", institution=institution, form=form, found=found
    )
    return page, form.status


def _choose_page(
    institution_id: UUID, person_id: UUID, choice: PlaceChoice, refusal: str, status: int
) -> ResponseReturnValue:
    today = clock.today()
    pool = Pool.ELDERLY if choice.from_elderly else Pool.ONSITE
    day = (choice.date or today) if choice.from_elderly else today
    with transaction() as session:
        institution = get_institution(session, institution_id)
        patient = get_patient(session, current_actor(), institution, person_id)
        slots = desk_slots(session, institution_id, day, pool)
        rule = callers_rule(session, institution_id)
    # One whose places were all given just now is no choice any more.
    offered = {slot.department_id for slot in slots}
    chosen = choice.department_id if choice.department_id in offered else None
    page = render_template(
        "appointments/booking/desk_slots.html",
        institution=institution,
        patient=patient,
        least_age=rule.least_age,
        too_young=pool is Pool.ELDERLY and age_on(patient.birth_date, day) < rule.least_age,
        today=today,
        pool=pool,
        day=day,
        days=[today + timedelta(days=ahead) for ahead in range(rule.days + 1)],
        department_id=chosen,
        departments={slot.department_id: slot for slot in slots}.values(),
        clinics=by_session(
            [slot for slot in slots if chosen is None or slot.department_id == chosen]
        ),
        refusal=refusal,
    )
    return page, status
