"""Making the sealed file of a contract that both sides signed: once, however often it is tried."""

import hashlib
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.jobs import defer_by_name
from directory.public import get_team
from family_doctor.models import AgreementText, Contract, SealedAgreement, Signature
from family_doctor.queries.signing import signatures_of
from family_doctor.schemas import Side
from family_doctor.sealing.keys import SealingKey
from family_doctor.sealing.paper import Paper

SEAL_JOB = "family_doctor.jobs.seal_contract"
# How many forgotten contracts one round takes up.
ROUND = 50


def seal_soon(session: Session, contract_id: UUID) -> None:
    """Have the worker make the file after the commit."""
    defer_by_name(session, SEAL_JOB, contract_id=str(contract_id))


def paper_of(session: Session, contract_id: UUID) -> Paper | None:
    """What the file is made of; None where it is made already or a signature is missing."""
    done = session.scalar(
        select(SealedAgreement.contract_id).where(SealedAgreement.contract_id == contract_id)
    )
    contract = session.get(Contract, contract_id)
    signed = {view.side: view for view in signatures_of(session, contract_id)}
    if done or contract is None or set(signed) != set(Side):
        return None
    if contract.agreement_text is None or contract.agreement_digest is None:
        return None
    team = get_team(session, contract.team_id)
    wording = contract.agreement_text_id
    version = session.get_one(AgreementText, wording).version if wording else None
    return Paper(
        number=str(contract.id),
        team=team.name,
        institution=team.institution_name,
        text=contract.agreement_text,
        text_sha256=contract.agreement_digest.hex(),
        text_version=version,
        items=contract.agreement_items or [],
        extras=contract.agreement_extras or [],
        resident=signed[Side.RESIDENT],
        leader=signed[Side.TEAM],
    )


def keep(
    session: Session, contract_id: UUID, file: bytes, key: SealingKey, *, timestamped: bool
) -> None:
    """Keep the file; where another try was faster, its file stays and this one is forgotten."""
    kept = insert(SealedAgreement).values(
        contract_id=contract_id,
        file=file,
        sha256=hashlib.sha256(file).digest(),
        certificate=key.fingerprint,
        timestamped=timestamped,
        sealed_at=clock.now(),
    )
    session.execute(kept.on_conflict_do_nothing(index_elements=[SealedAgreement.contract_id]))


def take_up_unsealed(session: Session) -> int:
    """Queue contracts that both sides signed and whose file was never made: the worker died, or the
    key had run out. Returns how many.
    """
    both = (
        select(Signature.contract_id)
        .outerjoin(SealedAgreement, SealedAgreement.contract_id == Signature.contract_id)
        .where(SealedAgreement.contract_id.is_(None))
        .group_by(Signature.contract_id)
        .having(func.count() == len(Side))
        .order_by(Signature.contract_id)
        .limit(ROUND)
    )
    waiting = session.scalars(both).all()
    for contract_id in waiting:
        seal_soon(session, contract_id)
    return len(waiting)
