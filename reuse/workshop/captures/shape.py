"""What a capture tells: values only, with nothing in them about a person (law.md, GDPR)."""

from dataclasses import dataclass
from typing import Any

from reuse.errors import Fault


@dataclass(frozen=True, slots=True)
class MediumFound:
    """One storage medium; `kind` is hdd, ssd_sata, ssd_nvme, emmc, ufs, sd, usb, phone or other (spec/wiping.md)."""

    serial: str | None
    kind: str
    size_bytes: int | None
    manufacturer: str | None
    model: str | None
    wwn: str | None
    soldered: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """The machine's own names; a placeholder is None. `chassis` is laptop, desktop, server, tablet, other or None."""

    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    asset_tag: str | None = None
    uuid: str | None = None
    chassis: str | None = None
    virtual_machine: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What grading and price ask for: sizes in bytes and pixels, the screen's diagonal in inches."""

    cpu: str | None = None
    ram_bytes: int | None = None
    storage_bytes: int | None = None
    screen_inches: float | None = None
    screen_width_px: int | None = None
    screen_height_px: int | None = None
    battery_health_percent: int | None = None
    ram_slots: int | None = None
    tpm: str | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One part that is a record of its own (spec/process.md): memory, battery, processor, display or graphics.

    `health_percent` is what a battery still holds of its design capacity.
    """

    kind: str
    manufacturer: str | None
    model: str | None
    serial: str | None
    size_bytes: int | None = None
    health_percent: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of a field."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field of which two sources of one machine say different things: all that was said, what was taken, and why."""

    field: str
    values: tuple[Said, ...]
    chosen: Any
    why: str


@dataclass(frozen=True, slots=True)
class CaptureFound:
    """A capture that was read; `partial` where the format tells one medium, or no media, and not the whole machine."""

    format: str
    identity: Identity
    facts: Facts
    media: tuple[MediumFound, ...]
    warnings: tuple[Fault, ...]
    partial: bool
    kept: dict[str, Any]
    conflicts: tuple[Conflict, ...] = ()
    components: tuple[Component, ...] = ()


def found_from(kept: dict[str, Any]) -> CaptureFound:
    """The capture again from what was kept of it: the inverse of `kept`."""
    return CaptureFound(
        format=kept["format"],
        identity=Identity(**kept["identity"]),
        facts=Facts(**kept["facts"]),
        media=tuple(MediumFound(**one) for one in kept["media"]),
        warnings=tuple(Fault(**one) for one in kept["warnings"]),
        partial=kept["partial"],
        kept=kept,
        conflicts=tuple(
            Conflict(one["field"], tuple(Said(**said) for said in one["values"]), one["chosen"], one["why"])
            for one in kept["conflicts"]
        ),
        components=tuple(Component(**one) for one in kept["components"]),
    )
