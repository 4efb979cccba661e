"""A certificate's PDF: drawn from its frozen value, signed last, the same bytes for the same value and key."""

from labels.documents import render_certificate
from labels.values import ErasureCertificate
from reuse.errors import Conflict
from reuse.pdf_keys import PdfKey


def print_certificate(value: ErasureCertificate, key: PdfKey) -> bytes:
    """The signed PDF/A-3a; Conflict where `key` is not the one that the record names: the file would not hold."""
    if value.pdf_signing_key != key.fingerprint:
        raise Conflict(
            f"Certificate {value.imprint.number} names the PDF key {value.pdf_signing_key[:16]}, and the key here is "
            f"{key.fingerprint[:16]}: put the former back, or revoke the certificate and accept the device anew.",
            code="pdf_key_changed",
        )
    from reuse.pades import sign_pdf  # noqa: PLC0415  # pyHanko takes twenty megabytes, which a process that never signs spares

    return sign_pdf(render_certificate(value), key, at=value.imprint.issued_at)
