"""What the ways of signing are called on the screens; catalogue keys and tones of badges."""

from core.messages import N_
from family_doctor.schemas import Evidence, Flaw, InvitationState, LinkState, PresenceState

INVITATIONS = {
    InvitationState.QUEUED: N_("待发送"),
    InvitationState.SENT: N_("已发送"),
    InvitationState.OPENED: N_("已打开"),
    InvitationState.APPLIED: N_("已申请"),
    InvitationState.SIGNED: N_("已签约"),
    InvitationState.REFUSED: N_("已谢绝"),
    InvitationState.EXPIRED: N_("已过期"),
}
INVITATION_TONES = {
    InvitationState.OPENED: "info",
    InvitationState.APPLIED: "info",
    InvitationState.SIGNED: "good",
    InvitationState.REFUSED: "warn",
}
LINKS = {
    LinkState.VALID: N_("可用"),
    LinkState.EXPIRED: N_("已过期"),
    LinkState.REVOKED: N_("已停用"),
    LinkState.REFUSED: N_("已谢绝"),
}
FLAWS = {
    Flaw.BAD_NUMBER: N_("没有读到一个 11 位手机号，或有多个号码。"),
    Flaw.REPEATED: N_("和前面的号码重复。"),
    Flaw.STOPPED: N_("机主不接收签约邀请。"),
    Flaw.INVITED_LATELY: N_("最近已经邀请过，过一段时间才能再邀请。"),
    Flaw.ALREADY_SIGNED: N_("已经是本团队的签约居民。"),
    Flaw.DAY_FULL: N_("今天的邀请数量已到上限，请明天再发。"),
}
EVIDENCE = {
    Evidence.ID_CARD: N_("已核对本人身份证"),
    Evidence.HOUSEHOLD_BOOK: N_("已核对户口簿"),
    Evidence.AUTHORISATION: N_("书面委托书"),
}
PRESENCES = {
    PresenceState.BEGUN: N_("等工作人员准备协议"),
    PresenceState.PREPARED: N_("等居民签名"),
    PresenceState.SIGNED: N_("等工作人员见证"),
    PresenceState.DONE: N_("已签好"),
}
RULE_FIELDS = {
    "card_days": N_("医生名片的有效期（天）"),
    "invitation_days": N_("邀请的有效期（天）"),
    "share_days": N_("分享链接的有效期（天）"),
    "invite_again_days": N_("同一号码多久可以再邀请（天）"),
    "invitations_per_day": N_("每个团队每天最多邀请（人）"),
    "checks_per_day": N_("每名工作人员每天最多核对身份（次）"),
    "present_minutes": N_("居民在设备上签名的时限（分钟）"),
    "visit_days": N_("下乡签约的有效期（天）"),
    "visit_sync_days": N_("下乡签约过期后还可同步（天）"),
    "visit_residents": N_("一次下乡签约最多列出（人）"),
    "estimate": N_("数值待核实"),
}
