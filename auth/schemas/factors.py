"""Proving who one is, and what one proves it with."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from auth.schemas.accounts import Code, Password, Phone
from core.as_typed import AS_TYPED
from core.messages import N_

# Names of proofs (RFC 8176), as auth.claims.Method has them.
MethodName = Annotated[str, Field(pattern=r"^(pwd|sms|otp|hwk|kba)$")]
BY_PASSWORD = "pwd"  # noqa: S105 - the name of a proof
FactorName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class SecurityAction(StrEnum):
    """What may be done about one's own account."""

    READ = "auth:read-own-security"
    CHANGE_PASSWORD = "auth:change-own-password"  # noqa: S105 - the name of an action
    CHANGE_PHONE = "auth:change-own-phone"
    ADD_FACTOR = "auth:add-own-factor"
    REMOVE_FACTOR = "auth:remove-own-factor"
    END_SESSION = "auth:end-own-session"


class Purpose(StrEnum):
    """What a code that was sent to a phone is good for."""

    SIGN_IN = "sign_in"
    PROOF = "proof"
    NEW_PHONE = "new_phone"
    RECOVERY = "recovery"
    REPRESENT = "represent"
    REGISTERED_PHONE = "registered_phone"


class NoticeKind(StrEnum):
    """News about an account that its owner must hear of."""

    NEW_DEVICE = "new_device"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a kind
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a kind
    PHONE_CHANGED = "phone_changed"
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    WECHAT_BOUND = "wechat_bound"
    PROVIDER_JOINED = "provider_joined"
    WECHAT_PARTED = "wechat_parted"
    PROVIDER_PARTED = "provider_parted"
    RECOVERY_BEGUN = "recovery_begun"
    RECOVERY_REVIEWED = "recovery_reviewed"
    RESET_BEGUN = "reset_begun"
    FACTORS_RESET = "factors_reset"
    RECOVERED = "recovered"


class DueNotice(BaseModel):
    """News to be sent: to the person's messages, and to the phone if there is one."""

    id: UUID
    kind: NoticeKind
    person_id: UUID | None
    phone: str | None
    # Where the owner can object, a path of the portal.
    link: str | None
    at: datetime


class Step(StrEnum):
    """What a sign-in still waits for."""

    SECOND_FACTOR = "second_factor"
    SET_UP = "set_up"
    NEW_PASSWORD = "new_password"  # noqa: S105 - the name of a step


class Pending(BaseModel):
    """A sign-in that is not enough yet: ``token`` names it, ``methods`` could be proved next."""

    token: str
    step: Step
    methods: list[str]
    expires_at: datetime


class Proof(BaseModel):
    """One more proof: a code or password, or what a passkey signed (as JSON)."""

    model_config = ConfigDict(extra="forbid")

    method: MethodName
    code: Annotated[str | None, Field(max_length=256), AS_TYPED] = None
    challenge_id: UUID | None = None
    credential: Annotated[str | None, Field(max_length=8192)] = None

    @field_validator("code")
    @classmethod
    def _without_blanks(cls, code: str | None, others: ValidationInfo) -> str | None:
        """A code is copied with blanks around it, a password is made with them."""
        if code is None or others.data.get("method") == BY_PASSWORD:
            return code
        return code.strip()


class PendingProof(Proof):
    """A proof for a sign-in on its way."""

    pending: Annotated[str, Field(min_length=1, max_length=100)]


class PendingCode(BaseModel):
    """Ask for a code to the phone of the account that is signing in."""

    model_config = ConfigDict(extra="forbid")

    pending: Annotated[str, Field(min_length=1, max_length=100)]


class PasskeySignIn(BaseModel):
    """What a passkey signed at the front door (PublicKeyCredential as JSON)."""

    model_config = ConfigDict(extra="forbid")

    credential: Annotated[str, Field(min_length=1, max_length=8192)]


class NewPassword(BaseModel):
    """A password of one's own, typed twice."""

    model_config = ConfigDict(extra="forbid")

    new_password: Password
    repeated: Password

    @field_validator("repeated")
    @classmethod
    def _same_twice(cls, repeated: str, others: ValidationInfo) -> str:
        if repeated != others.data.get("new_password"):
            raise ValueError(N_("两次输入的新密码不一样，请重新输入。"))
        return repeated


class ChangePassword(NewPassword):
    """A new password, by who knows the old one."""

    old_password: Password


class ConfirmTotp(BaseModel):
    """The code that an authenticator application shows, to prove that it has the secret."""

    model_config = ConfigDict(extra="forbid")

    code: Code


class AddPasskey(BaseModel):
    """A new passkey: what the browser made, and what its owner calls it."""

    model_config = ConfigDict(extra="forbid")

    name: FactorName
    credential: Annotated[str, Field(min_length=1, max_length=16384)]


class NewPhone(BaseModel):
    """The number that is to be the account's."""

    model_config = ConfigDict(extra="forbid")

    phone: Phone


class TotpSecret(BaseModel):
    """A secret to be read into an authenticator application, once."""

    secret: str
    address: str


class PasskeyView(BaseModel):
    """One's own passkey."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


class SessionView(BaseModel):
    """One's own session: where from (the address masked), how, when."""

    id: UUID
    channel: str
    user_agent: str
    address: str
    methods: list[str]
    created_at: datetime
    last_seen_at: datetime
    current: bool


class FailedSignIns(BaseModel):
    """How often the account was named in the last 30 days and not proved, and when last."""

    count: int
    last_at: datetime | None


class Security(BaseModel):
    """How an account is protected; numbers masked."""

    username: str | None
    masked_phone: str | None
    has_password: bool
    totp_since: datetime | None
    passkeys: list[PasskeyView]
    recovery_codes: int
    holds_a_role: bool
    failed: FailedSignIns


class RecoveryCodes(BaseModel):
    """Ten codes, shown once: a retry is answered with none."""

    codes: list[str]


class Done(BaseModel):
    """It was done."""
