"""Who holds a device, as far as its status tells. Source: spec/process.md, Status of a device."""

from enum import StrEnum
from uuid import UUID

from reuse.devices.rules.status import Status


class Side(StrEnum):
    """The part of the loop in whose hands a device is."""

    donor = "donor"
    carrier = "carrier"
    workshop = "workshop"
    network = "network"
    nobody = "nobody"


SIDES: dict[Status, Side] = {
    Status.declared: Side.donor,
    Status.collected: Side.carrier,
    Status.received: Side.workshop,
    Status.in_workshop: Side.workshop,
    Status.ready: Side.workshop,
    Status.listed: Side.workshop,
    Status.reserved: Side.workshop,
    Status.handed_over: Side.network,
    Status.returned: Side.workshop,
    Status.missing: Side.nobody,
    Status.withdrawn: Side.donor,
    Status.refused: Side.donor,
    Status.parts: Side.workshop,
    Status.recycled: Side.nobody,
}
"""A move from one side to another is a change of hands; a move within a side is none."""


def changes_hands(present: Status, to: Status) -> bool:
    """Whether a device that makes this move goes from one pair of hands to another."""
    return SIDES[present] is not SIDES[to]


def holder_of(
    status: Status,
    *,
    donor_id: UUID | None,
    carrier_id: UUID | None,
    workshop_id: UUID | None,
    network_id: UUID | None,
) -> UUID | None:
    """The organisation that a device of this status is with, nothing else being told; None where nobody has it."""
    return {
        Side.donor: donor_id,
        Side.carrier: carrier_id,
        Side.workshop: workshop_id,
        Side.network: network_id,
        Side.nobody: None,
    }[SIDES[status]]


def agrees(status: Status, holder_id: UUID | None, *, donor_id: UUID | None) -> bool:
    """Whether this organisation, or nobody, may be the holder of a device of this status.

    On its way and in the loop a device may be with anyone who has signed for it, but with someone.
    """
    side = SIDES[status]
    if side is Side.nobody:
        return holder_id is None
    return holder_id == donor_id if side is Side.donor else holder_id is not None
