"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "payments:open": N_("发起支付"),
        "payments:read": N_("查看支付"),
        "payments:read-refund": N_("查看退款"),
        "payments:approve-refund": N_("核准退款"),
        "payments:pay-out-refund": N_("在窗口付退款"),
    },
    policies={
        "payments.kin": N_("可以替居民付款的人，可以为其支付"),
        "payments.own-refund": N_("可以查看退给自己的款项"),
        "payments.kin-refund": N_("可以替居民付款的人，可以查看其退款"),
        "payments.approve-refund": N_("管理员核准本机构的退款，但不能核准退给自己的"),
        "payments.pay-out-refund": N_("管理员和挂号员在窗口付本机构的退款，但不能付给自己"),
        "payments.own": N_("实名认证后，可以为自己支付"),
    },
)
