"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "gov_stats:read": N_("查看统计"),
        "gov_stats:export": N_("导出统计"),
    },
    policies={
        "gov_stats.analyst": N_("统计分析员可以查看和导出所在区划的统计，不含个人信息"),
        "gov_stats.administrator": N_("管理员可以查看和导出所管单位的统计，不含个人信息"),
    },
)
