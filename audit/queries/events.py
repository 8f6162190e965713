"""Events: as auditors search them, and as residents see who looked at their data."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session, aliased

from audit.kinds import kind_of
from audit.models import Head, Leaf, Question
from audit.queries.scope import lives_within, scope_of, trail, units_of_event, within
from audit.schemas import (
    Action,
    EventSearch,
    EventView,
    Manner,
    OwnEvent,
    OwnEvents,
    SealedEvent,
    Subject,
    Who,
    Whose,
)
from auth.public import AccountCard, account_cards, accounts_named, worked_as
from core import clock
from core.access import Actor, Resource, require
from core.errors import NotFound
from core.masking import masked_name
from core.models import AuditEvent
from core.paging import Page, read_page
from directory.public import region_unit
from residents.public import (
    Person,
    acting,
    records_found,
    records_of,
    representatives_of,
)
from residents.schemas import Scope

EVENT = AuditEvent.__table__
ORDER: list[Any] = [EVENT.c.at, EVENT.c.id]
# Whose data an event is about, and for whom it was done.
ABOUT, FOR = aliased(Person), aliased(Person)
PEOPLE = (
    ABOUT.id.label("about_id"),
    ABOUT.name.label("about_name"),
    ABOUT.division_code.label("about_division"),
    FOR.id.label("for_id"),
    FOR.name.label("for_name"),
    FOR.division_code.label("for_division"),
)
EVENTS = (
    select(EVENT, *PEOPLE)
    .outerjoin(ABOUT, ABOUT.id == EVENT.c.person_id)
    .outerjoin(FOR, FOR.id == EVENT.c.acting_for)
)
Cards = Mapping[UUID, AccountCard]


def search_events(session: Session, actor: Actor, search: EventSearch) -> Page[EventView]:
    """Events within the actor's units, newest first."""
    scope = scope_of(actor)
    require(session, actor, Action.SEARCH_EVENTS, trail(scope, search.person_id))
    lives = (
        select(Person.id)
        .where(Person.id == EVENT.c.person_id, lives_within(scope, Person.division_code))
        .exists()
    )
    query = EVENTS.add_columns(*ORDER).where(
        within(scope, EVENT.c.account_id, lives), *_wanted(session, search)
    )
    rows, following = read_page(session, query, ORDER, search, descending=True)
    cards = cards_of(session, (row.account_id for row in rows))
    return Page(items=[EventView(**_seen(row, cards)) for row in rows], next_cursor=following)


def get_event(session: Session, actor: Actor, event_id: UUID) -> SealedEvent:
    """One event with its place in the log. Raises NotFound or Denied."""
    row = _find(session, event_id)
    units = units_of_event(session, row.account_id, row.about_division, row.region)
    resource = Resource("AuditRecord", str(event_id), row.person_id, units)
    require(session, actor, Action.READ_EVENT, resource)
    return SealedEvent(
        **_seen(row, cards_of(session, [row.account_id])),
        leaf=row.seq,
        head=row.head,
        sealed_at=row.sealed_at,
    )


def list_own_events(session: Session, actor: Actor, search: OwnEvents) -> Page[OwnEvent]:
    """What was done with the data of the actor, or of somebody whose records they may see, newest
    first; nothing before the real-name check.
    """
    person_id = search.person_id or actor.person_id
    records = records_of(session, person_id) if person_id else ()
    person_id = records[0] if records else person_id
    _require_own(session, actor, Action.READ_OWN_EVENTS, "AuditTrail", "events", person_id)
    about = EVENT.c.person_id.in_(records)
    query = select(EVENT, _asked(), *ORDER).where(about, *_whose(actor, search.whose))
    if search.search:
        query = query.where(worked_as(EVENT.c.account_id, EVENT.c.at, search.search))
    rows, following = read_page(session, query, ORDER, search, descending=True)
    cards = cards_of(session, (row.account_id for row in rows))
    items = [_own_event(row, person_id, actor, cards) for row in rows]
    return Page(items=items, next_cursor=following)


def get_own_event(session: Session, actor: Actor, event_id: UUID) -> OwnEvent:
    """One event about the actor's own data, or about those of somebody whose records they may see.
    Raises NotFound or Denied.
    """
    row, owner = require_own_event(session, actor, Action.READ_OWN_EVENTS, event_id)
    return _own_event(row, owner, actor, cards_of(session, [row.account_id]))


def require_own_event(
    session: Session, actor: Actor, action: Action, event_id: UUID
) -> tuple[Row[Any], UUID | None]:
    """The event, and whom it is about by the record that they are known by now. Raises NotFound or
    Denied.
    """
    row = session.execute(select(EVENT, _asked()).where(EVENT.c.id == event_id)).first()
    if row is None:
        raise NotFound()
    records = records_of(session, row.person_id) if row.person_id else ()
    owner = records[0] if records else None
    _require_own(session, actor, action, "AuditRecord", str(event_id), owner)
    return row, owner


