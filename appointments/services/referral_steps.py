"""Steps on a referral. Lock order: the patient, the referral, its booking, slots."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from appointments import events
from appointments.models import Referral, ReferralEntry
from appointments.queries.offers import get_slot
from appointments.queries.referrals import (
    ACTIONS,
    UP_ONLY,
    find_referral,
    get_referral,
    resource_of,
)
from appointments.queries.tickets import find_here
from appointments.referral_rules import referral_rules
from appointments.referral_states import Party, ReferralStep, origins, party
from appointments.schemas import Because, Direction, ReferralView, TakeStep, Urgency
from appointments.services import places
from appointments.services.referral_moves import move, not_now, note
from appointments.services.referral_places import give_back, hold_earliest, promise
from appointments.services.referrals import deadline, require_above, require_below, require_first
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.events import publish
from core.messages import N_
from directory.public import get_department, get_institution

# What has to be said with a step.
WORDS_NEEDED = {
    ReferralStep.ASK: N_("请写明想问的问题。"),
    ReferralStep.ANSWER: N_("请写明回答。"),
    ReferralStep.DECLINE: N_("请写明不接收的原因。"),
    ReferralStep.CLOSE: N_("请写明诊疗情况和给对方的建议。"),
}
# Steps that end the way to a visit, and what the booking says of it.
ENDINGS = {
    ReferralStep.DECLINE: Because.HOSPITAL,
    ReferralStep.WITHDRAW: Because.HOSPITAL,
    ReferralStep.REFUSE: Because.REFUSED,
    ReferralStep.LAPSE: Because.EXPIRED,
}
UNPROPOSED: dict[str, Any] = {
    "proposed_institution_id": None,
    "proposed_department_id": None,
    "proposed_slot_id": None,
}


def take_step(
    session: Session, actor: Actor, referral_id: UUID, step: ReferralStep, command: TakeStep
) -> ReferralView:
    """Move a referral on. Repeated with the same version, it answers how things stand.

    Raises NotFound, Denied, Invalid, or Conflict: ``referral_changed``, ``not_now``,
    ``referral_over``, and why a place is not to be had.
    """
    referral = find_referral(session, referral_id)
    if party(step) is Party.CALENDAR or step is ReferralStep.REDIRECT:
        # Not somebody's to choose: the one comes by itself, the other follows from an AGREE.
        raise NotFound()
    resource = resource_of(session, actor, referral)
    require(session, actor, ACTIONS[party(step)], resource)
    if step in WORDS_NEEDED and not command.note.strip():
        raise Invalid(fields={"note": WORDS_NEEDED[step]})
    if step in UP_ONLY and referral.direction == Direction.DOWN:
        raise not_now()
    places.lock_patients(session, [referral.person_id])
    referral = find_referral(session, referral_id)
    if _done_already(session, actor, referral, step, command):
        return get_referral(session, actor, referral_id)
    if referral.version != command.version:
        raise Conflict("referral_changed", N_("这份转诊刚才有了新情况。请看看再决定。"))
    if step is ReferralStep.AGREE and referral.proposed_institution_id not in (
        None,
        referral.to_institution_id,
    ):
        step = ReferralStep.REDIRECT
    changes = CHANGES.get(step, _nothing)(session, actor, referral, command)
    move(session, referral, step, command.version, changes)
    note(session, referral, step, actor, command.note.strip() or None)
    _place(session, actor, referral, step, command)
    return get_referral(session, actor, referral_id)


def lapse(session: Session, referral_id: UUID) -> None:
    """End a referral that nobody decided in time; one that was decided meanwhile stays so."""
    referral = find_referral(session, referral_id)
    places.lock_patients(session, [referral.person_id])
    referral = find_referral(session, referral_id)
    step = ReferralStep.LAPSE
    if referral.state not in origins(step) or referral.answer_by > clock.now():
        return
    move(session, referral, step, referral.version, {})
    note(session, referral, step, None, None)
    # Nobody is sent away whom the calendar finds in the waiting room.
    if referral.booking_id and find_here(session, referral.booking_id) is None:
        give_back(session, referral.booking_id, ENDINGS[step])


def remind(session: Session, referral_id: UUID) -> None:
    """Recall the deadline, once."""
    reminded = session.execute(
        update(Referral)
        .where(Referral.id == referral_id, Referral.reminded_at.is_(None))
        .values(reminded_at=clock.now())
        .returning(Referral.person_id)
    ).scalar_one_or_none()
    if reminded:
        publish(session, events.ReferralDue(referral_id=referral_id, person_id=reminded))


def _done_already(
    session: Session, actor: Actor, referral: Referral, step: ReferralStep, command: TakeStep
) -> bool:
    """Whether this very step of this actor made the version that stands now."""
    if referral.version != command.version + 1:
        return False
    last = select(ReferralEntry).where(
        ReferralEntry.referral_id == referral.id, ReferralEntry.version == referral.version
    )
    entry = session.scalars(last).one()
    same = {step, ReferralStep.REDIRECT} if step is ReferralStep.AGREE else {step}
    return entry.account_id == actor.account_id and entry.step in same


def _place(
    session: Session, actor: Actor, referral: Referral, step: ReferralStep, command: TakeStep
) -> None:
    """What the step means for the patient's place."""
    if step in ENDINGS:
        give_back(session, referral.booking_id, ENDINGS[step])
        return
    if referral.direction == Direction.DOWN:
        return
    account_id = actor.account_id
    if step in (ReferralStep.ACCEPT, ReferralStep.PLACE):
        referral.booking_id = promise(session, account_id, referral, command.slot_id)
    elif step is ReferralStep.AGREE:
        slot_id, referral.proposed_slot_id = referral.proposed_slot_id, None
        referral.booking_id = promise(session, account_id, referral, slot_id)
    elif step is ReferralStep.REDIRECT:
        give_back(session, referral.booking_id, Because.CHANGED)
        booking = hold_earliest(
            session,
            account_id,
            referral.person_id,
            _department(referral),
            referral.answer_by,
            Urgency(referral.urgency),
        )
        referral.booking_id = booking.id if booking else None
        referral.answer_by = deadline(referral.answer_by, booking.held_until if booking else None)
    session.flush()


