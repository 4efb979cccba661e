"""The way of a device from declared to its end, read from its history; and where it is, in plain words."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID

from reuse.devices.rules import Status

UNDONE = "scan_undone"
ONCE = frozenset({Status.declared, Status.collected, Status.received})
"""Stations that a device passes once: a lead who sends it back to the shelf does not receive it anew."""


@dataclass(frozen=True, slots=True)
class Event:
    """One record of a device's history that moved it: from where to where, when, by whom."""

    verb: str
    from_state: str | None
    to_state: str | None
    at: datetime
    organisation_id: UUID | None
    person: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Station:
    """When a device came to a status, and through whom."""

    at: datetime
    organisation_id: UUID | None
    person: str | None
    data: dict[str, Any]


def stations_of(events: Iterable[Event]) -> dict[str, Station]:
    """The stations that a device reached, by status; `events` are its moves, oldest first.

    A station passed twice shows the later time, but for those that are passed once. A scan that was taken back never
    happened; a device found again is no longer missing.
    """
    reached: dict[str, Station] = {}
    for event in events:
        to = event.to_state
        if event.verb == UNDONE:
            reached.pop(event.from_state or "", None)
            continue
        if to is None or (to in ONCE and to in reached):
            continue
        if event.from_state == Status.missing:
            reached.pop(Status.missing, None)
        reached[to] = Station(event.at, event.organisation_id, event.person, event.data)
    return reached


@cache
def _words() -> dict[str, dict[str, str]]:
    return json.loads(resources.files("reuse.data").joinpath("whereabouts.json").read_text("utf-8"))["where"]


@cache
def languages() -> frozenset[str]:
    """The languages that a device's place is told in."""
    return frozenset(_words()[Status.declared])


def where_in_words(status: str, language: str) -> str:
    """Where a device of this status is, in a few words of one of our languages."""
    return _words()[status][language]
