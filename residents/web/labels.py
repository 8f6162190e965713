"""/residents/people/…/labels: a resident's health labels, for the team that cares for them."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core import clock
from core.access import Role
from core.database import transaction
from core.errors import PortalError
from core.web.access import current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.languages import english, gettext
from core.web.writes import write
from residents.queries import get_person
from residents.queries.labels import get_labels, groups_to_set
from residents.schemas import EndLabel, LabelBook, LabelSource, SetLabel
from residents.services.labels import end_label, set_label
from residents.web import wording

pages = Blueprint("residents_labels", __name__, url_prefix="/residents/people")
TEAM = (Role.LEADER, Role.MEMBER)
GIVEN = (LabelSource.STAFF, LabelSource.RECORDS)


@pages.context_processor
def words() -> dict[str, object]:
    """The wording of sources for the templates."""
    return {"wording": wording}


@pages.get("/<uuid:person_id>/labels")
@open_to(*TEAM)
def show(person_id: UUID) -> ResponseReturnValue:
    """What holds of a resident, and what held."""
    return _page(person_id, blank(SetLabel, since=clock.today(), source=LabelSource.STAFF))


@pages.post("/<uuid:person_id>/labels")
@open_to(*TEAM)
def add(person_id: UUID) -> ResponseReturnValue:
    """Set a label."""
    form = read_form(SetLabel)
    command = form.command
    if command is None:
        return _page(person_id, form)
    try:
        write(LabelBook, lambda session: set_label(session, current_actor(), person_id, command))
    except PortalError as error:
        form.fail(error)
        return _page(person_id, form)
    flash(gettext("标签已设置。"), "good")
    return redirect(url_for("residents_labels.show", person_id=person_id), 303)


@pages.post("/<uuid:person_id>/labels/<group_code>/end")
@open_to(*TEAM)
def end(person_id: UUID, group_code: str) -> ResponseReturnValue:
    """End a label, and why."""
    form = read_form(EndLabel)
    command = form.command
    if command is None:
        flash(gettext("请写明结束的原因，至少 2 个字。"), "bad")
        return redirect(url_for("residents_labels.show", person_id=person_id), 303)
    write(
        LabelBook,
        lambda session: end_label(session, current_actor(), person_id, group_code, command),
    )
    flash(gettext("标签已结束，保留在历史里。"), "good")
    return redirect(url_for("residents_labels.show", person_id=person_id), 303)


def _page(person_id: UUID, form: Form[SetLabel]) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        person = get_person(session, actor, person_id)
        book = get_labels(session, actor, person_id)
        choices = groups_to_set(session)
    held = {label.group_code for label in book.current}
    page = render_template(
        "residents/labels/show.html",
        person=person,
        book=book,
        form=form,
        ending=blank(EndLabel),
        groups=[
            (group.code, group.name_en if english() else group.name)
            for group in choices
            if group.code not in held
        ],
        sources=[(source.value, gettext(wording.SOURCES[source])) for source in GIVEN],
    )
    return page, form.status
