"""What hangs on a person's record in this room. What copies its contract's person goes with it."""

from sqlalchemy import literal_column

from core.messages import N_
from family_doctor.models import (
    LIVE_CONTRACT,
    CareEvent,
    Contract,
    Dispute,
    FieldEntry,
    FieldResident,
    FollowUp,
    LabelProposal,
    Medicine,
    Obligation,
    Plan,
    Presence,
    Refill,
    ReminderChoice,
    Signature,
    WaitingPack,
)
from residents.public import Holding

OWN = (
    Holding(
        Contract.person_id,
        N_("签约"),
        once_with=(),
        live=literal_column(f"({LIVE_CONTRACT})"),
        clash=(
            "two_contracts",
            N_("两份档案各有一份未结束的家庭医生签约，不能合并。请先终止或撤回其中一份。"),
        ),
        shown=True,
    ),
    Holding(Obligation.person_id, N_("履约任务"), on=(Obligation.contract_id, Contract.person_id)),
    Holding(Plan.person_id, N_("照护计划"), on=(Plan.contract_id, Contract.person_id)),
    Holding(Dispute.person_id, N_("签约异议"), on=(Dispute.contract_id, Contract.person_id)),
    Holding(
        WaitingPack.person_id,
        N_("等新团队的服务包"),
        on=(WaitingPack.contract_id, Contract.person_id),
    ),
    Holding(Signature.person_id, N_("协议上的签名")),
    Holding(Medicine.person_id, N_("长期用药"), shown=True),
    Holding(Refill.person_id, N_("续方申请"), on=(Refill.medicine_id, Medicine.person_id)),
    Holding(Refill.asked_by_id, N_("为家人申请的续方"), telling=False),
    Holding(FieldEntry.person_id, N_("下乡签约记录"), telling=False),
    Holding(
        FieldResident.person_id,
        N_("下乡签约名单"),
        once_with=(FieldResident.visit_id,),
        telling=False,
    ),
    Holding(FollowUp.person_id, N_("随访记录"), shown=True),
    Holding(
        CareEvent.person_id,
        N_("健康事件"),
        once_with=(CareEvent.kind, CareEvent.happens_on),
        live=CareEvent.withdrawn_at.is_(None),
    ),
    Holding(
        LabelProposal.person_id,
        N_("标签建议"),
        once_with=(LabelProposal.group_code,),
        live=LabelProposal.state == "open",
        telling=False,
    ),
    Holding(ReminderChoice.person_id, N_("提醒设置"), once_with=(), telling=False),
    Holding(Presence.person_id, N_("现场签约"), telling=False),
    Holding(Presence.signer_id, N_("为家人现场代签"), telling=False),
)
