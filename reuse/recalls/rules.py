"""What a recall does with a device, by where it stands."""

from enum import StrEnum

from reuse.devices.rules import Status


class Scope(StrEnum):
    """Whose devices a recall reaches."""

    workshop = "workshop"
    territory = "territory"
    all = "all"


class Outcome(StrEnum):
    """What became of a device that was found: held back, out with somebody, or at an end of its journey."""

    stopped = "stopped"
    handed_over = "handed_over"
    ended = "ended"


ENDS = frozenset({Status.withdrawn, Status.refused, Status.parts, Status.recycled, Status.missing})
"""Nothing can be stopped any more: never came, given back, dismantled, left as waste, or lost."""


def outcome_for(status: Status) -> Outcome:
    """Return what a recall does with a device of this status."""
    if status is Status.handed_over:
        return Outcome.handed_over
    return Outcome.ended if status in ENDS else Outcome.stopped
