from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.devices.queries import device_for
from reuse.documents.api import document_bytes
from reuse.documents.models import Document
from reuse.donations.queries import donation_for
from reuse.errors import Conflict
from reuse.house import House
from reuse.people.rules import Caller
from reuse.web import JobAccepted, Page, Shape, door, job_accepted, page_of
from reuse.wiping.actions.certificates import revoke_certificate
from reuse.wiping.actions.covers import order_cover
from reuse.wiping.models import Certificate
from reuse.wiping.queries.certificates import certificate_for, numbers_of, visible_certificates


class CertificateShape(Shape):
    """A certificate: `content` is the frozen truth, `sha256` and `signature` are those of its canonical JSON.

    From `erased_at` on its term is over: the PDF is gone, and `content` names nobody any more.
    """

    id: UUID
    version: int
    number: str
    status: str
    device_id: UUID
    medium_id: UUID
    sanitization_id: UUID
    donation_id: UUID | None
    document_id: UUID | None
    issued_at: datetime
    verification_url: str
    sha256: str
    signature: str
    content: dict[str, Any]
    superseded_by: str | None
    revoked_at: datetime | None
    revoked_by: str | None
    revocation_reason: str | None
    erased_at: datetime | None


class RevocationInput(Shape):
    """Why a certificate is taken back."""

    reason: str = Field(min_length=1, max_length=500)


def certificate_shapes(session: Session, certificates: Collection[Certificate]) -> list[CertificateShape]:
    """Certificates as those see them who may."""
    numbers = numbers_of(session, {one.superseded_by for one in certificates if one.superseded_by})
    return [_shape(one, numbers) for one in certificates]


def _shape(one: Certificate, numbers: dict[UUID, str]) -> CertificateShape:
    facts = one.model_dump(include=set(CertificateShape.model_fields))
    successor = numbers[one.superseded_by] if one.superseded_by else None
    address = one.content["verification_address"]
    return CertificateShape.model_validate({**facts, "superseded_by": successor, "verification_url": address})


@door("GET", "/v1/certificates")
def list_certificates(
    session: Session,
    caller: Caller,
    device_id: FromQuery[UUID | None] = None,
    donation_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[CertificateShape]:
    """Certificates that the caller may see, oldest first."""
    statement = select(Certificate).where(visible_certificates(caller))
    if device_id:
        statement = statement.where(Certificate.device_id == device_id)
    if donation_id:
        statement = statement.where(Certificate.donation_id == donation_id)
    cut = cut_page(session, statement, col(Certificate.id), limit=limit, cursor=cursor)
    shapes = {one.id: one for one in certificate_shapes(session, cut.rows)}
    return page_of(cut, lambda row: shapes[row.id])


@door("GET", "/v1/certificates/{certificate_id:uuid}")
def show_certificate(session: Session, caller: Caller, certificate_id: FromPath[UUID]) -> CertificateShape:
    """One certificate with everything that it says."""
    return certificate_shapes(session, [certificate_for(session, caller, certificate_id)])[0]


@door("GET", "/v1/certificates/{certificate_id:uuid}/pdf", media_type="application/pdf")
def download_certificate(session: Session, caller: Caller, house: House, certificate_id: FromPath[UUID]) -> bytes:
    """The certificate's PDF/A-3, with its record, signature and evidence attached; 409 while it is being rendered."""
    certificate = certificate_for(session, caller, certificate_id)
    if certificate.document_id is None:
        raise Conflict("This certificate is still being rendered; ask again in a moment.", code="pdf_pending")
    document = session.get_one(Document, certificate.document_id)
    return document_bytes(house, document)  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


@door("POST", "/v1/certificates/{certificate_id:uuid}/revocation", status=200)
def revoke(
    session: Session,
    caller: Caller,
    if_match: int | None,
    certificate_id: FromPath[UUID],
    data: JSONBody[RevocationInput],
) -> CertificateShape:
    """Take a certificate back, with a reason; it goes on saying so at its address, for ever."""
    certificate = revoke_certificate(session, caller, certificate_id, reason=data.reason, version=if_match)
    return certificate_shapes(session, [certificate])[0]


@door("POST", "/v1/devices/{device_id:uuid}/certificate-cover", status=202)
def order_device_cover(session: Session, caller: Caller, device_id: FromPath[UUID]) -> JobAccepted:
    """Print the cover of a device's certificates: every medium, how it ended, by which certificate or why by none.

    The job's result is `{document_id}`. The same state gives the same document again.
    """
    job = order_cover(session, caller, device=device_for(session, caller, device_id))
    return job_accepted(job)  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


@door("POST", "/v1/donations/{donation_id:uuid}/certificate-cover", status=202)
def order_donation_cover(session: Session, caller: Caller, donation_id: FromPath[UUID]) -> JobAccepted:
    """Print the cover of a donation's certificates: all devices, counts, what has no certificate and why.

    The job's result is `{document_id}`. The document is the donation's, and so goes into its pack.
    """
    job = order_cover(session, caller, donation=donation_for(session, caller, donation_id))
    return job_accepted(job)  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


doors = [
    list_certificates,
    show_certificate,
    download_certificate,
    revoke,
    order_device_cover,
    order_donation_cover,
]
