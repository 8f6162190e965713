"""The keys that heads are signed with: made on first use, the private part encrypted."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from audit.models import Key
from audit.verifier import key_id
from core import clock


def signing_key(session: Session) -> tuple[str, Ed25519PrivateKey]:
    """The key that signs now, with its id; made if there is none. For the one appender only."""
    key = session.scalar(select(Key).where(Key.retired_at.is_(None)))
    if key is None or key.private_key is None:
        key = _make(session)
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.private_key or ""))
    return key.kid, private


def rotate_key(session: Session) -> Key:
    """Retire the key that signs and make another. The private part of the old one is destroyed;
    its public part must stay published, as the heads it signed are verified with it.
    """
    session.execute(
        update(Key).where(Key.retired_at.is_(None)).values(retired_at=clock.now(), private_key=None)
    )
    return _make(session)


def _make(session: Session) -> Key:
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    key = Key(
        kid=key_id(public),
        private_key=private.private_bytes_raw().hex(),
        public_key=public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    )
    session.add(key)
    session.flush()
    return key
