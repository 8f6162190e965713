"""Signing in a village, offline: the visit, the package for the tablet, and what comes back."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from core.searching import SearchQuery
from family_doctor.schemas.base import Command, Digest, Reason, View
from family_doctor.schemas.signing import Signed, Strokes
from family_doctor.schemas.ways import Evidence, OfTeam

# Entries of one request: ten whole ones, each with two drawn signatures, are a third of the most
# that a request may carry.
MOST_ENTRIES = 10
LONGEST_PAYLOAD = 32_000


class FieldAction(StrEnum):
    """What may be asked about visits to villages."""

    PREPARE = "family_doctor:prepare-visit"
    READ = "family_doctor:read-visits"
    AUTHORISE = "family_doctor:authorise-visit"
    CARRY = "family_doctor:carry-visit"


class VisitState(StrEnum):
    """How far a visit has come."""

    PREPARED = "prepared"
    AUTHORISED = "authorised"
    LOADED = "loaded"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Outcome(StrEnum):
    """What became of an entry. ``CHAIN_BROKEN``: one before it is missing or was changed;
    ``TRY_AGAIN``: the identity service does not answer. Neither is kept.
    """

    SIGNED = "signed"
    ALREADY_SIGNED = "already_signed"
    OVER_CAPACITY = "over_capacity"
    TEAM_CLOSED = "team_closed"
    IDENTITY_MISMATCH = "identity_mismatch"
    TEXT_WITHDRAWN = "text_withdrawn"
    MINOR = "minor"
    NOT_REPRESENTED = "not_represented"
    RENEWAL_CHANGED = "renewal_changed"
    CLOCK_WRONG = "clock_wrong"
    UNREADABLE = "unreadable"
    CHAIN_BROKEN = "chain_broken"
    TRY_AGAIN = "try_again"


KEPT = frozenset(Outcome) - {Outcome.CHAIN_BROKEN, Outcome.TRY_AGAIN}
DeviceWord = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)]


Tail = Annotated[str, Field(pattern=r"^[0-9A-Z]{4}$")]
Relation = Literal["child", "ward"]


class PrepareVisit(Command):
    """Prepare a visit of the actor; without a pack and years the region's usual ones."""

    team_id: UUID
    village_code: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    pack_code: str | None = None
    years: Annotated[int | None, Field(ge=1, le=5)] = None


class LoadVisit(Command):
    """Load a visit to a tablet: ``device`` is a word that the tablet made up and keeps."""

    device: DeviceWord


class SignedBy(Command):
    """Who signed for a child or ward: what the resident is to them, and the last four of the number
    on the paper that was seen of them.
    """

    person_id: UUID
    name: Name
    relation: Relation
    id_tail: Tail


class FieldSigning(Signed):
    """What an entry says: who signed, what paper was seen, which text, and both signatures.

    Of whom the list holds: ``person_id`` and the last four of the number on the paper; of others
    the whole ``id_number``. ``signed_by`` is who signed for a child or ward, whose paper was seen
    then; ``renews`` the contract that is to go on. Times are the tablet's. ``witness`` is the
    member's signature.
    """

    person_id: UUID | None = None
    name: Name
    id_number: Annotated[str | None, StringConstraints(min_length=18, max_length=18)] = None
    id_tail: Tail | None = None
    signed_by: SignedBy | None = None
    renews: UUID | None = None
    evidence: Literal[Evidence.ID_CARD, Evidence.HOUSEHOLD_BOOK]
    evidence_number: Annotated[
        str | None, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)
    ] = None
    text_id: UUID
    pack_code: str
    years: Annotated[int, Field(ge=1, le=5)]
    agreement_sha256: Digest
    agreed: Literal[True]
    witness: Strokes
    identified_at: AwareDatetime
    signed_at: AwareDatetime


class EntryIn(Command):
    """An entry as it left the tablet. ``hash`` is the SHA-256 of ``previous``, its number and its
    payload, each on a line of its own; ``payload`` is a FieldSigning as JSON.
    """

    id: UUID
    number: Annotated[int, Field(ge=1, le=2000)]
    previous: Digest
    hash: Digest
    payload: Annotated[str, StringConstraints(min_length=2, max_length=LONGEST_PAYLOAD)]


