"""People registered by any paper, and accounts that wait for staff to see one."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from auth.schemas import Phone
from core.messages import N_
from core.searching import SearchQuery
from residents.schemas.bindings import DocumentNumber
from residents.schemas.identifiers import PAPERS, IdentifierKind
from residents.schemas.people import PersonView, Sex

ACCEPTED = (IdentifierKind.ID_CARD, *PAPERS)
# What the papers are called; the values are catalogue keys.
PAPER_NAMES = {
    IdentifierKind.ID_CARD: N_("居民身份证"),
    IdentifierKind.BIRTH_CERTIFICATE: N_("出生医学证明"),
    IdentifierKind.HOUSEHOLD_BOOK: N_("户口簿"),
    IdentifierKind.PASSPORT: N_("护照"),
    IdentifierKind.HK_MACAU_PERMIT: N_("港澳居民来往内地通行证"),
    IdentifierKind.TAIWAN_PERMIT: N_("台湾居民来往大陆通行证"),
    IdentifierKind.RESIDENCE_CARD: N_("外国人永久居留身份证"),
}


class PaperAction(StrEnum):
    """What may be asked about who somebody is by their papers."""

    REGISTER = "residents:register-person"
    CLAIM = "residents:claim-paper"
    READ_CLAIM = "residents:read-claim"
    WITHDRAW_CLAIM = "residents:withdraw-claim"
    CHECK_CLAIM = "residents:check-claim"


class ClaimState(StrEnum):
    """An account's claim and how it ended; one that was never shown lapses."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class RegisterState(StrEnum):
    """Made, known already, or somebody known looks the same and whoever registers has to say."""

    REGISTERED = "registered"
    KNOWN = "known"
    ASKED = "asked"


def _accepted(kind: IdentifierKind) -> IdentifierKind:
    if kind not in ACCEPTED:
        raise ValueError(N_("请从列出的选项中选择。"))
    return kind


def _other_paper(kind: IdentifierKind) -> IdentifierKind:
    if kind not in PAPERS:
        raise ValueError(N_("请从列出的选项中选择。"))
    return kind


def _one_spelling(name: str) -> str:
    """Names in Latin letters as passports have them: capitals, single blanks."""
    spaced = " ".join(name.split())
    return spaced.upper() if spaced.isascii() else spaced


OfficialName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=60),
    AfterValidator(_one_spelling),
]
State = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^([A-Z]{3})?$")
]
Division = Annotated[str, Field(pattern=r"^[0-9]{9}$")]


class RegisterPerson(BaseModel):
    """Register a person whose paper lies on the desk. ``issuer`` is the state of a passport, three
    letters. Of an ID card the number says sex and birth date. Where somebody known looks the same,
    ``same`` says that it is they, ``anew`` that it is none of them.
    """

    model_config = ConfigDict(extra="forbid")

    institution_id: UUID
    kind: Annotated[IdentifierKind, AfterValidator(_accepted)]
    number: DocumentNumber
    issuer: State = ""
    name: OfficialName
    sex: Sex | None = None
    birth_date: date | None = None
    division_code: Division
    village_code: Annotated[str | None, StringConstraints(max_length=20)] = None
    phone: Phone | None = None
    same: UUID | None = None
    anew: bool = False


class Alike(BaseModel):
    """Somebody known who may be the one on the desk; ``paper`` is masked."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    name: str
    sex: Sex
    birth_date: date
    division_code: str
    kind: IdentifierKind
    paper: str
    # Whether the very paper is theirs already.
    same_paper: bool


class Registered(BaseModel):
    """What became of it; nobody where ``state`` is asked, and then who looks the same."""

    state: RegisterState
    person: PersonView | None = None
    alike: list[Alike] = []


class ClaimPaper(BaseModel):
    """An account's holder says who they are by a paper, and where they will show it."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[IdentifierKind, AfterValidator(_other_paper)]
    number: DocumentNumber
    issuer: State = ""
    name: OfficialName
    sex: Sex
    birth_date: date
    division_code: Division
    institution_id: UUID


class ClaimView(BaseModel):
    """A claim as the account's holder sees it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    kind: IdentifierKind
    issuer: str
    masked_number: str
    name: str
    institution_name: str
    state: ClaimState
    reason: str | None
    checked_by_name: str | None
    created_at: datetime
    settled_at: datetime | None


class ClaimList(BaseModel):
    """The claims of one account, the newest first."""

    items: list[ClaimView]


class ClaimSearch(SearchQuery):
    """Claims to check at one's institutions; ``settled`` shows those that ended."""

    settled: bool = False


class ClaimCase(ClaimView):
    """A claim as those who hold the paper against it see it: the number whole, the phone masked."""

    number: str
    sex: Sex
    birth_date: date
    division_code: str
    masked_phone: str | None
    alike: tuple[Alike, ...]
    may_check: bool


class ConfirmClaim(BaseModel):
    """Staff saw the paper: who of those known it is, or that it is none of them."""

    model_config = ConfigDict(extra="forbid")

    same: UUID | None = None
    anew: bool = False


class RefuseClaim(BaseModel):
    """Why not, in words to the applicant."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class AddNumber(BaseModel):
    """The ID card of a person registered by another paper, as it lies on the desk. ``corrects``:
    the record's name, sex or birth date differ and are to be as on the card.
    """

    model_config = ConfigDict(extra="forbid")

    name: OfficialName
    id_number: Annotated[
        str,
        StringConstraints(strip_whitespace=True, to_upper=True, min_length=18, max_length=18),
    ]
    corrects: bool = False


class NumberAdded(BaseModel):
    """The number is the person's now; or another record has it, and the pair waits to be merged."""

    person_id: UUID
    pair_id: UUID | None = None


class FormerIdentity(BaseModel):
    """What a record said before it was given an ID number."""

    name: str
    sex: str
    birth_date: date
