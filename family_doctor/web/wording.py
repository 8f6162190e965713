"""What states, reasons and ways are called on the screens; catalogue keys and tones of badges."""

from core.messages import N_
from directory.schemas import Duty
from family_doctor.schemas import Channel, Due, EndReason, ProofMethod, Side
from family_doctor.states import State

STATES = {
    State.APPLIED: N_("待团队受理"),
    State.PENDING_SIGNATURE: N_("待居民确认"),
    State.ACTIVE: N_("签约中"),
    State.EXPIRING: N_("即将到期"),
    State.REJECTED: N_("未通过"),
    State.CANCELLED: N_("已撤销"),
    State.EXPIRED: N_("已到期"),
    State.TERMINATED: N_("已解约"),
}
TONES = {
    State.APPLIED: "info",
    State.PENDING_SIGNATURE: "warn",
    State.ACTIVE: "good",
    State.EXPIRING: "warn",
}
REASONS = {
    EndReason.REJECTED: N_("团队没有同意"),
    EndReason.WITHDRAWN: N_("居民撤回"),
    EndReason.NOT_ANSWERED: N_("团队 7 天内没有答复，自动撤销"),
    EndReason.NOT_SIGNED: N_("居民 3 天内没有确认，自动撤销"),
    EndReason.EXPIRED: N_("期满"),
    EndReason.LOST_CONTACT: N_("失去联系"),
    EndReason.MOVED: N_("迁出本地"),
    EndReason.DECEASED: N_("去世"),
    EndReason.OWN_WISH: N_("本人要求"),
    EndReason.CHANGED_TEAM: N_("改签其他团队"),
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
    Channel.AGENT: N_("家人代签"),
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
