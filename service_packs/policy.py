"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "service_packs:place-order": N_("订购服务包"),
        "service_packs:read-order": N_("查看服务包订单"),
        "service_packs:pay-order": N_("支付服务包订单"),
        "service_packs:cancel-order": N_("取消服务包订单"),
        "service_packs:read-entitlements": N_("查看可享受的服务"),
        "service_packs:record-service": N_("登记服务"),
        "service_packs:read-records": N_("查看服务记录"),
        "service_packs:answer-record": N_("确认服务记录或提出疑问"),
        "service_packs:answer-dispute": N_("答复居民对服务记录的异议"),
        "service_packs:read-team-records": N_("查看团队的服务记录"),
    },
    policies={
        "service_packs.own-order": N_("实名认证后，可以为自己订购服务包"),
        "service_packs.kin-order": N_("可以替居民付款的人，可以为其订购服务包"),
        "service_packs.kin-services": N_("可以替居民看健康记录的人，可以查看其享受的服务并作答"),
        "service_packs.own-services": N_("可以查看自己享受的服务并作答"),
        "service_packs.serving-team": N_("服务团队可以查看居民可享受的服务和本团队的服务记录"),
        "service_packs.record": N_("服务团队可以为居民登记服务，但不能为自己登记"),
        "service_packs.answer-dispute": N_(
            "登记服务的团队答复居民的异议，但不能答复自己提出的异议"
        ),
    },
)
