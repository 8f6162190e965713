"""Recording services, and what the person says to it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.events import publish
from core.ids import new_id
from core.messages import N_
from directory.public import find_staff_of_account
from service_packs.events import ServiceConfirmed, ServiceDisputed, ServiceRecorded
from service_packs.models import Entitlement, EntitlementItem, ServiceRecord
from service_packs.ports import record_days
from service_packs.queries.entitlements import entitled
from service_packs.queries.records import require_record, view_record
from service_packs.schemas import (
    Action,
    DisputeRecord,
    RecordService,
    RecordState,
    RecordView,
)
from service_packs.services.entitlements import caring_team

# No entitlement is older; dates at the edge of the calendar cannot be reckoned with.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def record_service(session: Session, actor: Actor, command: RecordService) -> RecordView:
    """Record a service that the actor's team did; it takes one time of the entitlement.

    Raises NotFound, Denied, Invalid (a moment to come, or longer ago than the team's rule lets it
    record) and Conflict ``no_times_left``, ``outside_term`` or ``not_staff``.
    """
    entitlement = _entitlement_of(session, command.entitlement_item_id)
    require(session, actor, Action.RECORD_SERVICE, entitled(session, entitlement.person_id))
    staff = find_staff_of_account(session, actor.account_id)
    team_id = caring_team(session, entitlement.person_id)
    if staff is None or team_id is None:
        raise Conflict("not_staff", N_("您的账号还没有关联工作人员信息，请联系本单位管理员。"))
    performed_at = _moment(command.performed_at, record_days(session, team_id))
    item_code = _take_one(session, command.entitlement_item_id, entitlement, performed_at)
    record = ServiceRecord(
        id=new_id(),
        entitlement_item_id=command.entitlement_item_id,
        person_id=entitlement.person_id,
        division_code=entitlement.division_code,
        item_code=item_code,
        team_id=team_id,
        staff_id=staff.id,
        staff_name=staff.name,
        performed_at=performed_at,
        note=command.note or None,
        state=RecordState.RECORDED,
    )
    session.add(record)
    session.flush()
    publish(session, ServiceRecorded(**fact_of(record), performed_at=record.performed_at))
    return view_record(session, record.id)


def confirm_record(session: Session, actor: Actor, record_id: UUID) -> RecordView:
    """Say that the service was done; also after a dispute that was cleared up.

    Raises NotFound, Denied and Conflict ``already_answered``.
    """
    require_record(session, actor, record_id, Action.ANSWER_RECORD)
    open_states = (RecordState.RECORDED, RecordState.DISPUTED)
    values = {"state": RecordState.CONFIRMED, "confirmed_at": clock.now()}
    record = _answer(session, record_id, open_states, values)
    publish(session, ServiceConfirmed(**fact_of(record)))
    return view_record(session, record_id)


def dispute_record(
    session: Session, actor: Actor, record_id: UUID, command: DisputeRecord
) -> RecordView:
    """Say what is wrong with a record that was not answered yet.

    Raises NotFound, Denied and Conflict ``already_answered``.
    """
    require_record(session, actor, record_id, Action.ANSWER_RECORD)
    values = {
        "state": RecordState.DISPUTED,
        "dispute_reason": command.reason,
        "disputed_at": clock.now(),
    }
    record = _answer(session, record_id, (RecordState.RECORDED,), values)
    publish(session, ServiceDisputed(**fact_of(record)))
    return view_record(session, record_id)


def _entitlement_of(session: Session, entitlement_item_id: UUID) -> Entitlement:
    entitlement = session.scalars(
        select(Entitlement)
        .join(EntitlementItem, EntitlementItem.entitlement_id == Entitlement.id)
        .where(EntitlementItem.id == entitlement_item_id)
    ).one_or_none()
    if entitlement is None:
        raise NotFound()
    return entitlement


def _moment(given: datetime | None, within_days: int | None) -> datetime:
    now = clock.now()
    if given is None:
        return now
    moment = given if given.tzinfo else given.replace(tzinfo=clock.zone())
    if moment > now:
        sentence = N_("服务时间不能晚于现在，请检查。")
        raise Invalid("in_the_future", fields={"performed_at": sentence})
    if moment < EARLIEST:
        raise _outside_term()
    if within_days is not None and clock.local(moment).date() < clock.today() - timedelta(
        days=within_days
    ):
        sentence = N_(
            "这一天太早，按本地规定已过登记期限。请核对日期；确实漏记的，请为居民再安排一次。"
        )
        raise Invalid("recorded_too_late", fields={"performed_at": sentence})
    return moment


def _take_one(
    session: Session, item_id: UUID, entitlement: Entitlement, performed_at: datetime
) -> str:
    """Use one time, if there is one left within the term; the item's code."""
    day = clock.local(performed_at).date()
    item_code: str | None = session.scalar(
        update(EntitlementItem)
        .where(
            EntitlementItem.id == item_id,
            EntitlementItem.times_used < EntitlementItem.times_total,
            Entitlement.id == EntitlementItem.entitlement_id,
            Entitlement.ended_at.is_(None),
            Entitlement.starts_on <= day,
            Entitlement.ends_on >= day,
        )
        .values(times_used=EntitlementItem.times_used + 1)
        .returning(EntitlementItem.item_code)
    )
    if item_code is not None:
        return item_code
    if entitlement.ended_at or not entitlement.starts_on <= day <= entitlement.ends_on:
        raise _outside_term()
    raise Conflict("no_times_left", N_("这一项的次数已经用完，没有重复登记。"))


def _outside_term() -> Conflict:
    return Conflict("outside_term", N_("这一天不在服务包的有效期内，请检查服务时间。"))


def _answer(
    session: Session, record_id: UUID, before: tuple[RecordState, ...], values: dict[str, Any]
) -> ServiceRecord:
    record = session.scalars(
        update(ServiceRecord)
        .where(ServiceRecord.id == record_id, ServiceRecord.state.in_(before))
        .values(**values)
        .returning(ServiceRecord)
    ).one_or_none()
    if record is None:
        raise Conflict("already_answered", N_("这条服务记录您已经答复过了。"))
    return record


def fact_of(record: ServiceRecord) -> dict[str, Any]:
    """What every event about a record says."""
    return {
        "record_id": record.id,
        "person_id": record.person_id,
        "item_code": record.item_code,
        "team_id": record.team_id,
    }
