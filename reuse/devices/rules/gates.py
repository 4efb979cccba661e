"""What the workshop must prove before a device is ready. Source: spec/process.md, Milestones and Gates."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from reuse.devices.rules.status import BY_RESOURCE, Status
from reuse.errors import Conflict


class Milestone(StrEnum):
    """What the workshop has proved about a device."""

    labelled = "labelled"
    captured = "captured"
    sanitized = "sanitized"
    unlocked = "unlocked"
    tested = "tested"
    repaired = "repaired"
    graded = "graded"
    approved = "approved"


WORK_MILESTONES = tuple(milestone for milestone in Milestone if milestone is not Milestone.approved)
WITHDRAWN_BY_RETURN = tuple(m for m in Milestone if m not in {Milestone.labelled, Milestone.captured})


class Flag(StrEnum):
    """What holds a device back until it is lifted with a reason."""

    quarantine = "quarantine"
    locked = "locked"
    suspected_stolen = "suspected_stolen"
    legal_hold = "legal_hold"
    damaged_battery = "damaged_battery"


class Work(StrEnum):
    """Work on a device that bars the same person from approving it."""

    capture = "capture"
    wipe = "wipe"
    test = "test"
    repair = "repair"
    grade = "grade"
    install = "install"


class MediaPolicy(StrEnum):
    """Whether devices of a category hold storage media (spec/process.md, Milestones)."""

    always = "always"
    possible = "possible"
    never = "never"


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What the gate to `ready` looks at, and whether the device is somebody's who complained of it."""

    media: MediaPolicy
    milestones: frozenset[str]
    flags: frozenset[str]
    claimed: bool = False


NOT_APPLICABLE_WITHOUT_MEDIA = frozenset({Milestone.captured, Milestone.sanitized, Milestone.unlocked})


def with_derived(milestones: Iterable[str], *, open_repairs: int) -> frozenset[str]:
    """The milestones met, with `repaired` among them while no repair is open: it is derived, never set."""
    return frozenset(milestones) if open_repairs else frozenset({*milestones, Milestone.repaired.value})


def missing_for_ready(facts: GateFacts) -> tuple[str, ...]:
    """Milestones not yet met and flags not yet lifted, in the order of the work; empty when only approval is left."""
    met = set(facts.milestones)
    if facts.media is MediaPolicy.never:
        met |= NOT_APPLICABLE_WITHOUT_MEDIA
    return (*(m.value for m in WORK_MILESTONES if m not in met), *(f"flag:{flag}" for flag in sorted(facts.flags)))


@cache
def categories() -> dict[str, dict[str, Any]]:
    """Every category of device with its titles and rules, from `reuse/data/categories.json`."""
    text = resources.files("reuse.data").joinpath("categories.json").read_text("utf-8")
    return json.loads(text)["categories"]


def media_policy(category: str, *, has_media: bool = False) -> MediaPolicy:
    """Whether devices of this category always, possibly or never hold storage media.

    One in which a medium was found holds media, whatever its category says: a word about a device opens no gate.
    """
    policy = MediaPolicy(categories()[category]["media"])
    return MediaPolicy.possible if has_media and policy is MediaPolicy.never else policy


MEDIA_KINDS = ("hdd", "ssd_sata", "ssd_nvme", "emmc", "ufs", "sd", "usb", "phone", "other")
"""Kinds of storage media (spec/wiping.md); each has its own rules of erasure."""


RESOURCE_OF = {
    Status.ready: "approval",
    Status.listed: "listing",
    Status.reserved: "reservation",
    Status.handed_over: "handover",
    Status.returned: "return",
}
"""Which resource moves a device to the statuses of `BY_RESOURCE`."""


UNDONE_BY_NOBODY = frozenset({Status.parts, Status.recycled})
"""What cannot be undone, and so is not done to a device that a court or an insurer may ask for."""


def check_generic_move(to: Status, facts: GateFacts) -> None:
    """Conflict, with what is missing, for a status that only its own resource gives, or that a legal hold forbids."""
    if to in UNDONE_BY_NOBODY and Flag.legal_hold in facts.flags:
        sentence = f"This device is under legal hold and cannot become {to}; ask the lead to lift the flag first."
        raise Conflict(sentence, code="flagged", missing=(f"flag:{Flag.legal_hold}",))
    if to in BY_RESOURCE:
        missing = missing_for_ready(facts) if to is Status.ready else ()
        raise Conflict(
            f"No move makes a device {to}: that comes by its {RESOURCE_OF[to]} (see the API documentation).",
            code="by_resource",
            missing=missing or (RESOURCE_OF[to],),
        )
