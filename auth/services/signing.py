"""The keys that ID and logout tokens are signed with: made on first use, the private part
encrypted, and followed by another on a schedule that verifiers can keep up with.
"""

import json
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast
from weakref import WeakKeyDictionary

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from sqlalchemy import Select, Table, bindparam, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import SigningKey
from auth.schemas.sso import KeyState, PublishedKey, SigningAlgorithm
from core import clock

RSA_BITS = 2048
# A key signs this long.
ROTATION = timedelta(days=90)
# The next one is published so long before it signs, for those who keep the key set a day.
AHEAD = timedelta(days=1)
# One that signs no more stays published until nothing that it signed is looked at: an ID token is
# shown to sign out as long as its session can last.
OVERLAP = timedelta(days=1)
# How long a process goes on with the key that it has read and decrypted.
KEPT = timedelta(seconds=60)
# Keys are made one after the other.
LOCK = 0x6B657973
Key: TypeAlias = ECKey | RSAKey
KEY = cast(Table, SigningKey.__table__)
# By database, as the keys are its.
_kept: WeakKeyDictionary[object, dict[SigningAlgorithm, tuple[Key, datetime]]] = WeakKeyDictionary()
CURRENT = (
    select(KEY.c.private_key)
    .where(KEY.c.algorithm == bindparam("algorithm"), KEY.c.active_at <= bindparam("now"))
    .order_by(KEY.c.active_at.desc())
    .limit(1)
)


def signing_key(session: Session, algorithm: SigningAlgorithm) -> Key:
    """The private key that signs now, made if there is none; of two made at once one is kept.

    A process looks again after KEPT, as the next key is published long before it signs.
    """
    now = clock.now()
    kept = _kept.setdefault(session.get_bind(), {})
    if algorithm in kept:
        key, since = kept[algorithm]
        if timedelta() <= now - since < KEPT:
            return key
    given = {"algorithm": algorithm, "now": now}
    stored = session.scalar(CURRENT, given)
    if stored is None:
        _lock(session)
        # Not kept: the transaction that makes it may yet be rolled back.
        return _private(algorithm, session.scalar(CURRENT, given) or _make(session, algorithm, now))
    key = _private(algorithm, stored)
    kept[algorithm] = (key, now)
    return key


def public_keys(session: Session) -> dict[str, Any]:
    """The JSON Web Key Set that applications verify with: the next, current and old keys."""
    signing_key(session, SigningAlgorithm.ES256)
    return {"keys": [row.public_key for row in session.execute(_published())]}


def read_own_token(session: Session, token: str) -> dict[str, Any] | None:
    """The claims of an ID token that we signed, expired or not; None for anything else, be it a
    logout token, which applications have of people who are not in front of them (ASVS 9.2.2).
    """
    keys = KeySet.import_key_set(public_keys(session))  # type: ignore[arg-type]
    try:
        read = jwt.decode(token, keys, algorithms=list(SigningAlgorithm))
    except (JoseError, ValueError):
        return None
    return dict(read.claims) if read.header.get("typ", "JWT") == "JWT" else None


def list_keys(session: Session) -> list[PublishedKey]:
    """The published keys: the old and current ones of each algorithm, then the next."""
    now = clock.now()
    return [
        PublishedKey(
            kid=row.kid,
            algorithm=row.algorithm,
            active_at=row.active_at,
            state=_state(row.active_at, row.following, now),
        )
        for row in session.execute(_published())
    ]


def rotate_keys(session: Session, *, now_due: bool = False) -> list[str]:
    """Publish the next key of each algorithm whose current one is due (or, ``now_due``, of each
    that has no next one), and forget those past their overlap. Gives the ids of the new keys.
    """
    _lock(session)
    now = clock.now()
    newest = select(KEY.c.algorithm, func.max(KEY.c.active_at)).group_by(KEY.c.algorithm)
    made = []
    for algorithm, active_at in session.execute(newest).all():
        due = active_at <= now if now_due else active_at + ROTATION <= now + AHEAD
        if due:
            made.append(_kid(_make(session, algorithm, now + AHEAD)))
    kept = select(_published().subquery().c.kid)
    session.execute(delete(SigningKey).where(SigningKey.kid.not_in(kept)))
    return made


def replace_keys(session: Session) -> list[str]:
    """After a key became known to others: new keys sign at once (elsewhere within KEPT), and all
    before are withdrawn, with whatever they signed. Gives the ids of the new keys.
    """
    _lock(session)
    _kept.pop(session.get_bind(), None)
    algorithms = session.scalars(select(SigningKey.algorithm).distinct()).all()
    session.execute(delete(SigningKey))
    now = clock.now()
    return [_kid(_make(session, SigningAlgorithm(name), now)) for name in algorithms]


def _published() -> Select[Any]:
    following = func.lead(KEY.c.active_at).over(
        partition_by=KEY.c.algorithm, order_by=KEY.c.active_at
    )
    keys = select(
        KEY.c.kid, KEY.c.algorithm, KEY.c.public_key, KEY.c.active_at, following.label("following")
    ).subquery()
    return (
        select(keys)
        .where(or_(keys.c.following.is_(None), keys.c.following > clock.now() - OVERLAP))
        .order_by(keys.c.algorithm, keys.c.active_at)
    )


def _state(active_at: datetime, following: datetime | None, now: datetime) -> KeyState:
    if active_at > now:
        return KeyState.NEXT
    return KeyState.CURRENT if following is None or following > now else KeyState.OLD


def _make(session: Session, algorithm: str, active_at: datetime) -> str:
    """Keep a new key; gives its private JSON."""
    parameters: Any = {"use": "sig", "alg": str(algorithm)}
    key: Key = (
        ECKey.generate_key("P-256", parameters, auto_kid=True)
        if algorithm == SigningAlgorithm.ES256
        else RSAKey.generate_key(RSA_BITS, parameters, auto_kid=True)
    )
    private = json.dumps(key.as_dict(private=True))
    row = insert(SigningKey).values(
        kid=key.kid,
        algorithm=algorithm,
        private_key=private,
        public_key=key.as_dict(private=False),
        created_at=clock.now(),
        active_at=active_at,
    )
    session.execute(row)
    return private


def _private(algorithm: SigningAlgorithm, stored: str) -> Key:
    key_type = ECKey if algorithm is SigningAlgorithm.ES256 else RSAKey
    return key_type.import_key(json.loads(stored))


def _lock(session: Session) -> None:
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))


def _kid(private: str) -> str:
    return str(json.loads(private)["kid"])
