"""Reads of agreement texts, signatures and sealed files."""

import hashlib
import re
from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import false, func, or_, select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, Role, require
from core.errors import NotFound
from core.messages import N_
from directory.public import region_unit
from family_doctor.models import (
    AgreementText,
    Contract,
    OwnSignature,
    SealedAgreement,
    Signature,
)
from family_doctor.queries.contracts import read_contract
from family_doctor.schemas import (
    Action,
    AgreementTexts,
    AgreementTextView,
    ExtraView,
    OwnSignatureView,
    SealView,
    SignatureView,
    SignedAgreement,
    SigningAction,
    Verdict,
    Verification,
)

# A contract's number as the sealed file has it, in plain letters, in its title.
NUMBER = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MOST_NUMBERS = 20
# How many former signatures one's own page shows.
MOST_KEPT = 20


def require_text_administrator(session: Session, actor: Actor) -> None:
    """Let an administrator of the whole region pass. Raises Denied."""
    region = session.scalar(select(region_unit()))
    units = (region,) if region else ()
    require(
        session, actor, SigningAction.ADMINISTER_TEXTS, Resource("AgreementText", "", None, units)
    )


def list_texts(session: Session, actor: Actor) -> AgreementTexts:
    """All versions, the newest first; as few as a region's lawyers write. Raises Denied."""
    require_text_administrator(session, actor)
    order = AgreementText.created_at.desc(), AgreementText.version.desc()
    rows = session.scalars(select(AgreementText).order_by(*order))
    return AgreementTexts(items=[AgreementTextView.model_validate(row) for row in rows])


def get_text(session: Session, actor: Actor, text_id: UUID) -> AgreementTextView:
    """One version. Raises NotFound or Denied."""
    require_text_administrator(session, actor)
    row = session.get(AgreementText, text_id)
    if row is None:
        raise NotFound()
    return AgreementTextView.model_validate(row)


def find_text_in_force(
    session: Session, groups: Collection[str], day: date
) -> AgreementText | None:
    """The published wording for a person of these groups: that of a group before everybody's, then
    the one that came into force last.
    """
    query = (
        select(AgreementText)
        .where(
            AgreementText.published_at.is_not(None),
            AgreementText.valid_from <= day,
            or_(AgreementText.group_code.is_(None), AgreementText.group_code.in_(groups)),
        )
        .order_by(
            AgreementText.group_code.is_(None),
            AgreementText.valid_from.desc(),
            AgreementText.version.desc(),
        )
        .limit(1)
    )
    return session.scalar(query)


def own_signature_resource(actor: Actor) -> Resource:
    """The actor's kept signature as the policy sees it: of the teams that they lead."""
    return Resource("OwnSignature", str(actor.account_id), None, tuple(actor.units(Role.LEADER)))


def list_own_signatures(session: Session, actor: Actor) -> list[OwnSignatureView]:
    """What the actor signs with, and what it was before; the newest first. Raises Denied."""
    require(session, actor, SigningAction.KEEP_SIGNATURE, own_signature_resource(actor))
    query = select(OwnSignature).where(OwnSignature.account_id == actor.account_id)
    rows = session.scalars(query.order_by(OwnSignature.id.desc()).limit(MOST_KEPT))
    return [OwnSignatureView.model_validate(row) for row in rows]


def find_own_signature(session: Session, account_id: UUID) -> OwnSignature | None:
    """What an account signs with. The caller has asked the policy."""
    query = select(OwnSignature).where(
        OwnSignature.account_id == account_id, OwnSignature.replaced_at.is_(None)
    )
    return session.scalar(query)


def signatures_of(session: Session, contract_id: UUID) -> list[SignatureView]:
    """The signatures under a contract, the resident's first. The caller has asked the policy."""
    others = Signature.person_id != Contract.person_id
    query = select(Signature, func.coalesce(others, false())).join(
        Contract, Contract.id == Signature.contract_id
    )
    rows = session.execute(query.where(Contract.id == contract_id).order_by(Signature.side))
    return [
        SignatureView.model_validate(row).model_copy(update={"on_behalf": others})
        for row, others in rows
    ]


def signed_agreement(session: Session, contract_id: UUID) -> SignedAgreement:
    """What stands under a contract's agreement. The caller has asked the policy."""
    row = session.execute(
        select(
            AgreementText.version,
            Contract.agreement_extras,
            SealedAgreement.sha256,
            SealedAgreement.sealed_at,
            SealedAgreement.timestamped,
        )
        .select_from(Contract)
        .outerjoin(AgreementText, Contract.agreement_text_id == AgreementText.id)
        .outerjoin(SealedAgreement, SealedAgreement.contract_id == Contract.id)
        .where(Contract.id == contract_id)
    ).one()
    seal = (
        SealView(sha256=row.sha256.hex(), sealed_at=row.sealed_at, timestamped=row.timestamped)
        if row.sha256
        else None
    )
    return SignedAgreement(
        text_version=row.version,
        extras=[ExtraView.model_validate(each) for each in row.agreement_extras or ()],
        signatures=signatures_of(session, contract_id),
        seal=seal,
    )


def get_signed_agreement(session: Session, actor: Actor, contract_id: UUID) -> SignedAgreement:
    """As ``signed_agreement``, for whoever may read the contract. Raises NotFound or Denied."""
    read_contract(session, actor, Action.READ_CONTRACT, contract_id)
    return signed_agreement(session, contract_id)


def get_sealed_file(session: Session, actor: Actor, contract_id: UUID) -> bytes:
    """The sealed PDF, for whoever may read the contract. Raises Denied, NotFound (``not_sealed``
    where it is not made).
    """
    read_contract(session, actor, Action.READ_CONTRACT, contract_id)
    sealed = session.get(SealedAgreement, contract_id)
    if sealed is None:
        raise NotFound("not_sealed", N_("协议文件还没有生成。双方签名后几分钟内生成，请稍后再看。"))
    return sealed.file


def verify_file(session: Session, file: bytes) -> Verification:
    """Whether ``file`` is, byte for byte, one that was sealed here. It is only looked at, never
    opened: it comes from anybody. One that names a sealed contract of ours and is not its file was
    changed, or made up.
    """
    sha256 = hashlib.sha256(file).digest()
    same = session.execute(
        select(SealedAgreement.contract_id, SealedAgreement.sealed_at).where(
            SealedAgreement.sha256 == sha256
        )
    ).one_or_none()
    if same:
        return Verification(
            verdict=Verdict.INTACT, contract_number=same.contract_id, sealed_at=same.sealed_at
        )
    named = [UUID(text.decode()) for text in dict.fromkeys(NUMBER.findall(file))]
    claimed = session.scalar(
        select(SealedAgreement.contract_id)
        .where(SealedAgreement.contract_id.in_(named[:MOST_NUMBERS]))
        .limit(1)
    )
    if claimed is None:
        return Verification(verdict=Verdict.UNKNOWN)
    return Verification(verdict=Verdict.CHANGED, contract_number=claimed)
