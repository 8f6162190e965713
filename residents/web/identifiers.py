"""/residents/people/…/identifiers: by which papers and numbers a resident is known."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.errors import PortalError
from core.web.access import current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.writes import write
from residents.queries.identifiers import FIND_ROLES, find_by_any_number, get_identifiers
from residents.schemas import FindByNumber, IdentifierBook, RecordIdentifier
from residents.services.identifiers import record_identifier
from residents.web import duplicate_words

pages = Blueprint("residents_identifiers", __name__, url_prefix="/residents")


@pages.context_processor
def words() -> dict[str, object]:
    """The wording of kinds for the templates."""
    return {"words": duplicate_words}


@pages.get("/find")
@open_to(*FIND_ROLES)
def find() -> ResponseReturnValue:
    """Who is known by a whole number."""
    search = read_query(FindByNumber)
    with transaction() as session:
        found = find_by_any_number(session, current_actor(), search)
    return render_template("residents/identifiers/find.html", found=found, search=search)


@pages.get("/people/<uuid:person_id>/identifiers")
@open_to(*FIND_ROLES)
def show(person_id: UUID) -> ResponseReturnValue:
    """A resident's numbers, and a form for another."""
    return _page(person_id, blank(RecordIdentifier))


@pages.post("/people/<uuid:person_id>/identifiers")
@open_to(*FIND_ROLES)
def add(person_id: UUID) -> ResponseReturnValue:
    """Record a paper or card."""
    form = read_form(RecordIdentifier)
    command = form.command
    if command is None:
        return _page(person_id, form)
    try:
        write(
            IdentifierBook,
            lambda session: record_identifier(session, current_actor(), person_id, command),
        )
    except PortalError as error:
        form.fail(error)
        return _page(person_id, form)
    flash(gettext("证件已登记。"), "good")
    return redirect(url_for("residents_identifiers.show", person_id=person_id), 303)


def _page(person_id: UUID, form: Form[RecordIdentifier]) -> ResponseReturnValue:
    with transaction() as session:
        book = get_identifiers(session, current_actor(), person_id)
    kinds = [(kind.value, gettext(said)) for kind, said in duplicate_words.KINDS.items()]
    page = render_template("residents/identifiers/show.html", book=book, form=form, kinds=kinds)
    return page, form.status
