"""What an application learns of a person: never our own ids, nothing that was not asked for."""

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

from auth.schemas.sso import Scope
from core.access import Role
from core.crypto import blind_index

# E.164; auth.schemas.Phone holds numbers of mainland China.
CALLING_CODE = "+86"
# What may be told about a person, and the scope that stands for it.
CLAIM_SCOPES = {
    "name": Scope.PROFILE,
    "phone_number": Scope.PHONE,
    "phone_number_verified": Scope.PHONE,
    "roles": Scope.ROLES,
}


class Method(StrEnum):
    """How somebody proved who they are, by its name in RFC 8176."""

    SMS = "sms"
    PASSWORD = "pwd"  # noqa: S105  a name
    ONE_TIME_CODE = "otp"
    PASSKEY = "hwk"
    RECOVERY_CODE = "kba"
    WECHAT = "wechat"
    UPSTREAM = "fed"


class Assurance(IntEnum):
    """How surely a session knows who it is: one factor, two, or one that cannot be phished."""

    ONE_FACTOR = 1
    TWO_FACTORS = 2
    PHISHING_RESISTANT = 3

    @property
    def acr(self) -> str:
        """Its name in the ``acr`` claim."""
        return f"urn:kangqiao:acr:{self.value}"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom claims are about. ``name`` and ``phone`` are None where there is none to give; an
    account's phone is a proved one, however its owner signs in.
    """

    account_id: UUID
    name: str | None
    phone: str | None
    roles: tuple[Role, ...]


def subject(sector: str, account_id: UUID) -> str:
    """The stable name of an account for one sector (OpenID Connect Core 1.0, 8.1, pairwise):
    two applications cannot find out that they know the same person.
    """
    return _reference("subject", sector, account_id)


def session_reference(client_id: str, session_id: UUID) -> str:
    """The ``sid`` of a session for one application, which links nobody across applications."""
    return _reference("sid", client_id, session_id)


def claims(
    holder: Holder, sector: str, scopes: Collection[str], names: Collection[str] = ()
) -> dict[str, Any]:
    """The claims of ``scopes`` (Core 1.0, 5.4) and those asked for by name (5.5); what is not
    known is left out.
    """
    known: dict[str, Any] = {
        "name": holder.name,
        "phone_number": CALLING_CODE + holder.phone if holder.phone else None,
        "phone_number_verified": True if holder.phone else None,
        "roles": [role.value for role in holder.roles],
    }
    told = {
        name: value
        for name, value in known.items()
        if value is not None and (CLAIM_SCOPES[name] in scopes or name in names)
    }
    return {"sub": subject(sector, holder.account_id), **told}


def kept_claims(
    asked: Mapping[str, Sequence[str]] | None, place: str, registered: Collection[str]
) -> list[str]:
    """Of the claims asked for one by one, those for ``place`` that the application may have now."""
    return [name for name in (asked or {}).get(place, ()) if CLAIM_SCOPES[name] in registered]


def _reference(purpose: str, context: str, identity: UUID) -> str:
    digest = blind_index(f"{identity} {context}", purpose)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
