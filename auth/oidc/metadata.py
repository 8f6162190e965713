"""What applications find out by themselves (OpenID Connect Discovery 1.0, RFC 8414)."""

from typing import Any

from auth.claims import Assurance
from auth.oidc.application import PUBLIC_METHOD, SECRET_METHODS
from auth.oidc.grants import PROMPTS
from auth.schemas.sso import Scope, SigningAlgorithm

CLAIMS = (
    "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid",
    "name", "phone_number", "phone_number_verified", "roles",
)  # fmt: skip


def metadata(issuer: str, endpoints: dict[str, str]) -> dict[str, Any]:
    """The provider's metadata; ``endpoints`` are the metadata names of addresses to paths."""
    return {
        "issuer": issuer,
        **{name: issuer + path for name, path in endpoints.items()},
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*SECRET_METHODS, PUBLIC_METHOD],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": list(SigningAlgorithm),
        "scopes_supported": list(Scope),
        "claims_supported": list(CLAIMS),
        "prompt_values_supported": sorted(PROMPTS),
        "acr_values_supported": [level.acr for level in Assurance],
        "ui_locales_supported": ["zh-CN", "en"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
    }
