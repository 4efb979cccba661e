from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, insert, update
from sqlmodel import Session, col, select

from reuse import clock
from reuse.bulk import MANY, insert_rows
from reuse.canonical import as_json
from reuse.history.models import HistoryHead, HistoryRecord
from reuse.history.rules import FIRST, Actor, chain_hash, kept_seal, new_salt, open_part, seal_of

LOOKUP = 500  # ids in one IN (…): far under SQLite's and PostgreSQL's limits on parameters

# Built once: every write in the house comes through here, and building a statement costs as much as running it.
_NEW_RECORDS = insert(HistoryRecord)
_NEW_HEADS = insert(HistoryHead)
_HEADS = select(HistoryHead.thing, HistoryHead.thing_id, HistoryHead.seq, HistoryHead.hash).where(
    col(HistoryHead.thing_id).in_(bindparam("ids", expanding=True))
)
_MOVE_HEADS = (
    update(HistoryHead)
    .where(col(HistoryHead.thing) == bindparam("of_thing"), col(HistoryHead.thing_id) == bindparam("of_id"))
    .values(seq=bindparam("to_seq"), hash=bindparam("to_hash"))
)


@dataclass(frozen=True, slots=True)
class Happening:
    """What is to be recorded: to which thing, which verb, from which state to which, and what else is worth knowing."""

    thing: str
    thing_id: UUID
    verb: str
    from_state: str | None = None
    to_state: str | None = None
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    at: datetime | None = None


def record(
    session: Session,
    actor: Actor,
    *,
    thing: str,
    thing_id: UUID,
    verb: str,
    from_state: str | None = None,
    to_state: str | None = None,
    data: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Append one record to the thing's chain, in the caller's transaction.

    `at` is when the actor says that it happened; the time of recording is kept beside it.
    """
    record_all(session, actor, [Happening(thing, thing_id, verb, from_state, to_state, data or {}, at)])


def record_all(session: Session, actor: Actor, happenings: Sequence[Happening]) -> None:
    """Append many records at once, several to one chain if need be, in the order given."""
    if not happenings:
        return
    session.flush()  # the thing's own row goes first: its lock orders the writers of its chain
    heads = _heads(session, {(happening.thing, happening.thing_id) for happening in happenings})
    known = set(heads)
    recorded_at = clock.now()
    rows: list[dict[str, Any]] = []
    for happening in happenings:
        key = (happening.thing, happening.thing_id)
        seq, previous = heads.get(key, (0, FIRST))
        row = _row(happening, actor, recorded_at, seq + 1, previous)
        heads[key] = (row["seq"], row["hash"])
        rows.append(row)
    _write(session, rows)
    _move_heads(session, heads, known)


def begin_chains(session: Session, actor: Actor, happenings: Iterable[Happening]) -> None:
    """The first record of each of many new things, as `record_all` would write it, without looking for older ones.

    A thing that has a chain already is refused by the unique key over thing and number (IntegrityError).
    """
    recorded_at = clock.now()
    rows = [_row(happening, actor, recorded_at, 1, FIRST) for happening in happenings]
    _write(session, rows)
    heads = ((row["thing"], row["thing_id"], 1, row["hash"]) for row in rows)
    insert_rows(session, HistoryHead, ("thing", "thing_id", "seq", "hash"), heads)


def forget_persons(session: Session, condition: ColumnElement[bool], *, limit: int) -> list[UUID]:
    """Forget who is named in at most so many records, oldest first; their chains hold as before.

    The seal takes the place of person, key, salt and personal data: with the salt gone, nobody finds a name by trying
    names. Returns the ids of the records.
    """
    statement = select(HistoryRecord).where(condition, col(HistoryRecord.seal).is_(None))
    rows = session.exec(statement.order_by(col(HistoryRecord.id)).limit(limit)).all()
    for row in rows:
        stored = row.model_dump()
        row.seal = kept_seal(stored)
        row.data = open_part(stored)["data"]
        row.person, row.key_id, row.salt = None, None, ""
        session.add(row)
    session.flush()
    return [row.id for row in rows]


def _write(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Past the ORM, which writes rows of different shape one by one."""
    if not rows:
        return
    if len(rows) < MANY:
        session.connection().execute(_NEW_RECORDS, rows)
        return
    names = tuple(rows[0])
    insert_rows(session, HistoryRecord, names, (tuple(row.values()) for row in rows))


def _row(happening: Happening, actor: Actor, recorded_at: datetime, seq: int, previous: str) -> dict[str, Any]:
    content = as_json_row(happening, actor, recorded_at, seq)
    salt = new_salt()
    digest = chain_hash(open_part(content), seal_of(content, salt), previous)
    return {**content, "id": clock.new_id(), "salt": salt, "previous": previous, "hash": digest}


def as_json_row(happening: Happening, actor: Actor, recorded_at: datetime, seq: int) -> dict[str, Any]:
    """The part of a record that its hash covers."""
    return {
        "thing": happening.thing,
        "thing_id": happening.thing_id,
        "seq": seq,
        "verb": happening.verb,
        "from_state": happening.from_state,
        "to_state": happening.to_state,
        "at": (happening.at or recorded_at).astimezone(UTC),
        "recorded_at": recorded_at,
        "organisation_id": actor.organisation_id,
        "person": actor.person,
        "key_id": actor.key_id,
        "data": as_json(happening.data) if happening.data else {},
    }


def _heads(session: Session, keys: set[tuple[str, UUID]]) -> dict[tuple[str, UUID], tuple[int, str]]:
    ids = [thing_id for _, thing_id in keys]
    heads: dict[tuple[str, UUID], tuple[int, str]] = {}
    for start in range(0, len(ids), LOOKUP):
        some = ids[start : start + LOOKUP]
        for thing, thing_id, seq, digest in session.connection().execute(_HEADS, {"ids": some}):
            heads[thing, thing_id] = (seq, digest)
    return {key: head for key, head in heads.items() if key in keys}


def _move_heads(session: Session, heads: dict[tuple[str, UUID], tuple[int, str]], known: set[tuple[str, UUID]]) -> None:
    new = [
        {"thing": thing, "thing_id": thing_id, "seq": seq, "hash": digest}
        for (thing, thing_id), (seq, digest) in heads.items()
        if (thing, thing_id) not in known
    ]
    if new:
        session.connection().execute(_NEW_HEADS, new)
    moved = [
        {"of_thing": thing, "of_id": thing_id, "to_seq": seq, "to_hash": digest}
        for (thing, thing_id), (seq, digest) in heads.items()
        if (thing, thing_id) in known
    ]
    if moved:
        session.connection().execute(_MOVE_HEADS, moved)
