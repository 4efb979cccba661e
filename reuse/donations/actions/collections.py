from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from reuse import clock
from reuse.donations.models import (
    Collection,
    Signature,
)
from reuse.errors import Stale


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature given on the spot, typed or drawn (see rules/ink.py)."""

    role: str
    name: str
    drawn: str | None = None


def check_collection_version(collection: Collection, version: int | None) -> None:
    """Stale where `version` (what the caller saw) is not the present one."""
    if version is not None and version != collection.version:
        raise Stale(
            f"This collection has changed: you saw version {version}, it is now {collection.version}. Look again."
        )


def add_signatures(
    session: Session, collection: Collection, act: str, signatures: Sequence[Signed], at: datetime
) -> None:
    """Keep who signed a pick-up or a reception."""
    for signed in signatures:
        session.add(
            Signature(
                id=clock.new_id(),
                collection_id=collection.id,
                act=act,
                role=signed.role,
                name=signed.name,
                drawn=signed.drawn,
                at=at,
            )
        )
