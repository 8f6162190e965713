"""What this room needs from outside: who cares for a person, and who confirms a name and number."""

from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import requests
import structlog
from sqlalchemy.orm import Session

from core.errors import Unavailable
from core.messages import N_
from core.outgoing import aside
from residents.schemas import GroupChoice, Scope

CareUnits: TypeAlias = Callable[[Session, UUID], Sequence[str]]
Contracted: TypeAlias = Callable[[Session, Collection[UUID]], Collection[UUID]]
# (code, name, English name) of every population group, by code.
Groups: TypeAlias = Callable[[Session], Sequence[tuple[str, str, str]]]
# (phone, code, challenge id as idempotency key, who is to act, for what); raises Unavailable.
ConsentSender: TypeAlias = Callable[[str, str, UUID, str, Sequence[Scope]], None]
TIMEOUT_SECONDS = 5
log = structlog.get_logger()
_care_units: CareUnits | None = None
_contracted: Contracted | None = None
_groups: Groups | None = None
_consent_sender: ConsentSender | None = None


def provide_consent_sender(sender: ConsentSender) -> None:
    """Register how a code by which an adult lets another act for them reaches their phone."""
    global _consent_sender
    _consent_sender = sender


def send_consent_code(
    phone: str, code: str, challenge_id: UUID, name: str, scopes: Sequence[Scope]
) -> None:
    """Send such a code, which is to be told to ``name``; call it outside any transaction. Raises
    Unavailable.
    """
    if _consent_sender is None:
        raise RuntimeError("no room provides a sender of consent codes")
    _consent_sender(phone, code, challenge_id, name, scopes)


def provide_care_units(hook: CareUnits) -> None:
    """Register how the units that care for a person are found."""
    global _care_units
    _care_units = hook


def care_units(session: Session, person_id: UUID) -> tuple[str, ...]:
    """The units (team, institution, divisions) that care for a person; empty where none does."""
    return tuple(_care_units(session, person_id)) if _care_units else ()


def provide_contracted(hook: Contracted) -> None:
    """Register how those who have a family doctor are told from others."""
    global _contracted
    _contracted = hook


def contracted(session: Session, person_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of these people who have a family doctor, with one statement."""
    return frozenset(_contracted(session, person_ids)) if _contracted else frozenset()


def provide_groups(hook: Groups) -> None:
    """Register where the region's population groups are named."""
    global _groups
    _groups = hook


def groups(session: Session) -> list[GroupChoice]:
    """The region's population groups, by code."""
    named = _groups(session) if _groups else ()
    return [GroupChoice(code=code, name=name, name_en=name_en) for code, name, name_en in named]


class Verdict(StrEnum):
    """What the national identity service says of a name and number."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"


class IdentityVerifier:
    """The real-name service: does this name belong to this number?"""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key

    def verify(self, name: str, id_number: str) -> Verdict:
        """Ask the service; call it outside any transaction. Raises Unavailable."""
        try:
            with aside():
                answer = requests.post(
                    f"{self._url}/identity/verify",
                    json={"name": name, "id_number": id_number},
                    headers={"Authorization": f"Bearer {self._key}"},
                    timeout=TIMEOUT_SECONDS,
                )
            answer.raise_for_status()
            return Verdict(answer.json()["result"])
        except (requests.RequestException, ValueError, KeyError) as error:
            log.warning("identity.unavailable", kind=type(error).__name__)
            raise Unavailable(
                "identity_unavailable",
                N_("实名核验服务暂时没有响应。您填写的内容还在，请过几分钟再提交。"),
            ) from None
