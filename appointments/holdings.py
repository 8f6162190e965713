"""What hangs on a person's record in this room."""

from sqlalchemy import case, literal_column

from appointments.models import (
    Act,
    Arrival,
    Booking,
    ConductCase,
    Referral,
    Suspension,
    Ticket,
    Triage,
    Wait,
)
from appointments.models.referrals import WAITS
from appointments.schemas import State, Waiting
from core.messages import N_
from residents.public import Holding

REFERRED_TWICE = (
    "referred_twice",
    N_("两份档案都有同一去向的转诊还没有办完，不能合并。请先办完或撤回其中一个。"),
)

OWN = (
    Holding(
        Booking.person_id,
        N_("预约"),
        once_with=(Booking.department_id, Booking.date),
        live=Booking.state != State.CANCELLED,
        clash=(
            "booked_twice",
            N_("两份档案在同一天同一科室都有预约，不能合并。请先取消其中一个。"),
        ),
        shown=True,
    ),
    Holding(
        Wait.person_id,
        N_("候补"),
        once_with=(Wait.session_id,),
        live=Wait.state.in_([Waiting.WAITING, Waiting.OFFERED]),
        clash=(
            "waiting_twice",
            N_("两份档案都在候补同一个门诊，不能合并。请先取消其中一个。"),
        ),
    ),
    Holding(
        Referral.person_id,
        N_("转诊"),
        # Upwards one to a department, downwards one from an institution.
        once_with=(
            Referral.direction,
            case(
                (Referral.direction == "up", Referral.to_department_id),
                else_=Referral.from_institution_id,
            ),
        ),
        live=literal_column(f"({WAITS})"),
        clash=REFERRED_TWICE,
        shown=True,
    ),
    Holding(Ticket.person_id, N_("排队号")),
    Holding(Triage.person_id, N_("预检分诊")),
    Holding(Suspension.person_id, N_("暂停预约")),
    Holding(ConductCase.person_id, N_("预约行为复核")),
    Holding(Arrival.person_id, N_("放号排队"), once_with=(Arrival.release_id,), telling=False),
    Holding(Act.person_id, N_("预约动作"), telling=False),
)
