"""The one SMS client. Call it outside any transaction."""

from collections.abc import Sequence
from uuid import UUID

import requests
import structlog

from auth.schemas import DueNotice, NoticeKind
from core import clock
from core.errors import TooMany, Unavailable
from core.messages import N_
from core.outgoing import aside
from core.settings import Settings
from residents.schemas import Scope

TIMEOUT_SECONDS = 5
SIGNATURE = "康桥"
NOTICES = {
    NoticeKind.NEW_DEVICE: "您的账号于{at}在一台新设备上登录。如非本人，请尽快登录并更换密码。",
    NoticeKind.PASSWORD_CHANGED: "您账号的密码于{at}更换。如非本人，请立即联系本单位管理员。",
    NoticeKind.PASSWORD_RESET: (
        "管理员于{at}重设了您账号的密码。如非您提出，请立即联系本单位安全管理员。"
    ),
    NoticeKind.PHONE_CHANGED: (
        "您账号的手机号于{at}更换。如非本人，请立即到就近机构办理，或联系本单位管理员。"
    ),
    NoticeKind.FACTOR_ADDED: (
        "您的账号于{at}添加了一种登录验证方式。如非本人，请立即登录并移除它。"
    ),
    NoticeKind.FACTOR_REMOVED: ("您的账号于{at}移除了一种登录验证方式。如非本人，请立即登录查看。"),
    NoticeKind.WECHAT_BOUND: (
        "您的账号于{at}绑定了一个微信。如非本人，请立即登录，在“微信绑定”里解除。"
    ),
    NoticeKind.PROVIDER_JOINED: (
        "您的账号于{at}连接了其他单位的账号。如非本人，请立即登录，在“连接的账号”里取消。"
    ),
    NoticeKind.WECHAT_PARTED: (
        "您的账号于{at}解除了一个微信，用它登录的地方已退出。如非本人，请立即登录并更换手机号。"
    ),
    NoticeKind.PROVIDER_PARTED: (
        "您的账号于{at}取消连接其他单位的账号，用它登录的地方已退出。如非本人，请立即登录查看。"
    ),
    NoticeKind.RECOVERY_BEGUN: "有人在机构申请更换您账号的手机号，24 小时后生效。非本人请点 {link}",
    NoticeKind.RECOVERY_REVIEWED: (
        "安全管理员当面核对证件后，同意更换您账号的手机号，7 天后生效。"
        "如非本人，请在此之前带身份证到就近机构办理。"
    ),
    NoticeKind.RESET_BEGUN: (
        "两位安全管理员于{at}同意重置您账号的第二步验证，24 小时后生效。"
        "如非您提出，请立即联系安全管理员。"
    ),
    NoticeKind.FACTORS_RESET: (
        "您账号的第二步验证于{at}重置，所有登录已退出，下次登录时请重新设置。"
    ),
    NoticeKind.RECOVERED: "您账号的手机号已在机构更换完成，现在可以用本号码登录。",
}
PHONE_WARNING = "有人凭证件在机构申请更换您登记的手机号，24 小时后生效。非本人请点 {link}"
CONSENT = (
    "验证码 {code}，5 分钟内有效。{name}申请为您代办：{what}。"
    "同意的话，只告诉您要授权的{name}本人，其他任何人都不要说；不同意就不用理会。"
    "授权后随时可以在“我的—家人”里收回。"
)
SCOPES = {
    Scope.SIGN: "签约家庭医生",
    Scope.BOOK: "预约挂号",
    Scope.PAY: "缴费",
    Scope.SEE_RECORDS: "查看健康档案",
    Scope.RENEW: "申请续方",
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

    def send_consent_code(
        self, phone: str, code: str, challenge_id: UUID, name: str, scopes: Sequence[Scope]
    ) -> None:
        """Send a code that is to be told to ``name``, and to nobody else, to let them act for who
        reads it. A retry sends none. Raises Unavailable or TooMany.
        """
        params = {"code": code, "name": name, "what": "、".join(SCOPES[each] for each in scopes)}
        self._send(phone, "consent_code", params, CONSENT.format(**params), challenge_id)

    def send_notice(self, phone: str, notice: DueNotice, link: str) -> None:
        """Send news about an account; ``link`` is empty where there is none to follow. A retry
        sends none. Raises Unavailable or TooMany.
        """
        at = clock.local(notice.at)
        params = {"link": link, "at": f"{at.month}月{at.day}日{at:%H:%M}"}
        text = NOTICES[notice.kind].format(**params)
        self._send(phone, f"account_{notice.kind}", params, text, notice.id)

    def send_phone_warning(self, phone: str, link: str, change_id: UUID) -> None:
        """Send that a registered phone is to be replaced, and where to stop it. A retry sends
        none. Raises Unavailable or TooMany.
        """
        text = PHONE_WARNING.format(link=link)
        self._send(phone, "phone_warning", {"link": link}, text, change_id)

    def send_message(self, phone: str, text: str, link: str, message_id: UUID) -> None:
        """Send a message of the portal with the page it is about. A retry sends none. Raises
        Unavailable or TooMany.
        """
        params = {"text": text, "link": link}
        self._send(phone, "message", params, f"{text} {link}", message_id)

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
            with aside():
                answer = requests.post(
                    f"{self._settings.sms_url}/sms/messages",
                    json=body,
                    headers={
                        "Authorization": f"Bearer {self._settings.sms_key.get_secret_value()}"
                    },
                    timeout=TIMEOUT_SECONDS,
                )
        except requests.RequestException as error:
            log.warning("sms.unavailable", kind=type(error).__name__)
            raise _unavailable() from None
        if answer.status_code == requests.codes.too_many_requests:
            raise TooMany(
                "too_many_codes", N_("验证码发得太频繁，请一分钟后再试。"), retry_after=60
            )
        if not answer.ok:
            log.warning("sms.refused", status=answer.status_code)
            raise _unavailable()


def _unavailable() -> Unavailable:
    return Unavailable("sms_unavailable", N_("短信暂时发不出去，请过几分钟再试。"))
