"""Reminders of what is owed: to residents by day, once each; to teams each morning, once a day."""

from collections import defaultdict
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.messages import N_
from family_doctor.models import Contract, Digest, Obligation, ReminderChoice
from family_doctor.queries.norms import find_reminding
from family_doctor.queries.staffing import people_of_teams
from family_doctor.states import IN_FORCE
from notifications.public import notify, notify_with_carers

BATCH = 500
OWN = "/family-doctor/mine/plan"
TODAY = "/family-doctor/today"
ONE = N_("“%(item)s”可以做了，请在 %(day)s 前与团队约时间。")
MANY = N_("有 %(count)s 项服务可以做了，最早一项“%(item)s”请在 %(day)s 前与团队约时间。")
WORK = N_("今天要做 %(due)s 项，已逾期 %(late)s 项，请打开工作清单。")


class _Due(NamedTuple):
    item: str
    item_en: str
    day: Any


def remind_residents(session: Session) -> int:
    """Remind at most ``BATCH`` obligations' residents, one message a person; returns how many
    obligations. Only between the region's hours of the day, and of nothing done, excused or late.
    """
    hours = find_reminding(session)
    hour = clock.local(clock.now()).hour
    if hours is None or not hours.from_hour <= hour < hours.until_hour:
        return 0
    today = clock.today()
    chosen = (
        select(Obligation.id)
        .join(Contract, Contract.id == Obligation.contract_id)
        .where(
            Obligation.remind_from <= today,
            Obligation.late_after >= today,
            Obligation.done_at.is_(None),
            Obligation.excused_at.is_(None),
            Obligation.reminded_at.is_(None),
            Contract.state.in_(IN_FORCE),
        )
        .order_by(Obligation.person_id, Obligation.due_on)
        .limit(BATCH)
        .with_for_update(of=Obligation, skip_locked=True)
    )
    reminded = session.execute(
        update(Obligation)
        .where(Obligation.id.in_(chosen))
        .values(reminded_at=clock.now())
        .returning(
            Obligation.person_id, Obligation.due_on, Obligation.item_name, Obligation.item_name_en
        )
        .execution_options(synchronize_session=False)
    ).all()
    of_person: dict[UUID, list[_Due]] = defaultdict(list)
    for person_id, due_on, name, name_en in sorted(reminded, key=lambda row: row[1]):
        of_person[person_id].append(_Due(name, name_en, due_on))
    refused = select(ReminderChoice.person_id).where(
        ReminderChoice.person_id.in_(of_person), ReminderChoice.sms.is_(False)
    )
    by_message = set(session.scalars(refused)) if of_person else set()
    for person_id, due in of_person.items():
        first = due[0]
        values = {
            "item": first.item,
            "item_en": first.item_en,
            "day": first.day.isoformat(),
            "count": str(len(due)),
        }
        sentence = ONE if len(due) == 1 else MANY
        notify_with_carers(
            session,
            person_id,
            sentence,
            values,
            OWN,
            carers_link=f"{OWN}?person_id={person_id}",
            sms=person_id not in by_message,
        )
    return len(reminded)


def remind_teams(session: Session) -> int:
    """Tell each team that has work today of it, once a day from the region's hour on; returns how
    many teams.
    """
    hours = find_reminding(session)
    if hours is None or clock.local(clock.now()).hour < hours.team_hour:
        return 0
    today = clock.today()
    late = Obligation.late_after < today
    work = {
        team_id: (due, late_ones)
        for team_id, due, late_ones in session.execute(
            select(Obligation.team_id, func.count().filter(~late), func.count().filter(late))
            .join(Contract, Contract.id == Obligation.contract_id)
            .where(
                Obligation.due_on <= today,
                Obligation.done_at.is_(None),
                Obligation.excused_at.is_(None),
                Contract.state.in_(IN_FORCE),
                ~select(Digest.day)
                .where(Digest.team_id == Obligation.team_id, Digest.day == today)
                .exists(),
            )
            .group_by(Obligation.team_id)
        )
    }
    if not work:
        return 0
    claim = insert(Digest).values([{"team_id": team_id, "day": today} for team_id in sorted(work)])
    mine = set(session.scalars(claim.on_conflict_do_nothing().returning(Digest.team_id)))
    for team_id, person_id in people_of_teams(session, mine):
        due, late_ones = work[team_id]
        values = {"due": str(due), "late": str(late_ones)}
        notify(session, person_id, WORK, values, TODAY)
    return len(mine)
