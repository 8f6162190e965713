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
        "family_doctor:renew": N_("续签"),
        "family_doctor:change": N_("更换团队或服务包"),
        "family_doctor:open-dispute": N_("对签约提出异议"),
        "family_doctor:read-dispute": N_("查看签约异议"),
        "family_doctor:answer-dispute": N_("答复签约异议"),
        "family_doctor:decide-dispute": N_("裁定签约异议"),
        "family_doctor:read-rules": N_("查看签约规则"),
        "family_doctor:change-rules": N_("修改签约规则"),
        "family_doctor:issue-card": N_("制作自己的医生名片"),
        "family_doctor:revoke-card": N_("停用医生名片"),
        "family_doctor:invite": N_("邀请居民签约"),
        "family_doctor:read-ways": N_("查看团队的名片、邀请和各种签约方式的数字"),
        "family_doctor:read-shares": N_("查看团队分享带来的数字"),
        "family_doctor:share": N_("分享团队主页"),
        "family_doctor:apply-present": N_("为在场的居民申请签约"),
    },
    policies={
        "family_doctor.own_signing": N_("实名认证后，可以为自己签约、续签和更换"),
        "family_doctor.own": N_("可以查看、撤回和解除自己的签约"),
        "family_doctor.team": N_("团队成员可以查看本团队的签约和居民"),
        "family_doctor.leader": N_("团队长可以受理和解除本团队的签约"),
        "family_doctor.own_dispute": N_("可以对自己的签约提出异议"),
        "family_doctor.team_dispute": N_("团队成员可以查看对本团队的异议"),
        "family_doctor.leader_dispute": N_("团队长可以答复对本团队的异议"),
        "family_doctor.decide_dispute": N_("管理员可以裁定本单位的签约异议，本人的除外"),
        "family_doctor.rules": N_("管理员可以查看和修改本单位的签约规则"),
        "family_doctor.kin": N_("可以为其代办的家人，可以代为申请签约、查看和撤回"),
        "family_doctor.team_ways": N_("团队成员可以制作名片、邀请居民、分享主页、为在场的居民申请"),
        "family_doctor.leader_ways": N_("团队长可以停用本团队的名片，看分享带来的数字"),
        "family_doctor.own_card": N_("可以停用自己的名片"),
        "family_doctor.share": N_("实名认证后，可以分享团队主页"),
    },
)
