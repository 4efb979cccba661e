"""What is kept of persons, how long, and what remains: reuse/data/retention.json, read by the sweeper and the register.

Also how much of a group may be told without telling who is in it.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any, cast

Words = Mapping[str, str]
"""A text by language, fr and en."""


@dataclass(frozen=True, slots=True)
class Term:
    """How long something is kept: whole years, or days."""

    years: int = 0
    days_more: int = 0

    def over_before(self, now: datetime) -> datetime:
        """What began before this moment has had its term; 29 February counts as the 28th."""
        year = now.year - self.years
        day = 28 if (now.month, now.day) == (2, 29) and self.years else now.day
        return now.replace(year=year, day=day) - timedelta(days=self.days_more)

    def ends(self, begun: datetime) -> datetime:
        """When the term of what begins now is over."""
        day = 28 if (begun.month, begun.day) == (2, 29) and self.years else begun.day
        return begun.replace(year=begun.year + self.years, day=day) + timedelta(days=self.days_more)

    @property
    def days(self) -> int:
        """The length in days, of years of 365."""
        return 365 * self.years + self.days_more


@dataclass(frozen=True, slots=True)
class Place:
    """Columns of a table that hold personal data.

    With `since`, what they become (`becomes`) once the term has passed since that column's time; `delete` lets the
    row go. Without it the entry's own sweep knows when. `owner` is the column that says whose data a row is.
    """

    table: str
    names: tuple[str, ...]
    since: str | None = None
    owner: str | None = None
    becomes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    delete: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of personal data: whose, what, why, where, how long, and what remains."""

    name: str
    persons: Words
    data: Words
    purpose: Words
    basis: Words
    recipients: Words
    activities: Mapping[str, str]
    term: Term
    since: Words
    source: str
    remains: Words
    sweep: str
    columns: tuple[Place, ...]
    documents: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retention:
    """The whole inventory; `without` are the columns that were looked at and hold nothing of persons."""

    version: int
    date: str
    smallest_group: int
    entries: tuple[Entry, ...]
    without: frozenset[str]
    plain_names: frozenset[str]
    documents_without: frozenset[str]

    def entry(self, name: str) -> Entry:
        """The entry of this name."""
        return next(one for one in self.entries if one.name == name)


def _data(name: str) -> dict[str, Any]:
    text = (resources.files("reuse") / "data" / name).read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


@cache
def load_register() -> dict[str, Any]:
    """Return the words and measures of the register of processing, as the data file says them."""
    return _data("register.json")


def role_of(entry: Entry, activities: Collection[str]) -> str | None:
    """Return the weightiest role that an organisation with these activities has in a processing; None for none."""
    roles = {entry.activities[one] for one in activities if one in entry.activities}
    return next((role for role in ("controller", "processor", "recipient") if role in roles), None)


@cache
def load_retention() -> Retention:
    """Return the inventory as the data file says it."""
    said = _data("retention.json")
    without = (
        f"{table}.{name}" for tables in said["without"].values() for table, names in tables.items() for name in names
    )
    return Retention(
        said["version"],
        said["date"],
        said["smallest_group"],
        tuple(_entry(one) for one in said["entries"]),
        frozenset(without),
        frozenset(said["plain_names"]),
        frozenset(said["documents_without"]),
    )


def _entry(said: dict[str, Any]) -> Entry:
    term = said["term"]
    same = ("name", "persons", "data", "purpose", "basis", "recipients", "activities", "source", "remains", "sweep")
    return Entry(
        **{name: said[name] for name in same},
        term=Term(term.get("years", 0), term.get("days", 0)),
        since=term["from"],
        columns=tuple(_place(one) for one in said.get("columns", [])),
        documents=tuple(said.get("documents", [])),
        files=tuple(said.get("files", [])),
    )


def _place(said: dict[str, Any]) -> Place:
    columns = cast("dict[str, Any] | list[str]", said.get("set", {}))
    becomes = columns if isinstance(columns, dict) else {}
    return Place(
        said["table"], tuple(columns), said.get("since"), said.get("owner"), becomes, bool(said.get("delete", False))
    )


GROUP = ("commune_insee", "qpv", "age_band")


def tellable(counts: Sequence[int], smallest: int) -> tuple[str, ...]:
    """Return which facts of a person may stay, so that at least `smallest` persons share all of them.

    `counts` are how many share the commune, the commune and the district, and all three of GROUP: the finest grain
    that is no sign of one person is kept (k-anonymity; source in reuse/data/retention.json).
    """
    kept: tuple[str, ...] = ()
    for places, count in enumerate(counts, 1):
        if count < smallest:
            break
        kept = GROUP[:places]
    return kept


def certificate_without_persons(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a certificate still says when its term is over: all of it but who acted, witnessed, and named a file."""
    left = dict(content)
    for part in ("validation", "operation", "time_confirmation"):
        if left.get(part):
            left[part] = {**left[part], "name": "-"}
    if left.get("destruction"):
        left["destruction"] = {**left["destruction"], "witness": None}
    left["evidence"] = [{**one, "name": f"report-{one['sha256'][:12]}"} for one in left.get("evidence", [])]
    return left
