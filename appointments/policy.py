"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "appointments:book": N_("预约挂号"),
        "appointments:read-booking": N_("查看预约"),
        "appointments:cancel-booking": N_("取消预约"),
        "appointments:read-day-list": N_("查看机构的每日预约"),
        "appointments:join-wait": N_("候补约满的门诊"),
        "appointments:read-wait": N_("查看候补"),
        "appointments:leave-wait": N_("退出候补"),
        "appointments:read-visits": N_("查看机构的到诊情况"),
        "appointments:mark-visit": N_("核对到诊和爽约"),
        "appointments:read-record": N_("查看爽约记录"),
        "appointments:appeal": N_("对暂停预约提出申诉"),
        "appointments:read-appeals": N_("查看爽约申诉"),
        "appointments:decide-appeal": N_("处理爽约申诉"),
        "appointments:check-in": N_("为患者报到"),
        "appointments:run-queue": N_("管理诊室的候诊队列"),
        "appointments:read-ticket": N_("查看候诊号"),
        "appointments:triage": N_("登记分诊"),
        "appointments:keep-screens": N_("管理候诊大屏"),
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
        "appointments.wait-own": N_("实名认证后，可以为自己候补"),
        "appointments.wait-family": N_("实名认证后，可以为自己代办的家人候补"),
        "appointments.own-wait": N_("可以查看和退出自己的候补"),
        "appointments.family-wait": N_("可以查看和退出自己代办的家人的候补"),
        "appointments.review": N_("挂号员可以核对本机构的到诊和爽约，处理申诉"),
        "appointments.not-of-oneself": N_("不能核对自己的到诊，也不能处理自己的申诉"),
        "appointments.own-record": N_("可以查看自己的爽约记录并申诉"),
        "appointments.family-record": N_("可以查看自己代办的家人的爽约记录并申诉"),
        "appointments.day-desk": N_("挂号员可以为本机构报到、叫号、分诊和管理候诊大屏"),
        "appointments.ticket-own": N_("可以查看自己的候诊号"),
        "appointments.ticket-family": N_("可以查看自己代办的家人的候诊号"),
    },
)
