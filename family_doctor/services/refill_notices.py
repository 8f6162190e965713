"""What both sides are told of a request to renew a medicine. No medicine is named in a message."""

from sqlalchemy.orm import Session

from core import clock
from core.messages import N_
from directory.public import get_team
from family_doctor.models import Refill
from family_doctor.queries.staffing import people_of_teams
from family_doctor.schemas import RefillState
from notifications.public import notify
from residents.public import people_by_id, representatives_of
from residents.schemas import Scope

LINK = "/family-doctor/refills/{id}"
ASKED = N_("有一位居民申请续开长期用药，请在 %(date)s 前答复。")
ASKED_FOR = N_("%(name)s为您申请了续开长期用药。不是您的意思，可以打开撤回。")
ESCALATED_TO_LEADER = N_("一份续方申请没有按时答复，已转给您，请在 %(date)s 前处理。")
ESCALATED = N_("%(team)s没有按时答复您的续方申请，已转给团队长，最晚 %(date)s 前有结果。")
EXPIRED_TO_LEADER = N_("一份续方申请到期没有答复，已自动结束，请主动联系这位居民。")
EXPIRED = N_("%(team)s没有答复您的续方申请，已自动结束。药快用完时请直接到门诊，或重新申请。")
DECIDED = {
    RefillState.RENEWED: N_("%(team)s的医生同意续开您的长期用药，请打开查看。"),
    RefillState.CHANGED: N_("%(team)s的医生调整了您的用药并续开，请打开查看新的用法。"),
    RefillState.REFUSED: N_("%(team)s的医生没有同意续开您的长期用药，请打开查看原因。"),
    RefillState.VISIT: N_("%(team)s的医生请您来面诊后再开药，请打开预约。"),
}
# The same to who asked for the person.
DECIDED_FOR = {
    RefillState.RENEWED: N_("%(team)s的医生同意续开%(name)s的长期用药，请打开查看。"),
    RefillState.CHANGED: N_("%(team)s的医生调整了%(name)s的用药并续开，请打开查看新的用法。"),
    RefillState.REFUSED: N_("%(team)s的医生没有同意续开%(name)s的长期用药，请打开查看原因。"),
    RefillState.VISIT: N_("%(team)s的医生请%(name)s来面诊后再开药，请打开预约。"),
}
ESCALATED_FOR = N_(
    "%(team)s没有按时答复您为%(name)s提的续方申请，已转给团队长，最晚 %(date)s 前有结果。"
)
EXPIRED_FOR = N_(
    "%(team)s没有答复您为%(name)s提的续方申请，已自动结束。药快用完时请直接到门诊，或重新申请。"
)


def tell_asked(session: Session, row: Refill, by_name: str) -> None:
    """The team, and the person where another asked."""
    _tell_team(session, row, ASKED)
    if row.for_another:
        _tell(session, row, ASKED_FOR, name=by_name)


def tell_decided(session: Session, row: Refill) -> None:
    """The person, and who asked for them."""
    state = RefillState(row.state)
    _tell_both(session, row, DECIDED[state], DECIDED_FOR[state])


def tell_escalated(session: Session, row: Refill) -> None:
    """The leader, the person and who asked for them."""
    _tell_team(session, row, ESCALATED_TO_LEADER, leaders=True)
    _tell_both(session, row, ESCALATED, ESCALATED_FOR)


def tell_expired(session: Session, row: Refill) -> None:
    """The same: the request ended without an answer."""
    _tell_team(session, row, EXPIRED_TO_LEADER, leaders=True)
    _tell_both(session, row, EXPIRED, EXPIRED_FOR)


def _tell_both(session: Session, row: Refill, sentence: str, for_kin: str) -> None:
    _tell(session, row, sentence)
    # Who may not act for them any more learns no more of them.
    kin = representatives_of(session, row.person_id, Scope.RENEW) if row.for_another else ()
    if row.asked_by_id in kin:
        whose = people_by_id(session, {row.person_id})[row.person_id].name
        values = {**_values(session, row), "name": whose}
        notify(session, row.asked_by_id, for_kin, values, LINK.format(id=row.id))


def _tell(session: Session, row: Refill, sentence: str, **more: str) -> None:
    values = {**_values(session, row), **more}
    notify(session, row.person_id, sentence, values, LINK.format(id=row.id))


def _tell_team(session: Session, row: Refill, sentence: str, *, leaders: bool = False) -> None:
    for _, person_id in people_of_teams(session, {row.team_id}, leaders=leaders):
        notify(session, person_id, sentence, _values(session, row), LINK.format(id=row.id))


def _values(session: Session, row: Refill) -> dict[str, str]:
    day = clock.local(row.answer_by).date().isoformat()
    return {"team": get_team(session, row.team_id).name, "date": day}
