"""Making and keeping promises: an entitlement's scheduled services get dates, and a recorded
service settles the earliest open one of its kind.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from core import clock
from core.ids import new_id
from family_doctor.models import Contract, FollowUp, Obligation
from family_doctor.obligations import plan
from family_doctor.states import IN_FORCE
from service_packs.public import find_granted, get_pack
from service_packs.schemas import EntitlementView, Source


def promise(session: Session, contract: Contract, granted: EntitlementView, years: int) -> None:
    """Give a date to each scheduled service of an entitlement; made twice, it stays as it is."""
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


def keep_promise(
    session: Session, *, person_id: UUID, item_code: str, record_id: UUID, performed_at: datetime
) -> bool:
    """Mark the earliest open obligation of the item in the person's contract as done.

    Whether there was one: a service beyond what was promised settles nothing. Two records at once
    settle two obligations, one after the other; a record that settled one settles no second.
    """
    contract_id = session.scalar(
        select(Contract.id)
        .where(Contract.person_id == person_id, Contract.state.in_(IN_FORCE))
        .with_for_update(key_share=True)
    )
    if session.scalar(select(Obligation.id).where(Obligation.service_record_id == record_id)):
        return True
    earliest = (
        select(Obligation.id)
        .where(
            Obligation.contract_id == contract_id,
            Obligation.item_code == item_code,
            Obligation.done_at.is_(None),
            Obligation.excused_at.is_(None),
        )
        .order_by(Obligation.due_on, Obligation.id)
        .limit(1)
        .scalar_subquery()
    )
    settled = session.execute(
        update(Obligation)
        .where(Obligation.id == earliest)
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
