"""Passkeys (WebAuthn Level 2): what a browser is asked, and whether its answer holds. Pure."""

import json
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    options_to_json_dict,
    parse_client_data_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from core.settings import settings

# The person proves to the authenticator who they are (finger, face, PIN): that makes it two
# factors in one.
VERIFIED = UserVerificationRequirement.REQUIRED


class BadPasskey(Exception):
    """The browser's answer does not hold; it is not said why."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Us, as browsers know us: the host that passkeys are bound to, and the origin of our pages."""

    id: str
    origin: str

    @classmethod
    def at(cls, public_url: str) -> Self | None:
        """At this address; None at a bare IP address, to which browsers bind no passkey."""
        parts = urlsplit(public_url)
        host = parts.hostname or ""
        try:
            ip_address(host)
        except ValueError:
            return cls(host, f"{parts.scheme}://{parts.netloc}")
        return None


@cache
def relying_party() -> RelyingParty | None:
    """This installation; None where it has no name that a passkey could be bound to."""
    return RelyingParty.at(settings().public_url)


@dataclass(frozen=True, slots=True)
class Registered:
    """A new credential."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def registration_options(
    party: RelyingParty, challenge: bytes, handle: bytes, name: str, known: list[bytes]
) -> dict[str, Any]:
    """What ``navigator.credentials.create`` is to be asked; ``known`` credentials are left out.

    ``handle`` comes back from a passkey that is used without a name: the account's id.
    """
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.id,
        user_id=handle,
        user_name=name,
        user_display_name=name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=VERIFIED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return options_to_json_dict(options)


def proof_options(party: RelyingParty, challenge: bytes, known: list[bytes]) -> dict[str, Any]:
    """What ``navigator.credentials.get`` is to be asked; without ``known`` credentials the browser
    offers those that it has for us.
    """
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=VERIFIED,
    )
    return options_to_json_dict(options)


def challenge_in(credential: str) -> bytes:
    """The challenge that an answer says it signed. Raises BadPasskey."""
    try:
        client_data = json.loads(credential)["response"]["clientDataJSON"]
        return parse_client_data_json(base64url_to_bytes(client_data)).challenge
    except (ValueError, KeyError, TypeError, WebAuthnException):
        raise BadPasskey from None


def credential_id_in(credential: str) -> bytes:
    """Which credential answered. Raises BadPasskey."""
    try:
        return base64url_to_bytes(json.loads(credential)["rawId"])
    except (ValueError, KeyError, TypeError):
        raise BadPasskey from None


def verify_registration(party: RelyingParty, credential: str, challenge: bytes) -> Registered:
    """Check a new credential. Raises BadPasskey."""
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise BadPasskey from None
    return Registered(made.credential_id, made.credential_public_key, made.sign_count)


def verify_proof(
    party: RelyingParty, credential: str, challenge: bytes, public_key: bytes, sign_count: int
) -> int:
    """Check a credential's signature; its new counter. Raises BadPasskey, also where the counter
    does not grow: the credential was copied.
    """
    try:
        proved = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise BadPasskey from None
    return proved.new_sign_count
