from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col

from reuse.documents.models import Document
from reuse.errors import NotFound
from reuse.lookup import the_one
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller


def visible_documents(caller: Caller) -> ColumnElement[bool]:
    """The documents that a caller may read: its own, and those made for it."""
    me = caller.organisation_id
    own = col(Document.organisation_id) == me
    return sight(
        caller,
        {
            Activity.territory: (col(Document.territory_id) == caller.territory_id) | own,
            Activity.donor: (col(Document.donor_id) == me) | own,
            Activity.workshop: own,
            Activity.network: (col(Document.network_id) == me) | own,
            Activity.carrier: (col(Document.carrier_id) == me) | own,
        },
    )


def check_not_erased(document: Document) -> None:
    """NotFound where the document's term is over and its bytes are gone; its row says so to whoever may read it."""
    if document.erased_at is not None:
        day = f"{document.erased_at:%Y-%m-%d}"
        raise NotFound(
            f"The bytes of {document.number or document.title} were erased on {day}, when their term was over; "
            f"its SHA-256 remains: {document.sha256}.",
            code="document_erased",
        )


def document_for(session: Session, caller: Caller, document_id: UUID) -> Document:
    """The document, if the caller may read it; NotFound otherwise."""
    return the_one(session, Document, document_id, visible_documents(caller), "document")
