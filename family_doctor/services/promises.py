"""Making and keeping promises: an entitlement's scheduled services get dates, and a recorded
service settles the one of its kind whose days it was done in.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, or_, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from core import clock
from core.ids import new_id
from family_doctor.models import Contract, FollowUp, Obligation, Plan
from family_doctor.obligations import plan
from family_doctor.schemas import Origin
from family_doctor.states import IN_FORCE
from service_packs.public import find_granted, get_pack, list_bought
from service_packs.schemas import EntitlementView, Source


def promise(session: Session, contract: Contract, granted: EntitlementView, years: int) -> None:
    """Give a date to each scheduled service of an entitlement that falls due in the contract's
    time; made twice, it stays as it is.
    """
    items = get_pack(session, granted.pack_code).items
    owed = [(i.code, i.name, i.name_en, i.times_per_year) for i in items if i.scheduled]
    rows = [
        {
            "id": new_id(),
            "contract_id": contract.id,
            "entitlement_id": granted.id,
            "person_id": contract.person_id,
            "team_id": contract.team_id,
            "division_code": contract.division_code,
            **each._asdict(),
        }
        for each in plan(owed, granted.starts_on, granted.ends_on, years)
        if contract.starts_on is None or each.due_on >= contract.starts_on
    ]
    if rows:
        session.execute(postgresql.insert(Obligation).on_conflict_do_nothing(), rows)


def promise_order(session: Session, order_id: UUID, person_id: UUID) -> None:
    """Date what a paid order owes under the person's contract in force; without one, nothing is
    owed by a date. An order is for one year.
    """
    in_force = (Contract.person_id == person_id, Contract.state.in_(IN_FORCE))
    contract = session.scalar(select(Contract).where(*in_force))
    granted = find_granted(session, Source.ORDER, order_id)
    if contract is not None and granted is not None:
        promise(session, contract, granted, years=1)


def adopt_promises(session: Session, contract: Contract, previous: Contract | None) -> None:
    """A contract came into force: what its resident bought stays owed, now under it, and so do the
    plans that the same team made under the one before. What was missed stays with that one.

    An ended contract's rows to come are excused without a reason; these are owed again.
    """
    bought = [each.granted for each in list_bought(session, contract.person_id)]
    for granted in bought:
        promise(session, contract, granted, years=1)
    goes_on: ColumnElement[bool] = Obligation.entitlement_id.in_([each.id for each in bought])
    if previous is not None and previous.team_id == contract.team_id:
        planned = (Obligation.contract_id == previous.id) & (Obligation.kind == Origin.PLAN)
        goes_on = or_(goes_on, planned)
        session.execute(
            update(Plan)
            .where(Plan.contract_id == previous.id, Plan.ended_at.is_(None))
            .values(contract_id=contract.id)
        )
    session.execute(
        update(Obligation)
        .where(
            Obligation.person_id == contract.person_id,
            goes_on,
            Obligation.done_at.is_(None),
            Obligation.excused_at.is_not(None),
            Obligation.excuse_reason.is_(None),
            Obligation.due_on >= clock.today(),
        )
        .values(
            contract_id=contract.id,
            team_id=contract.team_id,
            division_code=contract.division_code,
            excused_at=None,
        )
        .execution_options(synchronize_session=False)
    )


def keep_promise(
    session: Session, *, person_id: UUID, item_code: str, record_id: UUID, performed_at: datetime
) -> bool:
    """Mark an open obligation of the item in the person's contract as done: the first of those
    whose days the service was done in, else the one missed last, which then was done late. What may
    not be done yet stays owed, so that a year's promises are not kept in an afternoon.

    Whether there was one: a service beyond what was promised settles nothing. Two records at once
    settle two obligations, one after the other; a record that settled one settles no second.
    """
    day = clock.local(performed_at).date()
    contract_id = session.scalar(
        select(Contract.id)
        .where(Contract.person_id == person_id, Contract.state.in_(IN_FORCE))
        .with_for_update(key_share=True)
    )
    if session.scalar(select(Obligation.id).where(Obligation.service_record_id == record_id)):
        return True
    missed = Obligation.late_after < day
    nearest = case((missed, day - Obligation.due_on), else_=Obligation.due_on - day)
    owed = (
        select(Obligation.id)
        .where(
            Obligation.contract_id == contract_id,
            Obligation.item_code == item_code,
            Obligation.done_at.is_(None),
            Obligation.excused_at.is_(None),
            Obligation.opens_on <= day,
        )
        .order_by(missed, nearest, Obligation.id)
        .limit(1)
        .scalar_subquery()
    )
    settled = session.execute(
        update(Obligation)
        .where(Obligation.id == owed)
        .values(done_at=performed_at, service_record_id=record_id)
        .returning(Obligation.id)
        .execution_options(synchronize_session=False)
    )
    return settled.one_or_none() is not None


def reopen_promise(session: Session, record_id: UUID) -> None:
    """The record that kept a promise was withdrawn: it is owed again, and what was found at it goes
    with it. Under a contract that ended in the meantime only what was due by then is owed, as a
    missed one.
    """
    session.execute(delete(FollowUp).where(FollowUp.service_record_id == record_id))
    row = session.execute(
        select(Obligation, Contract.ended_at)
        .join(Contract, Contract.id == Obligation.contract_id)
        .where(Obligation.service_record_id == record_id)
        .with_for_update(of=Obligation)
    ).one_or_none()
    if row is None:
        return
    kept: Obligation = row[0]
    kept.done_at, kept.service_record_id = None, None
    if row.ended_at and clock.local(row.ended_at).date() <= kept.due_on:
        kept.excused_at = row.ended_at
    session.flush()
