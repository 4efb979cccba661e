from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from labels.values.common import CountLine, Imprint, Party


@dataclass(frozen=True)
class Burden:
    """An estimated load: devices, kilograms, cubic metres."""

    devices: int
    mass_kg: Decimal
    volume_m3: Decimal


@dataclass(frozen=True)
class SheetStop:
    """One stop as the driver needs it; `address_of_collection` is what its QR code opens.

    `access` holds pairs of a word (hours, stairs, lift, dock, parking, note) and what the donor said of it.
    `lines` are empty at a further address of a collection whose counts stand at its first one.
    """

    place: int
    collection_number: str
    donation_numbers: tuple[str, ...]
    donor: Party
    address: str
    contact: str
    arrives_from: datetime
    arrives_to: datetime
    lines: tuple[CountLine, ...]
    load: Burden
    required_erasure: Literal["clear", "purge", "destroy"]
    has_media: bool
    address_of_collection: str
    access: tuple[tuple[str, str], ...] = ()
    why: str = ""
    is_late: bool = False
    is_continued: bool = False


@dataclass(frozen=True)
class CarrierSheet:
    """What a carrier takes along: a round, or a single collection (`round_number` is then empty)."""

    imprint: Imprint
    day: date
    carrier: Party
    workshop: Party
    stops: tuple[SheetStop, ...]
    load: Burden
    round_number: str = ""
    vehicle: str = ""
    departs_at: datetime | None = None
    ends_at: datetime | None = None
    kilometres: Decimal | None = None
    basis: str = ""
    over_capacity_reason: str = ""
    notes: str = ""
