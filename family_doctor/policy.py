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
        "family_doctor:read-norms": N_("查看随访规范"),
        "family_doctor:serve": N_("登记随访、说明原因、制定计划"),
        "family_doctor:manage-plans": N_("管理团队的计划模板"),
        "family_doctor:read-served": N_("查看履约指数"),
        "family_doctor:read-follow-up": N_("查看随访结果"),
    },
    policies={
        "family_doctor.own_signing": N_("实名认证后，可以为自己签约"),
        "family_doctor.own": N_("可以查看、撤回和解除自己的签约"),
        "family_doctor.team": N_("团队成员可以查看本团队的签约和居民"),
        "family_doctor.leader": N_("团队长可以受理和解除本团队的签约"),
        "family_doctor.norms": N_("管理员可以查看本地的随访规范和来源"),
        "family_doctor.serve": N_("团队成员为本团队的居民登记随访、安排计划，但不能为自己登记"),
        "family_doctor.team_plans": N_("团队成员可以管理本团队的计划模板"),
        "family_doctor.served": N_("团队看自己的履约指数，管理员看所辖机构的"),
        "family_doctor.follow_up": N_("居民本人和签约团队可以查看随访结果"),
    },
)
