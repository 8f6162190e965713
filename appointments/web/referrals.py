"""Pages of referrals: the inbox and what was sent, sending up and down, one referral, one's own."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy.orm import Session

from appointments.queries.day_list import desk_institutions
from appointments.queries.referral_places import reserved_places
from appointments.queries.referrals import (
    TEAM_ROLES,
    get_referral,
    list_own_referrals,
    list_referrals,
    require_care,
    require_patient,
)
from appointments.referral_levels import is_above
from appointments.referral_rules import answer_hours, referral_rules
from appointments.referral_states import OPEN, ReferralStep, find_step
from appointments.schemas import (
    Direction,
    PlaceOffer,
    ReferralQuery,
    ReferralView,
    SendDown,
    SendUp,
    TakeStep,
    Urgency,
)
from appointments.services.referral_steps import take_step
from appointments.services.referrals import send_down, send_up
from appointments.web import referral_words as words
from core import clock
from core.access import Role
from core.database import transaction
from core.errors import NotFound, PortalError
from core.paging import HIGHEST_LIMIT
from core.searching import SearchQuery
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from core.web.writes import write
from directory.public import (
    division_path,
    get_institution,
    get_team,
    list_departments,
    list_institutions,
)
from directory.schemas import (
    DepartmentSearch,
    DepartmentView,
    InstitutionSearch,
    InstitutionView,
)
from residents.public import care_units, people_by_id

referrals = Blueprint("appointments_referrals", __name__, url_prefix="/appointments/referrals")
STAFF = (*TEAM_ROLES, Role.REGISTRAR)
# The usual time of the first check after a stay in hospital; the doctor changes it.
NEXT_CHECK = timedelta(days=14)


class Choice(BaseModel):
    """Whom, and what was chosen so far of where to."""

    person_id: UUID | None = None
    institution_id: UUID | None = None
    department_id: UUID | None = None


class Chosen(BaseModel):
    """What can be chosen: institutions, departments of one, and places of one of these."""

    institutions: list[InstitutionView]
    departments: list[DepartmentView]
    institution: InstitutionView | None
    department: DepartmentView | None
    offers: list[PlaceOffer]


@referrals.get("/")
@open_to(*STAFF)
def inbox() -> ResponseReturnValue:
    """What one's team or desk received, or sent."""
    query = read_query(ReferralQuery)
    rules = referral_rules()
    with transaction() as session:
        page = list_referrals(session, current_actor(), query)
    return render_template(
        "appointments/referrals/inbox.html",
        page=page,
        paging=pager(page),
        query=query,
        words=words,
        now=clock.now(),
        soon={each: clock.now() + rules.haste(each).remind_before for each in Urgency},
    )


@referrals.get("/mine")
@open_to(SIGNED_IN)
def mine() -> ResponseReturnValue:
    """One's own referrals, and those of people one may act for."""
    query = read_query(SearchQuery)
    with transaction() as session:
        page = list_own_referrals(session, current_actor(), query)
    return render_template(
        "appointments/referrals/mine.html",
        page=page,
        paging=pager(page),
        query=query,
        words=words,
    )


@referrals.get("/new")
@open_to(*TEAM_ROLES)
def new() -> ResponseReturnValue:
    """Refer a resident up: the hospital, the department, the reason, the place."""
    return _new_page(read_query(Choice), blank(SendUp, urgency=Urgency.ROUTINE))


@referrals.post("/new")
@open_to(*TEAM_ROLES)
def send() -> ResponseReturnValue:
    """Send it."""
    form = read_form(SendUp)
    command = form.command
    if command is not None:
        try:
            made = write(ReferralView, lambda session: send_up(session, current_actor(), command))
        except PortalError as error:
            form.fail(error)
        else:
            flash(_sent_words(made), "good")
            return redirect(url_for("appointments_referrals.one", referral_id=made.id))
    return _new_page(read_query(Choice), form)


@referrals.get("/down")
@open_to(Role.REGISTRAR)
def new_down() -> ResponseReturnValue:
    """Hand a patient on to primary care: plan, medicines, what to watch."""
    next_check = clock.today() + NEXT_CHECK
    return _down_page(read_query(Choice), blank(SendDown, next_check=next_check))


@referrals.post("/down")
@open_to(Role.REGISTRAR)
def hand_on() -> ResponseReturnValue:
    """Send it."""
    form = read_form(SendDown)
    command = form.command
    if command is not None:
        try:
            made = write(ReferralView, lambda session: send_down(session, current_actor(), command))
        except PortalError as error:
            form.fail(error)
        else:
            flash(gettext("下转已发出，等待%(to)s接收。", to=made.to_name), "good")
            return redirect(url_for("appointments_referrals.one", referral_id=made.id))
    return _down_page(read_query(Choice), form)


@referrals.get("/<uuid:referral_id>")
@open_to(SIGNED_IN)
def one(referral_id: UUID) -> ResponseReturnValue:
    """One referral and its course, for either side and for the patient."""
    return _one_page(referral_id, blank(TakeStep))


@referrals.get("/<uuid:referral_id>/propose")
@open_to(*STAFF)
def propose(referral_id: UUID) -> ResponseReturnValue:
    """Choose where the patient would better be seen."""
    choice = read_query(Choice)
    with transaction() as session:
        referral = get_referral(session, current_actor(), referral_id)
        if ReferralStep.PROPOSE not in referral.allowed:
            return redirect(url_for("appointments_referrals.one", referral_id=referral_id))
        if referral.direction is Direction.DOWN:
            return _propose_down_page(session, referral)
        here = choice.institution_id or referral.to_institution_id
        wanted = choice.model_copy(update={"institution_id": here})
        sender = get_institution(session, referral.from_institution_id)
        chosen = _choose(session, wanted, sender, public=True)
    return render_template(
        "appointments/referrals/propose.html",
        referral=referral,
        chosen=chosen,
        own=here == referral.to_institution_id,
        form=blank(TakeStep),
        words=words,
    )


