"""The papers and cards by which somebody is known besides the ID number."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class IdentifierKind(StrEnum):
    """The kinds of paper or card (WS 364.3 CV02.01.101 names most of them)."""

    ID_CARD = "id_card"
    BIRTH_CERTIFICATE = "birth_certificate"
    HOUSEHOLD_BOOK = "household_book"
    PASSPORT = "passport"
    HK_MACAU_PERMIT = "hk_macau_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    RESIDENCE_CARD = "residence_card"
    INSURANCE = "insurance"
    HOSPITAL_CARD = "hospital_card"


# The papers that say who somebody is, besides the ID card; the others are cards of a service.
PAPERS = (
    IdentifierKind.BIRTH_CERTIFICATE,
    IdentifierKind.HOUSEHOLD_BOOK,
    IdentifierKind.PASSPORT,
    IdentifierKind.HK_MACAU_PERMIT,
    IdentifierKind.TAIWAN_PERMIT,
    IdentifierKind.RESIDENCE_CARD,
)


class IdentifierSource(StrEnum):
    """Who says that a number is somebody's."""

    STAFF = "staff"
    RECORDS = "records"
    EXAMPLE = "example"


class IdentifierAction(StrEnum):
    """What may be asked of a person's numbers."""

    READ = "residents:read-identifiers"
    RECORD = "residents:record-identifier"
    FIND = "residents:find-by-identifier"


Number = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_upper=True, min_length=4, max_length=40, pattern=r"^[0-9A-Z\-]+$"
    ),
]


class RecordIdentifier(BaseModel):
    """A paper or card that staff saw. ``issuer`` is needed of a hospital card: whose it is."""

    model_config = ConfigDict(extra="forbid")

    kind: IdentifierKind
    issuer: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)] = ""
    number: Number
    valid_from: date | None = None
    valid_until: date | None = None


class IdentifierView(BaseModel):
    """A number as those who may see it see it: masked."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    kind: IdentifierKind
    issuer: str
    masked_number: str
    valid_from: date | None
    valid_until: date | None
    source: IdentifierSource
    recorded_by_name: str | None


class Step(StrEnum):
    """What staff did about who somebody is."""

    REGISTERED = "registered"
    VERIFIED = "verified"
    NUMBERED = "numbered"


class StepView(BaseModel):
    """What staff did about who somebody is, by whom and when."""

    model_config = ConfigDict(frozen=True)

    step: Step
    kind: IdentifierKind
    former_name: str | None
    by_name: str
    at: datetime


class IdentifierBook(BaseModel):
    """By which numbers a person is known. ``record_number`` is in groups: county, township, village
    and serial; ``former_numbers`` are those of records that were merged into this one, masked.
    """

    person_id: UUID
    name: str
    example: bool
    record_number: str | None
    # None of whoever has no ID number (yet): their papers say who they are.
    masked_id_number: str | None
    former_numbers: list[str]
    identifiers: list[IdentifierView]
    steps: list[StepView]


class FindByNumber(BaseModel):
    """A whole number of any kind, as it stands on the paper or card."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[
        str | None, Field(max_length=40), StringConstraints(strip_whitespace=True, to_upper=True)
    ] = None
