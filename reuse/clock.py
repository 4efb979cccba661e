"""The one place that reads the time; a test moves time by replacing `source`."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def _system_time() -> datetime:
    return datetime.now(UTC)


source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """The present instant, in UTC, with its zone."""
    return source()


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562): unique, and in the order of its making."""
    return uuid7()


def first_id_at(at: datetime) -> UUID:
    """An id before every UUIDv7 that was made at this instant or later: its first 48 bits are the milliseconds."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
