"""Pallets, crates, cages and boxes: what stands in what, what may be handed to whom, a content as it is frozen."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from reuse.canonical import canonical_json, sha256_hex
from reuse.devices.rules import Status
from reuse.people.rules import Activity

DEEPEST = 4
"""A box in a crate in a cage on a pallet: nobody stacks deeper, and a tree that is bounded is read in bounded time."""
MOST_DEVICES = 2_000
"""Devices in one container: a full lorry of telephones in a cage is some hundred."""
MOST_PARTS = 200
"""Containers that stand directly in another."""


class ContainerKind(StrEnum):
    """What a container is."""

    PALLET = "pallet"
    CRATE = "crate"
    CAGE = "cage"
    BOX = "box"


class TransferStatus(StrEnum):
    """Where a transfer stands; custody passes only when it is accepted."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Because(StrEnum):
    """Why a content was frozen."""

    PICKUP = "pickup"
    TRANSFER = "transfer"


class TransferReason(StrEnum):
    """What differs from what was offered."""

    MISSING = "missing"
    DAMAGED = "damaged"
    SEAL_BROKEN = "seal_broken"
    EXTRA = "extra"


_ON_THE_ROAD = frozenset({Activity.carrier, Activity.workshop})

# Who may be handed a device of each status; one that is not here goes nowhere. A device for a network leaves the
# workshop once it is reserved, when every gate was passed.
TAKERS: Mapping[Status, frozenset[Activity]] = {
    Status.declared: _ON_THE_ROAD,
    Status.collected: _ON_THE_ROAD,
    Status.received: _ON_THE_ROAD,
    Status.in_workshop: _ON_THE_ROAD,
    Status.ready: _ON_THE_ROAD,
    Status.listed: _ON_THE_ROAD,
    Status.reserved: _ON_THE_ROAD | {Activity.network},
    Status.handed_over: _ON_THE_ROAD | {Activity.network},
    Status.returned: _ON_THE_ROAD,
    Status.parts: _ON_THE_ROAD,
}


def may_take(status: Status, activities: Sequence[str], *, is_for_them: bool) -> bool:
    """Whether an organisation that does these things may be handed a device of this status.

    A network takes only what is reserved for it or was handed to it (`is_for_them`).
    """
    takers = TAKERS.get(status, frozenset[Activity]())
    able = takers & {Activity(name) for name in activities}
    return bool(able - {Activity.network}) or (Activity.network in able and is_for_them)


def frozen_content(
    facts: Mapping[str, Any], devices: Sequence[Mapping[str, Any]], parts: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], str]:
    """A container's content in one form whoever writes it down, and the SHA-256 of its canonical JSON.

    `parts` are the containers that stand in it, each with the hash of its own content, so that the hash of a pallet
    covers every device of every crate on it.
    """
    content = {
        "container": dict(facts),
        "devices": sorted((dict(one) for one in devices), key=lambda one: one["device_id"]),
        "containers": sorted((dict(one) for one in parts), key=lambda one: one["container_id"]),
    }
    return content, sha256_hex(canonical_json(content))
