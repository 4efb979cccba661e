from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from reuse.history.models import HistoryHead, HistoryRecord
from reuse.history.rules import FIRST, chain_hash


def history_of(session: Session, thing: str, thing_id: UUID) -> list[HistoryRecord]:
    """The thing's records, oldest first."""
    statement = select(HistoryRecord).where(HistoryRecord.thing == thing, HistoryRecord.thing_id == thing_id)
    return list(session.exec(statement.order_by(col(HistoryRecord.seq))))


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the chain does not hold, in words."""

    thing: str
    thing_id: UUID
    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk over the whole history found."""

    chains: int
    records: int
    breaks: tuple[Break, ...]


def content_of(row: HistoryRecord) -> dict[str, object]:
    """The part of a stored record that its hash covers."""
    return row.model_dump(exclude={"id", "previous", "hash"})


def verify_history(session: Session) -> Verification:
    """Recompute every hash of every chain; memory stays flat however long the history is."""
    breaks: list[Break] = []
    records = chains = 0
    ends: tuple[str, UUID, int, str] | None = None
    statement = select(HistoryRecord).order_by(
        col(HistoryRecord.thing), col(HistoryRecord.thing_id), col(HistoryRecord.seq)
    )
    for row in session.exec(statement.execution_options(yield_per=1000)):
        records += 1
        if ends is None or (row.thing, row.thing_id) != ends[:2]:
            chains += 1
            breaks.extend(_check_end(session, ends))
            ends = (row.thing, row.thing_id, 0, FIRST)
        breaks.extend(_check_record(row, ends[2], ends[3]))
        ends = (row.thing, row.thing_id, row.seq, row.hash)
        session.expunge(row)
    breaks.extend(_check_end(session, ends))
    heads = session.exec(select(func.count()).select_from(HistoryHead)).one()
    if heads != chains:
        breaks.append(Break("history", UUID(int=0), 0, f"{heads} chains are known, {chains} have records"))
    return Verification(chains=chains, records=records, breaks=tuple(breaks))


def _check_record(row: HistoryRecord, seq: int, previous: str) -> Iterator[Break]:
    if row.seq != seq + 1:
        yield Break(row.thing, row.thing_id, row.seq, f"record {seq + 1} is missing")
    elif row.previous != previous:
        yield Break(row.thing, row.thing_id, row.seq, "it does not hold the hash of the record before it")
    if row.hash != chain_hash(content_of(row), row.previous):
        yield Break(row.thing, row.thing_id, row.seq, "its content is not what was recorded")


def _check_end(session: Session, end: tuple[str, UUID, int, str] | None) -> Iterator[Break]:
    if end is None:
        return
    thing, thing_id, seq, digest = end
    head = session.get(HistoryHead, (thing, thing_id))
    if head is None or (head.seq, head.hash) != (seq, digest):
        yield Break(thing, thing_id, seq, "the chain does not end where it was last written")
