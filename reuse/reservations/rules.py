"""Reservations: statuses and moves, the term of a hold, what meets a wish, quotas, who is served first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from reuse import moves
from reuse.errors import Conflict

HOLD_TERM = timedelta(days=7)  # the default; an installation may set another
BYTES_PER_GB = 1024**3  # memory is sold in powers of two
SECONDS_A_DAY = 86_400


class ReservationStatus(StrEnum):
    """Where a reservation stands; it is never deleted, so a freed device can be traced to who let it go."""

    HELD = "held"
    CONFIRMED = "confirmed"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_S = ReservationStatus

# The one table of moves. A hand-over is itself a confirmation, so a held reservation may be handed over at once.
MOVES: Mapping[ReservationStatus, frozenset[ReservationStatus]] = {
    _S.HELD: frozenset({_S.CONFIRMED, _S.HANDED_OVER, _S.CANCELLED, _S.EXPIRED}),
    _S.CONFIRMED: frozenset({_S.HANDED_OVER, _S.CANCELLED}),
    _S.HANDED_OVER: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.EXPIRED: frozenset(),
}

# While a reservation is live its devices belong to nobody else: the partial unique index is on these words.
LIVE: frozenset[ReservationStatus] = frozenset({_S.HELD, _S.CONFIRMED})

# What a network may ask for by a move; expiry comes from the clock and handing over from the hand-over.
ASKED_FOR: frozenset[ReservationStatus] = frozenset({_S.CONFIRMED, _S.CANCELLED})


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a network wishes for where it does not name devices; None asks for nothing."""

    category: str
    min_ram_gb: int | None = None
    max_price_minor: int | None = None
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class OfferedDevice:
    """What is known of a listed device; `ram_bytes` is as captured."""

    category: str
    price_minor: int
    ram_bytes: int | None = None
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A need that is not met in full."""

    need_id: str
    since: datetime
    quantity: int
    served: int


def check_move(present: ReservationStatus, to: ReservationStatus) -> None:
    """Conflict where the table does not allow the move."""
    moves.check_move(MOVES, "A reservation", present, to)


def expires_at(now: datetime, term: timedelta = HOLD_TERM) -> datetime:
    """Return when a hold that begins now ends."""
    return now + term


def has_expired(status: ReservationStatus, ends: datetime | None, now: datetime) -> bool:
    """Say whether a hold is over; only a hold expires, and at its very end it is over."""
    return status is _S.HELD and ends is not None and ends <= now


def is_live(status: ReservationStatus, ends: datetime | None, now: datetime) -> bool:
    """Say whether a reservation still keeps its devices, whether or not the sweep has passed."""
    return status in LIVE and not has_expired(status, ends, now)


def ram_gb(ram_bytes: int) -> int:
    """Return memory as it is sold: a machine whose graphics keep back a part of 8 GB still has 8 GB."""
    return -(-ram_bytes // BYTES_PER_GB)


def meets(criteria: Criteria, device: OfferedDevice) -> bool:
    """Say whether a device is what was wished for; an unknown fact does not meet a wish about it."""
    if device.category != criteria.category:
        return False
    if criteria.min_ram_gb is not None and (device.ram_bytes is None or ram_gb(device.ram_bytes) < criteria.min_ram_gb):
        return False
    if criteria.max_price_minor is not None and device.price_minor > criteria.max_price_minor:
        return False
    return criteria.grade is None or device.grade == criteria.grade


def within_quota(*, quota: int | None, live: int, wanted: int) -> bool:
    """Say whether a network may hold so many more; no quota means no limit."""
    return quota is None or live + wanted <= quota


class Period(StrEnum):
    """The stretch of the calendar over which a quota counts."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def first_day(day: date, period: Period) -> date:
    """Return the day on which the month, the quarter or the year of this day begins."""
    month = {Period.MONTH: day.month, Period.QUARTER: (day.month - 1) // 3 * 3 + 1, Period.YEAR: 1}[period]
    return date(day.year, month, 1)


def months_until(day: date, count: int) -> tuple[date, ...]:
    """Return the first days of so many months, the last of them this day's month, and of the month after it."""
    last = day.year * 12 + day.month - 1
    return tuple(date(month // 12, month % 12 + 1, 1) for month in range(last - count + 1, last + 2))


@dataclass(slots=True)
class Allowance:
    """What is left to a network of one quota, counted down as devices are given to it; None is every category."""

    category: str | None
    left: int
    rule: str

    def covers(self, category: str) -> bool:
        """Say whether devices of this category count."""
        return self.category in {None, category}


def take_within(allowances: Iterable[Allowance], category: str) -> str | None:
    """Count one more device against every quota that covers it; the rule that forbids it, and then nothing counts."""
    covering = [one for one in allowances if one.covers(category)]
    for one in covering:
        if not within_quota(quota=one.left, live=0, wanted=1):
            return one.rule
    for one in covering:
        one.left -= 1
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """A need's place on the waiting list, with the numbers that gave it: weight is age times unmet share."""

    place: int
    need_id: str
    age_days: Decimal
    unmet_share: Decimal
    weight: Decimal


def waiting_order(needs: Iterable[Waiting], now: datetime) -> tuple[Waiting, ...]:
    """Return needs in the order in which they are served: age weighted by the share that is still unmet.

    Of two needs of the same age, the one that got less comes first; of two that got the same share, the older.
    A need that is met in full is not waiting.
    """
    waiting = [need for need in needs if need.served < need.quantity]
    return tuple(sorted(waiting, key=lambda need: (-_weight(need, now), need.since, need.need_id)))


def places(needs: Iterable[Waiting], now: datetime) -> tuple[Place, ...]:
    """Return every place on the waiting list, the first first, so that each can be recomputed from its numbers."""
    return tuple(
        Place(
            place,
            need.need_id,
            age_days=_rounded(_age(need, now) / SECONDS_A_DAY),
            unmet_share=_rounded(_unmet(need)),
            weight=_rounded(_weight(need, now) / SECONDS_A_DAY),
        )
        for place, need in enumerate(waiting_order(needs, now), 1)
    )


def _age(need: Waiting, now: datetime) -> Decimal:
    return Decimal(max(int((now - need.since).total_seconds()), 0))


def _unmet(need: Waiting) -> Decimal:
    return Decimal(need.quantity - need.served) / need.quantity


def _weight(need: Waiting, now: datetime) -> Decimal:
    return _age(need, now) * (need.quantity - need.served) / need.quantity


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.0001"))


def extended_until(ends: datetime, term: timedelta, *, is_extended: bool) -> datetime:
    """Return the new end of a hold that is extended by a term; Conflict `extended_already` the second time."""
    if is_extended:
        raise Conflict(
            "This hold has been extended once, and once is all: confirm the reservation, or let it go.",
            code="extended_already",
        )
    return ends + term
