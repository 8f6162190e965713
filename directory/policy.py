"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "directory:administer": N_("查看要管理的组织架构"),
        "directory:read-history": N_("查看变更记录"),
        "directory:create-institution": N_("新建机构"),
        "directory:change-institution": N_("修改机构资料"),
        "directory:disable-institution": N_("停用或恢复机构"),
        "directory:create-department": N_("新建院内科室"),
        "directory:change-department": N_("修改院内科室"),
        "directory:disable-department": N_("停用或恢复院内科室"),
        "directory:create-staff": N_("登记人员"),
        "directory:change-staff": N_("修改人员资料"),
        "directory:disable-staff": N_("停用或恢复人员"),
        "directory:create-team": N_("新建团队"),
        "directory:change-team": N_("修改团队和它的名单"),
        "directory:disable-team": N_("停用或恢复团队"),
    },
    policies={
        "directory.administer": N_("管理员可以查看所管单位的组织架构"),
        "directory.decide-on-institutions": N_("区划的管理员决定机构的设立和停用"),
        "directory.change-own-units": N_("管理员可以维护所管单位的机构、科室、人员和团队"),
    },
)
