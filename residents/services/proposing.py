"""Pairs that the nightly comparison proposes; a person decides every one of them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.ids import new_id
from residents.linkage import Pair, Record, find_pairs
from residents.models import Duplicate, Household, Identifier, Person
from residents.schemas import IdentifierKind, PairState

PROPOSED_AT_ONCE = 500
# So many of a night as somebody can look at; the likeliest, the others come the next nights.
MOST_A_NIGHT = 2_000


def propose_duplicates(session: Session) -> int:
    """Compare everybody and keep what is new, in one transaction: for a region being loaded."""
    return propose(session, find_pairs(read_records(session)))


def read_records(session: Session) -> list[Record]:
    """Everybody who was not merged, as they are compared."""
    papers: dict[UUID, list[str]] = defaultdict(list)
    known = select(Identifier.person_id, Identifier.kind, Identifier.number_index).where(
        # All of a household have one book.
        Identifier.kind != IdentifierKind.HOUSEHOLD_BOOK
    )
    for row in session.execute(known):
        papers[row.person_id].append(f"{row.kind}:{row.number_index.hex()}")
    query = (
        select(
            Person.id,
            Person.name,
            Person.sex,
            Person.birth_date,
            Person.id_number,
            Person.phone_index,
            Person.household_id,
            Household.village_code,
            Person.division_code,
        )
        .outerjoin(Household, Household.id == Person.household_id)
        .where(Person.merged_into.is_(None))
        .order_by(Person.id)
    )
    return [
        Record(
            id=row.id,
            name=row.name,
            sex=row.sex,
            birth_date=row.birth_date,
            id_number=row.id_number,
            phone=row.phone_index.hex() if row.phone_index else None,
            household=str(row.household_id) if row.household_id else None,
            village=row.village_code,
            township=row.division_code,
            papers=sorted(papers.get(row.id, ())),
        )
        for row in session.execute(query)
    ]


def propose(session: Session, pairs: Sequence[Pair]) -> int:
    """Keep those that were never proposed, whatever was decided about the others; how many."""
    known = _known(session, pairs)
    fresh = [pair for pair in pairs if (pair.first_id, pair.second_id) not in known]
    made = 0
    for start in range(0, min(len(fresh), MOST_A_NIGHT), PROPOSED_AT_ONCE):
        made += _add(session, fresh[start : start + PROPOSED_AT_ONCE])
    return made


def _known(session: Session, pairs: Sequence[Pair]) -> Collection[tuple[UUID, UUID]]:
    key = tuple_(Duplicate.first_id, Duplicate.second_id)
    found: set[tuple[UUID, UUID]] = set()
    for start in range(0, len(pairs), PROPOSED_AT_ONCE):
        wanted = [(each.first_id, each.second_id) for each in pairs[start:][:PROPOSED_AT_ONCE]]
        query = select(Duplicate.first_id, Duplicate.second_id).where(key.in_(wanted))
        found.update((row[0], row[1]) for row in session.execute(query))
    return found


def _add(session: Session, pairs: Sequence[Pair]) -> int:
    ids = {person_id for pair in pairs for person_id in (pair.first_id, pair.second_id)}
    # Somebody may have been merged since they were read.
    query = select(Person.id, Person.division_code).where(
        Person.id.in_(ids), Person.merged_into.is_(None)
    )
    home = {row.id: row.division_code for row in session.execute(query)}
    rows = [
        {
            "id": new_id(),
            "first_id": pair.first_id,
            "second_id": pair.second_id,
            "first_division": home[pair.first_id],
            "second_division": home[pair.second_id],
            "score": pair.score,
            "reasons": [reason.value for reason in pair.reasons],
            "state": PairState.WAITING.value,
            "found_at": clock.now(),
        }
        for pair in pairs
        if pair.first_id in home and pair.second_id in home
    ]
    if not rows:
        return 0
    made = insert(Duplicate).values(rows).on_conflict_do_nothing().returning(Duplicate.id)
    return len(session.scalars(made).all())
