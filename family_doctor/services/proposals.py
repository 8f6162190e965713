"""Proposing labels that records speak for, by the norms' rules of screening, and a doctor's word on
them. Nothing here is a diagnosis: a label is set when a doctor of the team confirms it.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict
from core.ids import new_id
from core.messages import N_
from family_doctor.follow_ups import holds
from family_doctor.models import FollowUp, LabelProposal
from family_doctor.queries.follow_ups import age_of
from family_doctor.queries.norms import find_screening
from family_doctor.queries.proposals import proposal_to_decide, proposal_view
from family_doctor.schemas import (
    DeclineProposal,
    ProposalState,
    ProposalView,
    Screening,
    SourceRecord,
)
from family_doctor.services.doctors import DOCTORS, require_one_of
from residents.public import groups_of, set_label
from residents.schemas import LabelSource, SetLabel
from service_packs.public import records_since

FOR_DOCTORS = N_("健康标签由医生确认。请把情况告诉团队的医生。")
DECIDED = N_("这条建议刚有变化，请刷新页面，按最新的状态办理。")
# A label keeps so much of its evidence.
LONGEST_NOTE = 300


class Found(NamedTuple):
    """A record with what was found at it."""

    record_id: UUID
    item_code: str
    on: date
    follow_up_id: UUID | None
    values: dict[str, object]


def propose_labels(session: Session, person_id: UUID) -> int:
    """Propose what the person's records speak for and is neither held nor proposed; what a doctor
    declined wants records made since. Again proposes nothing. Returns how many.
    """
    rules = find_screening(session)
    if not rules:
        return 0
    held = groups_of(session, person_id)
    wanted = [rule for rule in rules if rule.group not in held]
    if not wanted:
        return 0
    today = clock.today()
    since = today - timedelta(days=max(rule.within_days for rule in wanted))
    found = list(_found(session, person_id, since))
    declined = _declined(session, person_id)
    age = age_of(session, person_id, today)
    made = 0
    for rule in wanted:
        if not (rule.from_age or 0) <= age:
            continue
        after = max(today - timedelta(days=rule.within_days), declined.get(rule.group, date.min))
        spoken = _speaking(rule, [each for each in found if each.on > after], age)
        if len({each.on for each in spoken}) >= rule.days:
            made += _propose(session, person_id, rule, spoken)
    return made


def withdraw_support(session: Session, person_id: UUID, record_id: UUID) -> None:
    """A record was withdrawn: what rested on it is void, and asked anew of the others."""
    query = select(LabelProposal).where(
        LabelProposal.person_id == person_id, LabelProposal.state == ProposalState.OPEN
    )
    for row in session.scalars(query.with_for_update()):
        if str(record_id) in {each["record_id"] for each in row.records}:
            row.state, row.decided_at = ProposalState.VOID, clock.now()
    session.flush()
    propose_labels(session, person_id)


def confirm_proposal(session: Session, actor: Actor, proposal_id: UUID) -> ProposalView:
    """A doctor confirms: the label holds from the last of the records on, and the norms are planned
    anew. Confirmed twice is once.

    Raises NotFound, Denied, Conflict ``not_a_doctor`` or ``proposal_decided``.
    """
    row, contract = proposal_to_decide(session, actor, proposal_id)
    require_one_of(session, actor, DOCTORS, FOR_DOCTORS)
    if row.state != ProposalState.CONFIRMED:
        _must_be_open(row)
        if row.group_code not in groups_of(session, row.person_id):
            days = sorted({each["on"] for each in row.records})
            note = f"{row.said}（{'、'.join(days)}）"[:LONGEST_NOTE]
            command = SetLabel(
                group_code=row.group_code,
                source=LabelSource.RECORDS,
                since=date.fromisoformat(days[-1]),
                note=note,
            )
            set_label(session, actor, row.person_id, command)
        _decide(session, row, actor, ProposalState.CONFIRMED)
    return proposal_view(session, row, contract)


def decline_proposal(
    session: Session, actor: Actor, proposal_id: UUID, command: DeclineProposal
) -> ProposalView:
    """A doctor declines, with the reason. Declined twice is once, by the first reason.

    Raises NotFound, Denied, Conflict ``not_a_doctor`` or ``proposal_decided``.
    """
    row, contract = proposal_to_decide(session, actor, proposal_id)
    require_one_of(session, actor, DOCTORS, FOR_DOCTORS)
    if row.state != ProposalState.DECLINED:
        _must_be_open(row)
        row.reason = command.reason
        _decide(session, row, actor, ProposalState.DECLINED)
    return proposal_view(session, row, contract)


def void_held(session: Session, person_id: UUID) -> None:
    """A label was set otherwise: what proposed it waits for nobody."""
    session.execute(
        update(LabelProposal)
        .where(
            LabelProposal.person_id == person_id,
            LabelProposal.state == ProposalState.OPEN,
            LabelProposal.group_code.in_(sorted(groups_of(session, person_id))),
        )
        .values(state=ProposalState.VOID, decided_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _must_be_open(row: LabelProposal) -> None:
    if row.state != ProposalState.OPEN:
        raise Conflict("proposal_decided", DECIDED)


def _decide(session: Session, row: LabelProposal, actor: Actor, state: ProposalState) -> None:
    row.state, row.decided_at = state, clock.now()
    row.decided_by, row.decided_by_name = actor.account_id, actor.name
    session.flush()


def _found(session: Session, person_id: UUID, since: date) -> Iterator[Found]:
    """The person's records since a day that stand, with the values of their forms."""
    forms = {
        row.service_record_id: row
        for row in session.scalars(
            select(FollowUp).where(
                FollowUp.person_id == person_id, FollowUp.performed_at >= clock.at(since, 0)
            )
        )
    }
    for record_id, item_code, at in records_since(session, person_id, clock.at(since, 0)):
        form = forms.get(record_id)
        values = json.loads(form.document) if form else {}
        yield Found(record_id, item_code, _day(at), form.id if form else None, values)


def _speaking(rule: Screening, found: list[Found], age: int) -> list[Found]:
    return [
        each
        for each in found
        if each.item_code in rule.items or any(holds(test, each.values, age) for test in rule.any)
    ]


def _declined(session: Session, person_id: UUID) -> dict[str, date]:
    query = (
        select(LabelProposal.group_code, func.max(LabelProposal.decided_at))
        .where(LabelProposal.person_id == person_id, LabelProposal.state == ProposalState.DECLINED)
        .group_by(LabelProposal.group_code)
    )
    return {group: _day(at) for group, at in session.execute(query) if at}


def _propose(session: Session, person_id: UUID, rule: Screening, spoken: list[Found]) -> int:
    records = [
        SourceRecord(record_id=each.record_id, on=each.on, follow_up_id=each.follow_up_id)
        for each in sorted(spoken, key=lambda each: (each.on, each.record_id))
    ]
    made = session.scalar(
        insert(LabelProposal)
        .values(
            id=new_id(),
            person_id=person_id,
            group_code=rule.group,
            said=rule.said,
            said_en=rule.said_en,
            records=[each.model_dump(mode="json") for each in records],
            state=ProposalState.OPEN,
            made_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(LabelProposal.id)
    )
    return int(made is not None)


def _day(moment: datetime) -> date:
    return clock.local(moment).date()
