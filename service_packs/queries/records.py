"""Reads of service records: a person's own, or those of one's teams."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, require
from core.errors import NotFound
from core.paging import Page, read_page
from core.searching import any_contains
from residents.public import Person, acting, matches
from residents.schemas import Scope
from service_packs.models import Item, ServiceRecord
from service_packs.queries.entitlements import require_own_teams, serving_team
from service_packs.queries.kin import kin_of
from service_packs.schemas import (
    Action,
    RecordSearch,
    RecordState,
    RecordView,
    TeamRecordSearch,
    TeamRecordView,
)

NEWEST: tuple[ColumnElement[Any], ...] = (
    ServiceRecord.performed_at.expression,
    ServiceRecord.id.expression,
)


def _records(*more: Any) -> Select[Any]:
    names = (Item.name.label("item_name"), Item.name_en.label("item_name_en"))
    return select(ServiceRecord, *names, *more).join(Item, Item.code == ServiceRecord.item_code)


def view_record(session: Session, record_id: UUID) -> RecordView:
    """One record; the caller has asked the policy. Raises NotFound."""
    row = session.execute(
        _records().where(ServiceRecord.id == record_id),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if row is None:
        raise NotFound()
    return _view(row)


def record_stands(session: Session, record_id: UUID) -> bool:
    """Whether a record was not withdrawn; it then cannot be before the transaction ends."""
    held = select(ServiceRecord.id).where(ServiceRecord.id == record_id)
    return session.scalar(held.with_for_update(read=True, key_share=True)) is not None


def records_since(
    session: Session, person_id: UUID, since: datetime
) -> list[tuple[UUID, str, datetime]]:
    """(record, item code, when) of what was done for a person since, what is disputed left out. The
    caller has asked the policy.
    """
    query = (
        select(ServiceRecord.id, ServiceRecord.item_code, ServiceRecord.performed_at)
        .where(
            ServiceRecord.person_id == person_id,
            ServiceRecord.performed_at >= since,
            ServiceRecord.state != RecordState.DISPUTED,
        )
        .order_by(ServiceRecord.performed_at, ServiceRecord.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def require_record(session: Session, actor: Actor, record_id: UUID, action: Action) -> None:
    """Let the actor do ``action`` with a record. Raises NotFound or Denied."""
    record = view_record(session, record_id)
    _require(session, actor, action, record_id, record.person_id, (str(record.team_id),))


def _require(
    session: Session,
    actor: Actor,
    action: Action,
    record_id: UUID | str,
    person_id: UUID,
    units: tuple[str, ...] = (),
) -> None:
    kin = kin_of(session, actor, person_id, Scope.SEE_RECORDS)
    resource = Resource("ServiceRecord", str(record_id), person_id, units, {"kin": kin})
    require(session, acting(actor, person_id, kin), action, resource)


def list_records(session: Session, actor: Actor, search: RecordSearch) -> Page[RecordView]:
    """One's own records, a person's whose records one may see, or those of one team, newest first.
    Raises Denied for others.
    """
    person_id = search.person_id or actor.person_id
    query = _records(*NEWEST)
    if search.team_id:
        require(session, actor, Action.READ_TEAM_RECORDS, serving_team(search.team_id))
        query = query.where(ServiceRecord.team_id == search.team_id)
    elif person_id is None:
        return Page(items=[])
    else:
        _require(session, actor, Action.READ_RECORDS, "own", person_id)
        query = query.where(ServiceRecord.person_id == person_id)
    if search.state:
        query = query.where(ServiceRecord.state == search.state)
    if search.search:
        said = (Item.name, Item.name_en, ServiceRecord.staff_name)
        query = query.where(any_contains(search.search, *said))
    rows, following = read_page(session, query, NEWEST, search, descending=True)
    return Page(items=[_view(row) for row in rows], next_cursor=following)


def get_team_record(session: Session, actor: Actor, record_id: UUID) -> TeamRecordView:
    """A record of one of the actor's teams with the person's name. Raises NotFound or Denied."""
    row = session.execute(_with_person().where(ServiceRecord.id == record_id)).one_or_none()
    if row is None:
        raise NotFound()
    require(session, actor, Action.READ_TEAM_RECORDS, serving_team(row[0].team_id))
    return _team_view(row)


def list_team_records(
    session: Session, actor: Actor, search: TeamRecordSearch
) -> Page[TeamRecordView]:
    """Records of the actor's teams with the people's names, newest first."""
    teams = require_own_teams(session, actor)
    query = _with_person(*NEWEST).where(ServiceRecord.team_id.in_(teams))
    if search.state:
        query = query.where(ServiceRecord.state == search.state)
    if search.search:
        query = query.where(matches(search.search))
    rows, following = read_page(session, query, NEWEST, search, descending=True)
    return Page(items=[_team_view(row) for row in rows], next_cursor=following)


def _with_person(*more: Any) -> Select[Any]:
    person = (Person.name.label("person_name"), Person.example.label("person_example"))
    return _records(*person, *more).join(Person, Person.id == ServiceRecord.person_id)


def _team_view(row: Any) -> TeamRecordView:
    return TeamRecordView(
        **_view(row).model_dump(),
        person_name=row.person_name,
        person_example=row.person_example,
    )


def _view(row: Any) -> RecordView:
    record: ServiceRecord = row[0]
    return RecordView(
        id=record.id,
        person_id=record.person_id,
        item_code=record.item_code,
        item_name=row.item_name,
        item_name_en=row.item_name_en,
        team_id=record.team_id,
        staff_name=record.staff_name,
        performed_at=record.performed_at,
        note=record.note,
        state=record.state,
        dispute_reason=record.dispute_reason,
        disputed_at=record.disputed_at,
        confirmed_at=record.confirmed_at,
    )
