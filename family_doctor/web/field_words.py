"""What visits and their entries are called on the screens; catalogue keys and tones of badges."""

from core.messages import N_
from family_doctor.schemas import Evidence, Outcome, VisitState

STATES = {
    VisitState.PREPARED: (N_("等团队长授权"), "warn"),
    VisitState.AUTHORISED: (N_("可以载入平板"), "info"),
    VisitState.LOADED: (N_("已载入平板"), "info"),
    VisitState.CLOSED: (N_("已同步完"), "good"),
    VisitState.CANCELLED: (N_("已作废"), "calm"),
    VisitState.EXPIRED: (N_("已过期"), "calm"),
}
OUTCOMES = {
    Outcome.SIGNED: (N_("已签约"), "good"),
    Outcome.ALREADY_SIGNED: (N_("已经有签约或申请"), "warn"),
    Outcome.OVER_CAPACITY: (N_("团队名额已满"), "warn"),
    Outcome.TEAM_CLOSED: (N_("团队已停止签约"), "warn"),
    Outcome.IDENTITY_MISMATCH: (N_("身份对不上"), "bad"),
    Outcome.TEXT_WITHDRAWN: (N_("协议或服务包已换新"), "warn"),
    Outcome.MINOR: (N_("未满 18 岁，须家长代签"), "warn"),
    Outcome.NOT_REPRESENTED: (N_("代签的人现在不能代签"), "warn"),
    Outcome.RENEWAL_CHANGED: (N_("原签约有了变化，不能续签"), "warn"),
    Outcome.CLOCK_WRONG: (N_("平板时间不对"), "bad"),
    Outcome.UNREADABLE: (N_("记录不完整"), "bad"),
    Outcome.CHAIN_BROKEN: (N_("前面的记录缺了或被改过"), "bad"),
    Outcome.TRY_AGAIN: (N_("身份核验暂时没有答复"), "warn"),
}
# What to do about an entry that made no contract.
ADVICE = {
    Outcome.ALREADY_SIGNED: N_("居民想换团队的，请在原签约上办理更换。"),
    Outcome.OVER_CAPACITY: N_("请联系居民另选团队，或增加名额后到现场重签。"),
    Outcome.TEAM_CLOSED: N_("请联系居民另选团队。"),
    Outcome.IDENTITY_MISMATCH: N_("请重新核对证件，用「现场签约」再签。"),
    Outcome.TEXT_WITHDRAWN: N_("居民签的是旧文本，请用新的文本重签。"),
    Outcome.MINOR: N_("请由父母或监护人代为签约。"),
    Outcome.NOT_REPRESENTED: N_(
        "代签的授权已结束、孩子已满 18 岁，或居民有了监护人。请由现在能签的人重签。"
    ),
    Outcome.RENEWAL_CHANGED: N_("原签约已续签、更换、解约或到期。请看居民现在的签约，再办理。"),
    Outcome.CLOCK_WRONG: N_("请调准平板的时间，再到现场重签。"),
    Outcome.UNREADABLE: N_("请到现场重签。"),
}
EVIDENCE = {
    Evidence.ID_CARD: N_("居民身份证"),
    Evidence.HOUSEHOLD_BOOK: N_("户口簿"),
}
