"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "appointments:book": N_("预约挂号"),
        "appointments:read-booking": N_("查看预约"),
        "appointments:cancel-booking": N_("取消预约"),
        "appointments:read-day-list": N_("查看机构的每日预约"),
        "appointments:refer-up": N_("向上级医院转诊"),
        "appointments:refer-down": N_("向基层下转"),
        "appointments:read-referrals": N_("查看本单位的转诊列表"),
        "appointments:read-referral": N_("查看转诊"),
        "appointments:read-referral-clinical": N_("查看转诊的病情资料"),
        "appointments:decide-referral": N_("答复收到的转诊"),
        "appointments:follow-referral": N_("跟进发出的转诊"),
        "appointments:refuse-referral": N_("谢绝转诊"),
    },
    policies={
        "appointments.book-own": N_("实名认证后，可以为自己预约"),
        "appointments.book-family": N_("实名认证后，可以为自己代办的家人预约"),
        "appointments.book-care": N_("签约团队可以用预留号为签约居民预约"),
        "appointments.book-desk": N_("挂号员可以用现场号和老年电话号为人预约"),
        "appointments.own": N_("可以查看和取消自己的预约"),
        "appointments.family": N_("可以查看和取消自己代办的家人的预约"),
        "appointments.care": N_("签约团队可以查看和取消签约居民的预约"),
        "appointments.desk": N_("挂号员可以查看和取消本机构的预约"),
        "appointments.refer-up": N_("签约团队可以为签约居民向上转诊"),
        "appointments.refer-down": N_("挂号员可以把本机构的患者转回基层"),
        "appointments.referral-own": N_("可以查看和谢绝自己的转诊"),
        "appointments.referral-family": N_("可以查看和谢绝自己代办的家人的转诊"),
        "appointments.referral-sender": N_("转出的一方可以查看和跟进自己发出的转诊"),
        "appointments.referral-receiver": N_("接收的一方可以查看和答复收到的转诊"),
        "appointments.referral-lists": N_("团队和挂号员可以查看本单位收发的转诊"),
    },
)
