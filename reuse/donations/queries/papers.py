from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.donations.models import (
    Collection,
    Donation,
)
from reuse.jobs.models import Job
from reuse.jobs.queries import may_see
from reuse.people.rules import Caller

PICKUP_NOTE = "pickup_note"
RECEPTION_NOTE = "reception_note"
RECONCILIATION_NOTE = "reconciliation_note"
AGREED_NOTE = "agreed_note"


@dataclass(frozen=True)
class Paper:
    """A note that was ordered for a collection, and the document once it is rendered."""

    kind: str
    number: str
    donation_id: UUID
    job: str | None
    document_id: UUID | None


def paper_key(kind: str, collection_id: UUID, donation_id: UUID) -> str:
    """What the job and the document of one note are known by."""
    return f"{kind}:{collection_id}:{donation_id}"


def version_key(kind: str, donation_id: UUID, version: int) -> str:
    """What the job and the document of one version's note are known by."""
    return f"{kind}:{donation_id}:{version}"


def version_papers(session: Session, caller: Caller, donation_id: UUID, keys: Sequence[str]) -> dict[str, Paper]:
    """The notes that were ordered under these keys, with their jobs for whoever may see them."""
    jobs = session.exec(select(Job).where(col(Job.deduplicate).in_(keys))).all()
    return {
        str(job.deduplicate): Paper(
            job.payload["kind"],
            job.payload["number"],
            donation_id,
            f"/v1/jobs/{job.id}" if may_see(caller, job) else None,
            (job.result or {}).get("document_id"),
        )
        for job in jobs
    }


def papers_of(session: Session, caller: Caller, collection: Collection, donations: Sequence[Donation]) -> list[Paper]:
    """The notes that were ordered for these donations of a collection, with their jobs for whoever may see them."""
    keys = {
        paper_key(kind, collection.id, one.id): (kind, one.id)
        for kind in (PICKUP_NOTE, RECEPTION_NOTE)
        for one in donations
    }
    jobs = session.exec(select(Job).where(col(Job.deduplicate).in_(keys)).order_by(col(Job.id))).all()
    papers: list[Paper] = []
    for job in jobs:
        kind, donation_id = keys[str(job.deduplicate)]
        document_id = (job.result or {}).get("document_id")
        address = f"/v1/jobs/{job.id}" if may_see(caller, job) else None
        papers.append(Paper(kind, job.payload["number"], donation_id, address, document_id))
    return papers
