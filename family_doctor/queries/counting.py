"""What a period's reports count: each figure's things, of several teams with one statement each.

Things are counted in the period in which they happened, and obligations as they stood at its end,
so that a period gives the same again unless something was entered late or withdrawn.

Whose a thing is among the members: a new contract is theirs who brought the resident, else who
accepted; a service, and what the resident says of it, theirs who did it; an answer to an
application theirs who gave it. A renewal, an end and a service that is owed are theirs who looked
after the resident when it was signed, when it ended, on the day it was due: by the history of
assignments, so that later handovers change nothing. What nobody looked after is the team's alone.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from core import clock
from directory.schemas import TeamStaff
from family_doctor.figures import Thing
from family_doctor.models import (
    Assignment,
    Contract,
    ContractTransition,
    Dispute,
    FollowUp,
    Introduction,
    Obligation,
)
from family_doctor.periods import Period
from family_doctor.queries.promises import kept_in_time
from family_doctor.queries.served import NOT_EXCUSED, due_between
from family_doctor.schemas import EndReason, FigureCode, Kind
from family_doctor.states import State
from service_packs.public import Rating, ServiceRecord

Query: TypeAlias = Select[*tuple[Any, ...]]
# A contract that goes on under another number has not ended for the team.
GOING_ON = (EndReason.RENEWED, EndReason.CHANGED_PACK)
# Who the team's side of a contract is: whoever brought the resident, else whoever accepted.
ACCEPTED_BY = (
    select(ContractTransition.account_id)
    .where(
        ContractTransition.contract_id == Contract.id,
        ContractTransition.to_state == State.PENDING_SIGNATURE,
    )
    .limit(1)
    .scalar_subquery()
)
BROUGHT_BY = (
    select(Introduction.account_id).where(Introduction.contract_id == Contract.id).scalar_subquery()
)


class Care(NamedTuple):
    """From when until when one of a team looked after a resident."""

    since: datetime
    until: datetime | None
    staff_id: UUID


class Asked(NamedTuple):
    """A period, the teams, which of their staff an account is, and by team and contract who looked
    after the resident, the latest first.
    """

    period: Period
    team_ids: Collection[UUID]
    staff_of: Mapping[tuple[UUID, UUID | None], UUID]
    care: Mapping[tuple[UUID, UUID | None], Sequence[Care]]

    def within(self, moment: Any) -> ColumnElement[bool]:
        """The condition that something happened in the period."""
        return and_(moment >= self.period.begins_at, moment < self.period.ends_at)

    def member(self, team_id: UUID, *accounts: UUID | None) -> UUID | None:
        """The first of these accounts that one of the team's staff holds."""
        found = (self.staff_of.get((team_id, account)) for account in accounts)
        return next((staff_id for staff_id in found if staff_id), None)

    def carer(self, team_id: UUID, contract_id: UUID | None, at: datetime) -> UUID | None:
        """Who of the team looked after the resident of a contract at that moment."""
        for each in self.care.get((team_id, contract_id), ()):
            if each.since <= at and (each.until is None or each.until >= at):
                return each.staff_id
        return None


def count_things(
    session: Session, period: Period, team_ids: Collection[UUID], staff: Collection[TeamStaff]
) -> list[Thing]:
    """All that the reports of these teams' period count, each with the member it is put down to."""
    staff_of: dict[tuple[UUID, UUID | None], UUID] = {
        (each.team_id, each.account_id): each.staff_id for each in staff if each.account_id
    }
    asked = Asked(period, team_ids, staff_of, _care(session, period, team_ids))
    return [thing for figure in FIGURES for thing in figure(session, asked)]


def _care(
    session: Session, period: Period, team_ids: Collection[UUID]
) -> dict[tuple[UUID, UUID | None], list[Care]]:
    """Who looked after the residents of these teams at any time of a period, its end included."""
    query: Query = (
        select(
            Assignment.team_id,
            Assignment.contract_id,
            Assignment.since,
            Assignment.until,
            Assignment.staff_id,
        )
        .where(
            Assignment.team_id.in_(team_ids),
            Assignment.since <= period.ends_at,
            or_(Assignment.until.is_(None), Assignment.until >= period.begins_at),
        )
        .order_by(Assignment.since.desc(), Assignment.id.desc())
    )
    found: dict[tuple[UUID, UUID | None], list[Care]] = {}
    for team_id, contract_id, *care in session.execute(query):
        found.setdefault((team_id, contract_id), []).append(Care(*care))
    return found


def _signed(session: Session, asked: Asked) -> Iterator[Thing]:
    query: Query = select(
        Contract.id,
        Contract.team_id,
        Contract.signed_at,
        Contract.kind,
        Contract.previous_id,
        BROUGHT_BY,
        ACCEPTED_BY,
    ).where(Contract.team_id.in_(asked.team_ids), asked.within(Contract.signed_at))
    for contract_id, team_id, at, kind, previous_id, *accounts in session.execute(query):
        if kind == Kind.RENEWAL:
            # Signed ahead, while the resident is looked after by the contract before.
            carer = asked.carer(team_id, previous_id, at)
            yield Thing(FigureCode.RENEWED, contract_id, at, team_id, carer)
        else:
            member = asked.member(team_id, *accounts)
            yield Thing(FigureCode.SIGNED, contract_id, at, team_id, member)


def _ended(session: Session, asked: Asked) -> Iterator[Thing]:
    query: Query = select(Contract.id, Contract.team_id, Contract.ended_at).where(
        Contract.team_id.in_(asked.team_ids),
        asked.within(Contract.ended_at),
        Contract.state.in_((State.EXPIRED, State.TERMINATED)),
        Contract.end_reason.not_in(GOING_ON),
    )
    for contract_id, team_id, at in session.execute(query):
        carer = asked.carer(team_id, contract_id, at)
        yield Thing(FigureCode.ENDED, contract_id, at, team_id, carer)


