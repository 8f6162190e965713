"""Codes sent to a phone: hashed, five minutes, five tries, each for one purpose."""

import hmac
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.models import Account, Challenge
from auth.queries.factors import knows_device
from auth.schemas import ChallengeSent, Purpose
from auth.services import limits
from auth.services.sign_in import Origin, phone_index
from core import clock
from core.crypto import blind_index
from core.errors import Invalid
from core.ids import new_id
from core.messages import N_

CODE_MINUTES = 5
CODE_TRIES = 5
CODES_PER_PHONE_HOUR = 5
CODES_PER_DEVICE_HOUR = 10
CODES_PER_ADDRESS_HOUR = 60
HOUR = timedelta(hours=1)


def make(
    session: Session, phone: str, purpose: Purpose, origin: Origin, account_id: UUID | None = None
) -> tuple[ChallengeSent, str]:
    """Make a code for a phone; with ``account_id`` it is good for that account only. The caller
    sends it after the commit and never shows it. Raises TooMany by phone, device or address.
    """
    limits.count_try(session, "phone", _asker(session, phone, origin), CODES_PER_PHONE_HOUR, HOUR)
    device = _device(origin, account_id)
    limits.count_try(session, "device", device, CODES_PER_DEVICE_HOUR, HOUR)
    limits.count_try(session, "address", origin.network, CODES_PER_ADDRESS_HOUR, HOUR)
    code = f"{secrets.randbelow(1_000_000):06d}"
    now = clock.now()
    challenge = Challenge(
        id=new_id(),
        phone=phone,
        phone_index=phone_index(phone),
        code_hash=b"",
        purpose=purpose,
        account_id=account_id,
        created_at=now,
        expires_at=now + timedelta(minutes=CODE_MINUTES),
    )
    challenge.code_hash = _code_hash(challenge.id, code)
    session.add(challenge)
    return ChallengeSent(challenge_id=challenge.id, expires_at=challenge.expires_at), code


def count_try(session: Session, challenge_id: UUID) -> bool:
    """Take one of a challenge's tries; in a transaction of its own, so that a refusal keeps it."""
    taken = session.execute(
        update(Challenge)
        .where(
            Challenge.id == challenge_id,
            Challenge.used_at.is_(None),
            Challenge.expires_at > clock.now(),
            Challenge.tries < CODE_TRIES,
        )
        .values(tries=Challenge.tries + 1)
    )
    return taken.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def redeem(
    session: Session,
    challenge_id: UUID,
    code: str,
    purpose: Purpose,
    origin: Origin,
    account_id: UUID | None = None,
) -> Challenge:
    """Use a code up; ``count_try`` came before. One that proves who somebody is was sent to what
    is the account's phone now. Raises Invalid ``wrong_code``.
    """
    owned = select(Account.phone_index).where(Account.id == account_id).scalar_subquery()
    own_phone = [Challenge.phone_index == owned] if purpose is Purpose.PROOF else []
    challenge = session.execute(
        update(Challenge)
        .where(
            Challenge.id == challenge_id,
            Challenge.code_hash == _code_hash(challenge_id, code),
            Challenge.purpose == purpose,
            Challenge.account_id.is_not_distinct_from(account_id),
            Challenge.used_at.is_(None),
            Challenge.expires_at > clock.now(),
            *own_phone,
        )
        .values(used_at=clock.now())
        .returning(Challenge)
    ).scalar_one_or_none()
    if challenge is None:
        raise wrong_code()
    limits.forgive(session, "phone", _asker(session, challenge.phone, origin))
    limits.forgive_last(session, "device", _device(origin, account_id))
    limits.forgive_last(session, "address", origin.network)
    return challenge


def asked_by(session: Session, challenge_id: UUID) -> UUID | None:
    """The account of the phone that a code was sent to, if there is one."""
    query = select(Account.id).join(Challenge, Challenge.phone_index == Account.phone_index)
    return session.scalar(query.where(Challenge.id == challenge_id))


def wrong_code() -> Invalid:
    """The one refusal for a code that is wrong, used, expired or tried too often."""
    sentence = N_("验证码不对或已失效，请核对，或重新获取。")
    return Invalid("wrong_code", sentence, fields={"code": sentence})


def _asker(session: Session, phone: str, origin: Origin) -> str:
    """Whose codes are counted: a browser that the phone's owner uses has a count of its own, so
    that strangers who ask for codes do not lock the owner out.
    """
    owner = session.scalar(select(Account.id).where(Account.phone_index == phone_index(phone)))
    return f"{phone} {origin.device}" if knows_device(session, owner, origin.device) else phone


def _device(origin: Origin, account_id: UUID | None) -> str:
    """Whose codes are counted beside the phone's: all that come without a device count as one, that
    of the account that they are for, else of the address.
    """
    return origin.device or str(account_id or origin.network)


def _code_hash(challenge_id: UUID, code: str) -> bytes:
    return hmac.digest(challenge_id.bytes, blind_index(code, "code"), "sha256")
