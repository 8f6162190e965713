"""Commands on agreement texts and signatures, and how they and the sealed file look."""

import re
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from core.messages import N_
from family_doctor.schemas.base import Command, Digest, View
from family_doctor.wording import check_wording

# The field that is signed in, in units of its own; pages and paper scale it.
FIELD_WIDTH, FIELD_HEIGHT = 600, 200
LONGEST_STROKES = 12_000
# Less ink than this is a slip of the finger.
LEAST_INK = 60
NUMBER = "[0-9]{1,3}"
STROKES = re.compile(f"(?:M{NUMBER} {NUMBER}(?:L{NUMBER} {NUMBER})+)+")
POINTS = re.compile(f"([ML])({NUMBER}) ({NUMBER})")


class SigningAction(StrEnum):
    """What may be asked of texts and signatures."""

    ADMINISTER_TEXTS = "family_doctor:administer-texts"
    KEEP_SIGNATURE = "family_doctor:keep-signature"


class Side(StrEnum):
    """Whose signature it is."""

    RESIDENT = "resident"
    TEAM = "team"


class ProofMethod(StrEnum):
    """By what it was known, at the moment of signing, who signed. ``TWO_FACTORS``: by another
    portal's word for them. ``ON_SITE``: a member of staff saw them. ``CONSOLE``: an operator's
    token, which has nobody who could be asked.
    """

    SMS = "sms"
    PASSKEY = "hwk"
    ONE_TIME_CODE = "otp"
    TWO_FACTORS = "two_factors"
    ON_SITE = "on_site"
    CONSOLE = "console"


class Verdict(StrEnum):
    """What a file turned out to be."""

    INTACT = "intact"
    CHANGED = "changed"
    UNKNOWN = "unknown"


def _drawn(strokes: str) -> str:
    """SVG path data of absolute moves and lines within the field, and enough of them."""
    if not STROKES.fullmatch(strokes):
        raise ValueError(N_("签名的笔迹无法识别，请清除后重新手写。"))
    points = [(kind, int(x), int(y)) for kind, x, y in POINTS.findall(strokes)]
    if any(x > FIELD_WIDTH or y > FIELD_HEIGHT for _, x, y in points):
        raise ValueError(N_("签名的笔迹无法识别，请清除后重新手写。"))
    ink = sum(
        abs(x - before_x) + abs(y - before_y)
        for (_, before_x, before_y), (kind, x, y) in pairwise(points)
        if kind == "L"
    )
    if ink < LEAST_INK:
        raise ValueError(N_("笔迹太短，请写下完整的签名。"))
    return strokes


Strokes = Annotated[str, Field(max_length=LONGEST_STROKES), AfterValidator(_drawn)]
TypedName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class Signed(Command):
    """A signature as it is given: drawn (``strokes``: SVG path data of M and L with whole numbers
    in a field of 600 by 200), or the signer's own name typed by whoever cannot draw.
    """

    strokes: Strokes | None = None
    typed_name: TypedName | None = Field(default=None, validate_default=True)

    @field_validator("typed_name")
    @classmethod
    def _either(cls, typed: str | None, info: ValidationInfo) -> str | None:
        # Strokes that were refused are not among the data, and have their own sentence.
        if "strokes" in info.data and (info.data["strokes"] is None) == (typed is None):
            raise ValueError(N_("请手写签名，或者输入您的姓名代替手写，两者选一种。"))
        return typed


class KeepSignature(Signed):
    """Keep the signature that one signs agreements with; it replaces the one before."""


class WriteAgreementText(Command):
    """A draft of the agreement's wording; ``group_code`` None is for everybody."""

    group_code: str | None = None
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]
    body: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=20, max_length=20_000),
        AfterValidator(check_wording),
    ]
    valid_from: date


class AgreementTextView(View):
    """A version of the wording; in force from ``valid_from`` on where it is published."""

    id: UUID
    group_code: str | None
    version: int
    title: str
    body: str
    valid_from: date
    created_at: datetime
    published_at: datetime | None
    published_by_name: str


class AgreementTexts(View):
    """All versions, the newest first."""

    items: list[AgreementTextView]


class OwnSignatureView(View):
    """A signature that is or was kept."""

    id: UUID
    strokes: str | None
    typed_name: str | None
    created_at: datetime
    replaced_at: datetime | None


class OwnSignatures(View):
    """What one signs with, and what it was before; the newest first."""

    items: list[OwnSignatureView]


class SignatureView(View):
    """A signature under a contract; ``witness_name`` saw it given on site. ``on_behalf``: of one
    who signs for the resident.
    """

    side: Side
    name: str
    strokes: str | None
    typed_name: str | None
    method: ProofMethod
    proved_at: datetime
    signed_at: datetime
    witness_name: str = ""
    on_behalf: bool = False


class SealView(View):
    """The sealed file of a contract: its digest and when it was sealed."""

    sha256: Digest
    sealed_at: datetime
    timestamped: bool


class ExtraView(View):
    """A personalised pack in an agreement: what the person pays for a year (fen), or paid for one
    that goes on ``until`` its last day.
    """

    name: str
    name_en: str
    example: bool
    person_fen: int
    until: date | None


class SignedAgreement(View):
    """What stands under an agreement, and the personalised packs in it; ``seal`` is None until the
    file is made.
    """

    text_version: int | None
    extras: list[ExtraView]
    signatures: list[SignatureView]
    seal: SealView | None


class Verification(View):
    """What an uploaded file is. ``contract_number`` is None where it is none of ours."""

    verdict: Verdict
    contract_number: UUID | None = None
    sealed_at: datetime | None = None
