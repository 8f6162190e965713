"""Encryption at rest: AES-256-GCM for values, HMAC-SHA-256 blind indexes for looking them up."""

import hashlib
import hmac
import os
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.settings import settings

NONCE_BYTES = 12
VERSION = b"\x01"


@cache
def _derived(purpose: str) -> bytes:
    master = settings().data_key.get_secret_value().encode()
    return HKDF(hashes.SHA256(), 32, None, purpose.encode()).derive(master)


@cache
def _cipher() -> AESGCM:
    return AESGCM(_derived("value"))


def encrypt(text: str, context: str) -> bytes:
    """Encrypt ``text``; ``context`` (table and column) must be given again to decrypt."""
    return encrypt_bytes(text.encode(), context)


def decrypt(sealed: bytes, context: str) -> str:
    """Raises cryptography's InvalidTag where the value or its context was changed."""
    return decrypt_bytes(sealed, context).decode()


def encrypt_bytes(plain: bytes, context: str) -> bytes:
    """As ``encrypt``, for what is not text: a file."""
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + _cipher().encrypt(nonce, plain, context.encode())


def decrypt_bytes(sealed: bytes, context: str) -> bytes:
    """As ``decrypt``, for what is not text."""
    if sealed[:1] != VERSION:
        raise ValueError("unknown version of an encrypted value")
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    return _cipher().decrypt(nonce, body, context.encode())


def blind_index(text: str, purpose: str) -> bytes:
    """A keyed digest that finds an encrypted value without revealing it; 32 bytes."""
    return hmac.new(_derived(f"index:{purpose}"), text.encode(), hashlib.sha256).digest()


def token_hash(token: str) -> bytes:
    """The digest under which a random token (at least 128 bits) is stored."""
    return hashlib.sha256(token.encode()).digest()
