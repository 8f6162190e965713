"""Transfers of residents to another team, as commands and as they look; invitations to renew."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from core.searching import SearchQuery
from family_doctor.schemas.base import Command, Reason, View
from family_doctor.schemas.teamwork import Note, Selection


class TransferAction(StrEnum):
    """What may be asked of transfers to another team, and of inviting to renew."""

    PROPOSE = "family_doctor:propose-transfer"
    DECIDE = "family_doctor:decide-transfer"
    READ = "family_doctor:read-transfer"
    INVITE_RENEWAL = "family_doctor:invite-to-renew"


class TransferState(StrEnum):
    """Where a proposal stands. ``settled``: accepted, and every resident's answer is known."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    SETTLED = "settled"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


ANSWERED = frozenset({TransferState.ACCEPTED, TransferState.SETTLED})
RUNNING = frozenset({TransferState.PROPOSED, TransferState.ACCEPTED})


class OfferState(StrEnum):
    """Where a transfer stands for one resident: proposed, asked once the other team accepted,
    consented until the new agreement is signed, done. Else the resident declined or let the time
    pass, the proposal came to nothing, or the contract went another way meanwhile (``gone``).
    """

    PROPOSED = "proposed"
    ASKED = "asked"
    CONSENTED = "consented"
    DONE = "done"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    GONE = "gone"


OPEN_OFFERS = frozenset({OfferState.PROPOSED, OfferState.ASKED, OfferState.CONSENTED})
WITH_SUCCESSOR = frozenset({OfferState.CONSENTED, OfferState.DONE})
STAYED = frozenset({OfferState.DECLINED, OfferState.LAPSED, OfferState.WITHDRAWN})


class PreviewTransfer(Selection):
    """Ask what a transfer would be, before it is proposed."""

    team_id: UUID
    to_team_id: UUID | None = None


class ProposeTransfer(Selection, Command):
    """Propose to another team to take over residents, with what it should know. With ``expected``,
    as the preview counted them, only if there are still as many.
    """

    team_id: UUID
    to_team_id: UUID
    note: Note
    expected: Annotated[int | None, Field(ge=0)] = None


class TransferPreview(View):
    """What would be proposed: ``residents`` of the ``chosen``; the others renew or change already,
    or are proposed to a team. ``overdue`` of them have late services. ``remaining`` places has the
    other team; None where none was named.
    """

    chosen: int
    residents: int
    overdue: int
    remaining: int | None = None


class DeclineTransfer(Command):
    """Turn a proposal down; the proposing team reads the reason."""

    reason: Reason


class TransferSearch(SearchQuery):
    """Transfers of a team, newest first: those to it, or with ``outgoing`` those it proposed."""

    team_id: UUID | None = None
    outgoing: bool = False


class TransferView(View):
    """A transfer as both teams may read it. ``answer_by`` is the receiving team's time,
    ``decide_by`` the residents'. ``done``, ``waiting`` and ``stayed`` count residents.
    """

    id: UUID
    from_team_id: UUID
    from_team_name: str
    to_team_id: UUID
    to_team_name: str
    state: TransferState
    residents: int
    village_name: str | None
    note: str
    proposed_at: datetime
    by_name: str
    answer_by: datetime | None
    decide_by: datetime | None
    reason: str | None
    answered_by: str | None
    done: int = 0
    waiting: int = 0
    stayed: int = 0


class Makeup(View):
    """Of whom a transfer is made, in numbers: nobody is named to the receiving team before they
    consent. ``overdue`` of them have late services. ``villages`` and ``groups`` are (name, name in
    English, residents), the most first.
    """

    residents: int
    overdue: int
    villages: list[tuple[str, str, int]]
    groups: list[tuple[str, str, int]]


class OfferedResident(View):
    """A resident of a transfer. Without a contract the reader may not open it."""

    id: UUID
    name: str
    state: OfferState
    contract_id: UUID | None
    village_name: str
    decided_at: datetime | None


class OfferSearch(SearchQuery):
    """The residents of a transfer."""


class OfferView(View):
    """What a resident is asked: who proposes it, from which team to which, until when.
    ``successor_id`` is the new contract, once they consented.
    """

    id: UUID
    transfer_id: UUID
    contract_id: UUID
    person_id: UUID
    person_name: str
    from_team_id: UUID
    to_team_id: UUID
    state: OfferState
    by_name: str
    decide_by: datetime | None
    successor_id: UUID | None
    ends_on: date | None
    pack_name: str
    pack_name_en: str


class OfferList(BaseModel):
    """The offers that wait for the asker, for themself or for whom they sign."""

    items: list[OfferView]


class RenewalInvited(View):
    """When and by whom the resident of a contract was last invited to renew, and from when they may
    be invited again.
    """

    contract_id: UUID
    sent_at: datetime
    by_name: str
    again_at: datetime
