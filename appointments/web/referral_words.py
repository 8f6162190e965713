"""What states, steps and ways of referrals are called on the screens; catalogue keys and tones."""

from appointments.referral_states import ReferralState, ReferralStep
from appointments.schemas import Direction, ReferralFilter, Urgency
from core.messages import N_

DIRECTIONS = {Direction.UP: N_("上转"), Direction.DOWN: N_("下转")}
URGENCIES = {
    Urgency.ROUTINE: N_("一般"),
    Urgency.URGENT: N_("加急"),
    Urgency.EMERGENCY: N_("危急"),
}
URGENCY_TONES = {Urgency.URGENT: "warn", Urgency.EMERGENCY: "bad"}
STATES = {
    ReferralState.SENT: N_("待接收"),
    ReferralState.ASKED: N_("待转出方回答"),
    ReferralState.ANSWERED: N_("已回答，待接收"),
    ReferralState.PROPOSED: N_("建议改到别处"),
    ReferralState.ACCEPTED: N_("已接收"),
    ReferralState.UNBOOKED: N_("待另约"),
    ReferralState.ARRIVED: N_("患者已到"),
    ReferralState.CLOSED: N_("已完成"),
    ReferralState.MISSED: N_("患者未到"),
    ReferralState.DECLINED: N_("未接收"),
    ReferralState.WITHDRAWN: N_("已撤回"),
    ReferralState.REFUSED: N_("患者谢绝"),
    ReferralState.LAPSED: N_("过期未答复"),
}
TONES = {
    ReferralState.SENT: "info",
    ReferralState.ASKED: "warn",
    ReferralState.ANSWERED: "info",
    ReferralState.PROPOSED: "warn",
    ReferralState.ACCEPTED: "good",
    ReferralState.UNBOOKED: "warn",
    ReferralState.ARRIVED: "good",
    ReferralState.CLOSED: "good",
    ReferralState.MISSED: "warn",
    ReferralState.DECLINED: "bad",
    ReferralState.LAPSED: "bad",
}
# The same for the patient, in plain words.
PLAIN = {
    ReferralState.SENT: N_("等待对方答复"),
    ReferralState.ASKED: N_("等待对方答复"),
    ReferralState.ANSWERED: N_("等待对方答复"),
    ReferralState.PROPOSED: N_("医生正在商量换个地方看"),
    ReferralState.ACCEPTED: N_("对方已接收，请按时前往"),
    ReferralState.UNBOOKED: N_("约好的时间没有了，对方会另外安排"),
    ReferralState.ARRIVED: N_("您已到诊"),
    ReferralState.CLOSED: N_("已完成"),
    ReferralState.MISSED: N_("没有到诊"),
    ReferralState.DECLINED: N_("对方暂不能接收，医生会与您商量"),
    ReferralState.WITHDRAWN: N_("医生已撤回"),
    ReferralState.REFUSED: N_("您已谢绝"),
    ReferralState.LAPSED: N_("对方没有按时答复，医生会与您商量"),
}
SENT = N_("发起转诊")
STEPS = {
    ReferralStep.ASK: N_("提出问题"),
    ReferralStep.ACCEPT: N_("接收"),
    ReferralStep.PROPOSE: N_("建议改到别处"),
    ReferralStep.DECLINE: N_("不接收"),
    ReferralStep.PLACE: N_("改约时间"),
    ReferralStep.ARRIVE: N_("患者到诊"),
    ReferralStep.MISS: N_("患者未到"),
    ReferralStep.CLOSE: N_("反馈并完成"),
    ReferralStep.ANSWER: N_("回答问题"),
    ReferralStep.AGREE: N_("同意建议"),
    ReferralStep.REDIRECT: N_("转往建议的机构"),
    ReferralStep.DISAGREE: N_("不同意建议"),
    ReferralStep.WITHDRAW: N_("撤回"),
    ReferralStep.REFUSE: N_("患者谢绝"),
    ReferralStep.LAPSE: N_("过期失效"),
    ReferralStep.LOSE: N_("约好的就诊已取消"),
    ReferralStep.MOVE: N_("改了就诊时间"),
}
# What is said right after a step.
DONE = {
    ReferralStep.ASK: N_("问题已发给转出方。"),
    ReferralStep.ACCEPT: N_("已接收，转出方和患者会收到消息。"),
    ReferralStep.PROPOSE: N_("建议已发给转出方，由对方决定。"),
    ReferralStep.DECLINE: N_("已答复不接收，为患者保留的号已退回。"),
    ReferralStep.PLACE: N_("已为患者改约。"),
    ReferralStep.ARRIVE: N_("已记录患者到诊。"),
    ReferralStep.MISS: N_("已记录患者未到。"),
    ReferralStep.CLOSE: N_("反馈已发给转出方，这份转诊完成了。"),
    ReferralStep.ANSWER: N_("回答已发给对方。"),
    ReferralStep.AGREE: N_("已按建议办理。"),
    ReferralStep.DISAGREE: N_("已告诉对方不同意，请等对方再决定。"),
    ReferralStep.WITHDRAW: N_("转诊已撤回，为患者保留的号已退回。"),
    ReferralStep.REFUSE: N_("已谢绝这次转诊，为您保留的号已退回。"),
}
PARTS = {
    None: N_("全部"),
    ReferralFilter.NEW: N_("待处理"),
    ReferralFilter.DUE: N_("即将到期"),
    ReferralFilter.ASKED: N_("待对方回复"),
    ReferralFilter.DECIDED: N_("已办结"),
}
# Seen from the sending side the same parts wait for the other one.
SENT_PARTS = {
    **PARTS,
    ReferralFilter.NEW: N_("等待对方"),
    ReferralFilter.ASKED: N_("待我处理"),
}
