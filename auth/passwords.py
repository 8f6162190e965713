"""Passwords: argon2id with the parameters of OWASP's minimum (19 MiB, t=2, p=1)."""

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# Each hash takes 19 MiB while it runs: two at a time are what a worker can bear.
_slots = BoundedSemaphore(2)
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
SHORTEST = 10
# Checked when there is no account, so that the answer takes as long.
_NOBODYS = _hasher.hash("nobody")


def hash_password(password: str) -> str:
    """The hash to store."""
    with _slots:
        return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is right; takes the same time for an unknown account."""
    try:
        with _slots:
            return _hasher.verify(stored or _NOBODYS, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
