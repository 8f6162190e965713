"""The room's actions and policies in plain words; policy.cedar holds the rules themselves."""

from core.messages import N_
from core.permissions import Words

WORDS = Words(
    actions={
        "appointments:book": N_("预约挂号"),
        "appointments:read-booking": N_("查看预约"),
        "appointments:cancel-booking": N_("取消预约"),
        "appointments:read-day-list": N_("查看机构的每日预约"),
        "appointments:join-queue": N_("放号时排队"),
        "appointments:read-conduct": N_("查看异常预约核查"),
        "appointments:answer-conduct": N_("对异常预约核查作说明"),
        "appointments:decide-conduct": N_("处理异常预约核查"),
        "appointments:read-conduct-rules": N_("查看异常预约规则"),
        "appointments:change-conduct-rules": N_("修改异常预约规则"),
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
        "appointments.queue-own": N_("实名认证后，可以在放号时为自己排队"),
        "appointments.conduct-own": N_("可以查看对自己账号的核查并作说明"),
        "appointments.conduct-staff": N_("挂号员和管理员可以处理本机构的异常预约核查"),
        "appointments.conduct-rules": N_("全区域的管理员可以修改异常预约规则"),
    },
)
