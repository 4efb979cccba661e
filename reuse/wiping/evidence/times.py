"""Times in reports: most tools print local time without a zone; we store UTC and say that we assumed."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from reuse.errors import Fault, Invalid
from reuse.wiping.rules import CLOCK_SLACK

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


FAR = timedelta(hours=14)  # the most that a zone lies from UTC (Kiribati): an honest upload may be later, not a reading


@dataclass(frozen=True, slots=True)
class Clock:
    """What a report's clock is worth: when the wipe may have ended at the earliest (None: no doubt), and remarks."""

    earliest: datetime | None
    reasons: tuple[str, ...]


def compare_clock(ended_at: datetime, *, said: str, usual: str, received_at: datetime) -> Clock:
    """Hold a naive log's end, read in the zone `said`, against the moment of upload and the zones it may have meant.

    The uploader may have meant the zone said, the territory's (`usual`), or UTC, in which boot images start. An upload
    within ten minutes of the end settles it: under any other zone that end is at least a quarter of an hour away.
    Raises Invalid where only the zone said makes the wipe end after its own report came.
    """
    local = ended_at.astimezone(ZoneInfo(said)).replace(tzinfo=None)
    usually = local_to_utc(local, ZoneInfo(usual))
    latest = received_at + CLOCK_SLACK
    if ended_at > latest and usually <= latest:
        sentence = f"With the time zone {said} this erasure would end after its report came. Give the station's zone."
        fault = Fault("/timezone", "wipe_after_upload", sentence)
        raise Invalid(sentence, code="wipe_after_upload", errors=(fault,))
    if abs(received_at - ended_at) <= CLOCK_SLACK:
        return Clock(None, ())
    earliest = min(usually, local.replace(tzinfo=UTC))
    doubtful = abs(received_at - ended_at) > FAR >= abs(received_at - usually)
    reasons = (*(("timezone_doubtful",) if doubtful else ()), *(("report_in_future",) if ended_at > latest else ()))
    return Clock(earliest if earliest < ended_at else None, reasons)


def zone_or_custody(
    missing: tuple[str, ...], ended_at: datetime | None, custody_since: datetime | None
) -> tuple[str, ...]:
    """Name what a doubtful clock lacks: a confirmation, where the end as it was read lies after the reception."""
    if custody_since is None or ended_at is None or ended_at <= custody_since:
        return missing
    return tuple("zone_unconfirmed" if code == "report_before_custody" else code for code in missing)
