"""Pages of visits that are over: the desk's review and appeals, the patient's own record."""

from collections.abc import Callable, Iterable
from datetime import date
from itertools import groupby
from typing import TypeAlias
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from appointments.queries.day_list import chosen_desk, desk_institutions
from appointments.queries.records import list_appeals_of, list_records
from appointments.queries.visits import days_to_mark, list_visits_of
from appointments.schemas import (
    Appeal,
    AppealQuery,
    DayToMark,
    Decide,
    Marked,
    MarkVisit,
    RecordQuery,
    SuspensionView,
    VisitQuery,
    VisitRow,
)
from appointments.services.visits import appeal, decide_appeal, mark_session, mark_visit
from core.access import Actor, Role
from core.database import transaction
from core.errors import Conflict
from core.paging import HIGHEST_LIMIT
from core.searching import SearchQuery
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from core.web.problems import translated
from core.web.writes import write
from residents.public import people_by_id

# A field called date hides the type of that name from its own annotation.
ChosenDay: TypeAlias = date | None
pages = Blueprint("appointments_visits", __name__, url_prefix="/appointments")


class ReviewQuery(SearchQuery):
    """What the desk reviews; its first institution's oldest open day until it chooses."""

    institution_id: UUID | None = None
    date: ChosenDay = None
    marked: bool = False
    decided: bool = False


@pages.get("/review")
@open_to(Role.REGISTRAR)
def review() -> ResponseReturnValue:
    """Who came on a day that is over: said by row, or for a whole session."""
    actor, asked = current_actor(), read_query(ReviewQuery, limit=HIGHEST_LIMIT)
    with transaction() as session:
        institutions = desk_institutions(session, actor)
        institution = chosen_desk(session, institutions, asked.institution_id)
        if institution is None:
            return render_template("appointments/no_desk.html")
        days = days_to_mark(session, institution.id)
        query = VisitQuery(
            institution_id=institution.id,
            date=asked.date or _first_open(days),
            marked=asked.marked,
            search=asked.search,
            cursor=asked.cursor,
            limit=asked.limit,
        )
        page = list_visits_of(session, actor, institution, query)
    return render_template(
        "appointments/visits/review.html",
        institution=institution,
        institutions=institutions,
        days=days,
        query=query,
        sessions=_by_session(page.items),
        paging=pager(page),
        own=actor.person_id,
    )


@pages.post("/review/<uuid:booking_id>")
@open_to(Role.REGISTRAR)
def mark(booking_id: UUID) -> ResponseReturnValue:
    """Say whether one patient came."""
    return _mark(lambda session, actor, how: mark_visit(session, actor, booking_id, how))


@pages.post("/review/sessions/<uuid:session_id>")
@open_to(Role.REGISTRAR)
def mark_all(session_id: UUID) -> ResponseReturnValue:
    """Say the same of all patients of a session who are not marked yet."""
    return _mark(lambda session, actor, how: mark_session(session, actor, session_id, how))


@pages.get("/appeals")
@open_to(Role.REGISTRAR)
def appeals() -> ResponseReturnValue:
    """What suspended patients say, to be answered."""
    return _appeals_page(blank(Decide), None)


@pages.post("/appeals/<uuid:suspension_id>")
@open_to(Role.REGISTRAR)
def decide(suspension_id: UUID) -> ResponseReturnValue:
    """Answer an appeal."""
    form = read_form(Decide)
    command = form.command
    if command is None:
        return _appeals_page(form, suspension_id)
    try:
        write(
            SuspensionView,
            lambda session: decide_appeal(session, current_actor(), suspension_id, command),
        )
    except Conflict as refusal:
        flash(translated(refusal.message), "warn")
    else:
        flash(gettext("已答复，患者会收到消息和短信。"), "good")
    asked = read_query(ReviewQuery)
    address = url_for("appointments_visits.appeals", institution_id=asked.institution_id)
    return redirect(address, 303)


@pages.get("/record")
@open_to(SIGNED_IN)
def record() -> ResponseReturnValue:
    """What counts against oneself and one's family, until when, and what to say to it."""
    return _record_page(blank(Appeal), None)


@pages.post("/record/<uuid:suspension_id>")
@open_to(SIGNED_IN)
def say(suspension_id: UUID) -> ResponseReturnValue:
    """Appeal against a suspension."""
    form = read_form(Appeal)
    command = form.command
    if command is None:
        return _record_page(form, suspension_id)
    try:
        write(
            SuspensionView,
            lambda session: appeal(session, current_actor(), suspension_id, command),
        )
    except Conflict as refusal:
        form.fail(refusal)
        return _record_page(form, suspension_id)
    flash(gettext("申诉已交给医院，答复会用消息和短信告诉您。"), "good")
    return redirect(url_for("appointments_visits.record"), 303)


def _mark(work: Callable[[Session, Actor, MarkVisit], Marked]) -> ResponseReturnValue:
    form = read_form(MarkVisit)
    back = redirect(_here(), 303)
    command = form.command
    if command is None:
        flash(form.message, "warn")
        return back
    try:
        marked = write(Marked, lambda session: work(session, current_actor(), command))
    except Conflict as refusal:
        flash(translated(refusal.message), "warn")
    else:
        flash(gettext("已核对 %(count)s 人。", count=marked.count), "good")
    return back


def _here() -> str:
    """The review as it was looked at, which the forms carry in their address."""
    asked = read_query(ReviewQuery)
    return url_for(
        "appointments_visits.review",
        institution_id=asked.institution_id,
        date=asked.date.isoformat() if asked.date else None,
        marked="true" if asked.marked else None,
    )


def _appeals_page(form: Form[Decide], answering: UUID | None) -> ResponseReturnValue:
    actor, asked = current_actor(), read_query(ReviewQuery)
    with transaction() as session:
        institutions = desk_institutions(session, actor)
        institution = chosen_desk(session, institutions, asked.institution_id)
        if institution is None:
            return render_template("appointments/no_desk.html")
        query = AppealQuery(
            institution_id=institution.id,
            decided=asked.decided,
            search=asked.search,
            cursor=asked.cursor,
            limit=asked.limit,
        )
        page = list_appeals_of(session, actor, institution, query)
    rendered = render_template(
        "appointments/visits/appeals.html",
        institution=institution,
        institutions=institutions,
        page=page,
        paging=pager(page),
        query=query,
        form=form,
        answering=answering,
        untouched=blank(Decide),
        own=actor.person_id,
    )
    return rendered, form.status


def _record_page(form: Form[Appeal], appealing: UUID | None) -> ResponseReturnValue:
    with transaction() as session:
        records = list_records(session, current_actor(), RecordQuery())
        names = people_by_id(session, {each.person_id for each in records})
    page = render_template(
        "appointments/visits/record.html",
        records=records,
        names=names,
        form=form,
        appealing=appealing,
        untouched=blank(Appeal),
    )
    return page, form.status


def _first_open(days: list[DayToMark]) -> date:
    return next((day.date for day in reversed(days) if day.count), days[0].date)


def _by_session(rows: Iterable[VisitRow]) -> list[list[VisitRow]]:
    """The rows of each session together."""
    found = groupby(rows, key=lambda row: row.session_id)
    return [list(group) for _, group in found]
