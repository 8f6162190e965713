"""Keeping a promise: a recorded service settles the earliest open one of its kind."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from family_doctor.models import Contract, Obligation
from family_doctor.states import IN_FORCE


def keep_promise(
    session: Session, *, person_id: UUID, item_code: str, record_id: UUID, performed_at: datetime
) -> bool:
    """Mark the earliest open obligation of the item in the person's contract as done.

    Whether there was one: a service beyond what was promised settles nothing. Two records at once
    settle two obligations.
    """
    earliest = (
        select(Obligation.id)
        .join(Contract, Contract.id == Obligation.contract_id)
        .where(
            Contract.person_id == person_id,
            Contract.state.in_(IN_FORCE),
            Obligation.item_code == item_code,
            Obligation.done_at.is_(None),
            Obligation.excused_at.is_(None),
        )
        .order_by(Obligation.due_on)
        .limit(1)
        .with_for_update(of=Obligation, skip_locked=True)
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
