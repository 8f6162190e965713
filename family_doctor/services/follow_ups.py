"""Recording a follow-up: the service record and its form in one transaction, what the rules say of
it, and whom that concerns at once.
"""

import json
from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from family_doctor.follow_ups import UNUSUAL, assess, check, next_day, wants_referral
from family_doctor.models import Contract, FollowUp, Obligation
from family_doctor.queries.follow_ups import (
    age_of,
    contract_to_serve,
    follow_up_resource,
    form_of_item,
    view_follow_up,
)
from family_doctor.queries.norms import find_norm
from family_doctor.queries.staffing import people_of_teams
from family_doctor.schemas import (
    Assessment,
    Conclusion,
    FollowUpView,
    PlanAction,
    Reclassify,
    RecordFollowUp,
)
from family_doctor.services.doctors import DOCTORS, require_one_of
from family_doctor.services.planning import replan
from family_doctor.services.promises import keep_promise
from notifications.public import notify, notify_with_carers
from service_packs.public import allow_items, find_granted, list_entitlements, record_service
from service_packs.schemas import EntitlementSearch, RecordService, RecordView, Source

EMERGENCY = N_("有一位居民的随访结果危急，请马上查看处理。")
FOUND = N_("您的随访结果已登记，请查看并核对。")
FOUND_URGENT = N_("您的随访结果需要尽快到医院就诊，请马上查看。")


def record_follow_up(session: Session, actor: Actor, command: RecordFollowUp) -> FollowUpView:
    """Record a follow-up that the actor's team did.

    Raises NotFound, Denied, Invalid (``invalid_values``, ``unusual_values`` until confirmed,
    ``next_too_late``) and the conflicts of recording a service.
    """
    contract = contract_to_serve(session, actor, command.person_id)
    norm, form = form_of_item(session, command.item_code)
    checked = check(form, command.values)
    if checked.errors:
        raise Invalid("invalid_values", fields=checked.errors)
    if checked.unusual and not command.confirmed:
        raise Invalid(
            "unusual_values",
            N_("有的数值很少见。核对无误请勾选“数值已核对”再提交。"),
            fields=dict.fromkeys(checked.unusual, UNUSUAL),
        )
    record = _record(session, actor, contract, command)
    on = clock.local(record.performed_at).date()
    rules = norm.assessment or Assessment(otherwise="done", next_days={})
    age = age_of(session, contract.person_id, on)
    said = assess(
        rules,
        checked.values,
        age,
        _result_before(session, contract.person_id, command.item_code, on),
        on,
    )
    follow_up = FollowUp(
        id=new_id(),
        service_record_id=record.id,
        person_id=contract.person_id,
        team_id=record.team_id,
        division_code=contract.division_code,
        item_code=command.item_code,
        norm_code=norm.code,
        form_code=form.code,
        form_version=form.version,
        performed_at=record.performed_at,
        document=json.dumps(checked.values, ensure_ascii=False),
        computed=said.result,
        result=said.result,
        emergency=said.emergency,
        referral=said.referral,
        next_on=_next(said, command.next_on, on),
    )
    session.add(follow_up)
    session.flush()
    keep_promise(
        session,
        person_id=contract.person_id,
        item_code=command.item_code,
        record_id=record.id,
        performed_at=record.performed_at,
    )
    replan(session, {contract.person_id})
    _tell(session, follow_up)
    return view_follow_up(session, follow_up)


def reclassify(
    session: Session, actor: Actor, follow_up_id: UUID, command: Reclassify
) -> FollowUpView:
    """The doctor's own class, with the reason; the next date follows it.

    Raises NotFound, Denied, Conflict ``not_a_doctor`` and Invalid (a class the norm has not).
    """
    row = _held(session, follow_up_id)
    contract_to_serve(session, actor, row.person_id)
    require_one_of(session, actor, DOCTORS, N_("分级由医生更正。请把情况告诉团队的医生。"))
    norm = find_norm(session, row.norm_code)
    rules = norm.assessment if norm else None
    if rules is None or command.result not in rules.next_days:
        raise Invalid("unknown_result", fields={"result": N_("请从列出的选项中选择。")})
    on = clock.local(row.performed_at).date()
    row.result, row.result_reason, row.result_by = command.result, command.reason, actor.name
    before = _result_before(session, row.person_id, row.item_code, on)
    row.referral = row.emergency or wants_referral(rules, command.result, before)
    row.next_on = next_day(rules, command.result, emergency=row.emergency, on=on)
    session.flush()
    replan(session, {row.person_id})
    return view_follow_up(session, row)


