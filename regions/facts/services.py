"""Rows about family-doctor packs and the rules of contracts and appointments."""

from datetime import time
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from regions.facts.base import Count, Fact, Fen, Share


class ServiceItem(Fact):
    """``service_items.csv``: something a team does or lends, and the price of one ``unit``."""

    code: str
    name: str
    name_en: str
    category: Literal["general", "follow_up", "examination", "home", "device"]
    unit: str
    unit_en: str
    unit_price_fen: Fen
    price_example: bool
    # Owed by a date; the others are there for the asking. Our own reading of the list.
    scheduled: bool
    provenance: str


class PackItem(Fact):
    """An item of a pack and how many times a year it is owed."""

    item: str
    times: Annotated[int, Field(gt=0)]


class Payers(Fact):
    """Who pays the real price of a pack."""

    public_health_fen: Fen
    insurance_fen: Fen
    person_fen: Fen

    @property
    def total_fen(self) -> int:
        """What the three pay together."""
        return self.public_health_fen + self.insurance_fen + self.person_fen


class ServicePack(Fact):
    """A pack of ``packs.json``; ``group`` is a contract group or ``all``.

    ``times_example`` marks the item counts, made up even in the real basic pack.
    """

    code: str
    name: str
    name_en: str
    group: str
    tier: Literal["basic", "primary", "intermediate", "advanced"]
    items: tuple[PackItem, ...]
    list_price_fen: Fen
    real_price_fen: Fen
    payers: Payers
    example: bool
    times_example: bool
    provenance: str


class PackDocument(Fact):
    """The rule that the packs of ``packs.json`` stand on."""

    title: str
    number: str
    issuers: tuple[str, ...]
    year: int
    read_from: tuple[str, ...]
    not_found: str


class Catalogue(Fact):
    """``packs.json``."""

    document: PackDocument
    packs: tuple[ServicePack, ...]


class Pools(Fact):
    """Shares of a clinic's places, together 1."""

    public: Share
    family_doctor_reserved: Share
    referral: Share
    onsite: Share
    elderly_phone: Share


class Symptom(Fact):
    """``symptoms.csv``: a word for what somebody feels or has, and a specialty that treats it;
    ``diseases`` with it in that specialty. An ``urgent`` one does not wait for an appointment.
    """

    word: str
    specialty_code: str
    diseases: Annotated[int, Field(gt=0)]
    urgent: bool
    provenance: str


class SymptomWord(Fact):
    """``symptom_words.csv``: what else people call what ``symptoms.csv`` knows by ``word``, in
    English and small letters; the first of a word is also how it is shown.
    """

    word: str
    word_en: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9' -]+$")]
    provenance: str


class Waitlist(Fact):
    """How a freed place is offered; ``priority`` comes before the time of joining. No offer begins
    in the quiet hours, where a region has them.
    """

    max_per_patient: Count
    offer_minutes: Count
    quiet_from: time | None = None
    quiet_until: time | None = None
    priority: tuple[Literal["referral", "elderly", "contracted"], ...]


class ConductRule(Fact):
    """``conduct_rules.csv``: from which counts within a window booking is slowed to one attempt
    each ``pause_seconds``, asks for a proof, is reviewed.
    """

    code: Literal["patients_per_account", "book_cancel", "too_fast", "accounts_per_device"]
    window_seconds: Annotated[int, Field(gt=0)]
    slow_at: Annotated[int, Field(ge=2)]
    confirm_at: Annotated[int, Field(ge=2)]
    review_at: Annotated[int, Field(ge=2)]
    pause_seconds: Annotated[int, Field(gt=0)]
    estimate: bool
    provenance: str


class AppointmentRules(Fact):
    """``appointment_rules.toml``: the region's defaults; times are wall-clock times there."""

    estimate: bool
    provenance: str
    release_time: time
    horizon_days: Count
    horizon_expert_days: Count
    slot_minutes: Annotated[int, Field(gt=0)]
    slot_minutes_max: Annotated[int, Field(gt=0)]
    same_day_until_minutes_before: Count
    limit_per_patient_department_day: Count
    limit_per_patient_day: Count
    limit_active_per_patient: Count
    limit_per_account_proxies: Count
    pay_hold_minutes: Count
    cancel_days_before: Count
    cancel_time: time
    late_cancel_no_shows: Annotated[float, Field(ge=0, le=1)]
    no_show_window_days: Count
    no_show_max: Count
    suspend_days: Count
    grace_checkin_minutes: Count
    reserved_pool_release_hours_before: Count
    pools: Pools
    waitlist: Waitlist


