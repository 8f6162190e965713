"""What the notifications room does about other rooms' facts."""

from sqlalchemy.orm import Session

from auth.events import NoticeDue
from auth.public import find_due_notice
from auth.schemas import NoticeKind
from core import jobs
from core.messages import N_
from notifications.services import notify

SEND = "notifications.jobs.send_account_notice"
SECURITY_PAGE = "/auth/security"
SENTENCES = {
    NoticeKind.NEW_DEVICE: N_("您的账号刚在一台新设备上登录。不是您本人，请退出它并更换密码。"),
    NoticeKind.PASSWORD_CHANGED: N_("您的密码已更换，其他设备上的登录已退出。"),
    NoticeKind.PHONE_CHANGED: N_("您的手机号已更换，其他设备上的登录已退出。"),
    NoticeKind.FACTOR_ADDED: N_("您的账号添加了一种登录验证方式。"),
    NoticeKind.FACTOR_REMOVED: N_("您的账号移除了一种登录验证方式。"),
    NoticeKind.RECOVERY_BEGUN: N_("有人凭身份证在机构申请更换您的手机号。不是您本人，请立即阻止。"),
    NoticeKind.RECOVERED: N_("您的手机号已在机构更换完成。"),
}
# What must reach the phone, also where the portal's messages are read: somebody else may read them.
ALWAYS_BY_SMS = {
    NoticeKind.PHONE_CHANGED,
    NoticeKind.FACTOR_REMOVED,
    NoticeKind.RECOVERY_BEGUN,
    NoticeKind.RECOVERED,
}


def tell_owner(session: Session, event: NoticeDue) -> None:
    """Leave a message for the person, and queue an SMS where there is none or it matters more."""
    notice = find_due_notice(session, event.notice_id)
    if notice is None:
        return
    if notice.person_id is not None:
        link = notice.link or SECURITY_PAGE
        notify(session, notice.person_id, SENTENCES[notice.kind], {}, link)
    if notice.phone and (notice.person_id is None or notice.kind in ALWAYS_BY_SMS):
        jobs.defer_by_name(session, SEND, notice_id=str(notice.id))
