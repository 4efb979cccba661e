from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from reuse.documents.models import Document
from reuse.handovers.models import Handover, HandoverContact, HandoverLine
from reuse.lookup import the_one
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller

RECEIPT = "handover_receipt"


def visible_handovers(caller: Caller) -> ColumnElement[bool]:
    """A network sees what it took, a workshop what left it, a territory all of its networks'."""
    me = caller.organisation_id
    return sight(
        caller,
        {
            Activity.network: col(Handover.network_id) == me,
            Activity.workshop: col(Handover.workshop_id) == me,
            Activity.territory: col(Handover.territory_id) == caller.territory_id,
        },
    )


def handover_for(session: Session, caller: Caller, handover_id: UUID) -> Handover:
    """The hand-over, if the caller may know of it; NotFound otherwise."""
    return the_one(session, Handover, handover_id, visible_handovers(caller), "hand-over")


def locked_handover(session: Session, handover_id: UUID) -> Handover:
    """The hand-over as it is now, held against others until the transaction ends; taken after its devices and lines."""
    statement = select(Handover).where(Handover.id == handover_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one()


def lines_of(session: Session, handover_ids: Collection[UUID]) -> dict[UUID, list[HandoverLine]]:
    """Lines by hand-over, in the order in which they were handed over."""
    found: dict[UUID, list[HandoverLine]] = {handover_id: [] for handover_id in handover_ids}
    statement = (
        select(HandoverLine).where(col(HandoverLine.handover_id).in_(handover_ids)).order_by(col(HandoverLine.id))
    )
    for line in session.exec(statement):
        found[line.handover_id].append(line)
    return found


def contact_of(session: Session, handover_id: UUID) -> HandoverContact | None:
    """The sealed contact of a hand-over, while one is kept."""
    return session.get(HandoverContact, handover_id)


def contacts_until(session: Session, handover_ids: Collection[UUID]) -> dict[UUID, date]:
    """Until when a contact is kept, by hand-over, where one is."""
    kept = session.exec(select(HandoverContact).where(col(HandoverContact.handover_id).in_(handover_ids)))
    return {one.handover_id: one.until for one in kept}


def contact_keys(session: Session) -> dict[str, int]:
    """How many contacts each key seals."""
    counted = select(HandoverContact.key_id, func.count()).group_by(col(HandoverContact.key_id))
    return dict(session.exec(counted).all())


def line_out(session: Session, device_id: UUID) -> HandoverLine | None:
    """The line with which the device left, while it is out."""
    return session.exec(
        select(HandoverLine).where(HandoverLine.device_id == device_id, col(HandoverLine.returned_at).is_(None))
    ).first()


def handed_over_before(session: Session, device_ids: Collection[UUID]) -> set[UUID]:
    """Those of the devices that have left before."""
    return set(session.exec(select(HandoverLine.device_id).where(col(HandoverLine.device_id).in_(device_ids))))


def first_handovers(
    session: Session, *, since: datetime | None = None, until: datetime | None = None
) -> list[HandoverLine]:
    """The hand-overs that begin a device's further life, one a device at most, by the time of the hand-over."""
    statement = select(HandoverLine).where(col(HandoverLine.is_first)).order_by(col(HandoverLine.at))
    if since is not None:
        statement = statement.where(col(HandoverLine.at) >= since)
    if until is not None:
        statement = statement.where(col(HandoverLine.at) < until)
    return list(session.exec(statement))


def receipt_key(handover_id: UUID) -> str:
    """What the job and the document of one receipt are known by."""
    return f"{RECEIPT}:{handover_id}"


def receipts_of(session: Session, handover_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The receipt's document by hand-over, where it is printed already."""
    keys = {receipt_key(handover_id): handover_id for handover_id in handover_ids}
    printed = select(Document.deduplicate, Document.id).where(col(Document.deduplicate).in_(keys))
    return {keys[key]: document_id for key, document_id in session.exec(printed) if key is not None}
