"""What states, reasons and ways are called on the screens; catalogue keys and tones of badges."""

from core.messages import N_
from directory.schemas import Duty
from family_doctor.schemas import (
    Channel,
    DisputeState,
    Due,
    EndReason,
    Kind,
    ProofMethod,
    Reach,
    RefundRule,
    Side,
    Subject,
    Whose,
)
from family_doctor.states import State

STATES = {
    State.APPLIED: N_("待团队受理"),
    State.PENDING_SIGNATURE: N_("待居民确认"),
    State.SIGNED: N_("已签，待生效"),
    State.ACTIVE: N_("签约中"),
    State.EXPIRING: N_("即将到期"),
    State.CHANGE_REQUESTED: N_("更换办理中"),
    State.REJECTED: N_("未通过"),
    State.CANCELLED: N_("已撤销"),
    State.EXPIRED: N_("已到期"),
    State.RENEWED: N_("已续签"),
    State.TERMINATED: N_("已解约"),
}
TONES = {
    State.APPLIED: "info",
    State.PENDING_SIGNATURE: "warn",
    State.ACTIVE: "good",
    State.EXPIRING: "warn",
    State.SIGNED: "good",
    State.CHANGE_REQUESTED: "info",
}
REASONS = {
    EndReason.REJECTED: N_("团队没有同意"),
    EndReason.WITHDRAWN: N_("居民撤回"),
    EndReason.NOT_ANSWERED: N_("团队没有在期限内答复，自动撤销"),
    EndReason.NOT_SIGNED: N_("居民没有在期限内确认，自动撤销"),
    EndReason.EXPIRED: N_("期满"),
    EndReason.RENEWED: N_("期满后续签"),
    EndReason.COOLING_OFF: N_("冷静期内退出"),
    EndReason.LOST_CONTACT: N_("失去联系"),
    EndReason.MOVED: N_("迁出本地"),
    EndReason.DECEASED: N_("去世"),
    EndReason.OWN_WISH: N_("本人要求"),
    EndReason.CHANGED_TEAM: N_("改签其他团队"),
    EndReason.CHANGED_PACK: N_("更换服务包"),
    EndReason.OTHER: N_("其他原因"),
}
# What each side may name as its reason to terminate.
RESIDENT_REASONS = (
    EndReason.OWN_WISH,
    EndReason.CHANGED_TEAM,
    EndReason.MOVED,
    EndReason.OTHER,
)
TEAM_REASONS = (
    EndReason.LOST_CONTACT,
    EndReason.MOVED,
    EndReason.DECEASED,
    EndReason.OWN_WISH,
    EndReason.CHANGED_TEAM,
    EndReason.OTHER,
)
CHANNELS = {
    Channel.PORTAL: N_("门户申请"),
    Channel.CARD: N_("扫医生名片"),
    Channel.INVITATION: N_("医生邀请"),
    Channel.AGENT: N_("代签"),
    Channel.WECHAT_SHARE: N_("微信分享"),
    Channel.ON_SITE: N_("现场签约"),
}
SIDES = {Side.RESIDENT: N_("居民"), Side.TEAM: N_("团队长")}
PROOFS = {
    ProofMethod.SMS: N_("短信验证码"),
    ProofMethod.PASSKEY: N_("通行密钥"),
    ProofMethod.ONE_TIME_CODE: N_("动态口令"),
    ProofMethod.TWO_FACTORS: N_("双重验证"),
    ProofMethod.ON_SITE: N_("现场核验身份"),
    ProofMethod.CONSOLE: N_("操作令牌"),
}
DUE = {
    Due.OVERDUE: N_("已逾期"),
    Due.TODAY: N_("今天到期"),
    Due.SOON: N_("7 天内到期"),
}
DUTIES = {
    Duty.LEADER: N_("团队长"),
    Duty.GENERAL_PRACTITIONER: N_("全科医生"),
    Duty.NURSE: N_("护士"),
    Duty.PUBLIC_HEALTH: N_("公卫医师"),
    Duty.HEALTH_MANAGER: N_("健康管理师"),
    Duty.VILLAGE_DOCTOR: N_("乡村医生"),
}
SEXES = {"male": N_("男"), "female": N_("女")}
KINDS = {
    Kind.NEW: N_("新签"),
    Kind.RENEWAL: N_("续签"),
    Kind.CHANGE_TEAM: N_("换团队"),
    Kind.CHANGE_PACK: N_("换服务包"),
}
REFUND_RULES = {
    RefundRule.COOLING_OFF: N_("签约后的冷静期内，个人部分全额退还，不问原因。"),
    RefundRule.NOT_BEGUN: N_("服务还没有开始，个人部分全额退还。"),
    RefundRule.TEAM_FAILED: N_("团队没有履行协议，个人部分全额退还。"),
    RefundRule.UNPERFORMED: N_("按没有做的服务在全部服务里的价格占比退还，不足一分的按一分。"),
}
SUBJECTS = {
    Subject.NOT_SERVED: N_("签了约没有得到服务"),
    Subject.CHARGED_WRONGLY: N_("收费不对"),
    Subject.ENDED_AGAINST_WILL: N_("不同意被解约"),
}
DISPUTES = {
    DisputeState.OPEN: (N_("等团队答复"), "warn"),
    DisputeState.ANSWERED: (N_("团队已答复，等裁定"), "info"),
    DisputeState.UNANSWERED: (N_("团队没有按时答复，等裁定"), "bad"),
    DisputeState.ESCALATED: (N_("逾期未裁定，已交上级"), "bad"),
    DisputeState.WITHDRAWN: (N_("已撤回"), "calm"),
    DisputeState.UPHELD: (N_("异议成立"), "good"),
    DisputeState.DISMISSED: (N_("异议不成立"), "calm"),
}
RULE_FIELDS = {
    "capacity_per_doctor": N_("每名家庭医生最多签约人数"),
    "term_years": N_("通常期限（年）"),
    "term_years_max": N_("最长期限（年）"),
    "answer_days": N_("团队答复期限（天）"),
    "confirm_days": N_("居民确认期限（天）"),
    "expiring_days": N_("到期前提醒并可续签（天）"),
    "cooling_off_days": N_("冷静期（天）"),
    "dispute_answer_days": N_("团队答复异议期限（天）"),
    "dispute_decide_days": N_("管理员裁定异议期限（天）"),
    "dispute_remind_days": N_("裁定到期前提醒（天）"),
    "dispute_escalate_days": N_("逾期后上级裁定期限（天）"),
    "bought_wait_days": N_("到期后另购服务包等新团队（天）"),
    "bought_remind_days": N_("自动退回前提醒（天）"),
    "silent_days": N_("多少天没有联系算久未联系（天）"),
    "service_record_days": N_("服务后多少天内登记（天）"),
    "estimate": N_("数值待核实"),
    "transfer_answer_days": N_("接收团队答复移交期限（天）"),
    "transfer_consent_days": N_("居民答复移交期限（天）"),
    "transfer_reach": N_("居民可以移交给"),
}
REACHES = {
    Reach.INSTITUTION: N_("同一机构的其他团队"),
    Reach.REGION: N_("全区域的其他团队"),
}

WHOSE = {
    Whose.TEAM: N_("全团队"),
    Whose.MINE: N_("我负责的"),
    Whose.STAND_IN: N_("我代班的"),
}
