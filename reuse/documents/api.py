from datetime import datetime
from uuid import UUID

from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.documents.models import Document
from reuse.documents.queries import check_not_erased, document_for, visible_documents
from reuse.house import House
from reuse.people.rules import Caller
from reuse.transactions import reading
from reuse.web import Answer, Page, Shape, door, page_of


class DocumentShape(Shape):
    """A document that was issued; its bytes are at `/v1/documents/{id}/content`.

    From `erased_at` on they are gone, their term being over; number and hash remain.
    """

    id: UUID
    kind: str
    number: str | None
    title: str
    media_type: str
    file_name: str
    sha256: str
    size: int
    donation_id: UUID | None
    device_id: UUID | None
    created_at: datetime
    erased_at: datetime | None


def document_shape(document: Document) -> DocumentShape:
    """The document as its readers see it."""
    return DocumentShape.model_validate(document.model_dump(include=set(DocumentShape.model_fields)))


@door("GET", "/v1/documents")
def list_documents(
    session: Session,
    caller: Caller,
    donation_id: FromQuery[UUID | None] = None,
    device_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[DocumentShape]:
    """Documents that the caller may read, oldest first."""
    statement = select(Document).where(visible_documents(caller))
    if donation_id:
        statement = statement.where(Document.donation_id == donation_id)
    if device_id:
        statement = statement.where(Document.device_id == device_id)
    return page_of(cut_page(session, statement, col(Document.id), limit=limit, cursor=cursor), document_shape)


@door("GET", "/v1/documents/{document_id:uuid}")
def show_document(session: Session, caller: Caller, document_id: FromPath[UUID]) -> DocumentShape:
    """One document's facts."""
    return document_shape(document_for(session, caller, document_id))


LARGE = 8 * 1024 * 1024
"""From this size on, in bytes, a document is sent piece by piece and never held in memory."""


@door(
    "GET",
    "/v1/documents/{document_id:uuid}/content",
    has_own_transaction=True,
    media_type="application/octet-stream",
)
def download_document(caller: Caller, house: House, document_id: FromPath[UUID]) -> bytes:
    """The document itself, byte for byte as it was stored."""
    with reading(house.database) as session:
        document = document_for(session, caller, document_id)
    send = document_stream if document.size >= LARGE else document_bytes
    return send(house, document)  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


def document_bytes(house: House, document: Document) -> Answer:
    """The stored bytes with the headers of a download that no browser runs; NotFound once they are erased."""
    check_not_erased(document)
    return Answer(house.files.get(document.sha256), headers=_headers(document), media_type=document.media_type)


def document_stream(house: House, document: Document) -> Stream:
    """The stored bytes, sent as they are read; for a door with its own transaction. NotFound once they are erased."""
    check_not_erased(document)
    headers = {**_headers(document), "Content-Length": str(document.size)}
    return Stream(house.files.pieces(document.sha256), media_type=document.media_type, headers=headers)


def _headers(document: Document) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{document.file_name}"',
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{document.sha256}"',
    }


doors = [list_documents, show_document, download_document]
