"""The team's pages: recording a service, and what was recorded."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.access import Role
from core.database import transaction
from core.errors import Conflict, PortalError
from core.web.access import current_actor, open_to
from core.web.actions import attempt
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.limits import costly
from core.web.names import named
from core.web.pager import pager
from core.web.writes import write
from residents.public import get_person
from residents.schemas import PersonSearch
from service_packs.ports import due_services
from service_packs.queries.entitlements import find_people, list_entitlements
from service_packs.queries.records import get_team_record, list_team_records
from service_packs.schemas import (
    EntitlementItemView,
    EntitlementSearch,
    EntitlementView,
    RecordService,
    RecordView,
    TeamRecordSearch,
    UpholdRecord,
    Withdrawal,
)
from service_packs.services.disputes import uphold_record, withdraw_record
from service_packs.services.records import record_service


class DueService(NamedTuple):
    """A service that may be recorded on an entitlement, and the day by which it is owed."""

    due_on: date
    item: EntitlementItemView
    entitlement: EntitlementView


staff_pages = Blueprint("service_records", __name__, url_prefix="/service-records")


@staff_pages.get("/")
@open_to(Role.LEADER, Role.MEMBER)
def index() -> ResponseReturnValue:
    """What the team recorded, disputes to be found by the filter."""
    search = read_query(TeamRecordSearch)
    with transaction() as session:
        records = list_team_records(session, current_actor(), search)
    return render_template(
        "service_packs/team_records.html",
        records=records,
        search=search,
        pager=pager(records),
    )


@staff_pages.get("/new")
@costly
@open_to(Role.LEADER, Role.MEMBER)
def find() -> ResponseReturnValue:
    """Find the person for whom a service was done."""
    search = read_query(PersonSearch)
    with transaction() as session:
        people = find_people(session, current_actor(), search)
    return render_template(
        "service_packs/find_person.html", people=people, search=search, pager=pager(people)
    )


@staff_pages.get("/new/<uuid:person_id>")
@open_to(Role.LEADER, Role.MEMBER)
def new(person_id: UUID) -> ResponseReturnValue:
    """Choose the service, from what the person is entitled to; ``?item=F01`` chooses before."""
    return _record_page(person_id, blank(RecordService), item_code=request.args.get("item"))


@staff_pages.post("/new/<uuid:person_id>")
@open_to(Role.LEADER, Role.MEMBER)
def create(person_id: UUID) -> ResponseReturnValue:
    """Record the service."""
    form = read_form(RecordService)
    command = form.command
    if command is None:
        return _record_page(person_id, form, 422)
    try:
        record = write(
            RecordView, lambda session: record_service(session, current_actor(), command)
        )
    except PortalError as error:
        return _record_page(person_id, form, form.fail(error))
    service = named(record.item_name, record.item_name_en)
    flash(gettext("已登记“%(item)s”，居民会收到确认提醒。", item=service), "good")
    return redirect(url_for("service_records.new", person_id=person_id))


@staff_pages.get("/<uuid:record_id>")
@open_to(Role.LEADER, Role.MEMBER)
def show(record_id: UUID) -> ResponseReturnValue:
    """A record and what the person says to it; a disputed one asks for the team's answer."""
    return _dispute_page(record_id, blank(UpholdRecord))


@staff_pages.post("/<uuid:record_id>/withdraw")
@open_to(Role.LEADER, Role.MEMBER)
def withdraw(record_id: UUID) -> ResponseReturnValue:
    """Take a disputed record back."""
    try:
        write(Withdrawal, lambda session: withdraw_record(session, current_actor(), record_id))
    except Conflict as error:
        form = blank(UpholdRecord)
        form.fail(error)
        return _dispute_page(record_id, form)
    flash(gettext("记录已撤回，次数已退回，居民会收到消息。"), "good")
    return redirect(url_for("service_records.index"))


@staff_pages.post("/<uuid:record_id>/uphold")
@open_to(Role.LEADER, Role.MEMBER)
def uphold(record_id: UUID) -> ResponseReturnValue:
    """Say why a disputed record stands."""
    form = read_form(UpholdRecord)
    done = attempt(
        form,
        RecordView,
        lambda session, command: uphold_record(session, current_actor(), record_id, command),
    )
    if done is None:
        return _dispute_page(record_id, form)
    flash(gettext("已答复，居民会收到消息。"), "good")
    return redirect(url_for("service_records.index"))


def _dispute_page(record_id: UUID, form: Form[UpholdRecord]) -> ResponseReturnValue:
    with transaction() as session:
        found = get_team_record(session, current_actor(), record_id)
    page = render_template("service_packs/team_record.html", record=found, form=form)
    return page, form.status


def _record_page(
    person_id: UUID,
    form: Form[RecordService],
    status: int = 200,
    item_code: str | None = None,
) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        person = get_person(session, actor, person_id)
        search = EntitlementSearch(person_id=person_id, limit=100)
        entitlements = list_entitlements(session, actor, search).items
        due_on = due_services(session, person_id)
    due = _due(entitlements, due_on)
    usable = [item for held in entitlements for item in held.items if item.times_left]
    wanted = [item for item in usable if item.item_code == item_code] or [d.item for d in due]
    if wanted:
        form.values.setdefault("entitlement_item_id", str(wanted[0].id))
    page = render_template(
        "service_packs/record_service.html",
        person=person,
        entitlements=entitlements,
        due=due,
        due_ids={each.item.id for each in due},
        form=form,
    )
    return page, status


def _due(
    entitlements: Sequence[EntitlementView], due_on: Mapping[tuple[UUID, str], date]
) -> list[DueService]:
    """What is owed now and can still be recorded, the most urgent first."""
    due = [
        DueService(due_on[held.id, item.item_code], item, held)
        for held in entitlements
        for item in held.items
        if item.times_left and (held.id, item.item_code) in due_on
    ]
    return sorted(due, key=lambda each: each.due_on)
