"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "residents:verify": N_("实名认证"),
        "residents:read-person": N_("查看居民的基本资料"),
        "residents:give-consent": N_("同意别人为自己代办"),
        "residents:read-consent": N_("查看代办授权"),
        "residents:end-consent": N_("结束代办授权"),
    },
    policies={
        "residents.own": N_("可以查看自己的基本资料"),
        "residents.care": N_("签约团队可以查看所签约居民的基本资料"),
        "residents.consent": N_("实名认证后，可以同意别人为自己代办"),
        "residents.consent-sides": N_("授权的人和代办的人都可以查看和结束代办授权"),
        "residents.verify": N_("还没有实名认证的人可以认证"),
    },
)
