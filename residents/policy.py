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
        "residents:change-consent": N_("更改代办授权的范围"),
        "residents:request-binding": N_("申请为家人代办"),
        "residents:read-binding": N_("查看代办申请"),
        "residents:withdraw-binding": N_("撤回代办申请"),
        "residents:check-binding": N_("核对代办申请"),
        "residents:record-binding": N_("登记双方到场的代办授权"),
        "residents:read-labels": N_("查看居民的健康标签"),
        "residents:set-label": N_("设置或结束居民的健康标签"),
        "residents:read-representatives": N_("查看谁可以为居民代办"),
        "residents:read-duplicate": N_("查看疑似重复的档案"),
        "residents:decide-duplicate": N_("判断两份档案是否同一人，合并或撤销合并"),
        "residents:read-identifiers": N_("查看居民的证件和健康档案编码"),
        "residents:record-identifier": N_("登记居民的证件"),
        "residents:find-by-identifier": N_("按证件号或健康档案编码查找居民"),
        "residents:register-person": N_("凭证件登记居民"),
        "residents:claim-paper": N_("用其他证件申请实名"),
        "residents:read-claim": N_("查看用其他证件实名的申请"),
        "residents:withdraw-claim": N_("撤回用其他证件实名的申请"),
        "residents:check-claim": N_("核对用其他证件实名的申请"),
        "residents:read-home": N_("查看住址和同住的家人"),
        "residents:declare-home": N_("申报自己的住址和家庭"),
        "residents:check-home": N_("核对证件后登记居民的住址和家庭"),
        "residents:read-household-acting": N_("查看谁在为孩子代办"),
        "residents:end-household-acting": N_("结束同住成年人为孩子代办"),
        "residents:read-phone-change": N_("查看登记手机号的更换"),
        "residents:record-phone": N_("见到本人和证件，更换登记的手机号"),
    },
    policies={
        "residents.own": N_("可以查看自己的基本资料"),
        "residents.care": N_("签约团队可以查看所签约居民的基本资料"),
        "residents.consent": N_("实名认证后，可以同意别人为自己代办"),
        "residents.consent-sides": N_("授权的人和代办的人都可以查看和结束代办授权"),
        "residents.verify": N_("还没有实名认证的人可以认证"),
        "residents.change-consent": N_("本人可以更改自己给出的代办授权"),
        "residents.request-binding": N_("实名认证后，可以申请为家人代办"),
        "residents.own-binding": N_("申请人可以查看和撤回自己的代办申请"),
        "residents.check-binding": N_(
            "机构的挂号登记员、管理员和团队长可以核对本机构的代办申请，登记到场的双方"
        ),
        "residents.not-own-binding": N_("与自己有关的代办申请要由同事核对"),
        "residents.duplicates": N_("机构的挂号登记员和管理员可以判断本地疑似重复的档案"),
        "residents.not-own-duplicate": N_("与自己有关的重复档案要由同事判断"),
        "residents.own-identifiers": N_("可以查看自己的证件和健康档案编码"),
        "residents.care-identifiers": N_(
            "签约团队和当地机构的挂号登记员、管理员可以查看和登记居民的证件"
        ),
        "residents.not-own-identifier": N_("自己的证件要由同事登记"),
        "residents.find-by-number": N_("医务人员和窗口人员可以按证件号查找本地居民"),
        "residents.claim-paper": N_("还没有实名认证的人可以用其他证件申请"),
        "residents.own-claim": N_("可以查看和撤回自己的申请"),
        "residents.register-person": N_(
            "机构的挂号登记员、管理员和团队长可以凭证件登记居民，核对本机构的证件申请"
        ),
        "residents.not-own-registration": N_("自己的证件要由同事登记和核对"),
        "residents.not-own-claim": N_("自己的申请要由同事核对"),
        "residents.own-home": N_("可以查看和申报自己的住址和家庭"),
        "residents.check-home": N_(
            "签约团队和当地机构的挂号登记员、管理员可以查看和登记居民的住址和家庭"
        ),
        "residents.not-own-home": N_("自己的住址要核对的，由同事登记"),
        "residents.read-household-acting": N_(
            "为孩子代办的人、签约团队和当地机构的窗口可以查看谁在为孩子代办"
        ),
        "residents.object-household-acting": N_(
            "父母可以反对同住成年人为孩子代办，代办的人可以自己放弃"
        ),
        "residents.end-household-acting": N_(
            "机构的挂号登记员、管理员和团队长凭证件可以结束同住成年人为孩子代办"
        ),
        "residents.not-own-household-acting": N_("自己家里的代办，要由同事凭证件结束"),
        "residents.phone-desk": N_(
            "机构的挂号登记员、管理员和团队长见到本人和证件，可以更换登记的手机号"
        ),
        "residents.not-own-phone": N_("自己登记的手机号要由同事更换"),
        "residents.care-labels": N_("签约团队可以查看、设置和结束所签约居民的健康标签"),
        "residents.care-representatives": N_("签约团队可以查看谁能为所签约的居民代办"),
    },
)
