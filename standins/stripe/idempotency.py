"""Answers kept for retried POSTs (docs.stripe.com/api/idempotent_requests)."""

from dataclasses import dataclass

from standins.memory import Bounded
from standins.stripe.errors import NotBegun
from standins.stripe.objects import JsonObject

LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Call:
    """What makes two requests the same: the path and the parameters in any order."""

    path: str
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished answer."""

    status: int
    body: JsonObject
    request_id: str


class Replies:
    """The kept answers by key; used under the account's lock."""

    def __init__(self, limit: int) -> None:
        self._kept: Bounded[str, tuple[Call, Reply]] = Bounded(limit)

    def find(self, key: str, call: Call) -> Reply | None:
        """The answer given before. Raises NotBegun where the key was used for something else."""
        if len(key) > LONGEST_KEY:
            raise _refusal(f"Idempotency keys can have up to {LONGEST_KEY} characters.")
        if key not in self._kept:
            return None
        before, reply = self._kept[key]
        if before.path != call.path:
            raise _refusal(
                "Keys for idempotent requests can only be used for the same endpoint they were "
                f"first used for ('{before.path}' vs '{call.path}'). Try using a key other than "
                f"'{key}' if you meant to execute a different request."
            )
        if before != call:
            raise _refusal(
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request."
            )
        return reply

    def keep(self, key: str, call: Call, reply: Reply) -> None:
        """Remember ``reply`` for retries of ``call``."""
        self._kept[key] = (call, reply)


def _refusal(message: str) -> NotBegun:
    return NotBegun(message, kind="idempotency_error")
