"""Passkeys of an account: challenged, registered, used, removed."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from auth import passkeys
from auth.models import Account, Passkey, PasskeyChallenge
from auth.passkeys import BadPasskey, Registered, RelyingParty
from auth.schemas import AddPasskey
from auth.services import factors
from auth.services.sign_in import Origin
from core import clock
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_

CHALLENGE_LIFETIME = timedelta(minutes=5)
CHALLENGE_BYTES = 32
MOST_PASSKEYS = 10
REGISTER, PROVE = "register", "prove"


def registration_options(session: Session, account_id: UUID) -> dict[str, Any]:
    """What the browser needs to make a passkey. Raises Conflict where there can be none."""
    party = _party()
    account = session.get_one(Account, account_id)
    known = _credentials(session, account_id)
    if len(known) >= MOST_PASSKEYS:
        raise Conflict("too_many_passkeys", N_("通行密钥已经够多了，请先移除不用的。"))
    challenge = _challenge(session, REGISTER, account_id)
    name = account.username or account.display_name
    return passkeys.registration_options(party, challenge, account_id.bytes, name, known)


def register(session: Session, account_id: UUID, command: AddPasskey, origin: Origin) -> None:
    """Keep a new passkey. Raises Invalid ``bad_passkey`` or Conflict."""
    made = _verified(session, account_id, command.credential)
    known = session.scalar(select(Passkey.id).where(Passkey.credential_id == made.credential_id))
    if known is not None:
        raise Conflict("passkey_exists", N_("这把通行密钥已经添加过了。"))
    session.add(
        Passkey(
            id=new_id(),
            account_id=account_id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            name=command.name,
        )
    )
    session.flush()
    factors.added(session, account_id, origin)


def proof_options(session: Session, account_id: UUID | None) -> dict[str, Any]:
    """What the browser needs to use a passkey: one of the account's, or at the front door whichever
    it has. Raises Conflict where there can be none.
    """
    party = _party()
    known = _credentials(session, account_id) if account_id else []
    return passkeys.proof_options(party, _challenge(session, PROVE, account_id), known)


def prove(session: Session, credential: str, account_id: UUID | None) -> UUID | None:
    """Whose passkey signed the challenge that was given to ``account_id`` (None: to the front
    door); None where the answer does not hold. The challenge is used up.
    """
    party = passkeys.relying_party()
    try:
        challenge = passkeys.challenge_in(credential)
        key = session.scalar(
            select(Passkey)
            .where(Passkey.credential_id == passkeys.credential_id_in(credential))
            .with_for_update()
        )
        fits = _use_challenge(session, challenge, PROVE, account_id)
        if party is None or key is None or not fits:
            return None
        count = passkeys.verify_proof(party, credential, challenge, key.public_key, key.sign_count)
    except BadPasskey:
        return None
    key.sign_count, key.last_used_at = count, clock.now()
    return key.account_id


def remove(session: Session, account_id: UUID, passkey_id: UUID, origin: Origin) -> None:
    """Forget one of the account's passkeys. Raises NotFound, or Conflict ``last_factor``."""
    gone = session.execute(
        delete(Passkey)
        .where(Passkey.id == passkey_id, Passkey.account_id == account_id)
        .returning(Passkey.id)
    )
    if gone.first() is None:
        raise NotFound()
    factors.removed(session, account_id, origin)


def _verified(session: Session, account_id: UUID, credential: str) -> Registered:
    refusal = Invalid("bad_passkey", N_("通行密钥没有添加成功，请再试一次。"))
    try:
        challenge = passkeys.challenge_in(credential)
        if not _use_challenge(session, challenge, REGISTER, account_id):
            raise refusal
        return passkeys.verify_registration(_party(), credential, challenge)
    except BadPasskey:
        raise refusal from None


def _party() -> RelyingParty:
    party = passkeys.relying_party()
    if party is None:
        raise Conflict("no_passkeys", N_("本站没有域名，不能使用通行密钥。请换一种方式。"))
    return party


def _credentials(session: Session, account_id: UUID) -> list[bytes]:
    mine = select(Passkey.credential_id).where(Passkey.account_id == account_id)
    return list(session.scalars(mine))


def _challenge(session: Session, purpose: str, account_id: UUID | None) -> bytes:
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    session.add(
        PasskeyChallenge(
            challenge=challenge,
            purpose=purpose,
            account_id=account_id,
            expires_at=clock.now() + CHALLENGE_LIFETIME,
        )
    )
    return challenge


def _use_challenge(
    session: Session, challenge: bytes, purpose: str, account_id: UUID | None
) -> bool:
    used = session.execute(
        update(PasskeyChallenge)
        .where(
            PasskeyChallenge.challenge == challenge,
            PasskeyChallenge.purpose == purpose,
            PasskeyChallenge.account_id.is_not_distinct_from(account_id),
            PasskeyChallenge.used_at.is_(None),
            PasskeyChallenge.expires_at > clock.now(),
        )
        .values(used_at=clock.now())
        .returning(PasskeyChallenge.purpose)
    )
    return used.first() is not None
