from datetime import datetime
from typing import Any

from litestar.params import FromHeader, FromPath
from sqlmodel import Session

from labels import words
from reuse.documents.models import Document
from reuse.errors import NotFound
from reuse.html import page, public_headers, wants_json
from reuse.web import Answer, Shape, door
from reuse.wiping.models import Certificate
from reuse.wiping.queries.certificates import certificate_by_token, numbers_of

_WORDS: dict[str, object] = {"coded": words.word_or_raw, "moment": words.moment, "size": words.size}


class VerifiedMedium(Shape):
    """The medium as the certificate names it."""

    manufacturer: str | None
    model: str | None
    serial: str | None
    kind: str
    size_bytes: int | None


class VerificationShape(Shape):
    """What anybody may know of a certificate whose address they hold: no person, no donor, no device."""

    number: str
    status: str
    issued_at: datetime
    issuer: str
    trial: bool
    medium: VerifiedMedium
    method: str
    required_method: str
    technique: str
    tool: str
    tool_version: str | None
    verification: str
    verdict: str
    ended_at: datetime | None
    standard: str
    evidence_sha256: list[str]
    record_sha256: str
    pdf_sha256: str | None
    key_fingerprint: str
    pdf_key_fingerprint: str
    revoked_at: datetime | None
    superseded_by: str | None


def verification_of(session: Session, certificate: Certificate) -> VerificationShape:
    """The public facts of a certificate."""
    content: dict[str, Any] = certificate.content
    document = session.get(Document, certificate.document_id) if certificate.document_id else None
    successor = certificate.superseded_by
    said = {name: content[name] for name in set(VerificationShape.model_fields) & set(content)}
    own: dict[str, Any] = {
        "status": certificate.status,
        "issuer": content["issuer"]["name"],
        "medium": {name: content["medium"][name] for name in VerifiedMedium.model_fields},
        "evidence_sha256": [one["sha256"] for one in content["evidence"]],
        "record_sha256": certificate.sha256,
        "pdf_sha256": document.sha256 if document else None,
        "key_fingerprint": content["signing_key"]["fingerprint"],
        "pdf_key_fingerprint": content["pdf_signing_key"]["fingerprint"],
        "revoked_at": certificate.revoked_at,
        "superseded_by": numbers_of(session, {successor})[successor] if successor else None,
    }
    return VerificationShape.model_validate({**said, **own})


@door("GET", "/verify/{token:str}", is_public=True, summary="Check a certificate: HTML, or JSON by Accept")
def verify_certificate(
    session: Session, token: FromPath[str], accept: FromHeader[str | None] = None
) -> VerificationShape:
    """Whether a certificate is valid, revoked or superseded, for anybody who holds its address."""
    certificate = certificate_by_token(session, token)
    found = verification_of(session, certificate) if certificate else None
    answer = _as_json if wants_json(accept) else _as_page
    return answer(found)  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


def _as_json(found: VerificationShape | None) -> Answer:
    if found is None:
        raise NotFound("No certificate has this address; compare it with the printed one, sign by sign.")
    return Answer(found, headers=public_headers())


def _as_page(found: VerificationShape | None) -> Answer:
    return page("verify.html", status=200 if found else 404, found=found, **_WORDS)


doors = [verify_certificate]
