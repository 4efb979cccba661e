"""Who acts, how one record holds the one before it, and how it can be checked without the names in it."""

import secrets
from collections.abc import Mapping
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


PERSONAL = frozenset(
    {"person", "name", "signatures", "signature", "contact", "witness", "beneficiary", "pseudonym", "note"}
)
"""What a record's data may say of persons: it stays inside the organisation that wrote it."""


def new_salt() -> str:
    """128 random bits a record: with them nobody finds a name by trying all the names that there are."""
    return secrets.token_hex(16)


def open_part(content: Mapping[str, Any]) -> dict[str, Any]:
    """What every reader of the record may see: all of it but who did it and what its data says of persons."""
    data = {key: value for key, value in content["data"].items() if key not in PERSONAL}
    return {**{key: value for key, value in content.items() if key not in {"person", "key_id"}}, "data": data}


def seal_of(content: Mapping[str, Any], salt: str) -> str:
    """SHA-256 over the personal part and the salt: it stands in the chain for what most readers may not see."""
    data = {key: value for key, value in content["data"].items() if key in PERSONAL}
    return sha256_hex(
        canonical_json({"person": content["person"], "key_id": content["key_id"], "data": data, "salt": salt})
    )


def kept_seal(row: Mapping[str, Any]) -> str:
    """The seal of a stored record: the one that was kept when its persons were forgotten, else that of its persons.

    ValueError where a forgotten record names somebody all the same, which no hash would cover.
    """
    if row.get("seal") is None:
        return seal_of(row, row["salt"])
    if row["person"] or row["key_id"] or row["salt"] or not PERSONAL.isdisjoint(row["data"]):
        raise ValueError("it names persons who were forgotten")
    return row["seal"]


def chain_hash(opened: Mapping[str, Any], seal: str, previous: str) -> str:
    """SHA-256 over the canonical JSON of the open part, the seal of the rest and the hash of the record before it."""
    return sha256_hex(canonical_json({**opened, "seal": seal, "previous": previous}))