def _services(session: Session, asked: Asked) -> Iterator[Thing]:
    query: Query = (
        select(
            ServiceRecord.id,
            ServiceRecord.team_id,
            ServiceRecord.performed_at,
            ServiceRecord.staff_id,
            ServiceRecord.item_code,
            FollowUp.id,
            Obligation.late_after,
        )
        .outerjoin(FollowUp, FollowUp.service_record_id == ServiceRecord.id)
        .outerjoin(Obligation, Obligation.service_record_id == ServiceRecord.id)
        .where(ServiceRecord.team_id.in_(asked.team_ids), asked.within(ServiceRecord.performed_at))
    )
    for record_id, team_id, at, staff_id, item, follow_up, late_after in session.execute(query):
        late = late_after is not None and clock.local(at).date() > late_after
        codes = {
            FigureCode.SERVICES: True,
            FigureCode.FOLLOW_UPS: follow_up is not None,
            # What was owed by no date is neither in time nor late.
            FigureCode.IN_TIME: follow_up is not None and late_after is not None and not late,
            FigureCode.LATE: late,
        }
        for code in (code for code, holds in codes.items() if holds):
            yield Thing(code, record_id, at, team_id, staff_id, item)


def _said_by_residents(session: Session, asked: Asked) -> Iterator[Thing]:
    for code, moment in (
        (FigureCode.CONFIRMED, ServiceRecord.confirmed_at),
        (FigureCode.DISPUTED, ServiceRecord.disputed_at),
    ):
        query: Query = select(
            ServiceRecord.id, ServiceRecord.team_id, moment, ServiceRecord.staff_id
        ).where(ServiceRecord.team_id.in_(asked.team_ids), asked.within(moment))
        for record_id, team_id, at, staff_id in session.execute(query):
            yield Thing(code, record_id, at, team_id, staff_id)


def _rated(session: Session, asked: Asked) -> Iterator[Thing]:
    query: Query = select(
        Rating.record_id, Rating.team_id, Rating.rated_at, Rating.staff_id, Rating.stars
    ).where(Rating.team_id.in_(asked.team_ids), asked.within(Rating.rated_at))
    for record_id, team_id, at, staff_id, stars in session.execute(query):
        yield Thing(FigureCode.RATED, record_id, at, team_id, staff_id, str(stars))


def _answers(session: Session, asked: Asked) -> Iterator[Thing]:
    query: Query = (
        select(
            Contract.id,
            Contract.team_id,
            Contract.applied_at,
            ContractTransition.at,
            ContractTransition.account_id,
        )
        .join(ContractTransition, ContractTransition.contract_id == Contract.id)
        .where(
            Contract.team_id.in_(asked.team_ids),
            ContractTransition.from_state == State.APPLIED,
            ContractTransition.to_state.in_((State.PENDING_SIGNATURE, State.REJECTED)),
            asked.within(ContractTransition.at),
        )
    )
    for contract_id, team_id, applied_at, at, account_id in session.execute(query):
        seconds = (at - applied_at).total_seconds()
        member = asked.member(team_id, account_id)
        yield Thing(FigureCode.ANSWERED, contract_id, at, team_id, member, seconds=seconds)


def _team_answers(session: Session, asked: Asked) -> Iterator[Thing]:
    for code, row, asked_at, answered_at in (
        (FigureCode.DISPUTES_ANSWERED, Dispute, Dispute.opened_at, Dispute.answered_at),
        (FigureCode.EMERGENCIES, FollowUp, FollowUp.performed_at, FollowUp.seen_at),
    ):
        query: Query = select(row.id, row.team_id, asked_at, answered_at).where(
            row.team_id.in_(asked.team_ids), asked.within(answered_at)
        )
        for row_id, team_id, begun, at in session.execute(query):
            yield Thing(code, row_id, at, team_id, seconds=(at - begun).total_seconds())


def _owed(session: Session, asked: Asked) -> Iterator[Thing]:
    end = asked.period.ends_at
    query: Query = (
        select(
            Obligation.id,
            Obligation.team_id,
            Obligation.due_on,
            ((Obligation.done_at < end) & kept_in_time(Obligation)).label("kept"),
            (ServiceRecord.confirmed_at < end).label("confirmed"),
            Obligation.contract_id,
        )
        .outerjoin(ServiceRecord, ServiceRecord.id == Obligation.service_record_id)
        .where(
            Obligation.team_id.in_(asked.team_ids),
            due_between(asked.period.starts_on, asked.period.ends_on),
            NOT_EXCUSED | (Obligation.excused_at >= end),
        )
    )
    for row_id, team_id, due_on, kept, confirmed, contract_id in session.execute(query):
        at, night = clock.at(due_on, 0), clock.at(due_on + timedelta(days=1), 0)
        # Who was released that day had the service until then.
        carer = asked.carer(team_id, contract_id, night) or asked.carer(team_id, contract_id, at)
        codes = {
            FigureCode.DUE: True,
            FigureCode.KEPT: kept,
            FigureCode.KEPT_CONFIRMED: kept and confirmed,
        }
        for code in (code for code, holds in codes.items() if holds):
            yield Thing(code, row_id, at, team_id, carer)


FIGURES: tuple[Callable[[Session, Asked], Iterator[Thing]], ...] = (
    _signed,
    _ended,
    _services,
    _said_by_residents,
    _rated,
    _answers,
    _team_answers,
    _owed,
)
