"""Pages of appointments: from hospital to slot, one's own bookings, the desk's day list."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field

from appointments.queries.bookings import get_booking, get_bookings, list_bookings
from appointments.queries.day_list import chosen_desk, count_day, desk_institutions, list_day_of
from appointments.queries.due import reminders_ahead
from appointments.queries.elsewhere import way_of
from appointments.queries.offers import (
    department_offers,
    find_nearest,
    get_slot,
    list_days,
    list_slots,
)
from appointments.queries.queue import JOINED_BEFORE, find_queued
from appointments.queries.stops import find_instead
from appointments.queries.tickets import find_here, runs_queue
from appointments.schemas import (
    Because,
    BookingGroup,
    BookingQuery,
    BookingView,
    BookTogether,
    CancelBooking,
    DayListQuery,
    SlotQuery,
    SlotState,
    State,
    When,
)
from appointments.services.booking import book_together
from appointments.services.cancelling import cancel_booking
from appointments.services.conduct import UnderReview
from appointments.services.queue import QueueFirst
from appointments.web.choosing import (
    ChosenDay,
    DayChoice,
    by_session,
    first_free,
    has_doctor_for,
    waitable,
    whom,
)
from appointments.web.labels import grouped
from appointments.what_to_bring import what_to_bring
from core import clock
from core.access import Role
from core.database import transaction
from core.errors import Conflict, TooMany
from core.paging import HIGHEST_LIMIT, PageQuery
from core.searching import SearchText
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.forms import read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from core.web.problems import translated
from core.web.writes import write
from directory.public import get_department, get_institution, list_departments, list_institutions
from directory.schemas import DepartmentSearch, InstitutionSearch
from residents.public import contracted, family_of

pages = Blueprint("appointments", __name__, url_prefix="/appointments")


# What the region says to bring, for the templates of all who show a visit.
pages.add_app_template_global(what_to_bring)


class Together(BaseModel):
    """The other bookings that were made with one."""

    also: list[UUID] = Field(default=[], max_length=6)


class DeskQuery(PageQuery):
    """What the desk looks at; today at its first institution until it chooses."""

    institution_id: UUID | None = None
    date: ChosenDay = None
    department_id: UUID | None = None
    search: SearchText = None


@pages.get("/")
@open_to(ANYONE)
def hospitals() -> ResponseReturnValue:
    """The institutions that take bookings."""
    search = read_query(InstitutionSearch, bookable=True)
    with transaction() as session:
        page = list_institutions(session, search)
    return render_template(
        "appointments/hospitals.html", page=page, paging=pager(page), search=search
    )


@pages.get("/hospitals/<uuid:institution_id>")
@open_to(ANYONE)
def departments(institution_id: UUID) -> ResponseReturnValue:
    """The departments of an institution, with what is free."""
    search = read_query(DepartmentSearch, institution_id=institution_id, limit=HIGHEST_LIMIT)
    with transaction() as session:
        institution = get_institution(session, institution_id)
        found = list_departments(session, search)
        offers = department_offers(session, [department.id for department in found.items])
    return render_template(
        "appointments/departments.html",
        institution=institution,
        groups=grouped(found.items),
        offers=offers,
        search=search,
        paging=pager(found),
    )


@pages.get("/departments/<uuid:department_id>")
@open_to(ANYONE)
def department(department_id: UUID) -> ResponseReturnValue:
    """A department's days, and the doctors and clinics of the chosen one with their slots."""
    with transaction() as session:
        shown = get_department(session, department_id)
        institution = get_institution(session, shown.institution_id)
        days = list_days(session, department_id)
        day = read_query(DayChoice).date or first_free(days)
        slots = list_slots(session, SlotQuery(department_id=department_id, date=day))
        has_doctor = has_doctor_for(session, slots)
    clinics = by_session(slots)
    return render_template(
        "appointments/department.html",
        department=shown,
        institution=institution,
        days=days,
        day=day,
        clinics=clinics,
        waitable=waitable(clinics),
        has_doctor=has_doctor,
    )


@pages.get("/slots/<uuid:slot_id>")
@open_to(SIGNED_IN)
def confirm(slot_id: UUID) -> ResponseReturnValue:
    """Who, where, when, for how much, and until when it can be cancelled."""
    return _confirm_page(slot_id, None, "", 200)


@pages.post("/slots/<uuid:slot_id>")
@open_to(SIGNED_IN)
def book(slot_id: UUID) -> ResponseReturnValue:
    """Book for oneself or those of the family who were chosen, all or none; a refusal says why and
    offers the nearest free slot.
    """
    actor = current_actor()
    if actor.person_id is None:
        return _confirm_page(slot_id, None, "", 403)
    alone = {} if "choosing" in request.form else {"person_ids": [actor.person_id]}
    form = read_form(BookTogether, slot_id=slot_id, **alone)
    command = form.command
    if command is None:
        return _confirm_page(slot_id, [], gettext("请选择就诊人。"), 422)
    try:
        made = write(BookingGroup, lambda session: book_together(session, actor, command))
    except QueueFirst as first_in_queue:
        queue_id = first_in_queue.queue.id
        return redirect(
            url_for("appointments_release.show", release_id=queue_id, slot=slot_id), 303
        )
    except UnderReview:
        return redirect(url_for("appointments_conduct.own"), 303)
    except (Conflict, TooMany) as refusal:
        sentence = translated(refusal.message)
        return _confirm_page(slot_id, command.person_ids, sentence, refusal.status)
    first, *also = [each.id for each in made.items]
    return redirect(url_for("appointments.booked", booking_id=first, also=also))


