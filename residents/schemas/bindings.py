"""Asking to act for a child, a ward or an adult, and what proves that one may."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from core.searching import SearchQuery
from residents.schemas.people import Sex
from residents.schemas.representation import Basis, IdNumberText, PersonName, Scope, Scopes, Until

Code = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$")]
Tail = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[0-9A-Z]{4}$")
]
DocumentNumber = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=4, max_length=40)
]


class BindingAction(StrEnum):
    """What may be asked of a request to act for somebody."""

    REQUEST = "residents:request-binding"
    READ = "residents:read-binding"
    WITHDRAW = "residents:withdraw-binding"
    CHECK = "residents:check-binding"
    RECORD = "residents:record-binding"


class Way(StrEnum):
    """How it is proved: staff see a document, the person has a code, or both are before staff."""

    DOCUMENT = "document"
    CODE = "code"
    DESK = "desk"


class Evidence(StrEnum):
    """What was seen: a document with a number, a code to the phone, or the cards of both."""

    BIRTH_CERTIFICATE = "birth_certificate"
    HOUSEHOLD_BOOK = "household_book"
    GUARDIANSHIP = "guardianship"
    CODE = "code"
    ID_CARDS = "id_cards"
    SOCIAL_CARDS = "social_cards"


class BindingState(StrEnum):
    """A request and how it ended; a code that nobody entered in time lapses."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class BindChild(BaseModel):
    """Act for one's child: by birth certificate or household book, and who the child is."""

    model_config = ConfigDict(extra="forbid")

    evidence: Evidence
    evidence_number: DocumentNumber
    name: PersonName
    id_number: IdNumberText | None = None
    # Of a child that has no ID number yet; otherwise the number says them.
    sex: Sex | None = None
    birth_date: date | None = None
    institution_id: UUID
    scopes: Scopes


class BindWard(BaseModel):
    """Act for one's ward: by the guardianship document."""

    model_config = ConfigDict(extra="forbid")

    evidence_number: DocumentNumber
    name: PersonName
    id_number: IdNumberText
    institution_id: UUID
    scopes: Scopes
    until: Until = None


class BindAdult(BaseModel):
    """Act for an adult who consents by a code that goes to their own phone."""

    model_config = ConfigDict(extra="forbid")

    name: PersonName
    id_number: IdNumberText
    scopes: Scopes
    until: Until = None


class EnterCode(BaseModel):
    """The code that the person read out."""

    model_config = ConfigDict(extra="forbid")

    code: Code


class ConfirmBinding(BaseModel):
    """Staff saw the document: whose child or ward it is, as known here or by the ID number. A child
    that has none yet is registered by the document: ``by_document``, with its number as staff read
    it where the applicant mistyped it.
    """

    model_config = ConfigDict(extra="forbid")

    person_id: UUID | None = None
    id_number: IdNumberText | None = None
    by_document: bool = False
    document_number: DocumentNumber | None = None


class RefuseBinding(BaseModel):
    """Why not, in words to the applicant."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class RecordBinding(BaseModel):
    """Both stand before staff: who consents, who is to act, by the name and the last four
    characters of the paper that they are known by.
    """

    model_config = ConfigDict(extra="forbid")

    institution_id: UUID
    person_name: PersonName
    person_tail: Tail
    representative_name: PersonName
    representative_tail: Tail
    evidence: Evidence
    scopes: Scopes
    until: Until = None


class BindingView(BaseModel):
    """A request as the applicant sees it: alike whether or not the person is known here."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    way: Way
    basis: Basis
    evidence: Evidence
    name: str
    scopes: tuple[Scope, ...]
    until: date | None
    institution_name: str | None
    state: BindingState
    reason: str | None
    checked_by_name: str | None
    created_at: datetime
    settled_at: datetime | None


class BindingList(BaseModel):
    """The requests of one applicant."""

    items: list[BindingView]


class BindingSearch(SearchQuery):
    """Bindings to check at one's institutions; ``settled`` shows those that ended."""

    settled: bool = False


class BindingRow(BindingView):
    """A request in the list of those who check it."""

    representative_name: str


class Candidate(BaseModel):
    """Somebody known here who may be the one named; the number of their paper masked."""

    id: UUID
    name: str
    birth_date: date
    masked_id_number: str
    division_code: str


class BindingCase(BindingRow):
    """A request as those who hold the document against it see it."""

    evidence_number: str | None
    id_number: str | None
    sex: Sex
    birth_date: date
    representative_masked_id: str
    candidates: tuple[Candidate, ...]
    may_check: bool


class BindingTold(BaseModel):
    """A refused request with the applicant, for telling them."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    representative_id: UUID
    name: str
