"""Times in reports: most tools print local time without a zone; we store UTC and say that we assumed."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from reuse.errors import Invalid

_BASIC_OFFSET = re.compile(r"([+-]\d{2})(\d{2})$")


def zone_named(name: str) -> ZoneInfo:
    """Find an IANA time zone, or refuse with a sentence."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise Invalid(
            f"Unknown time zone: {name[:60]}. Give one such as Europe/Paris.", code="unknown_timezone"
        ) from None


def local_to_utc(moment: datetime, zone: ZoneInfo) -> datetime:
    """Read a naive local time in a zone; of two equal hours in autumn the earlier: never younger than proved."""
    return moment.replace(tzinfo=zone, fold=0).astimezone(UTC)


def span_to_utc(
    start: datetime | None, end: datetime | None, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """Read a naive start and end. An end before its start is tried as the second of two equal hours in autumn."""
    started = local_to_utc(start, zone) if start else None
    ended = local_to_utc(end, zone) if end else None
    if started and ended and end and ended < started:
        ended = end.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return started, ended


def parse_moment(value: object, zone: ZoneInfo) -> tuple[datetime | None, bool]:
    """Read an ISO 8601 time (or what YAML made of one) as UTC; the second value says that the zone was assumed."""
    moment: datetime | None = value if isinstance(value, datetime) else None
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(_BASIC_OFFSET.sub(r"\1:\2", value.strip()))
        except ValueError:
            return None, False
    if moment is None:
        return None, False
    try:
        return (local_to_utc(moment, zone), True) if moment.tzinfo is None else (moment.astimezone(UTC), False)
    except (OverflowError, ValueError):
        return None, False