def _department(referral: Referral) -> UUID:
    if referral.to_department_id is None:
        raise RuntimeError("a referral up names its department: the table holds it")
    return referral.to_department_id


def _nothing(
    session: Session, actor: Actor, referral: Referral, command: TakeStep
) -> dict[str, Any]:
    return {}


def _proposed(
    session: Session, actor: Actor, referral: Referral, command: TakeStep
) -> dict[str, Any]:
    """Elsewhere: a time in one's own institution, or a department of another one; on the way down
    another institution.
    """
    if referral.direction == Direction.DOWN:
        return _proposed_down(session, referral, command)
    if command.slot_id:
        slot = get_slot(session, command.slot_id)
        if slot.institution_id != referral.to_institution_id:
            raise Invalid(fields={"slot_id": N_("请选择本院的时段。")})
        department_id, institution_id = slot.department_id, slot.institution_id
    elif command.department_id:
        department_id = command.department_id
        institution_id = get_department(session, department_id).institution_id
        if institution_id == referral.to_institution_id:
            raise Invalid(fields={"slot_id": N_("建议本院的科室时，请同时选一个时段。")})
        institution = get_institution(session, institution_id)
        require_above(session, institution, referral.from_institution_id)
        if not institution.bookable:
            raise Invalid(fields={"department_id": N_("这家机构不接收转诊，请选择其他机构。")})
    else:
        raise Invalid(fields={"department_id": N_("请选择建议的科室或时段。")})
    return {
        "proposed_institution_id": institution_id,
        "proposed_department_id": department_id,
        "proposed_slot_id": command.slot_id,
    }


def _proposed_down(session: Session, referral: Referral, command: TakeStep) -> dict[str, Any]:
    """Another house below the one that sent the patient; it chooses who sees them by itself."""
    if command.institution_id is None or command.institution_id == referral.to_institution_id:
        raise Invalid(fields={"institution_id": N_("请选择建议的机构，不能是本机构。")})
    institution = get_institution(session, command.institution_id)
    require_below(institution, get_institution(session, referral.from_institution_id))
    return UNPROPOSED | {"proposed_institution_id": institution.id}


def _agreed(
    session: Session, actor: Actor, referral: Referral, command: TakeStep
) -> dict[str, Any]:
    if referral.proposed_department_id is None:
        raise not_now()
    department = get_department(session, referral.proposed_department_id)
    if department.id != referral.to_department_id:
        require_first(session, referral.person_id, department.id)
    return {
        "to_department_id": department.id,
        "department_name": department.name,
        "department_name_en": department.name_en,
        "proposed_institution_id": None,
        "proposed_department_id": None,
    }


def _redirected(
    session: Session, actor: Actor, referral: Referral, command: TakeStep
) -> dict[str, Any]:
    if referral.proposed_institution_id is None:
        raise not_now()
    institution = get_institution(session, referral.proposed_institution_id)
    if referral.direction == Direction.DOWN:
        # The house itself, no longer a team of another one.
        changes: dict[str, Any] = {"to_team_id": None}
    else:
        changes = _agreed(session, actor, referral, command)
    answer_by: datetime = clock.now() + referral_rules().haste(referral.urgency).answer_within
    return {
        **changes,
        **UNPROPOSED,
        "to_institution_id": institution.id,
        "division_code": institution.division_code,
        "to_name": institution.name,
        "answer_by": answer_by,
        "reminded_at": None,
    }


def _unproposed(
    session: Session, actor: Actor, referral: Referral, command: TakeStep
) -> dict[str, Any]:
    return dict(UNPROPOSED)


# What else a step changes, in the same statement.
CHANGES: dict[ReferralStep, Callable[[Session, Actor, Referral, TakeStep], dict[str, Any]]] = {
    ReferralStep.PROPOSE: _proposed,
    ReferralStep.AGREE: _agreed,
    ReferralStep.REDIRECT: _redirected,
    ReferralStep.DISAGREE: _unproposed,
}
