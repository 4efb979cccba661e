"""What every evidence parser answers with: frozen values, no database, no opinion about which medium is meant."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """What one report says about one medium.

    `serial` is what the tool proved, cleaned; None where it is redacted, absent or a placeholder. Times are aware UTC.
    `reasons` are codes with a sentence each in `reuse/data/reasons.json`; on a pass they are remarks.
    """

    index: int
    serial: str | None
    manufacturer: str | None
    model: str | None
    size_bytes: int | None
    kind: str | None
    verdict: str
    method: str
    technique: str
    tool: str
    tool_version: str | None
    verification: str
    started_at: datetime | None
    ended_at: datetime | None
    reasons: tuple[str, ...]
    rounds: int | None
    device: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One uploaded file, read: its format, its items, and what was assumed in reading it."""

    format: str
    items: tuple[EvidenceItem, ...]
    system_serial: str | None
    timezone: str
    timezone_assumed: bool
    warnings: tuple[str, ...]
