"""The ways of signing: cards, invitations, shares, and applications made for somebody else."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from auth.schemas import Phone
from core.searching import SearchQuery
from family_doctor.schemas.base import Command, View
from family_doctor.schemas.contracts import Channel
from family_doctor.schemas.rules import Years
from family_doctor.schemas.terms import ExtraCodes
from family_doctor.states import State
from residents.schemas import IdentifierKind

# A list of phone numbers as it was pasted; MOST_LINES lines fit well.
LONGEST_LIST = 30_000
LinkText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class WayAction(StrEnum):
    """What may be asked about the ways of signing."""

    ISSUE_CARD = "family_doctor:issue-card"
    REVOKE_CARD = "family_doctor:revoke-card"
    INVITE = "family_doctor:invite"
    READ_WAYS = "family_doctor:read-ways"
    READ_SHARES = "family_doctor:read-shares"
    SHARE = "family_doctor:share"
    APPLY_PRESENT = "family_doctor:apply-present"


class LinkState(StrEnum):
    """How a link stands; only a valid one brings an application."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REFUSED = "refused"


class InvitationState(StrEnum):
    """How far an invitation has come."""

    QUEUED = "queued"
    SENT = "sent"
    OPENED = "opened"
    APPLIED = "applied"
    SIGNED = "signed"
    REFUSED = "refused"
    EXPIRED = "expired"


class Flaw(StrEnum):
    """Why a line of a list was not invited."""

    BAD_NUMBER = "bad_number"
    REPEATED = "repeated"
    STOPPED = "stopped"
    INVITED_LATELY = "invited_lately"
    ALREADY_SIGNED = "already_signed"
    DAY_FULL = "day_full"


class Evidence(StrEnum):
    """What the staff saw of the resident for whom they apply."""

    ID_CARD = "id_card"
    HOUSEHOLD_BOOK = "household_book"
    AUTHORISATION = "authorisation"


class IssueCard(Command):
    """Make the actor's card of a team; ``revoke_older`` stops those that were printed before."""

    team_id: UUID
    revoke_older: bool = False


class Invite(Command):
    """Invite by phone number: one a line, other columns of a table are passed over."""

    team_id: UUID
    numbers: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_LIST)]


class RefuseInvitation(Command):
    """Say no to an invitation; with ``never`` no team invites this number again."""

    never: bool = False


class ShareTeam(Command):
    """Share a team's page; ``through`` is the share by which one came oneself."""

    team_id: UUID
    through: LinkText | None = None


class ApplyPresent(Command):
    """Apply for a resident who is present. Whoever applies on their behalf says by which papers; a
    household book or written authorisation has a number, of an ID card it is the resident's own.
    On site the ID card is seen. ``phone`` is for somebody who is not known here yet. ``id_number``
    is of the paper ``kind``; whoever has no ID card has to be registered by theirs before.
    """

    team_id: UUID
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)]
    kind: IdentifierKind = IdentifierKind.ID_CARD
    id_number: Annotated[
        str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=4, max_length=40)
    ]
    phone: Phone | None = None
    evidence: Evidence | None = None
    evidence_number: Annotated[
        str | None, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)
    ] = None


class ApplyOnBehalf(ApplyPresent):
    """Apply for a resident by their papers, for the usual term if no other is named.
    ``extra_codes`` are personalised packs of the resident's groups, as in their own application.
    """

    years: Years | None = None
    extra_codes: ExtraCodes = Field(default_factory=list)


class OfTeam(SearchQuery):
    """A list of a team; without one, of the first that the actor works in."""

    team_id: UUID | None = None


class InvitationSearch(OfTeam):
    """Invitations of a team, perhaps only those that have come so far."""

    state: InvitationState | None = None


class CardView(View):
    """A card; ``link`` is the word in its address."""

    id: UUID
    team_id: UUID
    doctor_name: str
    link: str
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    opened: int
    state: LinkState


class InvitationView(View):
    """An invitation as the team sees it: the phone is masked."""

    id: UUID
    team_id: UUID
    masked_phone: str
    invited_by: str
    created_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    opened_at: datetime | None
    state: InvitationState


class RefusedLine(View):
    """A line of a list that was not invited, as it was given, and why."""

    line: int
    text: str
    flaw: Flaw


class InvitationBatch(View):
    """What became of a list; ``left_today`` is how many more the team may invite today."""

    invited: int
    left_today: int
    refused: list[RefusedLine]


class ShareView(View):
    """A share: ``depth`` 1 came from nobody else's."""

    id: UUID
    team_id: UUID
    link: str
    depth: int
    expires_at: datetime


class ShareFigures(View):
    """What came of a team's shares, as numbers only."""

    shares: int
    deepest: int
    opened: int
    applied: int
    signed: int


class ChannelCount(View):
    """How many applied by a way, and how many of those contracts are in force."""

    channel: Channel
    applied: int
    in_force: int


class TeamWays(View):
    """A team's contracts by way."""

    team_id: UUID
    channels: list[ChannelCount]


class Arrival(View):
    """Where a link leads. ``for_another`` says that the invitation is bound to another number than
    that of who asks.
    """

    team_id: UUID
    channel: Channel
    state: LinkState
    doctor_name: str | None = None
    for_another: bool = False
    expires_at: datetime


class IntroductionView(View):
    """Which way a contract came, and by whom: the doctor or member of the team, or who acted for
    the resident. Of who shared a page no name is told.
    """

    contract_id: UUID
    channel: Channel
    by_name: str
    link_kind: str | None
    for_another: bool
    evidence: Evidence | None
    visit_id: UUID | None
    refused_at: datetime | None
    state: State


class WayRuleAction(StrEnum):
    """What may be asked of the limits on the ways of signing."""

    READ = "family_doctor:read-way-rules"
    CHANGE = "family_doctor:change-way-rules"


class WayLimits(BaseModel):
    """The region's limits on the ways of signing. Days that a card, an invitation and a share hold;
    after how many a number may be invited again; how many a team invites and how many identities
    one of the staff has checked in a day; how many minutes a resident has to sign on the device;
    how many days a visit to a village may be signed, then brought in, and how many it lists.
    """

    card_days: Annotated[int, Field(ge=1, le=730)]
    invitation_days: Annotated[int, Field(ge=1, le=90)]
    share_days: Annotated[int, Field(ge=1, le=365)]
    invite_again_days: Annotated[int, Field(ge=1, le=365)]
    invitations_per_day: Annotated[int, Field(ge=0, le=5000)]
    checks_per_day: Annotated[int, Field(ge=0, le=5000)]
    present_minutes: Annotated[int, Field(ge=1, le=240)]
    visit_days: Annotated[int, Field(ge=1, le=30)]
    visit_sync_days: Annotated[int, Field(ge=0, le=90)]
    visit_residents: Annotated[int, Field(ge=1, le=300)]


class WayRuleView(View, WayLimits):
    """The limits; ``estimate`` marks values that nobody has checked against a local document."""

    id: UUID
    estimate: bool
    version: int


class ChangeWayRule(Command, WayLimits):
    """The limits as they shall be; ``version`` is that which was looked at."""

    estimate: bool = False
    version: int
