"""Pairs of records that may be of one person, for the staff of the places that they live in."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from auth.public import accounts_of_people
from core.access import Actor, Resource, Role, decide, require
from core.errors import NotFound
from core.masking import masked_number
from core.paging import Page, read_page
from directory.public import (
    division_path,
    get_division,
    serving_institutions,
    units_within,
)
from residents.holdings import holdings
from residents.identity import grouped_record_number
from residents.models import Duplicate, Household, Identifier, Merge, Person
from residents.queries.people import matches
from residents.schemas import (
    DuplicateAction,
    DuplicateCase,
    DuplicateRow,
    DuplicateSearch,
    Keeping,
    MergeTold,
    PairState,
    Reason,
    RecordSide,
)

DUPLICATE_ROLES = (Role.REGISTRAR, Role.ADMINISTRATOR)


def pair_resource(
    pair_id: object,
    units: Collection[str] = (),
    *,
    person_id: UUID | None = None,
    other_id: UUID | None = None,
) -> Resource:
    """A pair as the policy sees it: one of the two, the other, and who answers for the places."""
    more = {"other": str(other_id or "")}
    return Resource("Duplicate", str(pair_id), person_id, tuple(units), more)


def resources_of(session: Session, pair: Duplicate) -> tuple[Resource, Resource]:
    """The pair once of each of the two, as an event of the audit is of one person."""
    units = units_of(session, {pair.first_division, pair.second_division})
    return (
        pair_resource(pair.id, units, person_id=pair.first_id, other_id=pair.second_id),
        pair_resource(pair.id, units, person_id=pair.second_id, other_id=pair.first_id),
    )


def units_of(session: Session, divisions: Collection[str]) -> list[str]:
    """Who answers for places: their divisions and the institutions there that run a team."""
    serving = serving_institutions(session)
    units = {str(each.id) for each in serving if each.division_code in divisions}
    return sorted(units.union(*map(division_path, divisions)))


def within(session: Session, actor: Actor) -> ColumnElement[bool]:
    """The condition that one of a pair lives where the actor answers for."""
    held = actor.units(*DUPLICATE_ROLES)
    places = {each.division_code for each in serving_institutions(session) if str(each.id) in held}
    scope = held | places
    return or_(
        units_within(Duplicate.first_division, scope),
        units_within(Duplicate.second_division, scope),
    )


def list_duplicates(session: Session, actor: Actor, search: DuplicateSearch) -> Page[DuplicateRow]:
    """Pairs in the actor's places, the likeliest first. Raises Denied for one without a place."""
    units = sorted(actor.units(*DUPLICATE_ROLES))
    require(session, actor, DuplicateAction.READ, pair_resource("list", units))
    first, second = aliased(Person), aliased(Person)
    order = [Duplicate.score, Duplicate.id]
    of_oneself = [Duplicate.first_id, Duplicate.second_id]
    query = (
        select(Duplicate, first, second, *order)
        .join(first, first.id == Duplicate.first_id)
        .join(second, second.id == Duplicate.second_id)
        .where(Duplicate.state == search.state, within(session, actor))
    )
    if actor.person_id is not None:
        query = query.where(*(column != actor.person_id for column in of_oneself))
    if search.search:
        one, other = matches(search.search, first), matches(search.search, second)
        query = query.where(one | other)
    rows, following = read_page(session, query, order, search, descending=True)
    items = [
        DuplicateRow(
            id=row[0].id,
            first_name=row[1].name,
            second_name=row[2].name,
            first_birth=row[1].birth_date,
            second_birth=row[2].birth_date,
            score=row[0].score,
            reasons=tuple(Reason(each) for each in row[0].reasons),
            state=PairState(row[0].state),
            example=row[1].example and row[2].example,
            decided_by_name=row[0].decided_by_name,
        )
        for row in rows
    ]
    return Page(items=items, next_cursor=following)


def get_duplicate(session: Session, actor: Actor, pair_id: UUID) -> DuplicateCase:
    """One pair with all that both records say. Raises NotFound or Denied."""
    pair = session.get(Duplicate, pair_id)
    if pair is None:
        raise NotFound()
    resources = resources_of(session, pair)
    for resource in resources:
        require(session, actor, DuplicateAction.READ, resource)
    return case_of(session, actor, pair, resources[0])


def case_of(session: Session, actor: Actor, pair: Duplicate, resource: Resource) -> DuplicateCase:
    """A pair as whoever decides sees it; the caller has asked the policy."""
    merge = find_merge_of(session, pair.id)
    return DuplicateCase(
        id=pair.id,
        state=PairState(pair.state),
        score=pair.score,
        reasons=tuple(Reason(each) for each in pair.reasons),
        found_at=pair.found_at,
        decided_at=pair.decided_at,
        decided_by_name=pair.decided_by_name,
        note=pair.note,
        first=_side(session, pair.first_id),
        second=_side(session, pair.second_id),
        kept=_kept(pair, merge) if merge else None,
        may_decide=decide(actor, DuplicateAction.DECIDE, resource)[0],
    )


def find_merge_of(session: Session, pair_id: UUID) -> Merge | None:
    """The merge of a pair that was not undone."""
    query = select(Merge).where(Merge.duplicate_id == pair_id, Merge.undone_at.is_(None))
    return session.scalars(query).one_or_none()


def find_merge(session: Session, merge_id: UUID) -> MergeTold | None:
    """A merge with both records, for telling them; nobody is asking."""
    merge = session.get(Merge, merge_id)
    if merge is None:
        return None
    kept, former = (session.get_one(Person, each) for each in (merge.kept_id, merge.former_id))
    alike = kept.phone_index == former.phone_index
    return MergeTold(kept_id=kept.id, former_id=former.id, one_phone=alike)


def _kept(pair: Duplicate, merge: Merge) -> Keeping:
    return Keeping.FIRST if merge.kept_id == pair.first_id else Keeping.SECOND


def _side(session: Session, person_id: UUID) -> RecordSide:
    query = (
        select(Person, Household.village_name)
        .outerjoin(Household, Household.id == Person.household_id)
        .where(Person.id == person_id)
    )
    person, village = session.execute(query).one()
    papers = session.scalars(select(Identifier).where(Identifier.person_id == person_id)).all()
    return RecordSide(
        id=person.id,
        name=person.name,
        sex=person.sex,
        birth_date=person.birth_date,
        id_number=person.id_number,
        phone=person.phone,
        division=get_division(session, person.division_code).name,
        village=village or "",
        record_number=(
            grouped_record_number(person.record_number) if person.record_number else None
        ),
        identifiers=tuple((each.kind, masked_number(each.number)) for each in papers),
        verified=person.verified_at is not None,
        has_account=person_id in accounts_of_people(session, [person_id]),
        example=person.example,
        created_at=person.created_at,
        holds=_holds(session, person_id),
    )


def _holds(session: Session, person_id: UUID) -> tuple[tuple[str, int], ...]:
    """How many rows of each kind hang on a record, with one statement; kinds without one not."""
    counted = [
        select(literal(place).label("place"), func.count().label("many"))
        .select_from(each.table)
        .where(each.column.expression == person_id)
        for place, each in enumerate(holdings())
        if each.shown
    ]
    if not counted:
        return ()
    rows = session.execute(union_all(*counted)).all()
    named = holdings()
    return tuple((named[row.place].called, row.many) for row in sorted(rows) if row.many)
