"""An authenticator made of software: it answers as a phone or security key would."""

import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

from auth.passkeys import RelyingParty

HERE = RelyingParty("localhost", "http://localhost")
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One credential; ``verifies`` is whether it asks who the person is."""

    def __init__(self, party: RelyingParty = HERE, *, verifies: bool = True) -> None:
        self.party = party
        self.flags = PRESENT | (VERIFIED if verifies else 0)
        self.count = 0
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = secrets.token_bytes(16)

    def create(self, options: dict[str, Any]) -> str:
        """What ``navigator.credentials.create`` would give."""
        numbers = self._key.public_key().public_numbers()
        key = encode_cbor({
            1: 2, 3: -7, -1: 1,
            -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big"),
        })  # fmt: skip
        attested = bytes(16) + len(self._id).to_bytes(2, "big") + self._id + key
        data = self._data(self.flags | ATTESTED) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = self._client_data("webauthn.create", options)
        response = {"clientDataJSON": client_data, "attestationObject": attestation}
        return self._credential(response)

    def get(self, options: dict[str, Any]) -> str:
        """What ``navigator.credentials.get`` would give; the counter grows."""
        self.count += 1
        data = self._data(self.flags)
        client_data = self._client_data("webauthn.get", options)
        signed = data + hashlib.sha256(client_data).digest()
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": client_data, "authenticatorData": data, "signature": signature,
        }  # fmt: skip
        return self._credential(response)

    def _data(self, flags: int) -> bytes:
        party = hashlib.sha256(self.party.id.encode()).digest()
        return party + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        # As browsers write it: the challenge in the alphabet that it came in.
        challenge = bytes_to_base64url(base64url_to_bytes(options["challenge"]))
        told = {"type": kind, "challenge": challenge, "origin": self.party.origin}
        return json.dumps(told).encode()

    def _credential(self, response: dict[str, bytes]) -> str:
        name = bytes_to_base64url(self._id)
        told = {key: bytes_to_base64url(value) for key, value in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": told})
