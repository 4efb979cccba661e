"""Whether a certificate is what its issuer signed: checked from the file alone, without network or database."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from labels.documents import render_certificate
from reuse.canonical import canonical_json, sha256_hex
from reuse.errors import Invalid
from reuse.pades import PdfSignature, put_together, signature_of
from reuse.signing import is_signed_by
from reuse.wiping.actions.freezing import SCHEMA, renderer
from reuse.wiping.actions.paper import certificate_value

RECORD = ".json"
SIGNED = ".sig"


@dataclass(frozen=True, slots=True)
class CertificateCheck:
    """What the check found. `problems` is empty for a certificate that holds; `pages` tells of the print.

    The fingerprint is that of the key inside: that it belongs to the issuer is known from the verification page or from
    the issuer itself. Whether the certificate was revoked since, only the verification page knows.
    """

    number: str
    sha256: str
    fingerprint: str
    verification_address: str
    issuer: str
    serial: str
    pages: str
    pdf_fingerprint: str
    pdf_signer: str
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems


def verify_certificate_file(
    content: bytes, *, signature: bytes | None = None, fingerprint: str | None = None, draw_pages: bool = True
) -> CertificateCheck:
    """Check a certificate's PDF, or its canonical record (then with `signature`, 64 bytes, from beside it).

    Checked are the canonical form, the Ed25519 signature, the key's fingerprint (against `fingerprint` too, where the
    reader knows it), every piece of evidence, and the PDF's own signature: that it covers the whole file and was made
    with the certificate that the record names, so that these pages belong to this record. Where this installation
    renders alike, every byte of the PDF is compared too, unless `draw_pages` is False: whoever has the PDF's own hash
    from a trusted place need not draw it again.
    Invalid for a file that is no certificate at all.
    """
    is_pdf = content.startswith(b"%PDF")
    files = _attachments(content) if is_pdf else {RECORD: content, RECORD + SIGNED: signature or b""}
    name = _name_of_record(files)
    record, signed = files[name], files.get(name + SIGNED, b"")
    known = _certificate_of(record)
    evidence = {sha256_hex(file): file for other, file in files.items() if other not in {name, name + SIGNED}}
    problems = [*_signature_problems(known, record, signed, fingerprint)]
    pages = "not_compared"
    if is_pdf:
        found = signature_of(content)
        problems += [*_evidence_problems(known, evidence), *_pdf_problems(known, found)]
        pages = _pages(known, evidence, record, signed, (content, found)) if draw_pages and not problems else pages
        problems += ["pages_differ"] if pages == "differ" else []
    return CertificateCheck(
        number=str(known["number"]),
        sha256=sha256_hex(record),
        fingerprint=str(known["signing_key"]["fingerprint"]),
        verification_address=str(known["verification_address"]),
        issuer=str(known["issuer"]["name"]),
        serial=str(known["medium"]["serial"] or ""),
        pages=pages,
        pdf_fingerprint=str(known["pdf_signing_key"]["fingerprint"]),
        pdf_signer=str(known["pdf_signing_key"]["subject"]),
        problems=tuple(problems),
    )


def _no_certificate(sentence: str) -> Invalid:
    return Invalid(sentence, code="not_a_certificate")


def _attachments(pdf: bytes) -> dict[str, bytes]:
    try:
        found = PdfReader(BytesIO(pdf), strict=True).attachments
        files = dict(found.items())
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as damage:
        raise _no_certificate("This PDF is damaged: its attachments cannot be read.") from damage
    if any(len(contents) != 1 for contents in files.values()):
        raise _no_certificate("This PDF carries two attachments of one name.")
    return {name: contents[0] for name, contents in files.items()}


def _name_of_record(files: Mapping[str, bytes]) -> str:
    found = [name for name, file in files.items() if name.endswith(RECORD) and SCHEMA.encode() in file]
    if len(found) != 1:
        raise _no_certificate("This file does not carry exactly one certificate record.")
    return found[0]


def _certificate_of(record: bytes) -> dict[str, Any]:
    try:
        known = cast("dict[str, Any]", json.loads(record))
        named = known["schema"] == SCHEMA and known["number"] and known["signing_key"]["fingerprint"]
        named = named and known["pdf_signing_key"]["fingerprint"] and known["pdf_signing_key"]["subject"]
        complete = named and known["issuer"]["name"] and known["verification_address"] and "serial" in known["medium"]
    except (ValueError, KeyError, TypeError, RecursionError) as damage:
        raise _no_certificate("The record in this file is damaged.") from damage
    if not complete:
        raise _no_certificate("The record in this file is no erasure certificate.")
    return known


def _signature_problems(known: dict[str, Any], record: bytes, signed: bytes, fingerprint: str | None) -> list[str]:
    key = known["signing_key"]
    try:
        raw = base64.b64decode(key["public_key"], validate=True)
        public = Ed25519PublicKey.from_public_bytes(raw)
    except (binascii.Error, ValueError, KeyError, TypeError):
        return ["key_unreadable"]
    expected = (fingerprint or sha256_hex(raw)).strip().lower().replace(":", "")
    found = {
        "signature_missing": not signed,
        "signature_wrong": bool(signed) and not is_signed_by(public, signed, record),
        "record_not_canonical": canonical_json(known) != record,
        "fingerprint_wrong": sha256_hex(raw) != key["fingerprint"],
        "key_of_somebody_else": sha256_hex(raw) != expected,
    }
    return [problem for problem, is_there in found.items() if is_there]


def _evidence_problems(known: dict[str, Any], evidence: Mapping[str, bytes]) -> list[str]:
    stated = {str(one["sha256"]) for one in known["evidence"]}
    missing = ["evidence_altered_or_missing"] if stated - set(evidence) else []
    return [*missing, *(["attachment_unknown"] if set(evidence) - stated else [])]


def _pdf_problems(known: dict[str, Any], found: PdfSignature) -> list[str]:
    """The record names the certificate that signs its PDF: a stranger's signature under other pages is not that one."""
    if found.problem:
        return [found.problem]
    is_named = found.fingerprint == known["pdf_signing_key"]["fingerprint"]
    return [] if is_named else ["pdf_signed_by_somebody_else"]


def _pages(
    known: dict[str, Any],
    evidence: Mapping[str, bytes],
    record: bytes,
    signed: bytes,
    pdf: tuple[bytes, PdfSignature],
) -> str:
    """Make the PDF again of what it carries: the same renderer gives the same bytes, or somebody changed them."""
    content, found = pdf
    if known["renderer"] != renderer():
        return "not_compared"
    try:
        value = certificate_value(known, evidence, canonical=record, signature=signed)
        again = put_together(render_certificate(value), found, at=value.imprint.issued_at)
    except (KeyError, TypeError, ValueError):  # signed by its own key, yet not something that this renderer ever drew
        return "differ"
    return "identical" if again == content else "differ"
