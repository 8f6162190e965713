"""Passwords: argon2id with the parameters of OWASP's minimum (19 MiB, t=2, p=1)."""

from collections.abc import Iterable
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.messages import N_

# Each hash takes 19 MiB and a core while it runs: a second at a time would only wait for both.
_slots = BoundedSemaphore(1)
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
SHORTEST = 10
# Checked when there is no account, so that the answer takes as long.
_NOBODYS = _hasher.hash("nobody")
# The commonest in published lists and in Chinese keyboards' habits, of the length we allow; what
# only differs in case or in what is appended to them is as common.
COMMONEST = (
    "0123456789", "1111111111", "1122334455", "1231231234", "123123123", "12344321", "123456",
    "147258369", "1q2w3e4r", "1qaz2wsx", "5201314", "789456123", "987654321", "aaaaaaaaaa",
    "abc123", "abcd1234", "abcdefghij", "admin", "asdfghjkl", "dragon", "football", "guanliyuan",
    "hello123", "iloveyou", "jiankang", "letmein", "mima", "monkey", "passw0rd",
    "password", "princess", "q1w2e3r4", "qazwsxedc", "qq123456", "qwer1234", "qwerty", "sunshine",
    "superman", "test1234", "welcome", "woaini", "yisheng", "yiyuan", "zhongguo", "zxcvbnm",
)  # fmt: skip
# Letters after a common beginning make it a phrase of one's own.
_FILLERS = "0123456789.!@#$%&*_-+"


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


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def weakness(password: str, names: Iterable[str | None] = ()) -> str | None:
    """What is wrong with a new password for somebody of these ``names``, as a catalogue key."""
    if len(password) < SHORTEST:
        return N_("密码至少需要 10 位。")
    folded = password.casefold()
    if any(name and _is_just(folded, name.casefold()) for name in names):
        return N_("密码不能是您的登录名或姓名，请换一个。")
    if len(set(folded)) < 4 or any(_is_just(folded, common) for common in COMMONEST):
        return N_("这个密码太常见，容易被猜到，请换一个。")
    return None


def _is_just(password: str, word: str) -> bool:
    """Whether the password is the word, perhaps repeated, with digits and marks around it."""
    rest = password.replace(word, "")
    return rest != password and not rest.strip(_FILLERS)
