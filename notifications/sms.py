"""The one SMS client. Call it outside any transaction."""

from uuid import UUID

import requests
import structlog

from auth.schemas import NoticeKind
from core.errors import TooMany, Unavailable
from core.messages import N_
from core.settings import Settings

TIMEOUT_SECONDS = 5
SIGNATURE = "康桥"
NOTICES = {
    NoticeKind.NEW_DEVICE: "您的账号刚在一台新设备上登录。如非本人，请尽快登录并更换密码。",
    NoticeKind.PASSWORD_CHANGED: "您账号的密码已更换。如非本人，请联系本单位管理员。",
    NoticeKind.PHONE_CHANGED: "您账号的手机号已更换，本号码已失效。如非本人，请到就近机构办理。",
    NoticeKind.FACTOR_ADDED: "您的账号添加了一种登录验证方式。如非本人，请尽快登录查看。",
    NoticeKind.FACTOR_REMOVED: "您的账号移除了一种登录验证方式。如非本人，请尽快登录查看。",
    NoticeKind.RECOVERY_BEGUN: "有人在机构申请更换您账号的手机号，24 小时后生效。非本人请点 {link}",
    NoticeKind.RECOVERED: "您账号的手机号已在机构更换完成，现在可以用本号码登录。",
}
log = structlog.get_logger()


class SmsGateway:
    """Sends template messages; the template texts are registered with the provider."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send_code(self, phone: str, code: str, challenge_id: UUID) -> None:
        """Send a sign-in code; a retry sends none. Raises Unavailable or TooMany."""
        text = f"验证码 {code}，5 分钟内有效。请勿告诉他人。"
        self._send(phone, "sign_in_code", {"code": code}, text, challenge_id)

    def send_notice(self, phone: str, kind: NoticeKind, link: str, notice_id: UUID) -> None:
        """Send news about an account; ``link`` is empty where there is nothing to do about it. A
        retry sends none. Raises Unavailable or TooMany.
        """
        text = NOTICES[kind].format(link=link)
        self._send(phone, f"account_{kind}", {"link": link}, text, notice_id)

    def _send(
        self, phone: str, template: str, params: dict[str, str], text: str, key: UUID
    ) -> None:
        body = {
            "to": phone,
            "template": template,
            "params": params,
            "text": f"【{SIGNATURE}】{text}",
            "idempotency_key": str(key),
        }
        try:
            answer = requests.post(
                f"{self._settings.sms_url}/sms/messages",
                json=body,
                headers={"Authorization": f"Bearer {self._settings.sms_key.get_secret_value()}"},
                timeout=TIMEOUT_SECONDS,
            )
        except requests.RequestException as error:
            log.warning("sms.unavailable", kind=type(error).__name__)
            raise _unavailable() from None
        if answer.status_code == requests.codes.too_many_requests:
            raise TooMany("too_many_codes", N_("验证码发得太频繁，请一分钟后再试。"))
        if not answer.ok:
            log.warning("sms.refused", status=answer.status_code)
            raise _unavailable()


def _unavailable() -> Unavailable:
    return Unavailable("sms_unavailable", N_("短信暂时发不出去，请过几分钟再试。"))
