"""What happened to a donation and its devices, counted day by day of its territory's calendar."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import ColumnElement, Label, Select, func
from sqlmodel import Session, col

from reuse.donations.models import Donation
from reuse.history.models import HistoryRecord
from reuse.passport.queries.following import their_chains
from reuse.people.models import Territory
from reuse.people.rules import Caller

Happened = tuple[str, str, str | None, str | None]
"""Thing, verb, the status that it led to, the milestone that it met or withdrew."""


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day, and how often."""

    day: date
    events: list[tuple[Happened, int]]


def timeline_of(session: Session, caller: Caller, donation: Donation) -> list[Day]:
    """Every day on which something happened, the first day first; within it what happened first."""
    zone = ZoneInfo(session.get_one(Territory, donation.territory_id).timezone)
    days: dict[date, Counter[Happened]] = {}
    for minute, thing, verb, to, milestone, count in session.connection().execute(
        _by_minute(session, caller, donation)
    ):
        day = _moment(minute).astimezone(zone).date()
        days.setdefault(day, Counter())[thing, verb, to, milestone] += count
    return [Day(day, list(events.items())) for day, events in sorted(days.items())]


def _by_minute(
    session: Session, caller: Caller, donation: Donation
) -> Select[str, str, str, str | None, str | None, int]:
    """Counts by the minute, in UTC: zones differ from it by whole minutes, and SQLite knows none of them."""
    minute = _minute(session).label("minute")
    milestone: Label[str | None] = col(HistoryRecord.data)["milestone"].as_string().label("milestone")
    thing, verb, to = col(HistoryRecord.thing), col(HistoryRecord.verb), col(HistoryRecord.to_state)
    devices = their_chains(caller, donation.id)
    of_devices = (thing == "device") & col(HistoryRecord.thing_id).in_(devices)
    of_donation = (thing == "donation") & (col(HistoryRecord.thing_id) == donation.id)
    return (
        sqlalchemy.select(minute, thing, verb, to, milestone, func.count())
        .where(of_donation | of_devices)
        .group_by(minute, thing, verb, to, milestone)
        .order_by(minute, func.min(col(HistoryRecord.seq)), thing.desc(), verb)
    )


def _minute(session: Session) -> ColumnElement[str]:
    if session.get_bind().dialect.name == "postgresql":
        return func.to_char(col(HistoryRecord.at), "YYYY-MM-DD HH24:MI")  # connections speak UTC (reuse/db.py)
    return func.strftime("%Y-%m-%d %H:%M", col(HistoryRecord.at))


def _moment(minute: str) -> datetime:
    return datetime.strptime(minute, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
