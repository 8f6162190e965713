"""Health labels: those of the birth date follow the calendar, the others are set by the team."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.events import publish
from core.ids import new_id
from core.messages import N_
from residents.events import GroupsChanged
from residents.models import FormerMembership, GroupMembership, Person
from residents.queries import born_by
from residents.queries.labels import (
    BY_RULE,
    CHILD_GROUP,
    ELDERLY_GROUP,
    GENERAL_GROUP,
    cared_for,
    groups_to_set,
    read_labels,
)
from residents.schemas import EndLabel, LabelAction, LabelBook, LabelSource, SetLabel

# National norm of basic public health: older people from 65, children up to 6 years.
ELDERLY_AGE, CHILD_AGE = 65, 7
LABEL_BATCH = 500
MOVED = ("person_id", "group_code", "source", "since", "note", "set_by_name")


def set_label(session: Session, actor: Actor, person_id: UUID, command: SetLabel) -> LabelBook:
    """The team sets a label; set again alike it is the same.

    Raises NotFound, Denied, Invalid, Conflict ``label_holds``.
    """
    person, resource = cared_for(session, person_id)
    require(session, actor, LabelAction.SET, resource)
    _check(session, person, command)
    made = session.scalar(
        insert(GroupMembership)
        .values(
            person_id=person_id,
            group_code=command.group_code,
            source=command.source.value,
            since=command.since,
            note=command.note,
            set_by_name=actor.name,
        )
        .on_conflict_do_nothing()
        .returning(GroupMembership.person_id)
    )
    if made:
        _follow(session, [person_id])
    elif not _alike(session, person_id, command):
        raise Conflict("label_holds", N_("已有这个标签。内容有变化时，请先结束它，再重新设置。"))
    return read_labels(session, person_id)


def end_label(
    session: Session, actor: Actor, person_id: UUID, group_code: str, command: EndLabel
) -> LabelBook:
    """The team ends a label, which stays in the history; ended twice is once.

    Raises NotFound, Denied, Conflict ``label_by_rule``.
    """
    _, resource = cared_for(session, person_id)
    require(session, actor, LabelAction.SET, resource)
    if group_code in BY_RULE:
        raise Conflict("label_by_rule", N_("这个标签按年龄或其他标签自动变化，不能手工结束。"))
    of_theirs = and_(
        GroupMembership.person_id == person_id, GroupMembership.group_code == group_code
    )
    if _end(session, of_theirs, LabelSource.STAFF, command.note, actor.name):
        _follow(session, [person_id])
        return read_labels(session, person_id)
    book = read_labels(session, person_id)
    if group_code not in {label.group_code for label in book.former}:
        raise NotFound()
    return book


def follow_ages(session: Session) -> int:
    """Set and end a batch of the labels that hang on the birth date; how many people changed."""
    old, young = born_by(ELDERLY_AGE), born_by(CHILD_AGE)
    changed = {
        *_reach(session, ELDERLY_GROUP, Person.birth_date <= old),
        *_reach(session, CHILD_GROUP, Person.birth_date > young),
        *_outgrow(session, ELDERLY_GROUP, Person.birth_date > old),
        *_outgrow(session, CHILD_GROUP, Person.birth_date <= young),
    }
    _follow(session, sorted(changed))
    return len(changed)


def label_of_age(session: Session, person: Person) -> None:
    """The first label of somebody who becomes known here."""
    group = GENERAL_GROUP
    if person.birth_date <= born_by(ELDERLY_AGE):
        group = ELDERLY_GROUP
    elif person.birth_date > born_by(CHILD_AGE):
        group = CHILD_GROUP
    _add(session, [person.id], group)


def _check(session: Session, person: Person, command: SetLabel) -> None:
    if command.group_code not in {group.code for group in groups_to_set(session)}:
        raise _bad("group_code", N_("请从列出的选项中选择。"))
    if command.source is LabelSource.AGE:
        raise _bad("source", N_("请从列出的选项中选择。"))
    if not person.birth_date <= command.since <= clock.today():
        raise _bad("since", N_("日期不能早于出生，也不能晚于今天。"))


def _alike(session: Session, person_id: UUID, command: SetLabel) -> bool:
    row = session.get(GroupMembership, (person_id, command.group_code), populate_existing=True)
    wanted = (command.source.value, command.since, command.note)
    return row is not None and (row.source, row.since, row.note) == wanted


def _follow(session: Session, person_ids: Collection[UUID]) -> None:
    """The general group is who is in no other; and others hear of what changed."""
    if not person_ids:
        return
    other = aliased(GroupMembership)
    in_another = exists().where(
        other.person_id == GroupMembership.person_id, other.group_code != GENERAL_GROUP
    )
    of_them = GroupMembership.person_id.in_(person_ids)
    general = GroupMembership.group_code == GENERAL_GROUP
    _end(session, and_(of_them, general, in_another), LabelSource.AGE)
    in_any = select(GroupMembership.person_id).where(of_them)
    without = set(person_ids) - set(session.scalars(in_any))
    _add(session, without, GENERAL_GROUP)
    for person_id in person_ids:
        publish(session, GroupsChanged(person_id=person_id))


def _reach(session: Session, group: str, of_age: ColumnElement[bool]) -> Collection[UUID]:
    has = exists().where(
        GroupMembership.person_id == Person.id, GroupMembership.group_code == group
    )
    query = select(Person.id).where(of_age, ~has, Person.merged_into.is_(None))
    due = session.scalars(query.limit(LABEL_BATCH)).all()
    _add(session, due, group)
    return due


def _outgrow(session: Session, group: str, past: ColumnElement[bool]) -> Collection[UUID]:
    due = (
        select(GroupMembership.person_id, GroupMembership.group_code)
        .join(Person, Person.id == GroupMembership.person_id)
        .where(GroupMembership.group_code == group, past)
        .limit(LABEL_BATCH)
    )
    key = tuple_(GroupMembership.person_id, GroupMembership.group_code)
    return _end(session, key.in_(due), LabelSource.AGE)


def _add(session: Session, person_ids: Collection[UUID], group: str) -> None:
    if not person_ids:
        return
    today = clock.today()
    rows = [
        {"person_id": id_, "group_code": group, "source": LabelSource.AGE.value, "since": today}
        for id_ in sorted(person_ids)
    ]
    session.execute(insert(GroupMembership).values(rows).on_conflict_do_nothing())


def _end(
    session: Session,
    which: ColumnElement[bool],
    source: LabelSource,
    note: str | None = None,
    by: str | None = None,
) -> list[UUID]:
    """Move memberships into the history; of two at once one finds them."""
    ended = session.execute(
        delete(GroupMembership)
        .where(which)
        .returning(*(getattr(GroupMembership, name) for name in MOVED))
        .execution_options(synchronize_session=False)
    ).all()
    today = clock.today()
    for row in ended:
        session.add(
            FormerMembership(
                id=new_id(),
                **dict(zip(MOVED, row, strict=True)),
                ended_on=max(today, row.since),
                ended_source=source.value,
                ended_note=note,
                ended_by_name=by,
                created_at=clock.now(),
            )
        )
    session.flush()
    return [row.person_id for row in ended]


def _bad(field: str, sentence: str) -> Invalid:
    return Invalid("bad_label", sentence, fields={field: sentence})
