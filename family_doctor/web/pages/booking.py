"""The team books a hospital visit for its resident, from the places kept for that."""

from datetime import date
from itertools import groupby
from typing import TypeAlias
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy.orm import Session

from appointments.public import (
    book_slot,
    get_slot,
    list_bookings,
    list_days,
    list_slots,
    referrals_of,
)
from appointments.schemas import BookingQuery, BookingView, BookSlot, SlotQuery, When
from core.access import Role
from core.database import transaction
from core.errors import Conflict
from core.messages import N_
from core.paging import HIGHEST_LIMIT
from core.web.access import current_actor, open_to
from core.web.forms import read_query
from core.web.languages import gettext
from core.web.pager import pager
from core.web.problems import translated
from core.web.writes import write
from directory.public import get_department, get_institution, list_departments, list_institutions
from directory.schemas import DepartmentSearch, InstitutionSearch
from family_doctor.queries.assignments import find_carer
from family_doctor.queries.contracts import contract_view, read_contract
from family_doctor.schemas import Action, ContractView
from family_doctor.states import IN_FORCE
from family_doctor.web.pages.blueprint import pages
from residents.public import people_by_id
from residents.schemas import PersonView

# A field called date hides the type of that name from its own annotation.
ChosenDay: TypeAlias = date | None
# How many coming visits a resident's page names.
COMING = 10
AT = "/panel/<uuid:contract_id>/book"


class DayChoice(BaseModel):
    """Which day of a department is looked at."""

    date: ChosenDay = None


@pages.get("/panel/<uuid:contract_id>/visits")
@open_to(Role.LEADER, Role.MEMBER)
def visits(contract_id: UUID) -> ResponseReturnValue:
    """The resident's coming visits and referrals; their page takes both from here."""
    with transaction() as session:
        contract = _in_force(session, contract_id)
        query = BookingQuery(person_id=contract.person_id, when=When.COMING, limit=COMING)
        bookings = list_bookings(session, current_actor(), query).items
        referrals = referrals_of(session, current_actor(), contract.person_id)
    return render_template(
        "family_doctor/booking/visits.html",
        contract=contract,
        bookings=bookings,
        referrals=referrals,
    )


@pages.get(f"{AT}/")
@open_to(Role.LEADER, Role.MEMBER)
def book_at(contract_id: UUID) -> ResponseReturnValue:
    """Which hospital."""
    search = read_query(InstitutionSearch, bookable=True)
    with transaction() as session:
        contract, person = _resident(session, contract_id)
        page = list_institutions(session, search)
        carer = find_carer(session, contract_id)
    return render_template(
        "family_doctor/booking/institutions.html",
        contract=contract,
        person=person,
        carer=carer,
        page=page,
        paging=pager(page),
        search=search,
    )


@pages.get(f"{AT}/institutions/<uuid:institution_id>")
@open_to(Role.LEADER, Role.MEMBER)
def book_in(contract_id: UUID, institution_id: UUID) -> ResponseReturnValue:
    """Which of its departments."""
    search = read_query(DepartmentSearch, institution_id=institution_id, limit=HIGHEST_LIMIT)
    with transaction() as session:
        contract, person = _resident(session, contract_id)
        institution = get_institution(session, institution_id)
        found = list_departments(session, search)
    return render_template(
        "family_doctor/booking/departments.html",
        contract=contract,
        person=person,
        institution=institution,
        page=found,
        paging=pager(found),
        search=search,
    )


@pages.get(f"{AT}/departments/<uuid:department_id>")
@open_to(Role.LEADER, Role.MEMBER)
def book_on(contract_id: UUID, department_id: UUID) -> ResponseReturnValue:
    """Which day and half-hour: places kept for family doctors, and soon before the visit those of
    the public that they were given back to.
    """
    with transaction() as session:
        contract, person = _resident(session, contract_id)
        department = get_department(session, department_id)
        days = list_days(session, department_id)
        first = next((day.date for day in days if day.care), days[0].date)
        day = read_query(DayChoice).date or first
        slots = list_slots(session, SlotQuery(department_id=department_id, date=day))
    return render_template(
        "family_doctor/booking/department.html",
        contract=contract,
        person=person,
        department=department,
        days=days,
        day=day,
        clinics=[list(group) for _, group in groupby(slots, key=lambda slot: slot.session_id)],
    )


@pages.get(f"{AT}/slots/<uuid:slot_id>")
@open_to(Role.LEADER, Role.MEMBER)
def book_confirm(contract_id: UUID, slot_id: UUID) -> ResponseReturnValue:
    """Whom, where and when, and what the resident is told."""
    return _confirm_page(contract_id, slot_id, "", 200)


@pages.post(f"{AT}/slots/<uuid:slot_id>")
@open_to(Role.LEADER, Role.MEMBER)
def book_for(contract_id: UUID, slot_id: UUID) -> ResponseReturnValue:
    """Book it; the resident is told at once, and may refuse."""
    with transaction() as session:
        contract, person = _resident(session, contract_id)
        pool, _ = get_slot(session, slot_id).for_care
    command = BookSlot(slot_id=slot_id, person_id=contract.person_id, pool=pool)
    try:
        write(BookingView, lambda session: book_slot(session, current_actor(), command))
    except Conflict as refusal:
        return _confirm_page(contract_id, slot_id, translated(refusal.message), refusal.status)
    flash(
        gettext("已为%(name)s约好，居民会马上收到消息，不需要可以取消。", name=person.name), "good"
    )
    return redirect(url_for("family_doctor.resident", contract_id=contract_id))


def _confirm_page(
    contract_id: UUID, slot_id: UUID, refusal: str, status: int
) -> ResponseReturnValue:
    with transaction() as session:
        contract, person = _resident(session, contract_id)
        slot = get_slot(session, slot_id)
    page = render_template(
        "family_doctor/booking/confirm.html",
        contract=contract,
        person=person,
        slot=slot,
        refusal=refusal,
    )
    return page, status


def _resident(session: Session, contract_id: UUID) -> tuple[ContractView, PersonView]:
    """Raises NotFound, Denied, or Conflict where no contract is in force."""
    contract = _in_force(session, contract_id)
    return contract, people_by_id(session, {contract.person_id})[contract.person_id]


def _in_force(session: Session, contract_id: UUID) -> ContractView:
    row = read_contract(session, current_actor(), Action.READ_CONTRACT, contract_id)
    contract = contract_view(row)
    if contract.state not in IN_FORCE:
        raise Conflict("not_in_force", N_("签约没有生效，不能代约。居民可以自己预约。"))
    return contract
