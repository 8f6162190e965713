"""/residents/people/…/identifiers: by which papers and numbers a resident is known."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.errors import PortalError
from core.web.access import current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.limits import costly
from core.web.writes import write
from residents.papers import verifier
from residents.queries.duplicates import DUPLICATE_ROLES
from residents.queries.identifiers import FIND_ROLES, find_by_any_number, get_identifiers
from residents.schemas import (
    AddNumber,
    FindByNumber,
    IdentifierBook,
    NumberAdded,
    RecordIdentifier,
)
from residents.services.adding import add_number, may_add_number
from residents.services.identifiers import record_identifier
from residents.services.identity import check_id_number
from residents.services.papers import count_registration
from residents.web import duplicate_words, paper_words

pages = Blueprint("residents_identifiers", __name__, url_prefix="/residents")


@pages.context_processor
def words() -> dict[str, object]:
    """The wording of kinds for the templates."""
    return {"words": duplicate_words}


@pages.get("/find")
@costly
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


@pages.post("/people/<uuid:person_id>/id-number")
@open_to(*FIND_ROLES)
def number(person_id: UUID) -> ResponseReturnValue:
    """Somebody registered by another paper was given an ID number."""
    form = read_form(AddNumber)
    if form.command is None:
        return _page(person_id, blank(RecordIdentifier), form)
    try:
        added = give_number(person_id, form.command)
    except PortalError as error:
        form.fail(error)
        return _page(person_id, blank(RecordIdentifier), form)
    here = url_for("residents_identifiers.show", person_id=person_id)
    if added.pair_id is None:
        flash(gettext("身份证号已补登，原来的证件和记录都在。"), "good")
        return redirect(here, 303)
    flash(
        gettext(
            "这个身份证号已在另一份档案里，没有改动。两份已列入“重复档案”，由管理员比对后合并。"
        ),
        "bad",
    )
    may = set(DUPLICATE_ROLES) & set(current_actor().roles)
    pair = url_for("residents_duplicates.show", pair_id=added.pair_id)
    return redirect(pair if may else here, 303)


def give_number(person_id: UUID, command: AddNumber) -> NumberAdded:
    """Ask the identity service outside any transaction for one who may add the number, then add it.

    Raises PortalError.
    """
    actor = current_actor()
    check_id_number(command.id_number)
    with transaction() as session:
        may_add_number(session, actor, person_id)
    with transaction() as session:
        count_registration(session, actor)
    verdict = verifier().verify(command.name, command.id_number)
    return write(NumberAdded, lambda s: add_number(s, actor, person_id, command, verdict))


def _page(
    person_id: UUID, form: Form[RecordIdentifier], adding: Form[AddNumber] | None = None
) -> ResponseReturnValue:
    with transaction() as session:
        book = get_identifiers(session, current_actor(), person_id)
    kinds = [(kind.value, gettext(said)) for kind, said in duplicate_words.KINDS.items()]
    adding = adding or blank(AddNumber, name=book.name)
    page = render_template(
        "residents/identifiers/show.html",
        book=book,
        form=form,
        adding=adding,
        kinds=kinds,
        paper_words=paper_words,
    )
    return page, max(form.status, adding.status)
