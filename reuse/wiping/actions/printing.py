"""A certificate's PDF: drawn from its frozen value, signed last, the same bytes for the same value and key."""

from labels.documents import render_certificate
from labels.values import ErasureCertificate
from reuse.errors import Conflict
from reuse.pdf_keys import PdfKey


def print_certificate(value: ErasureCertificate, key: PdfKey) -> bytes:
    """The signed PDF/A-3a; Conflict where `key` cannot sign, or is not the one that the record names."""
    if value.pdf_signing_key != key.fingerprint:
        raise Conflict(
            f"Certificate {value.imprint.number} names the PDF key {value.pdf_signing_key[:16]}, and the key here is "
            f"{key.fingerprint[:16]}: put the former back, or revoke the certificate and accept the device anew.",
            code="pdf_key_changed",
        )
    page = render_certificate(value)
    from reuse.pades import sign_pdf  # noqa: PLC0415  # pyHanko takes twenty megabytes, which a process that never signs spares

    try:
        return sign_pdf(page, key, at=value.imprint.issued_at)
    except ValueError as problem:
        raise key_unusable() from problem


def key_unusable() -> Conflict:
    """What a job answers while nothing can be signed; its cause names places, and is for the operator's log alone."""
    sentence = (
        "The key that signs PDFs cannot be used at present. The operator finds out why with `filiere check`; this is "
        "tried again by itself, and may be asked for again later."
    )
    return Conflict(sentence, code="pdf_key_unusable")
