"""Two records that may be of one person, and what is decided about them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from core.searching import SearchQuery
from residents.schemas.identifiers import IdentifierKind
from residents.schemas.people import Sex


class PairState(StrEnum):
    """What became of a proposal."""

    WAITING = "waiting"
    LATER = "later"
    DIFFERENT = "different"
    MERGED = "merged"


class PairVerdict(StrEnum):
    """What a person decides without merging."""

    LATER = "later"
    DIFFERENT = "different"


class Reason(StrEnum):
    """What agrees between two records."""

    NAME_SAME = "name_same"
    NAME_SIMILAR = "name_similar"
    BIRTH_SAME = "birth_same"
    BIRTH_CLOSE = "birth_close"
    SEX_SAME = "sex_same"
    PHONE_SAME = "phone_same"
    ID_CLOSE = "id_close"
    IDENTIFIER_SAME = "identifier_same"
    NUMBER_SAME = "number_same"
    HOUSEHOLD_SAME = "household_same"
    VILLAGE_SAME = "village_same"
    TOWNSHIP_SAME = "township_same"


class Part(StrEnum):
    """What is chosen from one of two records. Sex and birth date go with the ID number, which says
    them; the home is the household with its place.
    """

    NAME = "name"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    HOME = "home"


class Keeping(StrEnum):
    """Which of the two records."""

    FIRST = "first"
    SECOND = "second"


class DuplicateAction(StrEnum):
    """What may be asked of a pair."""

    READ = "residents:read-duplicate"
    DECIDE = "residents:decide-duplicate"


class DuplicateSearch(SearchQuery):
    """Proposals by what became of them."""

    state: PairState = PairState.WAITING


class DuplicateRow(BaseModel):
    """A pair in a list."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    first_name: str
    second_name: str
    first_birth: date
    second_birth: date
    score: float
    reasons: tuple[Reason, ...]
    state: PairState
    example: bool
    decided_by_name: str | None


class RecordSide(BaseModel):
    """One of the two records. The ID number, which not everybody has, is whole: whoever decides
    compares it digit by digit.
    ``holds`` is how many rows of what hang on it: (words, count).
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    name: str
    sex: Sex
    birth_date: date
    id_number: str | None
    phone: str | None
    division: str
    village: str
    record_number: str | None
    identifiers: tuple[tuple[IdentifierKind, str], ...]
    verified: bool
    has_account: bool
    example: bool
    created_at: datetime
    holds: tuple[tuple[str, int], ...]


class DuplicateCase(BaseModel):
    """Both records side by side. ``kept`` is which one was kept where they are merged;"""

    id: UUID
    state: PairState
    score: float
    reasons: tuple[Reason, ...]
    found_at: datetime
    decided_at: datetime | None
    decided_by_name: str | None
    note: str | None
    first: RecordSide
    second: RecordSide
    kept: Keeping | None
    may_decide: bool


Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]


class DecidePair(BaseModel):
    """Not the same person (never proposed again), or later."""

    model_config = ConfigDict(extra="forbid")

    verdict: PairVerdict
    note: Note = ""


class MergePair(BaseModel):
    """It is the same person: the record that is kept, and from which of the two each part holds,
    where not from that one.
    """

    model_config = ConfigDict(extra="forbid")

    keep: Keeping
    name: Keeping | None = None
    id_number: Keeping | None = None
    phone: Keeping | None = None
    home: Keeping | None = None
    note: Note = ""

    def takes(self, part: Part) -> bool:
        """Whether this part comes from the record that is not kept."""
        chosen: Keeping | None = getattr(self, part)
        return chosen not in (None, self.keep)


class Saying(BaseModel):
    """What a record says of a person, as kept in the history of merging."""

    name: str
    sex: str
    birth_date: date
    id_number: str | None
    phone: str | None
    household_id: UUID | None
    relation: str
    division_code: str
    verified_at: datetime | None


class Snapshot(BaseModel):
    """Both records before, and the kept one after; whether the kept one had an account."""

    account: bool

    kept: Saying
    former: Saying
    after: Saying


class MergeTold(BaseModel):
    """Whose records were merged, or parted again; ``one_phone`` where both have the same."""

    model_config = ConfigDict(frozen=True)

    kept_id: UUID
    former_id: UUID
    one_phone: bool