@pages.get("/bookings/<uuid:booking_id>/booked")
@open_to(SIGNED_IN)
def booked(booking_id: UUID) -> ResponseReturnValue:
    """Right after success: the numbers, the place, when to be there, the code to check in with."""
    together = read_query(Together, also=request.args.getlist("also"))
    with transaction() as session:
        views = get_bookings(session, current_actor(), [booking_id, *together.also])
    if any(view.state is not State.BOOKED for view in views):
        return redirect(url_for("appointments.booking", booking_id=booking_id))
    return render_template(
        "appointments/booked.html",
        bookings=views,
        reminders=reminders_ahead(views[0]),
        acting_for=whom(*views),
    )


@pages.get("/bookings")
@open_to(SIGNED_IN)
def mine() -> ResponseReturnValue:
    """One's own bookings, to come and past."""
    query = read_query(BookingQuery)
    if query.when is None:
        query = query.model_copy(update={"when": When.COMING})
    with transaction() as session:
        page = list_bookings(session, current_actor(), query)
    return render_template(
        "appointments/mine.html",
        page=page,
        query=query,
        paging=pager(page),
        when=query.when,
        own=current_actor().person_id,
    )


@pages.get("/bookings/<uuid:booking_id>")
@open_to(SIGNED_IN)
def booking(booking_id: UUID) -> ResponseReturnValue:
    """One booking, and the ways to change or cancel it."""
    with transaction() as session:
        view = get_booking(session, current_actor(), booking_id)
        replaced = view.because in (Because.CHANGED, Because.STOPPED)
        instead = find_instead(session, booking_id) if replaced else None
        here = find_here(session, booking_id) if view.checked_in else None
        way = way_of(session, current_actor(), view.person_id)
    now = clock.now()
    # Who runs the room ends the visit that has not begun, with its ticket.
    at_desk = here is not None and runs_queue(current_actor(), here) and now < view.starts_at
    if view.state is State.HELD:
        return redirect(url_for("appointments_booking.hold", booking_id=booking_id))
    return render_template(
        "appointments/booking.html",
        booking=view,
        instead=instead,
        at_desk=at_desk,
        way=way,
        now=now,
        today=clock.today(),
        acting_for=whom(view),
    )


@pages.post("/bookings/<uuid:booking_id>/cancel")
@open_to(SIGNED_IN)
def cancel(booking_id: UUID) -> ResponseReturnValue:
    """Give the place back."""
    command = read_query(CancelBooking)
    try:
        write(
            BookingView,
            lambda session: cancel_booking(session, current_actor(), booking_id, command),
        )
    except Conflict as refusal:
        flash(translated(refusal.message), "warn")
    else:
        flash(gettext("预约已取消，名额已退回。需要时可以重新预约。"), "good")
    return redirect(url_for("appointments.booking", booking_id=booking_id))


@pages.get("/day-list")
@open_to(Role.REGISTRAR)
def day_list() -> ResponseReturnValue:
    """Who comes to the institution on a day, for the desk and for printing."""
    asked = read_query(DeskQuery, limit=HIGHEST_LIMIT)
    with transaction() as session:
        institutions = desk_institutions(session, current_actor())
        institution = chosen_desk(session, institutions, asked.institution_id)
        if institution is None:
            return render_template("appointments/no_desk.html")
        query = DayListQuery(
            institution_id=institution.id,
            date=asked.date or clock.today(),
            department_id=asked.department_id,
            search=asked.search,
            cursor=asked.cursor,
            limit=asked.limit,
        )
        page = list_day_of(session, current_actor(), institution, query)
        counts = count_day(session, query)
    return render_template(
        "appointments/day_list.html",
        page=page,
        paging=pager(page),
        query=query,
        counts=counts,
        institution=institution,
        institutions=institutions,
        today=clock.today(),
    )


def _confirm_page(
    slot_id: UUID, chosen: Sequence[UUID] | None, refusal: str, status: int
) -> ResponseReturnValue:
    """``chosen`` are the patients that were chosen; oneself until then."""
    actor = current_actor()
    with transaction() as session:
        slot = get_slot(session, slot_id)
        family = family_of(session, actor)
        people = [each.id for each in family] + ([actor.person_id] if actor.person_id else [])
        has_doctor = contracted(session, people) if slot.kept else frozenset()
        # With a place free the refusal was the patient's own limit: no other time would help.
        free = slot.state is SlotState.FREE or bool(has_doctor)
        nearest = None if free else find_nearest(session, slot)
        early = slot.state is SlotState.NOT_YET
        queued = find_queued(session, slot_id) if early else None
    page = render_template(
        "appointments/confirm.html",
        slot=slot,
        free=free,
        nearest=nearest,
        queue_from=queued.opens_at - JOINED_BEFORE if queued else None,
        actor=actor,
        family=family,
        has_doctor=has_doctor,
        chosen=[actor.person_id] if chosen is None else chosen,
        refusal=refusal,
        here=request.path,
        now=clock.now(),
    )
    return page, status
