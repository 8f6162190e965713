"""Requests to act for somebody: the applicant's own, and those that an institution checks."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, or_, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource, Role, decide, require
from core.crypto import blind_index
from core.errors import NotFound
from core.paging import Page, read_page
from directory.public import (
    institution_named,
    institutions_by_id,
    institutions_of_teams,
    units_of_institutions,
    units_within,
)
from directory.schemas import ServingInstitution
from residents.models import Binding, Person
from residents.queries.known_by import masked_known
from residents.queries.people import find_by_number, matches
from residents.schemas import (
    BindingAction,
    BindingCase,
    BindingRow,
    BindingSearch,
    BindingState,
    BindingTold,
    BindingView,
    Candidate,
    Way,
    in_order,
)

CHECK_ROLES = (Role.REGISTRAR, Role.ADMINISTRATOR, Role.LEADER)
# As long as a code is good for, and as long as a document may take to be shown.
CODE_WITHIN = timedelta(minutes=5)
SHOW_WITHIN = timedelta(days=30)
# Of the applicant's own list: what was settled lately.
SHOWN_FOR = timedelta(days=30)
MOST_OWN = 20
# Names and birth dates are shared by few; more would be no help to whoever chooses.
MOST_CANDIDATES = 5


def binding_resource(
    binding_id: object,
    units: Sequence[str] = (),
    *,
    representative_id: UUID | None = None,
    person_id: UUID | None = None,
) -> Resource:
    """A request as the policy sees it; the person is known once they were found."""
    more = {"representative": str(representative_id or "")}
    return Resource("Binding", str(binding_id), person_id, tuple(units), more)


def resource_of(session: Session, binding: Binding, person_id: UUID | None = None) -> Resource:
    """As ``binding_resource``, of a row."""
    units: Sequence[str] = ()
    if binding.institution_id:
        units = units_of_institutions(session, [binding.institution_id])[binding.institution_id]
    return binding_resource(
        binding.id, units, representative_id=binding.representative_id, person_id=person_id
    )


def over() -> ColumnElement[bool]:
    """The condition that a waiting request waited too long."""
    now = clock.now()
    by_code = Binding.way == Way.CODE
    return and_(
        Binding.state == BindingState.WAITING,
        or_(
            and_(by_code, Binding.created_at < now - CODE_WITHIN),
            and_(~by_code, Binding.created_at < now - SHOW_WITHIN),
        ),
    )


def state_of(binding: Binding) -> BindingState:
    """The state as of now: the calendar comes to what lapsed only at night."""
    state = BindingState(binding.state)
    within = CODE_WITHIN if binding.way == Way.CODE else SHOW_WITHIN
    if state is BindingState.WAITING and binding.created_at < clock.now() - within:
        return BindingState.LAPSED
    return state


def list_own_bindings(session: Session, actor: Actor) -> list[BindingView]:
    """The actor's requests that wait or ended lately otherwise than they wished, newest first."""
    if actor.person_id is None:
        return []
    require(session, actor, BindingAction.READ, _own(actor))
    told = [BindingState.WAITING, BindingState.REFUSED]
    query = (
        select(Binding)
        .where(
            Binding.representative_id == actor.person_id,
            Binding.state.in_(told),
            ~over(),
            Binding.created_at > clock.now() - 2 * SHOWN_FOR,
        )
        .order_by(Binding.created_at.desc(), Binding.id)
        .limit(MOST_OWN)
    )
    rows = session.scalars(query).all()
    names = _names(session, rows)
    return [BindingView.model_validate(_values(row, names)) for row in rows]


def get_own_binding(session: Session, actor: Actor, binding_id: UUID) -> BindingView:
    """One of the actor's requests. Raises NotFound; others' requests are not there."""
    row = session.get(Binding, binding_id)
    if row is None or actor.person_id is None or row.representative_id != actor.person_id:
        raise NotFound()
    require(session, actor, BindingAction.READ, _own(actor))
    return BindingView.model_validate(_values(row, _names(session, [row])))


def list_bindings(session: Session, actor: Actor, search: BindingSearch) -> Page[BindingRow]:
    """Requests at the actor's institutions: those to check, the oldest first, or those settled,
    the newest first. Raises Denied for one without an institution.
    """
    units = tuple(sorted(actor.units(*CHECK_ROLES)))
    require(session, actor, BindingAction.READ, binding_resource("list", units))
    order: list[Any] = [Binding.created_at, Binding.id]
    waiting = and_(Binding.state == BindingState.WAITING, ~over())
    query = (
        select(Binding, Person.name, *order)
        .join(Person, Person.id == Binding.representative_id)
        .where(
            Binding.institution_id.is_not(None),
            within(session, actor),
            ~waiting if search.settled else waiting,
        )
    )
    if search.search:
        query = query.where(_wanted(search.search))
    rows, following = read_page(session, query, order, search, descending=search.settled)
    names = _names(session, [row[0] for row in rows])
    items = [
        BindingRow.model_validate(
            {**_values(row[0], names), "representative_name": row[1]},
        )
        for row in rows
    ]
    return Page(items=items, next_cursor=following)


