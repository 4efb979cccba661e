"""Where custody of a device stands, and the one table of what it may become. Source: spec/process.md."""

from enum import StrEnum

from reuse import moves
from reuse.errors import Conflict


class Status(StrEnum):
    """Where custody of a device stands."""

    declared = "declared"
    collected = "collected"
    received = "received"
    in_workshop = "in_workshop"
    ready = "ready"
    listed = "listed"
    reserved = "reserved"
    handed_over = "handed_over"
    returned = "returned"
    missing = "missing"
    withdrawn = "withdrawn"
    refused = "refused"
    parts = "parts"
    recycled = "recycled"


MOVES: dict[Status, frozenset[Status]] = {
    Status.declared: frozenset({Status.collected, Status.received, Status.missing, Status.withdrawn}),
    Status.collected: frozenset({Status.received, Status.missing}),
    Status.received: frozenset({Status.in_workshop, Status.refused, Status.recycled}),
    Status.in_workshop: frozenset({Status.ready, Status.parts, Status.recycled, Status.refused, Status.received}),
    Status.ready: frozenset({Status.listed, Status.in_workshop}),
    Status.listed: frozenset({Status.reserved, Status.ready, Status.in_workshop}),
    Status.reserved: frozenset({Status.handed_over, Status.listed, Status.in_workshop}),
    Status.handed_over: frozenset({Status.returned}),
    Status.returned: frozenset({Status.in_workshop, Status.recycled}),
    Status.missing: frozenset({Status.received}),
    Status.withdrawn: frozenset(),
    Status.refused: frozenset(),
    Status.parts: frozenset({Status.recycled}),
    Status.recycled: frozenset(),
}
"""The one table of allowed moves."""

BY_RESOURCE = frozenset({Status.ready, Status.listed, Status.reserved, Status.handed_over, Status.returned})
"""Reached only through approval, listing, reservation, hand-over and return, never by a generic move."""


def check_move(present: Status, to: Status) -> None:
    """Conflict where the table does not allow the move."""
    moves.check_move(MOVES, "A device", present, to)


WORKED_IN = frozenset({Status.received, Status.in_workshop})
"""Captures, media, reports and checks are taken in these, and move nothing (spec/api.md)."""


def check_works(status: Status) -> None:
    """Conflict, with what to do, where the workshop cannot work on a device of this status."""
    if status not in WORKED_IN:
        sentence = f"This device is {status}; work is noted while it is received or in_workshop."
        if Status.in_workshop in MOVES[status]:
            also = ", which ends its reservation and tells the network" if status is Status.reserved else ""
            sentence += f" Move it back first: POST /v1/devices/{{id}}/moves, to in_workshop{also}."
        raise Conflict(sentence, code="not_in_workshop")
