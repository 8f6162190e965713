"""What waits for a team since a contract ran out, as its resident and its team see it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor
from family_doctor.models import WaitingPack
from family_doctor.queries.contracts import read_contract
from family_doctor.queries.refunds import bought_refund
from family_doctor.schemas import (
    Action,
    BoughtRefund,
    RefundRule,
    WaitingPackList,
    WaitingPackView,
)
from service_packs.public import find_bought

SHOWN = tuple(WaitingPackView.model_fields.keys() - {"refund"})


def packs_waiting(session: Session, actor: Actor, contract_id: UUID) -> WaitingPackList:
    """What was bought beside a contract and waited when it ran out. Raises NotFound or Denied."""
    read_contract(session, actor, Action.READ_CONTRACT, contract_id)
    query = select(WaitingPack).where(WaitingPack.contract_id == contract_id)
    rows = session.scalars(query.order_by(WaitingPack.id))
    return WaitingPackList(items=[waiting_view(session, row) for row in rows])


def waiting_view(session: Session, row: WaitingPack) -> WaitingPackView:
    """One of them, with what is due or would be now. The caller has asked the policy."""
    if row.refund_basis is not None:
        refund: BoughtRefund | None = BoughtRefund.model_validate(row.refund_basis)
    else:
        refund = refund_now(session, row) if row.closed_at is None else None
    shown = {name: getattr(row, name) for name in SHOWN}
    return WaitingPackView.model_validate({**shown, "refund": refund})


def refund_now(session: Session, row: WaitingPack) -> BoughtRefund | None:
    """The unperformed part of it, as on leaving a team; None where its money came back already."""
    bought = find_bought(session, row.order_id)
    return bought_refund(session, bought, RefundRule.UNPERFORMED) if bought else None
