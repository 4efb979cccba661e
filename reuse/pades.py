"""PAdES signatures of PDFs (ETSI EN 319 142-1, level B-B): the last step, and one that anybody can retrace.

Everything that signing adds follows from the unsigned file, the time, the certificate and the signature itself. So who
holds a signed file can put it together again and compare every byte; nothing can hide beside the signature.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from asn1crypto import x509
from pyhanko.pdf_utils.generic import ByteStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import Signer
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import PdfSignedData
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from reuse.canonical import sha256_hex
from reuse.pdf_keys import PdfKey

FIELD: Final = "Signature"
DIGEST: Final = "sha256"
BESIDE_CERTIFICATES: Final = 2048
"""Bytes kept free for the signature, besides its certificates: a 4096-bit RSA signature takes a quarter of them."""

_IDENTIFIER: Final = 16  # bytes of a file's identifier (ISO 32000-2, 14.4)

# Neither asn1crypto nor the steps of embedding have types: from here on they are what their users below make of them.
_certificate_of: Any = x509.Certificate
_store: Any = SimpleCertificateStore
_embedder: Any = PdfCMSEmbedder


class _Additions(IncrementalPdfFileWriter):
    """Adds the signature and nothing else: metadata stay as they were drawn, and no byte comes from chance."""

    @classmethod
    def _handle_id(cls, prev: Any) -> Any:  # noqa: ANN401  # as pyHanko has it, without types
        prev.stream.seek(0)
        identifier: Any = super()._handle_id(prev)  # pyright: ignore[reportUnknownMemberType]
        identifier[1] = ByteStringObject(hashlib.sha256(prev.stream.read()).digest()[:_IDENTIFIER])
        return identifier

    def _update_meta(self) -> None:
        """Leave the file's own title, dates and PDF/A mark alone."""


class _Signer(Signer):
    """Builds the CMS structure around a signature that `sign` gives."""

    def __init__(self, certificate: bytes, above: tuple[bytes, ...], sign: Callable[[bytes], bytes]) -> None:
        own, chain = _certificate_of.load(certificate), _store.from_certs([_certificate_of.load(one) for one in above])
        super().__init__(signing_cert=own, cert_registry=chain)
        self._sign = sign
        self.room = 2 * (len(certificate) + sum(map(len, above)) + BESIDE_CERTIFICATES)  # in hexadecimal digits

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Sign what pyHanko says."""
        del digest_algorithm, dry_run
        return self._sign(data)


@dataclass(frozen=True, slots=True)
class PdfSignature:
    """The one signature of a PDF, as far as the file itself can tell; `problem` is empty for one that holds."""

    problem: str
    certificate: bytes = b""
    above: tuple[bytes, ...] = ()
    signature: bytes = b""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate that signed."""
        return sha256_hex(self.certificate) if self.certificate else ""


def sign_pdf(pdf: bytes, key: PdfKey, *, at: datetime) -> bytes:
    """The PDF with its signature, which certifies that nothing may change any more; same input, same bytes."""
    return _signed(pdf, _Signer(key.certificate, key.above, key.sign), at)


def put_together(pdf: bytes, found: PdfSignature, *, at: datetime) -> bytes:
    """The signed file that this unsigned one gives with a signature found elsewhere, which is not checked here.

    ValueError where no file can be made of them.
    """
    try:
        return _signed(pdf, _Signer(found.certificate, found.above, lambda _: found.signature), at)
    except (SigningError, PdfError) as problem:
        raise ValueError(f"This signature fits no file: {problem}.") from problem


def _signed(pdf: bytes, signer: _Signer, at: datetime) -> bytes:
    wrap: Any = signer.async_sign  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    steps = _embedder(new_field_spec=SigFieldSpec(FIELD, on_page=0)).write_cms(FIELD, _Additions(BytesIO(pdf)))
    next(steps)
    empty = PdfSignedData(pdf_name("/Sig"), SigSeedSubFilter.PADES, timestamp=at, bytes_reserved=signer.room)
    final = SigMDPSetup(md_algorithm=DIGEST, certify=True, docmdp_perms=MDPPerm.NO_CHANGES)
    steps.send(SigObjSetup(sig_placeholder=empty, mdp_setup=final))
    prepared, output = steps.send(SigIOSetup(md_algorithm=DIGEST, in_place=True))
    prepared.fill_with_cms(output, asyncio.run(wrap(prepared.document_digest, DIGEST, use_pades=True)))
    return output.getvalue()


def signature_of(pdf: bytes) -> PdfSignature:
    """Check the PDF's signature offline: that it is one, over the whole file, and made with its certificate's key.

    Whose certificate it is, the caller must know. Problems: pdf_signature_missing, pdf_changed_since_signed,
    pdf_signature_wrong.
    """
    try:
        signatures = PdfFileReader(BytesIO(pdf)).embedded_signatures
        if len(signatures) != 1:
            return PdfSignature("pdf_signature_wrong" if signatures else "pdf_signature_missing")
        one: Any = signatures[0]
        status = validate_pdf_signature(one, ValidationContext(trust_roots=[one.signer_cert], allow_fetching=False))
        certificate = one.signer_cert.dump()
        above = tuple(other.dump() for other in one.other_embedded_certs)
        signature = one.signer_info["signature"].native
    except (PdfError, SignatureValidationError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return PdfSignature("pdf_signature_wrong")
    is_whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    problem = "" if status.intact and status.valid else "pdf_signature_wrong"
    return PdfSignature(problem if is_whole else "pdf_changed_since_signed", certificate, above, signature)
