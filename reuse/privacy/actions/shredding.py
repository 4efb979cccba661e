"""Bytes of documents and uploads go once their rows say so, and once no other row still keeps the same bytes."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from reuse.documents.models import Document
from reuse.donations.models import DonationImport
from reuse.files import Files
from reuse.history.rules import Actor
from reuse.jobs.actions import enqueue
from reuse.wiping.models import ErasureReport

SHRED = "privacy.shred"
KEEPERS = (Document, DonationImport, ErasureReport)
"""Whose rows name bytes by their SHA-256, and say at `erased_at` that they need them no more."""


def order_shredding(session: Session, actor: Actor, digests: Collection[str] = ()) -> None:
    """Have these bytes erased, and the database's log emptied, once the rows are committed that let them go."""
    enqueue(session, SHRED, actor=actor, payload={"sha256": sorted(set(digests))})


def shred(session: Session, files: Files, digests: Collection[str]) -> int:
    """Erase the bytes that no row keeps any more; returns how many. Doing it again changes nothing."""
    kept: set[str] = set()
    for keeper in KEEPERS:
        still = select(keeper.sha256).where(col(keeper.sha256).in_(digests), col(keeper.erased_at).is_(None))
        kept.update(session.exec(still))
    going = set(digests) - kept
    for digest in sorted(going):
        files.erase(digest)
    return len(going)
