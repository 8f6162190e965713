"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "residents:verify": N_("实名认证"),
        "residents:read-person": N_("查看居民的基本资料"),
    },
    policies={
        "residents.own": N_("可以查看自己的基本资料"),
        "residents.care": N_("签约团队可以查看所签约居民的基本资料"),
        "residents.verify": N_("还没有实名认证的人可以认证"),
    },
)
