"""Who acts, and how one record holds the one before it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from reuse.canonical import canonical_json, sha256_hex

FIRST = "0" * 64
"""What the first record of a chain names as the hash before it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: an organisation, a person of it where one is known, through a key."""

    organisation_id: UUID | None
    person: str | None = None
    key_id: UUID | None = None


SYSTEM = Actor(None, "filiere")
"""What the product does by itself: expiry, jobs, upkeep."""


def chain_hash(content: dict[str, Any], previous: str) -> str:
    """SHA-256 over the record's canonical JSON together with the hash of the record before it."""
    return sha256_hex(canonical_json({**content, "previous": previous}))