class SigningWays(Fact):
    """The part ``ways`` of ``contract_rules.toml``: how long links hold, and how many a day."""

    estimate: bool
    provenance: str
    card_days: Annotated[int, Field(gt=0)]
    invitation_days: Annotated[int, Field(gt=0)]
    share_days: Annotated[int, Field(gt=0)]
    invite_again_days: Annotated[int, Field(gt=0)]
    invitations_per_day: Count
    checks_per_day: Count
    present_minutes: Annotated[int, Field(gt=0)]
    visit_days: Annotated[int, Field(gt=0)]
    visit_sync_days: Count
    visit_residents: Annotated[int, Field(gt=0, le=300)]


class PointScheme(Fact):
    """The part ``points`` of ``contract_rules.toml``: what work is worth in whole points; ``items``
    by the codes of ``service_items.csv``.
    """

    example: bool
    provenance: str
    signed: Count
    renewed: Count
    service: Count
    in_time: Count
    late: Count
    disputed: Count
    items: dict[str, Count]


class ContractRules(Fact):
    """``contract_rules.toml``: capacity, term and deadlines of family-doctor contracts."""

    estimate: bool
    provenance: str
    capacity_per_doctor: Annotated[int, Field(gt=0)]
    residents_per_team: Annotated[int, Field(gt=0)]
    term_years: Annotated[int, Field(gt=0)]
    term_years_max: Annotated[int, Field(gt=0)]
    answer_days: Count
    confirm_days: Count
    expiring_days: Count
    cooling_off_days: Count
    dispute_answer_days: Annotated[int, Field(gt=0)]
    dispute_decide_days: Annotated[int, Field(gt=0)]
    dispute_remind_days: Annotated[int, Field(gt=0)]
    dispute_escalate_days: Annotated[int, Field(gt=0)]
    bought_wait_days: Annotated[int, Field(gt=0)]
    bought_remind_days: Annotated[int, Field(gt=0)]
    silent_days: Annotated[int, Field(gt=0)]
    transfer_answer_days: Annotated[int, Field(gt=0)]
    transfer_consent_days: Annotated[int, Field(gt=0)]
    transfer_reach: Literal["institution", "region"]
    service_record_days: Count
    health_checks_per_year: Count
    chronic_followups_per_year: Count
    ways: SigningWays
    points: PointScheme


VisitKind: TypeAlias = Literal[
    "general", "specialist", "expert", "health_check", "admission", "vaccination", "online", "all"
]


class ThingToBring(Fact):
    """A line of ``what_to_bring.toml``: for visits of these kinds, or of all."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    kinds: Annotated[tuple[VisitKind, ...], Field(min_length=1)]
    text: str
    text_en: str


class WhatToBring(Fact):
    """``what_to_bring.toml``: what a patient brings to a visit."""

    estimate: bool
    provenance: str
    items: tuple[ThingToBring, ...]


class ReferralCriterion(Fact):
    """A line of the checklist in ``referral_rules.toml``."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    direction: Literal["up", "down"]
    topic: str
    topic_en: str
    text: str
    text_en: str
    urgent: bool
    estimate: bool
    provenance: str


class ReferralHaste(Fact):
    """How soon a referral of an urgency is answered, where that is sooner than usual."""

    answer_hours: Annotated[int, Field(gt=0)]
    remind_hours_before: Count
    estimate: bool
    provenance: str


class ReferralRules(Fact):
    """``referral_rules.toml``: how soon a referral is answered, within how many hours another time
    is found where a visit fell away, after how many an emergency without a place has not come, and
    by what doctors decide.
    """

    estimate: bool
    provenance: str
    answer_hours: Annotated[int, Field(gt=0)]
    remind_hours_before: Count
    rebook_hours: Annotated[int, Field(gt=0)]
    come_hours: Annotated[int, Field(gt=0)]
    urgent: ReferralHaste
    emergency: ReferralHaste
    criteria: tuple[ReferralCriterion, ...]
