from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy
from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from reuse.history.models import HistoryHead, HistoryRecord
from reuse.history.rules import FIRST, chain_hash, kept_seal, open_part

PORTION = 500
"""Chains that are verified with one question."""
NOT_HASHED = frozenset({"id", "salt", "seal", "previous", "hash"})
"""What of a stored record is not its content, which its own hash covers."""
_COLUMNS = [col(getattr(HistoryRecord, name)) for name in HistoryRecord.model_fields]


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


class Chain(NamedTuple):
    """One chain and where it must end."""

    thing: str
    thing_id: UUID
    seq: int
    hash: str

    def __str__(self) -> str:
        """Its place in the order of chains."""
        return f"{self.thing}:{self.thing_id}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk over the whole history found."""

    chains: int
    records: int
    breaks: tuple[Break, ...]


def verify_history(session: Session) -> Verification:
    """Recompute every hash of every chain; memory stays flat however long the history is."""
    breaks: list[Break] = list(headless_records(session))
    records = chains = 0
    last: Chain | None = None
    while some := chains_after(session, str(last) if last else None, PORTION):
        chains, last = chains + len(some), some[-1]
        read, found = verify_chains(session, some)
        records += read
        breaks += found
    return Verification(chains=chains, records=records, breaks=tuple(breaks))


def chains_after(session: Session, place: str | None, limit: int) -> list[Chain]:
    """The next chains in their order, from the beginning where no place is given."""
    statement = _chains().order_by(col(HistoryHead.thing), col(HistoryHead.thing_id)).limit(limit)
    if place is not None:
        thing, _, thing_id = place.partition(":")
        statement = statement.where(
            tuple_(col(HistoryHead.thing), col(HistoryHead.thing_id)) > tuple_(thing, UUID(thing_id))
        )
    return [Chain(*row) for row in session.connection().execute(statement)]


def chains_written_since(session: Session, since: UUID, limit: int) -> list[Chain]:
    """The chains that have a record with an id after this one, which a UUIDv7 makes a question of time."""
    written = (
        sqlalchemy.select(col(HistoryRecord.thing), col(HistoryRecord.thing_id))
        .where(col(HistoryRecord.id) > since)
        .distinct()
        .limit(limit)
        .subquery()
    )
    is_same = (written.c.thing == HistoryHead.thing) & (written.c.thing_id == HistoryHead.thing_id)
    return [Chain(*row) for row in session.connection().execute(_chains().join(written, is_same))]


def _chains() -> sqlalchemy.Select[str, UUID, int, str]:
    return sqlalchemy.select(
        col(HistoryHead.thing), col(HistoryHead.thing_id), col(HistoryHead.seq), col(HistoryHead.hash)
    )


def headless_records(session: Session) -> Iterator[Break]:
    """Records of chains that nobody knows of: this one question looks at the whole history."""
    statement = (
        select(HistoryRecord.thing, HistoryRecord.thing_id)
        .join(
            HistoryHead,
            (col(HistoryHead.thing) == HistoryRecord.thing) & (col(HistoryHead.thing_id) == HistoryRecord.thing_id),
            isouter=True,
        )
        .where(col(HistoryHead.seq).is_(None))
        .distinct()
    )
    for thing, thing_id in session.exec(statement):
        yield Break(thing, thing_id, 0, "it has records, but its end was not kept")


def verify_chains(session: Session, chains: Sequence[Chain]) -> tuple[int, list[Break]]:
    """Recompute every hash of these chains, at most some hundred at once: how many records, and what does not hold."""
    ends = {(chain.thing, chain.thing_id): (0, FIRST) for chain in chains}
    breaks: list[Break] = []
    records = 0
    statement = (
        sqlalchemy.select(*_COLUMNS)
        .where(col(HistoryRecord.thing_id).in_({chain.thing_id for chain in chains}))
        .order_by(col(HistoryRecord.thing), col(HistoryRecord.thing_id), col(HistoryRecord.seq))
    )
    for row in session.connection().execute(statement, execution_options={"yield_per": 1000}).mappings():
        key = (row["thing"], row["thing_id"])
        if key not in ends:
            continue
        records += 1
        breaks.extend(_check_record(row, *ends[key]))
        ends[key] = (row["seq"], row["hash"])
    breaks += [
        Break(*chain[:3], "the chain does not end where it was last written")
        for chain in chains
        if ends[chain.thing, chain.thing_id] != (chain.seq, chain.hash)
    ]
    return records, breaks


def _check_record(row: Mapping[Any, Any], seq: int, previous: str) -> Iterator[Break]:
    place = (row["thing"], row["thing_id"], row["seq"])
    if row["seq"] != seq + 1:
        yield Break(*place, f"record {seq + 1} is missing")
    elif row["previous"] != previous:
        yield Break(*place, "it does not hold the hash of the record before it")
    try:
        seal = kept_seal(row)
    except ValueError as error:
        yield Break(*place, str(error))
        return
    if row["hash"] != chain_hash(open_part(content_of(row)), seal, row["previous"]):
        yield Break(*place, "its content is not what was recorded")


def content_of(row: Mapping[Any, Any]) -> dict[str, Any]:
    """The part of a stored record that its hash covers."""
    return {name: value for name, value in row.items() if name not in NOT_HASHED}
