"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "audit:answer-question": N_("答复数据访问的询问"),
        "audit:list-questions": N_("查看数据访问的询问"),
        "audit:question-access": N_("询问一次数据访问"),
        "audit:read-event": N_("查看一条访问记录"),
        "audit:read-own-events": N_("查看谁看过自己的信息"),
        "audit:read-question": N_("查看一件数据访问的询问"),
        "audit:search-events": N_("查询访问记录"),
    },
    policies={
        "audit.auditor": N_("审计员可以查本单位范围内的访问记录"),
        "audit.kin-data": N_("可以替居民看健康记录的人，可以看谁看过其信息"),
        "audit.not-in-ones-own-cause": N_("不能处理与自己有关的询问"),
        "audit.own-data": N_("每个人可以看谁看过自己的信息"),
    },
)
