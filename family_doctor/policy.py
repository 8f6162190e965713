"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "family_doctor:apply": N_("申请家庭医生签约"),
        "family_doctor:read-contract": N_("查看签约"),
        "family_doctor:decide": N_("受理签约申请"),
        "family_doctor:sign": N_("确认签约协议"),
        "family_doctor:cancel": N_("撤回签约申请"),
        "family_doctor:terminate": N_("解除签约"),
        "family_doctor:read-panel": N_("查看团队的签约居民"),
        "family_doctor:administer-texts": N_("编写和发布签约协议文本"),
        "family_doctor:keep-signature": N_("留存签约用的签名"),
    },
    policies={
        "family_doctor.own_signing": N_("实名认证后，可以为自己签约"),
        "family_doctor.own": N_("可以查看、撤回和解除自己的签约"),
        "family_doctor.team": N_("团队成员可以查看本团队的签约和居民"),
        "family_doctor.leader": N_("团队长可以受理和解除本团队的签约"),
        "family_doctor.administer-texts": N_("全区域的管理员可以编写和发布协议文本"),
        "family_doctor.keep-signature": N_("团队长可以留存自己的签名"),
    },
)