@referrals.post("/<uuid:referral_id>/<step>")
@open_to(SIGNED_IN)
def move(referral_id: UUID, step: str) -> ResponseReturnValue:
    """Take a step; what does not go is said on the referral's page."""
    taken = find_step(step)
    if taken is None:
        raise NotFound()
    form = read_form(TakeStep)
    command = form.command
    if command is None:
        return _one_page(referral_id, form)
    try:
        write(
            ReferralView,
            lambda session: take_step(session, current_actor(), referral_id, taken, command),
        )
    except NotFound:
        raise
    except PortalError as error:
        form.fail(error)
        return _one_page(referral_id, form)
    flash(gettext(words.DONE[taken]), "good")
    return redirect(url_for("appointments_referrals.one", referral_id=referral_id))


def _one_page(referral_id: UUID, form: Form[TakeStep]) -> ResponseReturnValue:
    with transaction() as session:
        referral = get_referral(session, current_actor(), referral_id)
        offers: list[PlaceOffer] = []
        choosing = {ReferralStep.ACCEPT, ReferralStep.PLACE} & set(referral.allowed)
        if choosing and referral.to_department_id:
            offers = reserved_places(session, referral.to_department_id, public=True)
    clinical = referral.summary is not None
    page = render_template(
        "appointments/referrals/" + ("one.html" if clinical else "own.html"),
        referral=referral,
        offers=offers,
        form=form,
        words=words,
        criteria=_ticked(referral),
        leads_on=referral.state in OPEN,
    )
    return page, form.status


def _new_page(choice: Choice, form: Form[SendUp]) -> ResponseReturnValue:
    if choice.person_id is None:
        raise NotFound()
    with transaction() as session:
        care = require_care(session, current_actor(), choice.person_id)
        person = people_by_id(session, {choice.person_id})[choice.person_id]
        team = get_team(session, UUID(care[0]))
        chosen = _choose(session, choice, get_institution(session, team.institution_id))
    page = render_template(
        "appointments/referrals/new.html",
        person=person,
        chosen=chosen,
        form=form,
        checklist=referral_rules().of(Direction.UP),
        ticked=request.form.getlist("criteria"),
        hours=answer_hours(),
        words=words,
    )
    return page, form.status


def _down_page(choice: Choice, form: Form[SendDown]) -> ResponseReturnValue:
    if choice.person_id is None:
        raise NotFound()
    with transaction() as session:
        desks = desk_institutions(session, current_actor())
        if not desks:
            return render_template("appointments/no_desk.html")
        desk = next((each for each in desks if each.id == choice.institution_id), desks[0])
        require_patient(session, current_actor(), choice.person_id, desk)
        person = people_by_id(session, {choice.person_id})[choice.person_id]
        contracted = bool(care_units(session, choice.person_id))
        near = _below(session, desk, person.division_code)
    page = render_template(
        "appointments/referrals/down.html",
        person=person,
        desk=desk,
        near=near,
        contracted=contracted,
        form=form,
        checklist=referral_rules().of(Direction.DOWN),
        ticked=request.form.getlist("criteria"),
        words=words,
    )
    return page, form.status


def _propose_down_page(session: Session, referral: ReferralView) -> str:
    sender = get_institution(session, referral.from_institution_id)
    home = people_by_id(session, {referral.person_id})[referral.person_id].division_code
    found = _below(session, sender, division_path(home)[-2:][0])
    return render_template(
        "appointments/referrals/propose_down.html",
        referral=referral,
        houses=[each for each in found if each.id != referral.to_institution_id],
        form=blank(TakeStep),
        words=words,
    )


def _below(session: Session, sender: InstitutionView, division: str) -> list[InstitutionView]:
    """The houses of a division to which ``sender`` may hand a patient down."""
    search = InstitutionSearch(division=division, limit=HIGHEST_LIMIT)
    found = list_institutions(session, search).items
    return [each for each in found if is_above(sender, each)]


def _choose(
    session: Session, choice: Choice, sender: InstitutionView, *, public: bool = False
) -> Chosen:
    """What lies above the sender, and, while it is looked at, where the patient was sent."""
    search = InstitutionSearch(bookable=True, limit=HIGHEST_LIMIT)
    found = list_institutions(session, search).items
    institutions = [each for each in found if is_above(each, sender)]
    here = next((each for each in institutions if each.id == choice.institution_id), None)
    if here is None and choice.institution_id:
        here = get_institution(session, choice.institution_id)
    departments: list[DepartmentView] = []
    if here:
        within = DepartmentSearch(institution_id=here.id, limit=HIGHEST_LIMIT)
        departments = list_departments(session, within).items
    department = next((each for each in departments if each.id == choice.department_id), None)
    offers: list[PlaceOffer] = []
    if department:
        offers = reserved_places(session, department.id, returned=True, public=public)
    return Chosen(
        institutions=institutions,
        departments=departments,
        institution=here,
        department=department,
        offers=offers,
    )


def _ticked(referral: ReferralView) -> list[tuple[str, str]]:
    """The lines that were ticked, each with its English, as the checklist has them today."""
    known = {each.code: each for each in referral_rules().criteria}
    return [
        (known[code].text, known[code].text_en) if code in known else (code, code)
        for code in referral.criteria or ()
    ]


def _sent_words(referral: ReferralView) -> str:
    if referral.booking is None:
        return gettext("转诊已发出。这个科室没有空的转诊号，由对方接收时安排时间。")
    return gettext("转诊已发出，并为患者保留了号，等待对方接收。")
