"""Commands and views of the service packs. Amounts are integer fen of CNY."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.paging import PageQuery
from core.searching import SearchQuery, SearchText


class Action(StrEnum):
    """What may be asked here."""

    PLACE_ORDER = "service_packs:place-order"
    READ_ORDER = "service_packs:read-order"
    PAY_ORDER = "service_packs:pay-order"
    CANCEL_ORDER = "service_packs:cancel-order"
    READ_ENTITLEMENTS = "service_packs:read-entitlements"
    RECORD_SERVICE = "service_packs:record-service"
    READ_RECORDS = "service_packs:read-records"
    ANSWER_RECORD = "service_packs:answer-record"
    ANSWER_DISPUTE = "service_packs:answer-dispute"
    READ_TEAM_RECORDS = "service_packs:read-team-records"


class Tier(StrEnum):
    """How much a pack holds. ``basic`` comes with a contract."""

    BASIC = "basic"
    PRIMARY = "primary"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class OrderState(StrEnum):
    """Where an order stands; only ``pending_payment`` ever changes."""

    PENDING_PAYMENT = "pending_payment"
    PAID = "paid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Source(StrEnum):
    """What gave an entitlement."""

    ORDER = "order"
    CONTRACT = "contract"


class RecordState(StrEnum):
    """What the person says of a recorded service; a cleared-up dispute may still be confirmed."""

    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"


class View(BaseModel):
    """A view made from a row."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class GroupView(View):
    """A population group."""

    code: str
    name: str
    name_en: str


class Prices(View):
    """A price and its three payers; they add up."""

    price_fen: int
    public_health_fen: int
    insurance_fen: int
    person_fen: int


class PackView(Prices):
    """A pack of the catalogue; ``example`` marks a made-up one, no group means everybody."""

    code: str
    name: str
    name_en: str
    group_code: str | None
    group_name: str | None
    group_name_en: str | None
    tier: Tier
    list_price_fen: int
    example: bool
    withdrawn: bool


class PackItemView(View):
    """A service in a pack."""

    code: str
    name: str
    name_en: str
    unit: str
    unit_price_fen: int
    example: bool
    scheduled: bool
    times_per_year: int


class PackDetail(PackView):
    """A pack with what is in it."""

    items: tuple[PackItemView, ...]


class PackSearch(PageQuery):
    """Find packs by name or population group."""

    search: SearchText = None
    group: Annotated[str | None, Field(max_length=10, pattern=r"^[^\x00]*$")] = None


class PlaceOrder(BaseModel):
    """Order a pack for oneself, or for somebody for whom one may pay."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID | None = None

    pack_code: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class OrderView(Prices):
    """An order as its owner sees it; pay before ``pay_by``."""

    id: UUID
    person_id: UUID
    pack_code: str
    pack_name: str
    pack_name_en: str
    example: bool
    state: OrderState
    payment_id: UUID | None
    created_at: datetime
    pay_by: datetime
    paid_at: datetime | None
    closed_at: datetime | None


class OrderSearch(SearchQuery):
    """One's own orders, or those of somebody for whom one may pay."""

    person_id: UUID | None = None
    state: OrderState | None = None


class CheckoutView(BaseModel):
    """Where to pay an order; without a ``checkout_url`` there is nothing to do but wait."""

    order: OrderView
    checkout_url: str | None
    client_secret: str | None


class EntitlementItemView(View):
    """A service that one is entitled to; its id is what a service is recorded on."""

    id: UUID
    item_code: str
    name: str
    name_en: str
    unit: str
    times_total: int
    times_used: int
    times_left: int


class EntitlementView(View):
    """What a person may use from ``starts_on`` to ``ends_on``, both included."""

    id: UUID
    person_id: UUID
    pack_code: str
    pack_name: str
    pack_name_en: str
    example: bool
    source: Source
    source_id: UUID
    starts_on: date
    ends_on: date
    ended_at: datetime | None
    items: tuple[EntitlementItemView, ...]


class EntitlementSearch(SearchQuery):
    """Entitlements in force of a person that one serves, or whose records one may see; without a
    person, one's own.
    """

    person_id: UUID | None = None


class RecordService(BaseModel):
    """Record that a service was done. ``performed_at`` is now unless given; a moment without a
    zone is the region's wall clock.
    """

    model_config = ConfigDict(extra="forbid")

    entitlement_item_id: UUID
    performed_at: datetime | None = None
    note: Annotated[str | None, StringConstraints(strip_whitespace=True, max_length=500)] = None


class DisputeRecord(BaseModel):
    """Say what is wrong with a recorded service."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500)]


class RateRecord(BaseModel):
    """How satisfied one is with a service that one confirmed: 1 (not at all) to 5 (very), and a
    word to it if one likes.
    """

    model_config = ConfigDict(extra="forbid")

    stars: Annotated[int, Field(ge=1, le=5)]
    word: Annotated[str | None, StringConstraints(strip_whitespace=True, max_length=200)] = None


class UpholdRecord(BaseModel):
    """Say why a disputed record stands; the person reads it with the team's note."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]


class Withdrawal(BaseModel):
    """A record that was taken back, and how often the service may be used now."""

    record_id: UUID
    person_id: UUID
    item_code: str
    times_left: int


class RecordView(View):
    """A recorded service as the person and the serving team see it."""

    id: UUID
    person_id: UUID
    item_code: str
    item_name: str
    item_name_en: str
    team_id: UUID
    staff_name: str
    performed_at: datetime
    note: str | None
    state: RecordState
    dispute_reason: str | None
    disputed_at: datetime | None
    confirmed_at: datetime | None
    # What the person answered, for themself and who answers for them; the team reads only sums.
    stars: int | None = None


class TeamRecordView(RecordView):
    """A record in the list of a team, with whom it was for."""

    person_name: str
    person_example: bool


class RecordSearch(SearchQuery):
    """One's own records, or of somebody whose records one may see; with ``team_id`` those of a team
    that one works in.
    """

    person_id: UUID | None = None
    team_id: UUID | None = None
    state: RecordState | None = None


class TeamRecordSearch(PageQuery):
    """Records of the teams that one works in; ``search`` is a name or the last four of an ID."""

    search: SearchText = None
    state: RecordState | None = None
