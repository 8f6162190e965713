"""What comes after a contract: renewal, change, and the refund when it ends before its term."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from family_doctor.schemas.base import Command, View
from family_doctor.schemas.rules import Years

PackCode = Annotated[str, StringConstraints(min_length=1, max_length=40)]
# Personalised packs beside the basic one.
MOST_EXTRAS = 5
ExtraCodes = Annotated[list[PackCode], Field(max_length=MOST_EXTRAS)]


class Kind(StrEnum):
    """How a contract stands to the one before it. The last three begin when that one ends;
    renewals and changes of pack stay with the team and use its place.
    """

    NEW = "new"
    RENEWAL = "renewal"
    CHANGE_TEAM = "change_team"
    CHANGE_PACK = "change_pack"


SAME_TEAM = frozenset({Kind.RENEWAL, Kind.CHANGE_PACK})


class RenewContract(Command):
    """Renew with the same team; ``years`` where another term than before is wanted.
    ``extra_codes`` are personalised packs chosen anew, ordered when the renewal comes into force.
    """

    years: Years | None = None
    extra_codes: ExtraCodes = Field(default_factory=list)


class ChangeContract(Command):
    """Go to another team, or to another basic pack of the same one; ``years`` is the term from the
    day on which both have signed. ``extra_codes`` are personalised packs chosen anew with it.
    """

    team_id: UUID | None = None
    pack_code: PackCode | None = None
    years: Years | None = None
    extra_codes: ExtraCodes = Field(default_factory=list)


class RefundRule(StrEnum):
    """By which rule a refund is due: within the cooling-off, before the term began, or because the
    team failed the agreement, all of it; else the price of what was not performed.
    """

    COOLING_OFF = "cooling_off"
    NOT_BEGUN = "not_begun"
    TEAM_FAILED = "team_failed"
    UNPERFORMED = "unperformed"


class RefundItem(View):
    """A service of the pack within the term: its price once (fen), how often it is owed, and how
    often it was performed.
    """

    code: str
    name: str
    name_en: str
    unit_price_fen: int
    times: Annotated[int, Field(ge=0)]
    performed: Annotated[int, Field(ge=0)]


class BoughtRefund(View):
    """What is due back of a pack that the resident bought beside the contract and whose team leaves
    with it; reckoned as the contract's own. Fen, CNY.
    """

    order_id: UUID
    pack_name: str
    pack_name_en: str
    refund_fen: int
    paid_fen: int
    whole_fen: int
    unperformed_fen: int
    items: tuple[RefundItem, ...]


class RefundView(View):
    """What the resident gets back when the contract ends: of ``paid_fen``, the person's part of the
    whole term, the share that ``unperformed_fen`` is of ``whole_fen`` (the items' prices),
    rounded up to a whole fen: ``contract_fen``. ``refund_fen`` is that and what is due of the packs
    ``bought``. ``settled`` says that the contract has ended and this is what is due.

    ``free_until`` is the end of the cooling-off. Amounts are fen, CNY.
    """

    contract_id: UUID
    rule: RefundRule
    refund_fen: int
    contract_fen: int
    paid_fen: int
    whole_fen: int
    unperformed_fen: int
    items: tuple[RefundItem, ...]
    bought: tuple[BoughtRefund, ...] = ()
    free_until: datetime | None
    settled: bool
