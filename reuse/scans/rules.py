"""What a scan says, and what of it is odd. Sources: spec/api.md, spec/process.md, spec/reliability.md."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

MAX_SCANS = 500
"""Scans in one request."""
MEMORY = timedelta(days=90)
"""For so long a scan is remembered, and so old may an offline one be before its time is odd."""
AHEAD = timedelta(minutes=5)
"""A station's clock may go ahead so much."""
UNDO_WITHIN = timedelta(minutes=10)
"""So long may the author of a wrong scan reverse it."""


class Outcome(StrEnum):
    """What became of a scan."""

    applied = "applied"
    duplicate = "duplicate"
    conflict = "conflict"
    refused = "refused"


@dataclass(frozen=True, slots=True)
class ScanIn:
    """One scan as a station sent it."""

    id: UUID
    code: str
    action: str
    at: datetime
    station: str | None = None
    data: dict[str, Any] = field(default_factory=dict[str, Any])


def oddness(at: datetime, now: datetime) -> str | None:
    """Why the claimed time of a scan can hardly be true; None for a usual one. It is told, never a reason to refuse."""
    if at > now + AHEAD:
        return "at_in_the_future"
    if at < now - MEMORY:
        return "at_long_ago"
    return None


def plausible(at: datetime, now: datetime) -> datetime:
    """The claimed time, but never the future: a station that was offline tells late, none tells before."""
    return min(at, now)
