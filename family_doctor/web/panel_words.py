"""What the panel's filters and standings are called, in keys of the catalogue."""

from core.messages import N_
from family_doctor.schemas import PanelSort, Standing

# Words and tone.
STANDINGS = {
    Standing.LATE: (N_("有逾期"), "warn"),
    Standing.AT_RISK: (N_("有风险"), "bad"),
    Standing.DUE: (N_("7 天内要做"), "info"),
    Standing.SILENT: (N_("久未联系"), "warn"),
    Standing.NEW: (N_("新签约"), "good"),
    Standing.ENDING: (N_("即将到期"), "warn"),
}
MEANINGS = {
    Standing.LATE: N_("有服务过了最晚的日期还没有做。"),
    Standing.AT_RISK: N_("最近一次随访控制不满意、不稳定，或有危急情况。"),
    Standing.DUE: N_("7 天内有服务要做。"),
    Standing.SILENT: N_("签约和最近一次服务都已过了规定的天数。"),
    Standing.NEW: N_("30 天内新签约的居民，不含续签。"),
    Standing.ENDING: N_("签约快到期，可以提醒续签。"),
}
SORTS = {
    PanelSort.NAME: N_("按姓名"),
    PanelSort.DUE: N_("最急的在前"),
    PanelSort.END: N_("签约先到期的在前"),
    PanelSort.AGE: N_("年龄大的在前"),
}
# The filters that are offered as a choice of values, in this order.
CHOICES = {
    "group": N_("人群"),
    "village": N_("村屯"),
    "pack": N_("签约服务包"),
    "sex": N_("性别"),
}
