"""Parts in stock, and systems put on devices: what may be said of them."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, cast

from reuse.devices.rules import Flag, Status
from reuse.workshop.rules.tables import read_table

HARVESTED_IN = frozenset({Status.in_workshop, Status.parts})
"""A device gives parts while it is worked on, or once it is given up as a whole."""
KEEPS_WHOLE = frozenset({Flag.legal_hold.value, Flag.suspected_stolen.value, Flag.quarantine.value})
"""Under these flags nothing is taken out of a device."""


class PartSource(StrEnum):
    """Where a part comes from."""

    stock = "stock"
    donated = "donated"
    harvested = "harvested"


class PartState(StrEnum):
    """Where a part is."""

    in_stock = "in_stock"
    used = "used"
    scrapped = "scrapped"


class LicenceKind(StrEnum):
    """Under what a system may be used by whoever gets the device."""

    free = "free"
    oem = "oem"
    refurbisher = "refurbisher"
    volume = "volume"
    retail = "retail"
    none = "none"


@cache
def part_kinds() -> Mapping[str, Mapping[str, Any]]:
    """Return the kinds of part by code, with their titles and whether they may hold data."""
    return cast("Mapping[str, Mapping[str, Any]]", read_table("part_kinds.json")["kinds"])


def unsafe_to_harvest(kind: str, flags: frozenset[str]) -> tuple[str, ...]:
    """Return the flags that forbid taking this kind of part out of a device."""
    held = flags & KEEPS_WHOLE
    if kind == "battery":
        held |= flags & {Flag.damaged_battery.value}
    return tuple(f"flag:{flag}" for flag in sorted(held))
