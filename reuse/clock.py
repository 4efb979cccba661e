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
