"""What can go wrong, in the product's words. Each is mapped once to problem+json or to a page."""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from core.messages import N_, Message


class PortalError(Exception):
    """A refusal with a stable ``code`` for programs and a sentence for the person.

    ``fields`` names the inputs at fault, each with its own sentence. ``audit_row`` is an event that
    outlives the rollback that follows.
    """

    audit_row: Mapping[str, object] | None = None

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "error"
    default_sentence: ClassVar[str] = N_("出了一点问题，请稍后再试。")

    def __init__(
        self,
        code: str | None = None,
        sentence: str | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        **values: object,
    ) -> None:
        self.code = code or self.default_code
        self.message = Message(sentence or self.default_sentence, values)
        self.fields = {name: Message(text) for name, text in (fields or {}).items()}
        super().__init__(self.code)

    @property
    def members(self) -> Mapping[str, object]:
        """What programs need to know besides the code: extension members (RFC 9457, 3.2)."""
        return {}


class Invalid(PortalError):
    """The input breaks a rule that the person can put right."""

    status = 422
    default_code = "invalid"
    default_sentence = N_("有些内容需要修改，请看标出的地方。")


class SignInRequired(PortalError):
    """Nobody is signed in, or the token is not valid any more."""

    status = 401
    default_code = "sign_in_required"
    default_sentence = N_("请先登录。")


class Denied(PortalError):
    """The policy does not allow it.

    ``reason`` is stable: the id of the policy that forbids it, ``not_granted``, ``only_oneself``
    or ``role_required``.
    """

    status = 403
    default_code = "denied"
    default_sentence = N_("您没有权限查看或办理这一项。如有需要，请联系本单位管理员。")

    def __init__(
        self,
        code: str | None = None,
        sentence: str | None = None,
        *,
        message: Message | None = None,
        action: str = "",
        reason: str = "not_granted",
    ) -> None:
        super().__init__(code, sentence)
        self.message = message or self.message
        self.action = str(action)
        self.reason = reason

    @property
    def members(self) -> Mapping[str, object]:
        """What was refused, and why."""
        if self.code != self.default_code:
            return {}
        action = {"action": self.action} if self.action else {}
        return {**action, "reason": self.reason}


class StepUpRequired(Denied):
    """The policy allows it, but who asks must prove who they are better, or anew (RFC 9470)."""

    status = 401
    default_code = "step_up_required"
    default_sentence = N_("为了您的安全，办理这一项要先再确认一次是您本人。")

    def __init__(self, acr: str, fresh: timedelta | None) -> None:
        super().__init__()
        self.acr = acr
        self.fresh = fresh

    @property
    def members(self) -> Mapping[str, object]:
        """The level that is needed, and how many seconds old the proof may be at most."""
        age = {} if self.fresh is None else {"max_age": int(self.fresh.total_seconds())}
        return {"acr_values": self.acr, **age}


class NotFound(PortalError):
    """There is no such thing, or not for this actor."""

    status = 404
    default_code = "not_found"
    default_sentence = N_("没有找到这一项，它可能已被移除。")


class Conflict(PortalError):
    """The state of things does not allow it now."""

    status = 409
    default_code = "conflict"
    default_sentence = N_("情况刚有变化，请刷新后再试。")


class TooMany(PortalError):
    """A limit was reached; trying later works, after ``retry_after`` seconds where it is known."""

    status = 429
    default_code = "too_many"
    default_sentence = N_("操作太频繁，请稍后再试。")

    def __init__(
        self,
        code: str | None = None,
        sentence: str | None = None,
        *,
        retry_after: int | None = None,
        **values: object,
    ) -> None:
        super().__init__(code, sentence, fields=None, **values)
        self.retry_after = retry_after


class Unavailable(PortalError):
    """An outside party does not answer; nothing was lost."""

    status = 503
    default_code = "unavailable"
    default_sentence = N_("外部服务暂时没有响应，您的内容已保留，请稍后再试。")
