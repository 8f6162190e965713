"""Health-record numbers: given once, by village, and kept for life."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.crypto import blind_index
from core.errors import Conflict
from core.messages import N_
from directory.public import village_segments
from residents.identity import LAST_SERIAL, OTHER_SEGMENTS, compose_record_number
from residents.models import Household, Person, RecordSerial

TOWNSHIP_DIGITS = 9
NUMBER_BATCH = 500


def record_index(record_number: str) -> bytes:
    """The blind index by which a person is found from the health-record number."""
    return blind_index(record_number, "record-number")


def give_record_numbers(session: Session, people: Sequence[Person]) -> None:
    """Number these people in the villages of their households; whoever has none is numbered in the
    township's "other" segment. Of two who number at once the second waits for the first.
    """
    places = _places(session, people)
    for township, segment in sorted(places):
        those = places[township, segment]
        taken, last = _take(session, township, segment, len(those))
        for serial, person in enumerate(those, last - len(those) + 1):
            number = compose_record_number(township, taken, serial)
            person.record_number, person.record_index = number, record_index(number)
    session.flush()


def number_unnumbered(session: Session) -> int:
    """Number a batch of those who were known before numbers were given; how many."""
    query = (
        select(Person)
        .where(Person.record_number.is_(None), Person.merged_into.is_(None))
        .order_by(Person.id)
        .limit(NUMBER_BATCH)
        .with_for_update(skip_locked=True)
    )
    people = session.scalars(query).all()
    give_record_numbers(session, people)
    return len(people)


def _places(
    session: Session, people: Sequence[Person]
) -> defaultdict[tuple[str, str], list[Person]]:
    homes = {person.household_id for person in people if person.household_id}
    query = select(Household.id, Household.village_code).where(Household.id.in_(homes))
    village_of = {row.id: row.village_code for row in session.execute(query)} if homes else {}
    segments = village_segments(session, set(village_of.values())) if village_of else {}
    placed = defaultdict(list)
    for person in people:
        village = village_of.get(person.household_id, "") if person.household_id else ""
        township = person.division_code[:TOWNSHIP_DIGITS]
        known = segments.get(village) if village.startswith(township) else None
        placed[township, known or OTHER_SEGMENTS[0]].append(person)
    return placed


def _take(session: Session, township: str, segment: str, many: int) -> tuple[str, int]:
    """The segment, and the last of so many serials in it; where its 99999 are given, another's."""
    for each in dict.fromkeys((segment, *OTHER_SEGMENTS)):
        first = insert(RecordSerial).values(prefix=township + each, last=many)
        last = session.scalar(
            first.on_conflict_do_update(
                index_elements=["prefix"],
                set_={"last": RecordSerial.last + many},
                where=RecordSerial.last + many <= LAST_SERIAL,
            ).returning(RecordSerial.last)
        )
        if last is not None:
            return each, last
    raise Conflict("serials_used_up", N_("这个乡镇的健康档案编码已经用完，请联系管理员。"))
