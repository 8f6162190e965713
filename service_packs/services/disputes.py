"""How a team answers a dispute: it takes the record back, or says why it stands."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import Conflict
from core.events import publish
from core.messages import N_
from service_packs.events import ServiceUpheld, ServiceWithdrawn
from service_packs.models import EntitlementItem, ServiceRecord
from service_packs.ports import reopen_settled
from service_packs.queries.records import require_record, view_record
from service_packs.schemas import Action, RecordState, RecordView, UpholdRecord, Withdrawal
from service_packs.services.records import fact_of


def withdraw_record(session: Session, actor: Actor, record_id: UUID) -> Withdrawal:
    """Take a disputed record back: the service was not done, its time may be used again and what
    it settled is owed again. The audit keeps who did it.

    Raises NotFound, Denied and Conflict ``not_disputed``.
    """
    record = _disputed(session, actor, record_id)
    reopen_settled(session, record_id)
    times_left = session.execute(
        update(EntitlementItem)
        .where(EntitlementItem.id == record.entitlement_item_id, EntitlementItem.times_used > 0)
        .values(times_used=EntitlementItem.times_used - 1)
        .returning(EntitlementItem.times_total - EntitlementItem.times_used)
    ).scalar_one()
    session.delete(record)
    session.flush()
    publish(session, ServiceWithdrawn(**fact_of(record), performed_at=record.performed_at))
    return Withdrawal(
        record_id=record_id,
        person_id=record.person_id,
        item_code=record.item_code,
        times_left=times_left,
    )


def uphold_record(
    session: Session, actor: Actor, record_id: UUID, command: UpholdRecord
) -> RecordView:
    """Say why a disputed record stands: the note grows by the answer, and the person confirms or
    disputes anew.

    Raises NotFound, Denied and Conflict ``not_disputed``.
    """
    record = _disputed(session, actor, record_id)
    record.note = "\n".join(part for part in (record.note, command.note) if part)
    record.state = RecordState.RECORDED
    session.flush()
    publish(session, ServiceUpheld(**fact_of(record)))
    return view_record(session, record_id)


def _disputed(session: Session, actor: Actor, record_id: UUID) -> ServiceRecord:
    """The record, held until the transaction ends: of two answers one counts."""
    require_record(session, actor, record_id, Action.ANSWER_DISPUTE)
    record = session.scalars(
        select(ServiceRecord)
        .where(ServiceRecord.id == record_id, ServiceRecord.state == RecordState.DISPUTED)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if record is None:
        raise Conflict("not_disputed", N_("这条记录的异议已经有了结果，请刷新后再看。"))
    return record
