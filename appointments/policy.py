"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "appointments:book": N_("预约挂号"),
        "appointments:read-booking": N_("查看预约"),
        "appointments:cancel-booking": N_("取消预约"),
        "appointments:read-day-list": N_("查看机构的每日预约"),
        "appointments:find-patient": N_("在窗口按姓名和身份证后四位查找就诊人"),
    },
    policies={
        "appointments.book-own": N_("实名认证后，可以为自己预约"),
        "appointments.book-family": N_("实名认证后，可以为自己代办的家人预约"),
        "appointments.book-care": N_("签约团队可以用预留号为签约居民预约"),
        "appointments.book-desk": N_("挂号员可以用现场号和老年电话号为人预约"),
        "appointments.own": N_("可以查看和取消自己的预约"),
        "appointments.family": N_("可以查看和取消自己代办的家人的预约"),
        "appointments.care": N_("签约团队可以查看和取消签约居民的预约"),
        "appointments.desk-find": N_("挂号员可以按姓名和身份证后四位查找来办理的人"),
        "appointments.desk": N_("挂号员可以查看和取消本机构的预约"),
    },
)
