"""The region's sealing key: from SEAL_KEY_FILE, or one that the demo and the tests make themselves.

A key file is PKCS #12: the key, its certificate and the chain above it.
"""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from core import clock
from core.settings import Environment, Settings, SettingsError, settings

FOLDER = "seal"
KEY_FILE, AUTHORITY_FILE = "seal.p12", "ca.pem"
KEY_BITS = 3072
# By this unit of its subject a self-made certificate is known wherever it turns up.
DEMO_UNIT = "Kangqiao demo, not a real seal"
# Wide, as tests move the clock.
DEMO_FROM, DEMO_UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key file's bytes and password, its certificate, and the chain that came with it."""

    file: bytes
    password: bytes | None
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    @property
    def fingerprint(self) -> bytes:
        """The SHA-256 of the certificate."""
        return self.certificate.fingerprint(hashes.SHA256())

    @property
    def trusted(self) -> tuple[x509.Certificate, ...]:
        """What its seals are held against: the chain, or the certificate where it has none."""
        return self.chain or (self.certificate,)

    @property
    def seals_now(self) -> bool:
        """Whether the certificate is valid at this moment."""
        begins, ends = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        return begins <= clock.now() <= ends


def sealing_key() -> SealingKey:
    """The key of this installation. Raises SettingsError where it cannot be used."""
    return _key_of(settings())


def check_key(chosen: Settings) -> None:
    """At the start of a production: the key can be read and is not a demo's. (One that ran out
    must not keep the portal down: it does not seal.) Raises SettingsError.
    """
    if chosen.environment is Environment.PRODUCTION:
        _key_of(chosen)


@cache
def _key_of(chosen: Settings) -> SealingKey:
    if chosen.seal_key_file is None:
        return _read(_demo_files(chosen.instance_dir), None)
    key = _read(chosen.seal_key_file, chosen.seal_key_password.get_secret_value().encode())
    units = key.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    if DEMO_UNIT in [unit.value for unit in units] and not chosen.demo:
        raise SettingsError("SEAL_KEY_FILE: this key was made by a demo; use the region's own")
    return key


def _read(path: Path, password: bytes | None) -> SealingKey:
    try:
        data = path.read_bytes()
        private, certificate, chain = pkcs12.load_key_and_certificates(data, password or None)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"SEAL_KEY_FILE: {path} is no PKCS #12 file that SEAL_KEY_PASSWORD opens"
        ) from error
    if private is None or certificate is None:
        raise SettingsError(f"SEAL_KEY_FILE: {path} holds no private key with its certificate")
    if not _may_sign(certificate):
        raise SettingsError(f"SEAL_KEY_FILE: the certificate in {path} is not one for signatures")
    return SealingKey(data, password or None, certificate, tuple(chain))


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment


def _demo_files(instance_dir: Path) -> Path:
    """The demo's key file, made at first use; of two processes that make one, one's is kept."""
    folder = instance_dir / FOLDER
    if not folder.exists():
        instance_dir.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=instance_dir))
        _make_demo_files(made)
        try:
            made.rename(folder)
        except OSError:  # another process was faster: its folder is there and not empty
            shutil.rmtree(made)
    return folder / KEY_FILE


def _make_demo_files(folder: Path) -> None:
    root_key = rsa.generate_private_key(65537, KEY_BITS)
    root_name = _name("Kangqiao demo CA")
    root = _certificate(root_name, root_name, root_key, root_key, authority=True)
    key = rsa.generate_private_key(65537, KEY_BITS)
    sealing = _certificate(_name("Kangqiao demo seal"), root_name, key, root_key, authority=False)
    pem = root.public_bytes(serialization.Encoding.PEM)
    (folder / AUTHORITY_FILE).write_bytes(pem)
    file = folder / KEY_FILE
    file.touch(mode=0o600)
    file.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"seal", key, sealing, [root], serialization.NoEncryption()
        )
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, DEMO_UNIT),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    by: rsa.RSAPrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    issuing = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(DEMO_FROM)
        .not_valid_after(DEMO_UNTIL)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuing, critical=False)
        .sign(by, hashes.SHA256())
    )
