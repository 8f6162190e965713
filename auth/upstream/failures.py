"""Why nobody was signed in by a provider: a stable code, and what to do next."""

from enum import StrEnum

from core.errors import Denied, PortalError, Unavailable
from core.messages import N_


class Flaw(StrEnum):
    """What was wrong with an answer."""

    UNREADABLE = "upstream_unreadable"
    WRONG_METADATA = "upstream_wrong_metadata"
    REDIRECTED = "upstream_redirected"
    MIXED_UP = "upstream_mixed_up_issuer"
    REFUSED = "upstream_refused"
    CODE_REFUSED = "upstream_code_refused"
    NO_ID_TOKEN = "upstream_no_id_token"  # noqa: S105  a code
    WRONG_ALGORITHM = "upstream_wrong_algorithm"
    NO_KEY_ID = "upstream_no_key_id"
    UNKNOWN_KEY = "upstream_unknown_key"
    BAD_SIGNATURE = "upstream_bad_signature"
    WRONG_ISSUER = "upstream_wrong_issuer"
    WRONG_AUDIENCE = "upstream_wrong_audience"
    WRONG_NONCE = "upstream_wrong_nonce"
    WRONG_SUBJECT = "upstream_wrong_subject"
    WRONG_ACCESS_TOKEN = "upstream_wrong_access_token"  # noqa: S105  a code
    EXPIRED = "upstream_expired"
    EARLY = "upstream_early"
    UNTIMED = "upstream_untimed"
    NOT_ASKED_ANEW = "upstream_not_asked_anew"


class Untrusted(PortalError):
    """The provider's answer does not hold; ``code`` says which way."""

    status = 400
    default_sentence = N_(
        "对方的回答没有通过核对，为了您的安全没有登录。请再试一次；如再出现，"
        "请用其他方式登录，并把下面的代码告诉管理员。"
    )

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)


def declined() -> Denied:
    """The person said no at the provider."""
    return Denied(
        "upstream_declined", N_("您在对方那里没有同意，所以没有登录。可以再试，或换一种方式。")
    )


def unavailable() -> Unavailable:
    """The provider does not answer, or only with an error of its own."""
    return Unavailable(
        "upstream_unavailable",
        N_("对方暂时没有回应。您在这里没有丢失任何内容，请过几分钟再试，或用其他方式登录。"),
    )
