"""How the provider misbehaves, chosen by whoever tests against it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Mode(StrEnum):
    """One way to be wrong; HONEST is none."""

    HONEST = "honest"
    # ID tokens
    BAD_SIGNATURE = "bad_signature"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    WRONG_PARTY = "wrong_party"
    WRONG_NONCE = "wrong_nonce"
    NO_NONCE = "no_nonce"
    # Of when the person proved it: not told; an hour ago, unless asked to ask; an hour ago even so
    NO_AUTH_TIME = "no_auth_time"
    STILL_SIGNED_IN = "still_signed_in"
    NEVER_ASKS = "never_asks"
    LONE_SURROGATE = "lone_surrogate"
    NO_SUBJECT = "no_subject"
    NO_EXPIRY = "no_expiry"
    NO_ISSUE_TIME = "no_issue_time"
    NOT_YET_VALID = "not_yet_valid"
    NO_KEY_ID = "no_key_id"
    UNKNOWN_KEY = "unknown_key"
    UNSIGNED = "unsigned"
    SYMMETRIC = "symmetric"
    WRONG_AT_HASH = "wrong_at_hash"
    NO_ID_TOKEN = "no_id_token"
    NO_JWT = "no_jwt"
    # Other answers
    OTHER_USERINFO = "other_userinfo"
    MIXED_UP = "mixed_up"
    NO_ISSUER_NAMED = "no_issuer_named"
    REFUSES_CODE = "refuses_code"
    STRANGE_ACCESS_TOKEN = "strange_access_token"
    BROKEN_ENDPOINT = "broken_endpoint"
    STRANGE_ENDPOINT = "strange_endpoint"
    OTHER_METADATA = "other_metadata"
    OPEN_METADATA = "open_metadata"
    SLOW = "slow"
    DRIPPING = "dripping"
    DRIPPING_HEADERS = "dripping_headers"
    FAILING = "failing"
    GARBAGE = "garbage"
    ENDLESS = "endless"
    REDIRECTING = "redirecting"


class Algorithm(StrEnum):
    """How ID tokens are signed."""

    ES256 = "ES256"
    RS256 = "RS256"
    PS256 = "PS256"
    EDDSA = "EdDSA"


class Switch(BaseModel):
    """The body of a switch. ``skew_seconds`` moves the provider's clock, ``lifetime_seconds`` is
    that of its ID tokens, ``key`` counts up where keys are to be rotated.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode = Mode.HONEST
    algorithm: Algorithm = Algorithm.ES256
    skew_seconds: int = 0
    lifetime_seconds: int = 300
    key: int = 1
