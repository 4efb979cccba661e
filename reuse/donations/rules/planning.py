"""Words of planning: why a collection was put off, and what a vehicle must be told before it is overloaded."""

from collections.abc import Mapping
from enum import StrEnum

from reuse.donations.rules.load import Load, fits, in_words
from reuse.donations.rules.status import CollectionMode
from reuse.errors import Conflict, Fault, Invalid


class ReschedulingReason(StrEnum):
    """Why a planned collection gets another time."""

    NO_SHOW = "no_show"
    DONOR_ASKED = "donor_asked"
    CARRIER_ASKED = "carrier_asked"
    WORKSHOP_ASKED = "workshop_asked"
    WEATHER = "weather"
    VEHICLE = "vehicle"
    OTHER = "other"


class RoundStatus(StrEnum):
    """Where a round stands: what becomes of each stop is in its collection."""

    PLANNED = "planned"
    CANCELLED = "cancelled"


ONLY_FOR: Mapping[str, CollectionMode] = {
    "vehicle_id": CollectionMode.PICKUP,
    "tracking_number": CollectionMode.PARCEL,
    "carrier_name": CollectionMode.PARCEL,
}
"""What is said of one mode alone: a vehicle fetches, a parcel has a number and a parcel service."""


def check_facts_of_mode(mode: CollectionMode, facts: Mapping[str, object]) -> None:
    """Invalid where something was said that this mode does not have."""
    faults = tuple(
        Fault(f"/{name}", "not_of_this_mode", f"{name} belongs to the mode {only}; this collection is {mode}.")
        for name, only in ONLY_FOR.items()
        if facts.get(name) is not None and mode != only
    )
    if faults:
        raise Invalid(" ".join(fault.message for fault in faults), code="not_of_this_mode", errors=faults)


def check_capacity(
    load: Load, *, vehicle: str, payload_kg: float, volume_m3: float, what: str, reason: str | None
) -> bool:
    """Whether the load goes beyond the vehicle; Conflict, saying what to do, where it does and no reason is given."""
    if fits(load, payload_kg=payload_kg, volume_m3=volume_m3):
        return False
    if not (reason or "").strip():
        raise Conflict(
            f"This {what} is {in_words(load)} (an estimate); {vehicle} carries {payload_kg:,.0f} kg and "
            f"{volume_m3:,.1f} m³. Split it in two (`expected` says which part each collection fetches), take a larger "
            "vehicle, or say in `over_capacity_reason` why it goes all the same.",
            code="over_capacity",
        )
    return True
