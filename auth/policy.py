"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "auth:list-accounts": N_("查看账号列表"),
        "auth:read-account": N_("查看账号和它的角色"),
        "auth:create-account": N_("开通账号"),
        "auth:change-account": N_("修改账号的姓名和登录名"),
        "auth:disable-account": N_("停用或恢复账号"),
        "auth:reset-password": N_("重设初始密码"),
        "auth:grant-role": N_("授予角色"),
        "auth:end-role": N_("收回角色"),
        "auth:grant-by-roster": N_("按团队名单调整团队角色"),
        "auth:read-permissions": N_("查看谁可以做什么"),
        "auth:end-sessions": N_("让一个人退出所有登录"),
        "auth:reset-factors": N_("和另一位安全管理员一起重置工作人员的第二步验证"),
        "auth:sign-in-to-application": N_("用本账号登录其他应用"),
        "auth:consent-to-application": N_("同意其他应用知道自己是谁"),
        "auth:read-claims": N_("把同意提供的身份信息交给其他应用"),
        "auth:withdraw-from-application": N_("撤回对其他应用的同意"),
        "auth:step-up": N_("再次确认是本人"),
        "auth:read-own-security": N_("查看自己的登录与安全设置"),
        "auth:change-own-password": N_("修改自己的密码"),
        "auth:change-own-phone": N_("更换自己的手机号"),
        "auth:add-own-factor": N_("为自己添加验证方式"),
        "auth:remove-own-factor": N_("移除自己的验证方式"),
        "auth:end-own-session": N_("退出自己在其他设备上的登录"),
        "auth:list-recoveries": N_("查看找回账号的申请"),
        "auth:begin-recovery": N_("受理找回账号的申请"),
        "auth:confirm-recovery": N_("复核找回账号的申请"),
        "auth:withdraw-recovery": N_("撤销找回账号的申请"),
        "auth:review-recovery": N_("复核原号码对找回账号的阻止"),
        "auth:list-managed-applications": N_("查看登记的应用"),
        "auth:read-application": N_("查看一个应用的登记信息和使用情况"),
        "auth:register-application": N_("登记应用"),
        "auth:change-application": N_("修改应用，更换密钥"),
        "auth:disable-application": N_("停用或恢复应用"),
        "auth:administer-upstream": N_("管理其他单位的登录入口"),
        "auth:read-identities": N_("查看连接的其他单位账号"),
        "auth:link-identity": N_("连接其他单位的账号"),
        "auth:unlink-identity": N_("取消连接其他单位的账号"),
        "auth:list-wechat": N_("查看绑定的微信"),
        "auth:bind-wechat": N_("绑定微信"),
        "auth:unbind-wechat": N_("解除微信绑定"),
        "auth:sign-in": N_("登录"),
        "auth:sign-out": N_("退出登录"),
    },
    policies={
        "core.step-up": N_("办理前要再确认一次是本人"),
        "auth.oversee-accounts": N_("管理员和安全管理员可以查看所管单位内的账号和权限"),
        "auth.administer-account": N_("管理员可以开通和管理所管单位内的账号"),
        "auth.guards-are-out-of-reach": N_(
            "安全管理员和审计员的账号不由管理员处理，请联系上级单位的安全管理员。"
        ),
        "auth.look-after-guards": N_("安全管理员可以处理其他安全管理员和审计员的账号"),
        "auth.end-sessions": N_("安全管理员可以让所管单位内的人退出所有登录"),
        "auth.grant-service-role": N_("管理员可以在所管单位内授予和收回业务角色"),
        "auth.grant-duty": N_(
            "安全管理员可以在所管单位内授予和收回管理员、安全管理员、审计员的角色"
        ),
        "auth.grant-by-roster": N_("管理员调整团队名单时，团队角色随之变化"),
        "auth.not-to-oneself": N_(
            "不能给自己授予或收回角色，也不能停用自己的账号、重设自己的密码。请由另一个人办理。"
        ),
        "auth.no-password-for-a-resident": N_("居民用手机验证码登录，别人不能为其设置密码。"),
        "auth.own-account": N_("每个人自己管理本账号的登录与安全"),
        "auth.desk": N_("挂号员和管理员可以在所管单位内帮人找回账号"),
        "auth.not-for-oneself": N_("不能为自己办理找回账号，请由另外两位工作人员办理。"),
        "auth.two-persons": N_("受理和复核要由两位不同的工作人员办理。"),
        "auth.weigh-an-objection": N_("原号码的阻止由不经手窗口的安全管理员复核"),
        "auth.three-persons": N_("复核阻止的人不能是核对过证件的两位工作人员。"),
        "auth.not-in-one-hand": N_(
            "两个账号中一个的密码由另一个开通或重设，不能一起受理和复核。请由另一位工作人员复核。"
        ),
        "auth.administer-application": N_("管理员登记和管理所管单位内的应用"),
        "auth.administer-upstream": N_("全市的管理员管理其他单位的登录入口"),
        "auth.own-identities": N_("每个人自己决定连接哪些其他单位的账号"),
        "auth.own-wechat": N_("每个人自己决定账号绑定哪个微信"),
        "auth.own-applications": N_("每个人自己决定哪个应用可以知道自己是谁"),
    },
)
