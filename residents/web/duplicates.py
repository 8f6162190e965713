"""/residents/duplicates: records that may be of one person, side by side; merging, and undoing."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.errors import PortalError
from core.web.access import current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from core.web.problems import translated
from core.web.writes import write
from residents.queries.duplicates import DUPLICATE_ROLES, get_duplicate, list_duplicates
from residents.schemas import (
    DecidePair,
    DuplicateCase,
    DuplicateSearch,
    Keeping,
    MergePair,
    PairVerdict,
    Part,
)
from residents.services.merging import decide_pair, merge_pair, undo_merge
from residents.web import duplicate_words, wording

pages = Blueprint("residents_duplicates", __name__, url_prefix="/residents/duplicates")


@pages.context_processor
def words() -> dict[str, object]:
    """The wording of reasons, states and kinds for the templates."""
    return {"wording": wording, "words": duplicate_words}


@pages.get("/")
@open_to(*DUPLICATE_ROLES)
def listing() -> ResponseReturnValue:
    """Pairs in one's places."""
    search = read_query(DuplicateSearch)
    with transaction() as session:
        found = list_duplicates(session, current_actor(), search)
    return render_template(
        "residents/duplicates/list.html", found=found.items, search=search, pager=pager(found)
    )


@pages.get("/<uuid:pair_id>")
@open_to(*DUPLICATE_ROLES)
def show(pair_id: UUID) -> ResponseReturnValue:
    """Both records side by side."""
    return _page(pair_id)


@pages.post("/<uuid:pair_id>/merge")
@open_to(*DUPLICATE_ROLES)
def merge(pair_id: UUID) -> ResponseReturnValue:
    """It is one person."""
    form = read_form(MergePair)
    command = form.command
    if command is None:
        return _page(pair_id, form)
    try:
        write(DuplicateCase, lambda session: merge_pair(session, current_actor(), pair_id, command))
    except PortalError as error:
        form.fail(error)
        return _page(pair_id, form)
    flash(gettext("已合并为一份，本人会收到消息。合并错了可以在这一页撤销。"), "good")
    return redirect(url_for("residents_duplicates.show", pair_id=pair_id), 303)


@pages.post("/<uuid:pair_id>/decide")
@open_to(*DUPLICATE_ROLES)
def decide(pair_id: UUID) -> ResponseReturnValue:
    """Two people, or not now."""
    form = read_form(DecidePair)
    command = form.command
    if command is None:
        flash(gettext("有些内容需要修改，请看标出的地方。"), "bad")
        return redirect(url_for("residents_duplicates.show", pair_id=pair_id), 303)
    write(DuplicateCase, lambda session: decide_pair(session, current_actor(), pair_id, command))
    if command.verdict is PairVerdict.LATER:
        flash(gettext("已放到“以后再看”。"), "good")
    else:
        flash(gettext("已记为两个人，不会再提示这一对。"), "good")
    return redirect(url_for("residents_duplicates.listing"), 303)


@pages.post("/<uuid:pair_id>/undo")
@open_to(*DUPLICATE_ROLES)
def undo(pair_id: UUID) -> ResponseReturnValue:
    """The merge was wrong."""
    try:
        write(DuplicateCase, lambda session: undo_merge(session, current_actor(), pair_id))
    except PortalError as error:
        flash(translated(error.message), "bad")
        return redirect(url_for("residents_duplicates.show", pair_id=pair_id), 303)
    flash(gettext("合并已撤销，两份档案恢复为合并前的样子。"), "good")
    return redirect(url_for("residents_duplicates.show", pair_id=pair_id), 303)


def _page(pair_id: UUID, form: Form[MergePair] | None = None) -> ResponseReturnValue:
    with transaction() as session:
        case = get_duplicate(session, current_actor(), pair_id)
    form = form or blank(MergePair, **_likely(case))
    page = render_template(
        "residents/duplicates/show.html",
        case=case,
        form=form,
        rows=duplicate_words.compared(case.first, case.second),
        deciding=blank(DecidePair),
    )
    return page, form.status


def _likely(case: DuplicateCase) -> dict[str, Keeping]:
    """What stands chosen at first: the record that is in use, and a phone where one has it."""
    second = (case.second.has_account, case.second.verified) > (
        case.first.has_account,
        case.first.verified,
    )
    keep = Keeping.SECOND if second else Keeping.FIRST
    chosen = dict.fromkeys(("keep", *Part), keep)
    if case.first.phone is None or case.second.phone is None:
        chosen[Part.PHONE] = Keeping.SECOND if case.first.phone is None else Keeping.FIRST
    return {str(name): value for name, value in chosen.items()}
