"""Counts for statistics, by township; they name nobody."""

from datetime import date

from sqlalchemy import func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from core import clock
from family_doctor.models import Contract, Obligation
from family_doctor.queries.promises import kept_in_time
from residents.public import GroupMembership


def contract_facts(session: Session, on: date) -> list[tuple[str, str, int]]:
    """Contracts in force on a day, by the residents' township and group; the group is "" for all
    of them, and who is in several groups counts in each.
    """
    in_force = (
        Contract.starts_on <= on,
        Contract.ends_on >= on,
        or_(Contract.ended_at.is_(None), Contract.ended_at >= clock.at(on, 0)),
    )
    everybody = (
        select(Contract.division_code, literal(""), func.count())
        .where(*in_force)
        .group_by(Contract.division_code)
    )
    grouped = (
        select(Contract.division_code, GroupMembership.group_code, func.count())
        .join(GroupMembership, GroupMembership.person_id == Contract.person_id)
        .where(*in_force)
        .group_by(Contract.division_code, GroupMembership.group_code)
    )
    rows = session.execute(union_all(everybody, grouped))
    return [(division, group, count) for division, group, count in rows]


def fulfilment_facts(session: Session, start: date, end: date) -> list[tuple[str, int, int]]:
    """What fell due from ``start`` to ``end`` (both included, never later than today) and how much
    of it was done in time, by the residents' township.
    """
    query = (
        select(
            Obligation.division_code,
            func.count(),
            func.count().filter(kept_in_time(Obligation)),
        )
        .where(
            Obligation.due_on.between(start, min(end, clock.today())),
            Obligation.excused_at.is_(None),
        )
        .group_by(Obligation.division_code)
    )
    return [(division, due, done) for division, due, done in session.execute(query)]