def get_binding(session: Session, actor: Actor, binding_id: UUID) -> BindingCase:
    """One request at the actor's institution. Raises NotFound or Denied."""
    row = session.get(Binding, binding_id)
    if row is None or row.institution_id is None:
        raise NotFound()
    resource = resource_of(session, row)
    require(session, actor, BindingAction.READ, resource)
    return case_view(session, actor, row, resource)


def case_view(session: Session, actor: Actor, row: Binding, resource: Resource) -> BindingCase:
    """A request as those who check it see it; the caller has asked the policy."""
    representative = session.get_one(Person, row.representative_id)
    waits = state_of(row) is BindingState.WAITING
    may_check = waits and decide(actor, BindingAction.CHECK, resource)[0]
    found = candidates(session, row) if may_check else ()
    return BindingCase.model_validate(
        {
            **_values(row, _names(session, [row])),
            "representative_name": representative.name,
            "representative_masked_id": masked_known(session, representative),
            "evidence_number": row.evidence_number,
            "id_number": row.id_number,
            "sex": row.sex,
            "birth_date": row.birth_date,
            "candidates": [_candidate(session, person) for person in found],
            "may_check": may_check,
        }
    )


def candidates(session: Session, binding: Binding) -> Sequence[Person]:
    """Who known here may be the one named: by the ID number, else by name, sex and birth date."""
    query = select(Person).where(
        Person.id != binding.representative_id, Person.merged_into.is_(None)
    )
    if binding.id_index:
        known = find_by_number(session, binding.id_index)
        query = query.where(Person.id == (known.id if known else None))
    else:
        query = query.where(
            Person.name == binding.name,
            Person.sex == binding.sex,
            Person.birth_date == binding.birth_date,
        )
    return session.scalars(query.order_by(Person.id).limit(MOST_CANDIDATES)).all()


def desk_institutions(session: Session, actor: Actor) -> list[ServingInstitution]:
    """Where the actor can see people: the institutions they hold a role on or lead a team of."""
    held = actor.units(Role.REGISTRAR, Role.ADMINISTRATOR)
    ids = {UUID(unit) for unit in held if not unit.isdigit()} | led_institutions(session, actor)
    return sorted(institutions_by_id(session, ids).values(), key=lambda each: each.name)


def find_refused(session: Session, binding_id: UUID) -> BindingTold | None:
    """A refused request, for telling the applicant; nobody is asking."""
    row = session.get(Binding, binding_id)
    return BindingTold.model_validate(row) if row else None


def within(session: Session, actor: Actor) -> ColumnElement[bool]:
    """The condition that a request lies at one of the actor's institutions."""
    held = actor.units(Role.REGISTRAR, Role.ADMINISTRATOR)
    return or_(
        units_within(cast(Binding.institution_id, Text), held),
        Binding.institution_id.in_(led_institutions(session, actor)),
    )


def led_institutions(session: Session, actor: Actor) -> frozenset[UUID]:
    """The institutions of the teams that the actor leads."""
    teams = {UUID(unit) for unit in actor.units(Role.LEADER) if not unit.isdigit()}
    return institutions_of_teams(session, teams) if teams else frozenset()


def _own(actor: Actor) -> Resource:
    return binding_resource("own", representative_id=actor.person_id)


def _candidate(session: Session, person: Person) -> Candidate:
    return Candidate(
        id=person.id,
        name=person.name,
        birth_date=person.birth_date,
        masked_id_number=masked_known(session, person),
        division_code=person.division_code,
    )


def _wanted(text: str) -> ColumnElement[bool]:
    """The representative by name or last four, whom they stand for by the whole ID number, or the
    institution by name.
    """
    number = Binding.id_index == blind_index(text.upper(), "id-number")
    return or_(matches(text), number, institution_named(Binding.institution_id, text))


def _names(session: Session, rows: Collection[Binding]) -> dict[UUID, str]:
    ids = {row.institution_id for row in rows if row.institution_id}
    if not ids:
        return {}
    return {key: each.name for key, each in institutions_by_id(session, ids).items()}


def _values(row: Binding, names: dict[UUID, str]) -> dict[str, object]:
    return {
        "id": row.id,
        "way": row.way,
        "basis": row.basis,
        "evidence": row.evidence,
        "name": row.name,
        "scopes": in_order(row.scopes),
        "until": row.until,
        "institution_name": names.get(row.institution_id) if row.institution_id else None,
        "state": state_of(row),
        "reason": row.reason,
        "checked_by_name": row.checked_by_name,
        "created_at": row.created_at,
        "settled_at": row.settled_at,
    }
