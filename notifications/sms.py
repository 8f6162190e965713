"""The one SMS client. Call it outside any transaction."""

from uuid import UUID

import requests
import structlog

from core.errors import TooMany, Unavailable
from core.messages import N_
from core.settings import Settings

TIMEOUT_SECONDS = 5
SIGNATURE = "康桥"
log = structlog.get_logger()


class SmsGateway:
    """Sends template messages; the template texts are registered with the provider."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send_code(self, phone: str, code: str, challenge_id: UUID) -> None:
        """Send a sign-in code; a retry sends none. Raises Unavailable or TooMany."""
        body = {
            "to": phone,
            "template": "sign_in_code",
            "params": {"code": code},
            "text": f"【{SIGNATURE}】验证码 {code}，5 分钟内有效。请勿告诉他人。",
            "idempotency_key": str(challenge_id),
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
