"""What a device may become, what the workshop must prove, and how a label's code is made. Source: spec/process.md."""

import json
import secrets
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import unquote, urlsplit

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
    """Conflict, naming what is possible, where the table does not allow the move."""
    if to not in MOVES[present]:
        possible = ", ".join(sorted(MOVES[present])) or "nothing: this is an end"
        raise Conflict(
            f"A device that is {present} cannot become {to}; from here it may become {possible}.",
            code="move_not_allowed",
        )


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


class MediaPolicy(StrEnum):
    """Whether devices of a category hold storage media (spec/process.md, Milestones)."""

    always = "always"
    possible = "possible"
    never = "never"


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What the gate to `ready` looks at."""

    media: MediaPolicy
    milestones: frozenset[str]
    flags: frozenset[str]


NOT_APPLICABLE_WITHOUT_MEDIA = frozenset({Milestone.captured, Milestone.sanitized, Milestone.unlocked})


def missing_for_ready(facts: GateFacts) -> tuple[str, ...]:
    """Milestones not yet met and flags not yet lifted, in the order of the work; empty when only approval is left."""
    met = set(facts.milestones)
    if facts.media is MediaPolicy.never:
        met |= NOT_APPLICABLE_WITHOUT_MEDIA
    return (*(m.value for m in WORK_MILESTONES if m not in met), *(f"flag:{flag}" for flag in sorted(facts.flags)))


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, which people misread."""
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
RANDOM_CHARACTERS = 10


def _times_x(value: int) -> int:
    """Multiply by x in GF(32), modulo the primitive polynomial x^5 + x^2 + 1."""
    value <<= 1
    return value ^ 0b100101 if value & 0b100000 else value


def check_character(characters: str) -> str:
    """A check over GF(32), weights x^i: it finds every single wrong character and every swap of two neighbours."""
    total = 0
    for character in characters:
        total = _times_x(total ^ ALPHABET.index(character))
    return ALPHABET[total]


def mint_code() -> str:
    """A fresh label code of 50 random bits and a check character, such as 7K3M-9QX2-BV4 (spec/interop.md)."""
    random = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
    whole = random + check_character(random)
    return f"{whole[:4]}-{whole[4:8]}-{whole[8:]}"


def is_label_code(normal: str) -> bool:
    """Whether a normalised code has the length, alphabet and check character of our labels."""
    fixed = normal.translate(_MISREAD)
    return (
        len(fixed) == RANDOM_CHARACTERS + 1
        and all(character in ALPHABET for character in fixed)
        and check_character(fixed[:-1]) == fixed[-1]
    )


def normal_code(value: str) -> str:
    """What two ways of writing one code have in common: letters and digits only, upper case, of an address its end."""
    text = value.strip()
    if "://" in text:
        text = unquote(urlsplit(text).path.rstrip("/").rsplit("/", 1)[-1])
    normal = "".join(character for character in text.upper() if character.isalnum())
    fixed = normal.translate(_MISREAD)
    return fixed if is_label_code(fixed) else normal


@cache
def categories() -> dict[str, dict[str, Any]]:
    """Every category of device with its titles and rules, from `reuse/data/categories.json`."""
    text = resources.files("reuse.data").joinpath("categories.json").read_text("utf-8")
    return json.loads(text)["categories"]


def media_policy(category: str) -> MediaPolicy:
    """Whether devices of this category always, possibly or never hold storage media."""
    return MediaPolicy(categories()[category]["media"])
