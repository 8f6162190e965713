"""What applications find out by themselves (OpenID Connect Discovery 1.0, RFC 8414)."""

from typing import Any

from auth.claims import CLAIM_SCOPES, Assurance
from auth.oidc.application import ALL_METHODS, CONFIDENTIAL_METHODS
from auth.oidc.demands import PROMPTS
from auth.schemas.sso import ASSERTION_ALGORITHMS, GrantType, Scope, SigningAlgorithm

CLAIMS = (
    "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid",
    *CLAIM_SCOPES,
)  # fmt: skip


def metadata(issuer: str, endpoints: dict[str, str]) -> dict[str, Any]:
    """The provider's metadata; ``endpoints`` are the metadata names of addresses to paths."""
    return {
        "issuer": issuer,
        **{name: issuer + path for name, path in endpoints.items()},
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GrantType),
        "code_challenge_methods_supported": ["S256"],
        **_authentication("token_endpoint", ALL_METHODS),
        **_authentication("introspection_endpoint", CONFIDENTIAL_METHODS),
        **_authentication("revocation_endpoint", ALL_METHODS),
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": list(SigningAlgorithm),
        "scopes_supported": list(Scope),
        "claims_supported": list(CLAIMS),
        "prompt_values_supported": sorted(PROMPTS),
        "acr_values_supported": [level.acr for level in Assurance],
        "ui_locales_supported": ["zh-CN", "en"],
        "claims_parameter_supported": True,
        "claim_types_supported": ["normal"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_pushed_authorization_requests": False,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def _authentication(endpoint: str, methods: tuple[str, ...]) -> dict[str, list[str]]:
    """How clients show who they are at an endpoint."""
    return {
        f"{endpoint}_auth_methods_supported": list(methods),
        f"{endpoint}_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
    }
