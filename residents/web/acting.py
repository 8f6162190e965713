"""Who acts for a child, where the right comes from and how to end it: for family and for staff."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.errors import PortalError
from core.messages import N_
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.writes import write
from residents.queries.household import household_acting
from residents.queries.identifiers import FIND_ROLES
from residents.schemas import BarPaper, EndHouseholdActing, HouseholdActing
from residents.services.household import end_household_acting

pages = Blueprint("residents_acting", __name__)
PAPERS = {
    BarPaper.COURT: N_("法院判决书或调解书"),
    BarPaper.DIVORCE: N_("离婚证和离婚协议"),
    BarPaper.GUARDIANSHIP: N_("监护证明"),
    BarPaper.HOUSEHOLD_BOOK: N_("户口簿"),
    BarPaper.OTHER: N_("其他文书"),
}


@pages.get("/me/family/<uuid:person_id>/acting")
@open_to(SIGNED_IN)
def show(person_id: UUID) -> ResponseReturnValue:
    """Who acts for a child of mine."""
    return _page(person_id, blank(EndHouseholdActing), staff=False)


@pages.post("/me/family/<uuid:person_id>/acting/<uuid:adult_id>/end")
@open_to(SIGNED_IN)
def end(person_id: UUID, adult_id: UUID) -> ResponseReturnValue:
    """An adult of the household acts for the child no more."""
    actor = current_actor()
    command = EndHouseholdActing()
    done = write(
        HouseholdActing,
        lambda session: end_household_acting(session, actor, person_id, adult_id, command),
    )
    flash(gettext("马上生效，相关的家人会收到消息。"), "good")
    if adult_id == actor.person_id or not done.adults:
        return redirect(url_for("residents.family"), 303)
    return redirect(url_for("residents_acting.show", person_id=person_id), 303)


@pages.get("/residents/people/<uuid:person_id>/acting")
@open_to(*FIND_ROLES)
def staff(person_id: UUID) -> ResponseReturnValue:
    """Who acts for a child, for the desk and the team."""
    return _page(person_id, blank(EndHouseholdActing), staff=True)


@pages.post("/residents/people/<uuid:person_id>/acting/<uuid:adult_id>/end")
@open_to(*FIND_ROLES)
def staff_end(person_id: UUID, adult_id: UUID) -> ResponseReturnValue:
    """Staff saw a document: the adult acts for the child no more by household."""
    form, actor = read_form(EndHouseholdActing), current_actor()
    command = form.command
    if command is None:
        return _page(person_id, form, staff=True)
    try:
        write(
            HouseholdActing,
            lambda session: end_household_acting(session, actor, person_id, adult_id, command),
        )
    except PortalError as error:
        form.fail(error)
        return _page(person_id, form, staff=True)
    flash(gettext("马上生效，相关的家人会收到消息。"), "good")
    return redirect(url_for("residents_acting.staff", person_id=person_id), 303)


def _page(person_id: UUID, form: Form[EndHouseholdActing], *, staff: bool) -> ResponseReturnValue:
    with transaction() as session:
        found = household_acting(session, current_actor(), person_id)
    page = render_template(
        "residents/homes/acting.html",
        found=found,
        form=form,
        staff=staff,
        papers=[(paper.value, gettext(said)) for paper, said in PAPERS.items()],
    )
    return page, form.status
