"""Signing at the desk on the team's tablet: what is prepared, signed and witnessed there."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from core.messages import N_
from family_doctor.schemas.base import Command, Digest, View
from family_doctor.schemas.rules import Years
from family_doctor.schemas.signing import Signed
from family_doctor.schemas.terms import ExtraCodes, PackCode


class OnSiteAction(StrEnum):
    """What may be asked about a resident at a device."""

    WITNESS = "family_doctor:witness-signing"


class PresenceState(StrEnum):
    """How far a resident at a device has come. ``DONE``: there is a contract of it."""

    BEGUN = "begun"
    PREPARED = "prepared"
    SIGNED = "signed"
    DONE = "done"


def _read(agreed: bool) -> bool:
    if not agreed:
        raise ValueError(N_("请先勾选「已从头到尾读过并同意」，再签名。"))
    return agreed


def _seen(seen: bool) -> bool:
    if not seen:
        raise ValueError(N_("请先勾选「核对了证件原件，并看着本人签名」，再提交。"))
    return seen


Tail = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[0-9A-Z]{4}$")
]


class PrepareAgreement(Command):
    """Write the agreement that is to be shown: the usual pack and years if none are named; of a
    renewal the pack stays. ``extra_codes`` are personalised packs beside it. For a child or ward
    ``signer_id`` is who signs, and ``signer_tail`` the last four of the number on *their* paper,
    which the staff saw too.
    """

    years: Years | None = None
    pack_code: PackCode | None = None
    extra_codes: ExtraCodes = Field(default_factory=list)
    signer_id: UUID | None = None
    signer_tail: Tail | None = None


class SignOnSite(Signed):
    """What the resident does on the tablet: sign the text with this SHA-256 digest."""

    agreement_sha256: Digest
    agreed: Annotated[bool, AfterValidator(_read)] = Field(default=False, validate_default=True)


class WitnessSigning(Command):
    """What the member of staff says who has the tablet back."""

    seen: Annotated[bool, AfterValidator(_seen)] = Field(default=False, validate_default=True)


class PresenceView(View):
    """A resident at a device of the staff. ``agreement_sha256`` is of the text that is shown,
    ``signer_id`` who is to sign it, ``renews_id`` the contract that goes on by it.
    """

    id: UUID
    team_id: UUID
    person_id: UUID
    state: PresenceState
    begun_at: datetime
    expires_at: datetime
    signer_id: UUID | None
    renews_id: UUID | None
    pack_code: str | None
    extra_codes: list[str]
    term_years: int | None
    agreement_sha256: Digest | None
    signed_at: datetime | None
    contract_id: UUID | None


class SignerView(View):
    """One who may sign for a child or ward, and what that one is to them."""

    person_id: UUID
    name: str
    relation: Literal["child", "ward"]


class PresenceDetail(PresenceView):
    """With who may sign: nobody listed means that the resident signs for themself. A resident under
    18 or a ward for whom nobody may sign cannot be signed for here (``needs_signer``).
    """

    name: str
    needs_signer: bool
    signers: list[SignerView]


class PresenceLine(View):
    """A resident whom the actor began with, on the list of those not finished."""

    id: UUID
    name: str
    state: PresenceState
    begun_at: datetime
