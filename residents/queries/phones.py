"""Changes of registered phones, to the institutions where they were made."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, or_, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource, Role, require
from core.errors import NotFound
from core.masking import masked_phone
from core.paging import Page, read_page
from directory.public import institutions_by_id, units_of_institutions, units_within
from residents.models import Person, PhoneChange
from residents.queries.bindings import CHECK_ROLES, CODE_WITHIN, led_institutions
from residents.queries.people import matches
from residents.schemas import (
    PhoneAction,
    PhoneChangeView,
    PhonePaper,
    PhoneSearch,
    PhoneState,
    PhoneTold,
)

OBJECTION_PATH = "/residents/phone-objection"


def phone_resource(
    session: Session, change_id: object, institution_id: UUID, person_id: UUID | None = None
) -> Resource:
    """A change as the policy sees it: whose phone, and the institution that sees the person."""
    units = units_of_institutions(session, [institution_id])[institution_id]
    return Resource("PhoneChange", str(change_id), person_id, tuple(units))


def list_phone_changes(
    session: Session, actor: Actor, search: PhoneSearch
) -> Page[PhoneChangeView]:
    """Changes at the actor's institutions but the actor's own phone's, the newest first. Raises
    Denied for one without an institution.
    """
    units = tuple(sorted(actor.units(*CHECK_ROLES)))
    require(session, actor, PhoneAction.READ, Resource("PhoneChange", "list", None, units))
    order: list[Any] = [PhoneChange.created_at, PhoneChange.id]
    held = actor.units(Role.REGISTRAR, Role.ADMINISTRATOR)
    query = (
        select(PhoneChange, Person.name, *order)
        .join(Person, Person.id == PhoneChange.person_id)
        .where(
            or_(
                units_within(cast(PhoneChange.institution_id, Text), held),
                PhoneChange.institution_id.in_(led_institutions(session, actor)),
            ),
            PhoneChange.person_id.is_distinct_from(actor.person_id),
        )
    )
    if search.search:
        query = query.where(matches(search.search))
    rows, following = read_page(session, query, order, search, descending=True)
    ids = {row[0].institution_id for row in rows}
    names = {key: each.name for key, each in institutions_by_id(session, ids).items()}
    items = [_view(row[0], row[1], names) for row in rows]
    return Page(items=items, next_cursor=following)


def get_phone_change(session: Session, actor: Actor, change_id: UUID) -> PhoneChangeView:
    """One change. Raises NotFound or Denied."""
    row = session.get(PhoneChange, change_id)
    if row is None:
        raise NotFound()
    resource = phone_resource(session, row.id, row.institution_id, row.person_id)
    require(session, actor, PhoneAction.READ, resource)
    return phone_view(session, row)


def phone_view(session: Session, row: PhoneChange) -> PhoneChangeView:
    """As ``get_phone_change``; the caller has asked the policy."""
    found = institutions_by_id(session, {row.institution_id})
    names = {key: each.name for key, each in found.items()}
    return _view(row, session.get_one(Person, row.person_id).name, names)


def find_phone_warning(session: Session, change_id: UUID) -> PhoneTold | None:
    """Where to warn of a change that waits; nobody is asking."""
    row = session.get(PhoneChange, change_id)
    if row is None or row.state != PhoneState.WAITING or row.old_phone is None:
        return None
    return PhoneTold(old_phone=row.old_phone, path=f"{OBJECTION_PATH}?code={row.objection}")


def find_phone_owner(session: Session, change_id: UUID) -> UUID | None:
    """Whose phone it is, where the change took effect; nobody is asking."""
    row = session.get(PhoneChange, change_id)
    return row.person_id if row is not None and row.state == PhoneState.DONE else None


def _view(row: PhoneChange, name: str, names: Mapping[UUID, str]) -> PhoneChangeView:
    state = PhoneState(row.state)
    if state is PhoneState.ASKED and row.created_at < clock.now() - CODE_WITHIN:
        state = PhoneState.LAPSED
    return PhoneChangeView(
        id=row.id,
        name=name,
        institution_name=names.get(row.institution_id),
        paper=PhonePaper(row.paper),
        masked_new_phone=masked_phone(row.new_phone),
        masked_old_phone=masked_phone(row.old_phone) if row.old_phone else None,
        state=state,
        recorded_by_name=row.recorded_by_name,
        created_at=row.created_at,
        effective_at=row.effective_at,
        settled_at=row.settled_at,
    )
