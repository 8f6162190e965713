"""Use cases of referrals: sending them up and down."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from appointments.events import ReferralSent
from appointments.models import Referral, ReferralEntry
from appointments.queries.offers import get_slot
from appointments.queries.referrals import get_referral, require_care, require_patient
from appointments.referral_levels import is_above
from appointments.referral_rules import referral_rules
from appointments.referral_states import UNDECIDED, WITH_DEADLINE, ReferralState
from appointments.schemas import (
    Direction,
    ReferralView,
    SendDown,
    SendUp,
    Urgency,
)
from appointments.services import places
from appointments.services.referral_places import hold, hold_earliest
from core import clock
from core.access import Actor
from core.errors import Conflict, Invalid
from core.events import publish
from core.ids import new_id
from core.messages import N_
from directory.public import get_department, get_institution, get_team
from directory.schemas import InstitutionView
from residents.public import care_units


def send_up(session: Session, actor: Actor, command: SendUp) -> ReferralView:
    """Refer a resident of one's team to a department, with a place held where one is free.

    Raises NotFound, Denied, Invalid (``not_above`` and others), or Conflict:
    ``already_referred``, ``no_referrals``, or why the chosen place is not to be had.
    """
    care = require_care(session, actor, command.person_id)
    team = get_team(session, UUID(care[0]))
    department = get_department(session, command.department_id)
    institution = get_institution(session, department.institution_id)
    require_above(session, institution, team.institution_id)
    if department.disabled or institution.disabled or not institution.bookable:
        raise Conflict("no_referrals", N_("这个科室现在不接收转诊。请选择其他科室或医院。"))
    criteria = _criteria(command.criteria, Direction.UP)
    if command.slot_id and get_slot(session, command.slot_id).department_id != department.id:
        raise Invalid(fields={"slot_id": N_("请选择接诊科室的时段。")})
    places.lock_patients(session, [command.person_id])
    require_first(session, command.person_id, department.id)
    answer_by = clock.now() + referral_rules().haste(command.urgency).answer_within
    who = session, actor.account_id, command.person_id
    booking = (
        hold(*who, command.slot_id, answer_by)
        if command.slot_id
        else hold_earliest(*who, department.id, answer_by, command.urgency)
    )
    referral = Referral(
        id=new_id(),
        direction=Direction.UP,
        urgency=command.urgency,
        person_id=command.person_id,
        account_id=actor.account_id,
        from_team_id=team.id,
        from_institution_id=team.institution_id,
        from_division=team.division_code,
        from_name=team.name,
        to_institution_id=institution.id,
        to_department_id=department.id,
        division_code=institution.division_code,
        to_name=institution.name,
        department_name=department.name,
        department_name_en=department.name_en,
        booking_id=booking.id if booking else None,
        reason=command.reason,
        summary=command.summary,
        criteria=criteria,
        answer_by=deadline(answer_by, booking.held_until if booking else None),
    )
    return _sent(session, actor, referral)


def send_down(session: Session, actor: Actor, command: SendDown) -> ReferralView:
    """Hand a patient of the hospital on to the team that has them under contract, or to an
    institution of their choice.

    Raises NotFound, Denied, Invalid (``not_below`` and others), or Conflict
    ``already_referred``.
    """
    sender = get_institution(session, command.from_institution_id)
    require_patient(session, actor, command.person_id, sender)
    criteria = _criteria(command.criteria, Direction.DOWN)
    if command.next_check < clock.today():
        raise Invalid(fields={"next_check": N_("下次复查日期不能早于今天。")})
    places.lock_patients(session, [command.person_id])
    referral = Referral(
        id=new_id(),
        direction=Direction.DOWN,
        urgency=Urgency.ROUTINE,
        person_id=command.person_id,
        account_id=actor.account_id,
        from_institution_id=sender.id,
        from_division=sender.division_code,
        from_name=sender.name,
        reason=command.reason,
        summary=command.plan,
        medicines=command.medicines,
        watch=command.watch,
        next_check=command.next_check,
        criteria=criteria,
        answer_by=clock.now() + referral_rules().usual.answer_within,
    )
    _address_down(session, referral, command, sender)
    _require_no_other_down(session, referral)
    return _sent(session, actor, referral)


def require_first(session: Session, person_id: UUID, department_id: UUID) -> None:
    """Nobody is referred twice to one department. Raises Conflict ``already_referred``."""
    query = select(
        exists().where(
            Referral.person_id == person_id,
            Referral.to_department_id == department_id,
            Referral.state.in_(WITH_DEADLINE),
        )
    )
    if session.scalar(query):
        raise _twice()


def deadline(answer_by: datetime, held_until: datetime | None) -> datetime:
    """Until when the receiving side may answer: as long as the place is held, where one is."""
    return min(answer_by, held_until) if held_until else answer_by


def _sent(session: Session, actor: Actor, referral: Referral) -> ReferralView:
    session.add(referral)
    session.flush()
    session.add(
        ReferralEntry(
            referral_id=referral.id,
            version=referral.version,
            state=ReferralState.SENT,
            account_id=actor.account_id,
            actor_name=actor.name,
        )
    )
    session.flush()
    publish(session, ReferralSent(referral_id=referral.id, person_id=referral.person_id))
    return get_referral(session, actor, referral.id)


def require_above(session: Session, institution: InstitutionView, sender_id: UUID) -> None:
    """Up leads to a higher house, so never within one's own. Raises Invalid ``not_above``."""
    if not is_above(institution, get_institution(session, sender_id)):
        sentence = N_("上转要转往比本机构等级高的医院。请选择等级更高的医院。")
        raise Invalid("not_above", sentence, fields={"department_id": sentence})


