"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "payments:open": N_("发起支付"),
        "payments:read": N_("查看支付"),
    },
    policies={
        "payments.kin": N_("可以替居民付款的人，可以为其支付"),
        "payments.own": N_("实名认证后，可以为自己支付"),
    },
)
