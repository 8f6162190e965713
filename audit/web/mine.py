"""/audit/mine: residents see who looked at their data, and may ask why; for family too."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from audit.queries.events import get_own_event, list_own_events
from audit.queries.questions import find_question
from audit.schemas import AskQuestion, OwnEvent, OwnEvents, QuestionView
from audit.services.questions import ask
from core import clock
from core.database import transaction
from core.errors import Invalid
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from core.web.writes import write
from residents.public import name_of_other

pages = Blueprint("audit_mine", __name__, url_prefix="/audit/mine")


@dataclass(frozen=True, slots=True)
class Looks:
    """What one account did in the same way on one day; ``last`` stands for all."""

    last: OwnEvent
    count: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day and what was done on it, the latest first."""

    day: date
    looks: list[Looks]


@pages.get("/")
@open_to(SIGNED_IN)
def mine() -> ResponseReturnValue:
    """Who looked at my data, or at those of somebody for whom I act, by day."""
    actor, wanted = current_actor(), read_query(OwnEvents, limit=50)
    if actor.person_id is None:
        return render_template("audit/mine.html", known=False, search=wanted)
    with transaction() as session:
        found = list_own_events(session, actor, wanted)
        acting_for = name_of_other(session, actor, wanted.person_id)
    return render_template(
        "audit/mine.html",
        known=True,
        search=wanted,
        days=by_day(found.items),
        pager=pager(found),
        acting_for=acting_for,
    )


@pages.get("/<uuid:event_id>")
@open_to(SIGNED_IN)
def own_event(event_id: UUID) -> ResponseReturnValue:
    """One access, and what I asked about it."""
    return _event_page(event_id, blank(AskQuestion), 200)


@pages.post("/<uuid:event_id>")
@open_to(SIGNED_IN)
def question(event_id: UUID) -> ResponseReturnValue:
    """Ask why it was made."""
    form = read_form(AskQuestion)
    command = form.command
    if command is None:
        return _event_page(event_id, form, 422)
    try:
        write(QuestionView, lambda session: ask(session, current_actor(), event_id, command))
    except Invalid as error:
        return _event_page(event_id, form, form.fail(error))
    flash(gettext("已交给审计员。有了答复，会发消息告诉您。"), "good")
    return redirect(url_for("audit_mine.own_event", event_id=event_id))


def by_day(items: Iterable[OwnEvent]) -> list[Day]:
    """The events of a page by day, and of each day what is alike as one."""
    days = groupby(items, key=lambda event: clock.local(event.at).date())
    return [Day(day, _alike(list(events))) for day, events in days]


def _alike(events: list[OwnEvent]) -> list[Looks]:
    """One line each for who did what with which outcome; a question is never hidden in another."""
    groups: dict[object, list[OwnEvent]] = {}
    for event in events:
        who = event.who.id if event.who else None
        asked = event.id if event.question else None
        key = (who, event.action, event.manner, event.outcome, asked)
        groups.setdefault(key, []).append(event)
    return [Looks(group[0], len(group)) for group in groups.values()]


def _event_page(event_id: UUID, form: Form[AskQuestion], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        event = get_own_event(session, actor, event_id)
        asked = find_question(session, event_id)
        acting_for = name_of_other(session, actor, event.person_id)
    page = render_template(
        "audit/own_event.html", event=event, question=asked, asking=form, acting_for=acting_for
    )
    return page, status
