"""What is due back when a contract ends or fails, handed to the payments to be given back."""

from uuid import UUID

from sqlalchemy.orm import Session

from family_doctor.models import Contract, WaitingPack
from family_doctor.queries.refunds import CONTRACT_PURPOSE
from family_doctor.schemas import RefundView
from payments.public import RefundDue, owe_refund
from service_packs.public import ORDER_PURPOSE


def owe_for_contract(
    session: Session, contract: Contract, refund: RefundView, cause_id: UUID
) -> None:
    """The contract's own part, and that of each pack that was left with it; again does nothing.
    ``cause_id`` is the contract's that ended, or the dispute's that was upheld.
    """
    _owe(session, contract, cause_id, CONTRACT_PURPOSE, contract.id, refund.contract_fen)
    for each in refund.bought:
        _owe(session, contract, cause_id, ORDER_PURPOSE, each.order_id, each.refund_fen)


def owe_for_pack(session: Session, pack: WaitingPack) -> None:
    """That of a pack which was given back after its contract ran out."""
    _owe(session, pack, pack.id, ORDER_PURPOSE, pack.order_id, pack.refund_fen or 0)


def _owe(
    session: Session,
    by: Contract | WaitingPack,
    cause_id: UUID,
    purpose: str,
    subject_id: UUID,
    amount_fen: int,
) -> None:
    if amount_fen == 0:
        return
    due = RefundDue(
        cause_id=cause_id,
        purpose=purpose,
        subject_id=subject_id,
        person_id=by.person_id,
        institution_id=by.institution_id,
        amount_fen=amount_fen,
    )
    owe_refund(session, due)
