"""What the states of a request to renew, and what stands in its way, are called on the screens."""

from core.messages import N_
from family_doctor.schemas import Decision, Hurdle, RefillState

STATES = {
    RefillState.WAITING: (N_("等医生答复"), "info"),
    RefillState.ESCALATED: (N_("已转团队长"), "warn"),
    RefillState.RENEWED: (N_("同意续开"), "good"),
    RefillState.CHANGED: (N_("调整后续开"), "good"),
    RefillState.REFUSED: (N_("没有同意"), "bad"),
    RefillState.VISIT: (N_("请来面诊"), "warn"),
    RefillState.EXPIRED: (N_("到期未答复"), "bad"),
    RefillState.WITHDRAWN: (N_("已撤回"), "calm"),
}
# (what stands in the way, what to do about it)
HURDLES = {
    Hurdle.WAITING: (N_("已经申请，等医生答复"), ""),
    Hurdle.NO_CONTRACT: (N_("还没有签约家庭医生"), N_("签约生效后就可以申请。")),
    Hurdle.NO_RULE: (N_("本地还没有开通网上续方"), N_("请到门诊开药。")),
    Hurdle.DRUG_CLASS: (N_("这一类药按规定不能续方"), N_("请到门诊，由医生当面开具。")),
    Hurdle.EMERGENCY: (N_("最近的随访结果危急"), N_("请先就诊，团队处理以后才能续方。")),
    Hurdle.NO_FOLLOW_UP: (N_("还没有这种病的随访记录"), N_("请先约一次随访。")),
    Hurdle.OLD_FOLLOW_UP: (N_("上次随访过去太久了"), N_("请先约一次随访。")),
    Hurdle.NOT_IN_CONTROL: (N_("最近一次随访还没有控制好"), N_("请先就诊，由医生调整用药。")),
    Hurdle.TOO_EARLY: (N_("手里的药还够用"), N_("快用完时再申请。")),
}
# Those that a visit to the team removes.
VISIT = frozenset(
    {
        Hurdle.DRUG_CLASS,
        Hurdle.EMERGENCY,
        Hurdle.NO_FOLLOW_UP,
        Hurdle.OLD_FOLLOW_UP,
        Hurdle.NOT_IN_CONTROL,
        Hurdle.NO_RULE,
    }
)
DECISIONS = {
    Decision.RENEW: (N_("同意续开"), N_("照原来的用法，写明开多少天")),
    Decision.CHANGE: (N_("调整后续开"), N_("写明新的用法和天数")),
    Decision.REFUSE: (N_("不同意"), N_("写明原因，居民会看到")),
    Decision.VISIT: (N_("请来面诊"), N_("居民会看到预约的入口")),
}
