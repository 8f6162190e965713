"""/residents/bindings: staff check documents, and record what two people agree before them."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.errors import PortalError
from core.web.access import current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from core.web.writes import write
from residents.queries.bindings import (
    CHECK_ROLES,
    desk_institutions,
    get_binding,
    list_bindings,
)
from residents.schemas import (
    BindingCase,
    BindingSearch,
    ConfirmBinding,
    Evidence,
    RecordBinding,
    RefuseBinding,
    Scope,
)
from residents.services.adults import DESK_PAPERS, count_record, record_binding
from residents.services.bindings import confirm_binding, refuse_binding
from residents.web import wording
from residents.web.bindings import read_scoped

pages = Blueprint("residents_checks", __name__, url_prefix="/residents/bindings")


@pages.context_processor
def words() -> dict[str, object]:
    """The wording of scopes, evidence and states for the templates."""
    return {"wording": wording}


@pages.get("/")
@open_to(*CHECK_ROLES)
def listing() -> ResponseReturnValue:
    """Requests at one's institutions."""
    search = read_query(BindingSearch)
    with transaction() as session:
        found = list_bindings(session, current_actor(), search)
    return render_template(
        "residents/checks/list.html",
        found=found.items,
        search=search,
        pager=pager(found),
        at_a_desk=current_actor().at_a_desk(*CHECK_ROLES),
    )


@pages.get("/desk")
@open_to(*CHECK_ROLES)
def desk() -> ResponseReturnValue:
    """The form of two people who are both here."""
    return _desk_page(blank(RecordBinding, scopes=Scope.BOOK, evidence=Evidence.ID_CARDS))


@pages.post("/desk")
@open_to(*CHECK_ROLES)
def record() -> ResponseReturnValue:
    """Record what they agree."""
    form = read_scoped(RecordBinding)
    if form.command is None:
        return _desk_page(form)
    try:
        case = record_both(form.command)
    except PortalError as error:
        form.fail(error)
        return _desk_page(form)
    flash(gettext("已登记，马上生效，双方都会收到消息。"), "good")
    return redirect(url_for("residents_checks.show", binding_id=case.id), 303)


@pages.get("/<uuid:binding_id>")
@open_to(*CHECK_ROLES)
def show(binding_id: UUID) -> ResponseReturnValue:
    """One request, to hold the document against."""
    return _case_page(binding_id, blank(ConfirmBinding), blank(RefuseBinding))


@pages.post("/<uuid:binding_id>/confirm")
@open_to(*CHECK_ROLES)
def confirm(binding_id: UUID) -> ResponseReturnValue:
    """The document is right."""
    form = read_form(ConfirmBinding)
    command = form.command
    if command is None:
        return _case_page(binding_id, form, blank(RefuseBinding))
    try:
        write(
            BindingCase,
            lambda session: confirm_binding(session, current_actor(), binding_id, command),
        )
    except PortalError as error:
        form.fail(error)
        return _case_page(binding_id, form, blank(RefuseBinding))
    flash(gettext("已确认，马上生效，双方都会收到消息。"), "good")
    return redirect(url_for("residents_checks.listing"), 303)


@pages.post("/<uuid:binding_id>/refuse")
@open_to(*CHECK_ROLES)
def refuse(binding_id: UUID) -> ResponseReturnValue:
    """The document does not show it."""
    form = read_form(RefuseBinding)
    command = form.command
    if command is None:
        return _case_page(binding_id, blank(ConfirmBinding), form)
    try:
        write(
            BindingCase,
            lambda session: refuse_binding(session, current_actor(), binding_id, command),
        )
    except PortalError as error:
        form.fail(error)
        return _case_page(binding_id, blank(ConfirmBinding), form)
    flash(gettext("已退回，申请人会看到原因。"), "good")
    return redirect(url_for("residents_checks.listing"), 303)


def record_both(command: RecordBinding) -> BindingCase:
    """Count two people looked up, then record. Raises PortalError."""
    actor = current_actor()
    with transaction() as session:
        count_record(session, actor)
    return write(BindingCase, lambda session: record_binding(session, actor, command))


def _desk_page(form: Form[RecordBinding]) -> ResponseReturnValue:
    with transaction() as session:
        institutions = desk_institutions(session, current_actor())
    if len(institutions) == 1:
        form.values.setdefault("institution_id", str(institutions[0].id))
    page = render_template(
        "residents/checks/desk.html",
        form=form,
        institutions=[(each.id, each.name) for each in institutions],
        papers=[(paper.value, gettext(wording.EVIDENCE[paper])) for paper in DESK_PAPERS],
    )
    return page, form.status


def _case_page(
    binding_id: UUID, form: Form[ConfirmBinding], refusal: Form[RefuseBinding]
) -> ResponseReturnValue:
    with transaction() as session:
        case = get_binding(session, current_actor(), binding_id)
    page = render_template("residents/checks/case.html", case=case, form=form, refusal=refusal)
    return page, max(form.status, refusal.status)