def _own_event(row: Row[Any], person_id: UUID | None, actor: Actor, cards: Cards) -> OwnEvent:
    return OwnEvent(
        id=row.id,
        at=row.at,
        person_id=person_id,
        who=who(row.account_id, cards, row.at, masked=True),
        own=row.account_id == actor.account_id,
        action=row.action,
        manner=manner(row.action, row.looked),
        outcome=row.outcome,
        question=row.state,
    )


def manner(action: str, looked: bool | None) -> Manner | None:
    """What came of it; None of an old event that may have been either."""
    if kind_of(action) == "R":
        return Manner.LOOKED
    if looked is None:
        return None
    return Manner.OPENED if looked else Manner.DONE


def cards_of(session: Session, account_ids: Iterable[UUID | None]) -> Cards:
    """The cards of the accounts that acted."""
    return account_cards(session, {each for each in account_ids if each is not None})


def who(account_id: UUID | None, cards: Cards, at: datetime, *, masked: bool = False) -> Who | None:
    """An account as it was when it acted; None where nobody was signed in. ``masked`` hides the
    names of those who held no role then: for other residents, never for auditors.
    """
    card = cards.get(account_id) if account_id else None
    if card is None:
        return None
    roles = card.roles_at(at)
    resident = card.person_id is not None and not roles
    name = masked_name(card.name) if resident and masked else card.name
    return Who(id=card.id, name=name, resident=resident, application=card.application, roles=roles)


def subject(person_id: UUID | None, name: str | None, division_code: str | None) -> Subject | None:
    """A person as events show them."""
    if person_id is None or name is None or division_code is None:
        return None
    return Subject(id=person_id, name=masked_name(name), division_code=division_code)


def _find(session: Session, event_id: UUID) -> Row[Any]:
    """The event with its leaf, the first head over it, and the region's code."""
    first = (
        select(Head.number, Head.at)
        .where(Head.size > Leaf.seq)
        .order_by(Head.number)
        .limit(1)
        .correlate(Leaf)
        .lateral()
    )
    columns = (
        Leaf.seq,
        first.c.number.label("head"),
        first.c.at.label("sealed_at"),
        region_unit().label("region"),
    )
    query = (
        EVENTS.add_columns(*columns)
        .outerjoin(Leaf, Leaf.event_id == EVENT.c.id)
        .outerjoin(first, Leaf.seq.is_not(None))
        .where(EVENT.c.id == event_id)
    )
    row = session.execute(query).first()
    if row is None:
        raise NotFound()
    return row


def _seen(row: Row[Any], cards: Cards) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": row.at,
        "who": who(row.account_id, cards, row.at),
        "acting_for": subject(row.for_id, row.for_name, row.for_division),
        "action": row.action,
        "manner": manner(row.action, row.looked),
        "resource_type": row.resource_type,
        "resource_id": row.resource_id,
        "person": subject(row.about_id, row.about_name, row.about_division),
        "outcome": row.outcome,
        "policies": tuple(row.policies),
        "channel": row.channel,
        "address": row.address,
        "request_id": row.request_id,
    }


def _require_own(
    session: Session, actor: Actor, action: Action, kind: str, of: str, person_id: UUID | None
) -> None:
    """Let the person themself pass, and who may see their records."""
    other = person_id is not None and person_id != actor.person_id
    kin = representatives_of(session, person_id, Scope.SEE_RECORDS) if other and person_id else ()
    resource = Resource(kind, of, person_id, more={"kin": sorted(map(str, kin))})
    require(session, acting(actor, person_id, kin) if person_id else actor, action, resource)


def _asked() -> Any:
    """Where the newest question about the event stands: its person or who may see their records
    asked it, by whichever of their records.
    """
    state = select(Question.state).where(Question.event_id == EVENT.c.id)
    newest = state.order_by(Question.created_at.desc()).limit(1)
    return newest.scalar_subquery().label("state")


def _wanted(session: Session, search: EventSearch) -> list[ColumnElement[bool]]:
    exact = {
        EVENT.c.account_id: search.account_id,
        EVENT.c.action: search.action,
        EVENT.c.outcome: search.outcome,
    }
    wanted = [column == value for column, value in exact.items() if value is not None]
    if search.person_id:
        wanted.append(EVENT.c.person_id.in_(records_of(session, search.person_id)))
    if search.person:
        wanted.append(EVENT.c.person_id.in_(records_found(search.person)))
    if search.account:
        wanted.append(EVENT.c.account_id.in_(accounts_named(search.account)))
    if search.since:
        wanted.append(EVENT.c.at >= clock.at(search.since, 0))
    if search.until:
        wanted.append(EVENT.c.at < clock.at(search.until + timedelta(days=1), 0))
    return wanted


def _whose(actor: Actor, whose: Whose) -> list[ColumnElement[bool]]:
    own = func.coalesce(EVENT.c.account_id == actor.account_id, False)
    if whose is Whose.ALL:
        return []
    return [own if whose is Whose.OWN else ~own]
