"""Both sides sign: by a drawn signature (or the name typed instead) and a proof of who signs."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.public import Proved, prove_again, prove_to_sign
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_
from family_doctor.models import Contract, OwnSignature, Signature
from family_doctor.queries.signing import find_own_signature, own_signature_resource
from family_doctor.schemas import (
    ConfirmContract,
    KeepSignature,
    OwnSignatureView,
    ProofMethod,
    Side,
    Signed,
    SigningAction,
)
from residents.public import people_by_id

NO_SIGNATURE = N_("您还没有留下签名。请先到「我的签名」签一次，再回来受理申请。")


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and by what and when that was known. The account is the signer's own, or that of
    the member of staff who saw them sign (``witness``).
    """

    account_id: UUID | None
    person_id: UUID | None
    name: str
    method: ProofMethod
    proved_at: datetime
    witness: str = ""


def keep_signature(session: Session, actor: Actor, command: KeepSignature) -> OwnSignatureView:
    """Keep what the actor signs agreements with from now on; the former stays in the history.

    Raises Denied, StepUpRequired, Invalid ``name_differs``.
    """
    require(session, actor, SigningAction.KEEP_SIGNATURE, own_signature_resource(actor))
    prove_again(session, actor)
    require_own_name(command, actor.name)
    now = clock.now()
    session.execute(
        update(OwnSignature)
        .where(OwnSignature.account_id == actor.account_id, OwnSignature.replaced_at.is_(None))
        .values(replaced_at=now)
    )
    kept = OwnSignature(
        id=new_id(),
        account_id=actor.account_id,
        strokes=command.strokes,
        typed_name=command.typed_name,
        created_at=now,
    )
    session.add(kept)
    session.flush()
    return OwnSignatureView.model_validate(kept)


def sign_for_team(session: Session, actor: Actor, contract: Contract) -> None:
    """The team's leader signs the agreement that was just written, with the signature they keep.

    Raises Conflict ``no_signature``, StepUpRequired.
    """
    kept = find_own_signature(session, actor.account_id)
    if kept is None:
        raise Conflict("no_signature", NO_SIGNATURE)
    signed = Signed(strokes=kept.strokes, typed_name=kept.typed_name)
    _sign(session, actor, contract, Side.TEAM, signed, actor.name)


def sign_for_resident(
    session: Session, actor: Actor, contract: Contract, command: ConfirmContract
) -> None:
    """The resident signs the text that the team signed.

    Raises Conflict ``team_unsigned``, Invalid ``name_differs``, StepUpRequired.
    """
    of_team = select(Signature.id).where(
        Signature.contract_id == contract.id,
        Signature.side == Side.TEAM,
        Signature.text_digest == contract.agreement_digest,
    )
    if session.scalar(of_team) is None:
        raise Conflict(
            "team_unsigned",
            N_("团队还没有在这份协议上签名，暂时不能生效。请联系团队，或撤回后重新申请。"),
        )
    person_id = actor.person_id or contract.person_id
    name = people_by_id(session, {person_id})[person_id].name
    require_own_name(command, name)
    _sign(session, actor, contract, Side.RESIDENT, command, name)


def resident_signed(session: Session, contract: Contract) -> Signature | None:
    """The resident's signature under the contract's text, where they signed before the team."""
    query = select(Signature).where(
        Signature.contract_id == contract.id,
        Signature.side == Side.RESIDENT,
        Signature.text_digest == contract.agreement_digest,
    )
    return session.scalar(query)


def _sign(
    session: Session, actor: Actor, contract: Contract, side: Side, signed: Signed, name: str
) -> None:
    """Write the signature of the actor."""
    proved = prove_to_sign(session, actor)
    person_id = actor.person_id if side is Side.RESIDENT else None
    signer = Signer(actor.account_id, person_id, name, proof_of(actor, proved), proved.at)
    write_signature(session, contract, side, signed, signer, clock.now())


def write_signature(
    session: Session, contract: Contract, side: Side, signed: Signed, signer: Signer, at: datetime
) -> None:
    """Write a signature given ``at``; a second one of the same side is refused by the table."""
    session.execute(
        insert(Signature).values(
            id=new_id(),
            contract_id=contract.id,
            side=side,
            account_id=signer.account_id,
            person_id=signer.person_id,
            name=signer.name,
            strokes=signed.strokes,
            typed_name=signed.typed_name,
            method=signer.method,
            proved_at=min(signer.proved_at, at),
            signed_at=at,
            text_digest=contract.agreement_digest,
            witness_name=signer.witness,
        )
    )


def proof_of(actor: Actor, proved: Proved) -> ProofMethod:
    """By what it is known who signs."""
    if actor.session_id is None:
        return ProofMethod.CONSOLE
    return ProofMethod(proved.method) if proved.method else ProofMethod.TWO_FACTORS


def require_own_name(signed: Signed, name: str) -> None:
    """A name that is typed instead of drawn is the signer's own."""
    if signed.typed_name is not None and signed.typed_name != name:
        sentence = N_("请输入您本人登记的姓名，一字不差。")
        raise Invalid("name_differs", sentence, fields={"typed_name": sentence})
