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


@dataclass(frozen=True, slots=True)
class Component:
    """One part that is a record of its own (spec/process.md): memory, battery, processor, display or graphics."""

    kind: str
    manufacturer: str | None
    model: str | None
    serial: str | None
    size_bytes: int | None = None


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
