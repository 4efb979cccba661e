"""A repeated request is done once: its first answer is kept in the transaction of its effect (Idempotency-Key)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlmodel import Field, Session, SQLModel, col

from reuse import clock
from reuse.columns import DOCUMENT, INSTANT, table_name
from reuse.errors import Conflict, Invalid, KeyReused, NotAllowed

WAIT_SECONDS = 2.0
MAX_KEY = 255
FORGOTTEN = timedelta(days=93)
"""After so long an answer is forgotten for sure: kept for 90 days, and the upkeep may be late."""


class KeptAnswer(SQLModel, table=True):
    """The answer to one keyed request; a row without an answer belongs to a transaction that is still open."""

    __tablename__ = table_name("kept_answer")

    key: str = Field(primary_key=True)
    organisation_id: UUID = Field(primary_key=True)
    route: str = Field(primary_key=True)
    request_hash: str
    roles: list[str] = Field(default_factory=list, sa_type=DOCUMENT)
    status: int | None = None
    headers: dict[str, str] | None = Field(default=None, sa_type=DOCUMENT)
    body: str | None = None
    created_at: datetime = Field(sa_type=INSTANT, index=True)


_under_way: set[tuple[str, UUID, str]] = set()
_changed = threading.Condition()


@contextmanager
def one_at_a_time(key: tuple[str, UUID, str]) -> Iterator[None]:
    """Within this process, wait for the same key's first request; Conflict when it takes longer than two seconds."""
    with _changed:
        if not _changed.wait_for(lambda: key not in _under_way, timeout=WAIT_SECONDS):
            raise in_flight()
        _under_way.add(key)
    try:
        yield
    finally:
        with _changed:
            _under_way.discard(key)
            _changed.notify_all()


def in_flight() -> Conflict:
    """The first request with this key has not been answered yet."""
    return Conflict(
        "The first request with this Idempotency-Key is still being worked on; ask again in a moment.",
        code="idempotency_in_flight",
    )


def check_key(key: str) -> str:
    """The key as sent; Invalid for an empty or endless one."""
    if not 0 < len(key) <= MAX_KEY or not key.isprintable():
        raise Invalid(
            f"Idempotency-Key must have 1 to {MAX_KEY} printable characters; a UUID is good.",
            code="bad_idempotency_key",
        )
    return key


def begin(session: Session, key: tuple[str, UUID, str], request_hash: str, *, roles: list[str]) -> KeptAnswer | None:
    """Take the key for this transaction, or return the answer kept under it.

    KeyReused where the request differs; NotAllowed for a caller with fewer roles than the first one had: a replay is
    authorised again.
    """
    name, organisation_id, route = key
    values: dict[str, Any] = {
        "key": name,
        "organisation_id": organisation_id,
        "route": route,
        "request_hash": request_hash,
        "roles": roles,
        "created_at": clock.now(),
    }
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text(f"SET LOCAL lock_timeout = '{int(WAIT_SECONDS * 1000)}'"))
        insert = postgresql.insert(KeptAnswer).values(values).on_conflict_do_nothing()
    else:
        insert = sqlite.insert(KeptAnswer).values(values).on_conflict_do_nothing()
    try:
        taken = session.connection().execute(insert.returning(col(KeptAnswer.key))).first() is not None
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
            raise in_flight() from error
        raise
    if (
        session.get_bind().dialect.name == "postgresql"
    ):  # only the key is waited for so shortly, not what is done under it
        session.connection().execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    if taken:
        return None
    kept = session.get(KeptAnswer, key)
    if kept is None:
        raise in_flight()
    if kept.request_hash != request_hash:
        raise KeyReused(
            "This Idempotency-Key was used for another request; take a new key for a new request.",
            code="idempotency_key_reused",
        )
    if not set(kept.roles) <= set(roles):
        raise NotAllowed("Your key has fewer roles than the one that this was first asked with.")
    return kept


def remember(session: Session, key: tuple[str, UUID, str], status: int, headers: dict[str, str], body: str) -> None:
    """Keep the answer with its effect."""
    name, organisation_id, route = key
    session.connection().execute(
        update(KeptAnswer)
        .where(
            col(KeptAnswer.key) == name,
            col(KeptAnswer.organisation_id) == organisation_id,
            col(KeptAnswer.route) == route,
        )
        .values(status=status, headers=headers, body=body)
    )


def forget_answers(session: Session, *, before: datetime) -> int:
    """Forget the answers that were kept before this moment; returns how many."""
    return session.connection().execute(delete(KeptAnswer).where(col(KeptAnswer.created_at) < before)).rowcount