def see_to_emergency(session: Session, actor: Actor, follow_up_id: UUID) -> FollowUpView:
    """Say that somebody of the team has taken an emergency in hand; the first one counts.

    Raises NotFound or Denied.
    """
    row = _held(session, follow_up_id)
    require(session, actor, PlanAction.READ_FOLLOW_UP, follow_up_resource(row))
    contract_to_serve(session, actor, row.person_id)
    session.execute(
        update(FollowUp)
        .where(FollowUp.id == follow_up_id, FollowUp.emergency, FollowUp.seen_at.is_(None))
        .values(seen_at=clock.now(), seen_by=actor.name)
        .execution_options(synchronize_session=False)
    )
    return view_follow_up(session, row)


def _record(
    session: Session, actor: Actor, contract: Contract, command: RecordFollowUp
) -> RecordView:
    """The service record, on the entitlement that owes the service first; one that the norm gives
    beyond what is owed is free too.
    """
    item_id = _usable_item(session, actor, contract, command.item_code)
    if item_id is None:
        _allow_one_more(session, contract, command.item_code)
        item_id = _usable_item(session, actor, contract, command.item_code)
    if item_id is None:
        raise NotFound()
    service = RecordService(entitlement_item_id=item_id, performed_at=command.performed_at)
    return record_service(session, actor, service)


def _usable_item(session: Session, actor: Actor, contract: Contract, item_code: str) -> UUID | None:
    search = EntitlementSearch(person_id=contract.person_id, limit=100)
    held = list_entitlements(session, actor, search).items
    usable = {
        entitlement.id: item.id
        for entitlement in held
        for item in entitlement.items
        if item.item_code == item_code and item.times_left
    }
    owed = session.scalars(
        select(Obligation.entitlement_id)
        .where(
            Obligation.contract_id == contract.id,
            Obligation.item_code == item_code,
            Obligation.done_at.is_(None),
            Obligation.excused_at.is_(None),
        )
        .order_by(Obligation.due_on, Obligation.id)
    )
    first = next((usable[each] for each in owed if each in usable), None)
    return first or next(iter(usable.values()), None)


def _allow_one_more(session: Session, contract: Contract, item_code: str) -> None:
    """Let the contract's own pack be used once more for a service that the norms give for free."""
    held = find_granted(session, Source.CONTRACT, contract.id)
    if held is not None:
        used = [item.times_total for item in held.items if item.item_code == item_code]
        allow_items(session, [(held.id, item_code, sum(used) + 1)])


def _result_before(session: Session, person_id: UUID, item_code: str, on: date) -> str | None:
    return session.scalar(
        select(FollowUp.result)
        .where(
            FollowUp.person_id == person_id,
            FollowUp.item_code == item_code,
            FollowUp.performed_at < clock.at(on, 0),
        )
        .order_by(FollowUp.performed_at.desc())
        .limit(1)
    )


def _next(said: Conclusion, chosen: date | None, on: date) -> date | None:
    """The team's own date, where it is not later than the rule's."""
    if chosen is None:
        return said.next_on
    if chosen <= on:
        raise Invalid("next_too_early", fields={"next_on": N_("下次随访应在这次之后。")})
    if said.next_on is not None and chosen > said.next_on:
        raise Invalid(
            "next_too_late",
            fields={"next_on": N_("按规范应更早随访，请改早一些，或留空按规范安排。")},
        )
    return chosen


def _tell(session: Session, follow_up: FollowUp) -> None:
    link = f"/family-doctor/follow-ups/{follow_up.id}"
    urgent = follow_up.emergency
    sentence = FOUND_URGENT if urgent else FOUND
    notify_with_carers(
        session, follow_up.person_id, sentence, {}, link, carers_link=link, sms=urgent
    )
    if urgent:
        for _, person_id in people_of_teams(session, {follow_up.team_id}, leaders=True):
            notify(session, person_id, EMERGENCY, {}, link, sms=True)


def _held(session: Session, follow_up_id: UUID) -> FollowUp:
    row = session.scalar(
        select(FollowUp)
        .where(FollowUp.id == follow_up_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound()
    return row
