"""The hours at which a site lets a carrier in, read from the words that donors write: "lun-ven 8h30-12h, 14h-17h"."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from reuse.donations.rules.tour import Why

_DAYS: tuple[tuple[str, ...], ...] = (
    ("lundi", "lun", "monday", "mon"),
    ("mardi", "mar", "tuesday", "tue"),
    ("mercredi", "mer", "wednesday", "wed"),
    ("jeudi", "jeu", "thursday", "thu"),
    ("vendredi", "ven", "friday", "fri"),
    ("samedi", "sam", "saturday", "sat"),
    ("dimanche", "dim", "sunday", "sun"),
)
_DAY_OF = {name: number for number, names in enumerate(_DAYS) for name in names}
_DAY = "|".join(sorted(_DAY_OF, key=len, reverse=True))
_TO = r"\s*(?:-|–|—|a|au|to|until)\s*"  # noqa: RUF001  # dashes as people type them
_DAY_SPAN = re.compile(rf"\b({_DAY})\b\.?(?:{_TO}\b({_DAY})\b)?")
_CLOCK = r"(\d{1,2})(?:\s*[h:]\s*(\d{2})?)"
_TIME_SPAN = re.compile(rf"{_CLOCK}{_TO}{_CLOCK}|\b(\d{{1,2}}){_TO}{_CLOCK}")
_MINUTES_OF_DAY = 1440.0
CLOSED: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
"""The hours of a day on which a site is shut: nobody can come in time."""


def hours_on(day: date, text: str | None) -> tuple[tuple[float, float], ...]:
    """The spans of the day, in minutes after midnight, that the words name; none where they name no hours at all.

    Parts apart by `;` or a line each have their days; a part without days holds for every day. A day that no part names
    is one on which the site is shut (`CLOSED`).
    """
    spans: list[tuple[float, float]] = []
    any_hours = False
    for part in re.split(r"[;\n]", _plain(text or "")):
        hours = _hours(part)
        any_hours = any_hours or bool(hours)
        days = _days(part)
        if not days or day.weekday() in days:
            spans += hours
    if not any_hours:
        return ()
    return tuple(sorted(spans)) or CLOSED


def _hours(part: str) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for h1, m1, h2, m2, short, h3, m3 in _TIME_SPAN.findall(part):
        first = int(h1 or short) * 60 + int(m1 or 0)
        last = int(h2 or h3) * 60 + int(m2 or m3 or 0)
        if first < last <= _MINUTES_OF_DAY:
            found.append((float(first), float(last)))
    return found


def _days(part: str) -> set[int]:
    days: set[int] = set()
    for first, last in _DAY_SPAN.findall(part):
        start, end = _DAY_OF[first], _DAY_OF[last or first]
        days |= {day % 7 for day in range(start, end + 1 if end >= start else end + 8)}
    return days


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def hours_of_stop(
    day: date,
    *,
    slot: tuple[float, float] | None,
    said: tuple[float, float] | None,
    words: str | None,
    wishes: Sequence[tuple[float, float]],
) -> tuple[tuple[tuple[float, float], ...], Why]:
    """Within which hours of the day a stop is to be made, and who set them.

    A booked slot was agreed and counts first, narrowed by the site's hours where both leave time; then the hours said
    for this round or written for the site; then the donor's wishes of that day, as far as the hours allow them.
    """
    hours = (said,) if said is not None else hours_on(day, words)
    if slot is not None:
        return _common((slot,), hours) or (slot,), Why.SLOT
    of_the_day = tuple((max(start, 0.0), min(end, _MINUTES_OF_DAY)) for start, end in sorted(wishes))
    wished = tuple((start, end) for start, end in of_the_day if start < end)
    if wished and (both := _common(wished, hours) if hours else wished):
        return both, Why.WISH
    return hours, Why.HOURS


def _common(
    one: tuple[tuple[float, float], ...], other: tuple[tuple[float, float], ...]
) -> tuple[tuple[float, float], ...]:
    shared = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple(sorted((start, end) for start, end in shared if start < end))
