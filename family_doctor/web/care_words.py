"""What results, excuses, events and plans are called on the screens, in keys of the catalogue."""

from core.messages import N_
from family_doctor.schemas import EventKind, ExcuseReason, Origin, PlanTerm

RESULTS = {
    "controlled": N_("控制满意"),
    "uncontrolled": N_("控制不满意"),
    "adverse": N_("药物不良反应"),
    "complication": N_("并发症"),
    "stable": N_("病情稳定"),
    "fairly_stable": N_("基本稳定"),
    "unstable": N_("不稳定"),
    "done": N_("已完成"),
    "normal": N_("未见异常"),
    "abnormal": N_("有异常"),
}
TONES = {
    "controlled": "good",
    "stable": "good",
    "done": "good",
    "normal": "good",
    "abnormal": "warn",
    "fairly_stable": "warn",
    "uncontrolled": "warn",
    "adverse": "warn",
    "complication": "bad",
    "unstable": "bad",
}
# What a result means to the resident.
PLAIN = {
    "controlled": N_("这次控制得不错，请按现在的办法继续。"),
    "uncontrolled": N_("这次还没有达到目标，团队会调整办法，请按约定的时间再来。"),
    "adverse": N_("您用药后有不舒服的反应，团队会调整用药，请按约定的时间再来。"),
    "complication": N_("有新的情况需要进一步检查，请按团队的建议到医院就诊。"),
    "stable": N_("目前情况稳定，请按时服药。"),
    "fairly_stable": N_("情况基本稳定，还需要多观察，请按约定的时间再来。"),
    "unstable": N_("需要尽快得到专科帮助，团队会与您和家人联系。"),
    "done": N_("这次检查已完成，结果列在下面。"),
    "normal": N_("这次没有发现异常，请按约定的时间再来。"),
    "abnormal": N_("这次有需要留意的地方，请按团队的建议办，按约定的时间再来。"),
}
EXCUSES = {
    ExcuseReason.REFUSED: N_("居民不需要"),
    ExcuseReason.IN_HOSPITAL: N_("正在住院"),
    ExcuseReason.AWAY: N_("外出不在本地"),
    ExcuseReason.OTHER: N_("其他原因"),
    ExcuseReason.GROUP_LOST: N_("不再属于这一人群"),
    ExcuseReason.NORM_CHANGED: N_("随访规范有变化"),
    ExcuseReason.SUPERSEDED: N_("已由后来的随访代替"),
    ExcuseReason.PLAN_ENDED: N_("计划已提前结束"),
}
SAID_BY_TEAM = (
    ExcuseReason.REFUSED,
    ExcuseReason.IN_HOSPITAL,
    ExcuseReason.AWAY,
    ExcuseReason.OTHER,
)
EVENTS = {
    EventKind.EXPECTED_BIRTH: N_("预产期"),
    EventKind.BIRTH: N_("分娩"),
    EventKind.DISCHARGE: N_("出院"),
    EventKind.TB_NOTICE: N_("接到肺结核通知"),
}
TERMS = {
    PlanTerm.LONG: N_("长期"),
    PlanTerm.SHORT: N_("短期"),
    PlanTerm.AFTER_DISCHARGE: N_("出院后"),
}
KINDS = {
    Origin.PACK: N_("服务包"),
    Origin.NORM: N_("随访规范"),
    Origin.PLAN: N_("团队计划"),
}