def require_below(institution: InstitutionView, sender: InstitutionView) -> None:
    """Down leads to a lower house that is in service. Raises Invalid ``not_below``."""
    if institution.disabled or not is_above(sender, institution):
        sentence = N_("下转要转往比转出医院等级低的机构。请选择基层机构或等级更低的医院。")
        raise Invalid("not_below", sentence, fields={"institution_id": sentence})


def _address_down(
    session: Session, referral: Referral, command: SendDown, sender: InstitutionView
) -> None:
    """To the institution that was named, else to the team under contract, which is primary care
    wherever its house stands.
    """
    if command.institution_id:
        institution = get_institution(session, command.institution_id)
        require_below(institution, sender)
        referral.to_institution_id = institution.id
        referral.division_code = institution.division_code
        referral.to_name = institution.name
        return
    care = care_units(session, command.person_id)
    if not care:
        raise Invalid(fields={"institution_id": N_("患者没有签约家庭医生，请选择接收的基层机构。")})
    team = get_team(session, UUID(care[0]))
    referral.to_team_id = team.id
    referral.to_institution_id = team.institution_id
    referral.division_code = team.division_code
    referral.to_name = team.name


def _require_no_other_down(session: Session, referral: Referral) -> None:
    query = select(
        exists().where(
            Referral.person_id == referral.person_id,
            Referral.direction == Direction.DOWN,
            Referral.from_institution_id == referral.from_institution_id,
            Referral.state.in_(UNDECIDED),
        )
    )
    if session.scalar(query):
        raise _twice()


def _criteria(codes: list[str], direction: Direction) -> str:
    """The ticked lines, in the order of the checklist. Raises Invalid for one that is not on it."""
    ticked = set(codes)
    known = [each.code for each in referral_rules().of(direction) if each.code in ticked]
    if len(known) != len(ticked):
        raise Invalid(fields={"criteria": N_("请从列出的选项中选择。")})
    return ",".join(known)


def _twice() -> Conflict:
    return Conflict(
        "already_referred", N_("这位患者已有一份转诊在等答复。请在“转诊”里跟进，或先撤回它。")
    )