class SyncEntries(LoadVisit):
    """A few entries, in their order."""

    entries: Annotated[list[EntryIn], Field(min_length=1, max_length=MOST_ENTRIES)]


class CloseVisit(LoadVisit):
    """The tablet has no more: so many entries, the last of this hash."""

    entries: Annotated[int, Field(ge=0, le=2000)]
    hash: Digest


class SettleEntry(Command):
    """What the team did about an entry that made no contract."""

    note: Reason


class FieldSearch(OfTeam):
    """Visits of a team, or entries of it that wait to be settled."""


class VisitEntries(SearchQuery):
    """Entries of a visit."""


class VillageChoice(View):
    """A village of a team's township; ``unsigned`` adults have no contract and none under way."""

    code: str
    name: str
    adults: int
    unsigned: int


class VisitView(View):
    """A visit; ``signed`` and ``waiting`` count its contracts and its entries to be settled."""

    id: UUID
    team_id: UUID
    village_name: str
    member_name: str
    authorised_name: str
    pack_code: str
    term_years: int
    prepared_at: datetime
    expires_at: datetime
    sync_until: datetime
    loaded_at: datetime | None
    broken_at: datetime | None
    state: VisitState
    own: bool
    residents: int
    entries: int
    signed: int
    waiting: int


class EntryView(View):
    """An entry as the team sees it."""

    id: UUID
    visit_id: UUID
    number: int
    name: str
    signed_at: datetime | None
    received_at: datetime
    outcome: Outcome
    contract_id: UUID | None
    settled_at: datetime | None
    settled_note: str | None


class EntryAnswer(View):
    """What became of an entry."""

    id: UUID
    number: int
    outcome: Outcome


class SyncAnswer(View):
    """What became of each entry, in order; after one that is not kept the rest was not looked at.
    ``entries`` is how many the server has of the visit.
    """

    items: list[EntryAnswer]
    entries: int


class PackOffer(View):
    """A pack that may be chosen in the village; items are (name, times a year)."""

    code: str
    name: str
    name_en: str
    price_fen: int
    public_health_fen: int
    insurance_fen: int
    person_fen: int
    items: list[tuple[str, int]]


class FieldText(View):
    """A wording, by pack, with the places that only the tablet can fill; ``renewals`` is that of
    the packs which somebody on the list may renew.
    """

    id: UUID
    version: int
    bodies: dict[str, str]
    renewals: dict[str, str]


# Eight bits: 43 of the 11,000 last fours that there are have the same.
TailDigest = Annotated[str, Field(pattern=r"^[0-9a-f]{2}$")]


class FieldStander(View):
    """One who signs for a child or ward on the list; ``tail_digest`` as of a resident."""

    person_id: UUID
    name: str
    relation: Relation
    tail_digest: TailDigest


class FieldRenewal(View):
    """A contract that may be renewed on the visit, on the same terms: its renewal's first day."""

    contract_id: UUID
    begins_on: date
    pack_code: str
    years: int


class FieldExtra(View):
    """A personalised pack that a resident bought: its last day, and ``text``, its lines in an
    agreement that begins on that day or before, where it goes on.
    """

    name: str
    name_en: str
    until: date
    text: str


class FieldPerson(View):
    """A resident on the list. ``tail_digest`` is the first byte of the SHA-256 of their id and the
    last four of the paper that they are known by: enough to notice a slip, and too little to find
    the four out by trying, which takes a tablet no time. The server holds the four themselves.
    Where there are ``standers`` one of them signs instead.
    """

    person_id: UUID
    name: str
    sex: str
    birth_date: date
    tail_digest: TailDigest
    text_id: UUID
    signed: bool
    standers: list[FieldStander]
    renewal: FieldRenewal | None
    extras: list[FieldExtra]


class FieldPackage(View):
    """What the tablet needs to work without a network. ``zone`` is that of its dates."""

    visit_id: UUID
    team_name: str
    institution_name: str
    member_name: str
    leader_name: str
    village_name: str
    zone: str
    issued_at: datetime
    expires_at: datetime
    sync_until: datetime
    seed: Digest
    pack_code: str
    years: int
    longest_years: int
    packs: list[PackOffer]
    texts: list[FieldText]
    usual_text: UUID
    residents: list[FieldPerson]
