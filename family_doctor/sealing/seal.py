"""The PAdES seal on a file; the one module that knows pyHanko."""

import logging
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from asn1crypto import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from core import clock
from core.errors import Unavailable
from core.messages import N_
from family_doctor.sealing.keys import SealingKey

# What it finds in a file is our answer, not our log's.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
FIELD = "Seal"
TSA_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Seal:
    """What a file's seal says: which certificate sealed it and when by the sealer's own word,
    whether the file is as it was then and nothing was added, and whether the certificate leads to
    a trusted one.
    """

    certificate: bytes
    sealed_by: str
    at: datetime | None
    intact: bool
    trusted: bool
    timestamped: bool


def seal(file: bytes, key: SealingKey, tsa_url: str = "") -> bytes:
    """The file with a PAdES seal (B-B; with a time-stamping authority B-T) that allows no change
    after it. Asks the authority: call it outside any transaction.

    Raises Unavailable ``seal_expired``, or where the authority does not answer.
    """
    if not key.seals_now:
        raise Unavailable("seal_expired", N_("电子签章的证书不在有效期内，请更换后再试。"))
    signer = SimpleSigner.load_pkcs12_data(key.file, [], key.password)
    meta = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    stamper = HTTPTimeStamper(tsa_url, timeout=TSA_SECONDS) if tsa_url else None
    out = PdfSigner(meta, signer, timestamper=stamper).sign_pdf(
        IncrementalPdfFileWriter(BytesIO(file))
    )
    return bytes(out.getvalue())


def read_seal(file: bytes, trusted: list[bytes]) -> Seal | None:
    """The seal on a file, held against these certificates (DER); None where there is none that can
    be read. For files of an operator's: it opens what it is given.
    """
    try:
        found = PdfFileReader(BytesIO(file)).embedded_signatures
        if not found:
            return None
        context = ValidationContext(
            trust_roots=[x509.Certificate.load(each) for each in trusted],
            allow_fetching=False,
            moment=clock.now(),
        )
        status = validate_pdf_signature(found[0], context)
    except Exception:
        # Whatever a broken file makes the reader do: it has no seal that holds.
        return None
    certificate = status.signing_cert
    # Nothing may stand after it: not even what a reader would call a harmless addition.
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    return Seal(
        certificate=certificate.sha256,
        sealed_by=certificate.subject.human_friendly,
        at=status.signer_reported_dt,
        intact=bool(status.intact and status.valid) and whole,
        trusted=bool(status.trusted),
        timestamped=status.timestamp_validity is not None,
    )
