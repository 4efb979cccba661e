from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from reuse import clock
from reuse.documents.models import Document, NumberSeries
from reuse.history.rules import Actor
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.people.queries import territory_of


@dataclass(frozen=True, slots=True)
class Readers:
    """Who may read a document besides the organisation that issued it, and what it is about."""

    territory_id: UUID | None = None
    donor_id: UUID | None = None
    network_id: UUID | None = None
    carrier_id: UUID | None = None
    donation_id: UUID | None = None
    device_id: UUID | None = None


def next_number(session: Session, *, organisation_id: UUID, prefix: str, at: datetime | None = None) -> str:
    """The next number of the organisation's series in the year of its territory's calendar, such as CE-2026-000123.

    It is taken in the caller's transaction: a rollback gives it back, so that no number is lost or doubled.
    """
    zone = ZoneInfo(territory_of(session, organisation_id).timezone)
    year = (at or clock.now()).astimezone(zone).year
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"organisation_id": organisation_id, "prefix": prefix, "year": year, "last": 1}
    insert = dialect.insert(NumberSeries).values(values)
    upsert = insert.on_conflict_do_update(
        index_elements=["organisation_id", "prefix", "year"], set_={"last": NumberSeries.last + 1}
    )
    last: int = session.connection().execute(upsert.returning(col(NumberSeries.last))).scalar_one()
    return f"{prefix}-{year}-{last:06d}"


def add_document(
    session: Session,
    *,
    kind: str,
    title: str,
    media_type: str,
    file_name: str,
    sha256: str,
    size: int,
    organisation_id: UUID | None,
    readers: Readers,
    number: str | None = None,
    deduplicate: str | None = None,
) -> Document:
    """Enter a rendered document whose bytes are already kept; with `deduplicate` the same text gives the same row."""
    if deduplicate and (known := session.exec(select(Document).where(Document.deduplicate == deduplicate)).first()):
        return known
    document = Document(
        id=clock.new_id(),
        kind=kind,
        number=number,
        title=title,
        media_type=media_type,
        file_name=file_name,
        sha256=sha256,
        size=size,
        deduplicate=deduplicate,
        organisation_id=organisation_id,
        territory_id=readers.territory_id,
        donor_id=readers.donor_id,
        network_id=readers.network_id,
        carrier_id=readers.carrier_id,
        donation_id=readers.donation_id,
        device_id=readers.device_id,
        created_at=clock.now(),
    )
    session.add(document)
    session.flush()
    return document


def order_document(
    session: Session,
    actor: Actor,
    *,
    kind: str,
    value: Any,  # noqa: ANN401  # one of the frozen values of labels.values
    number: str,
    organisation_id: UUID,
    readers: Readers,
    deduplicate: str,
    job_key: str | None = None,
) -> Job:
    """Have a document rendered from a value that is frozen now, once this transaction is committed.

    `kind` names its press in workers/documents.py; the job's result is `{"document_id": …}`. The same `deduplicate`
    orders the same document for ever. Where several organisations may ask for it, each follows a job of its own, known
    by its `job_key`.
    """
    payload = {
        "kind": kind,
        "value": asdict(value),
        "number": number,
        "organisation_id": organisation_id,
        "readers": asdict(readers),
        "deduplicate": deduplicate,
    }
    return enqueue(session, "documents.render", actor=actor, payload=payload, deduplicate=job_key or deduplicate)
