"""The signed index of a pack: its shape, and the names of what every pack holds."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from reuse.canonical import canonical_json
from reuse.errors import Invalid

SCHEMA = "filiere-donation-pack/1"
INDEX = "index.json"
SIGNATURE = "index.json.sig"
README = "LISEZ-MOI-README.html"
DEVICES = "devices.csv"
RECYCLING = "recycling.csv"
HISTORY = "history.jsonl"
LARGEST_INDEX = 64 * 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as the index lists it; `number` and `record_sha256` are those of a certificate."""

    name: str
    sha256: str
    size: int
    kind: str
    number: str | None = None
    record_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one chain of the history: how many records it has, and the hash of the last."""

    thing: str
    thing_id: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Index:
    """What a pack says of itself, as its signature covers it."""

    donation: str
    donor: str
    made_for: str
    created: datetime
    public_url: str
    public_key: str
    fingerprint: str
    trial: bool
    files: tuple[Listed, ...]
    chains: tuple[Head, ...]


def read_index(raw: bytes) -> Index:
    """The index of a pack; Invalid where the bytes are not the canonical form of one."""
    try:
        content = cast("dict[str, Any]", json.loads(raw))
        if content["schema"] != SCHEMA or canonical_json(content) != raw:
            raise _damaged()
        index = Index(
            donation=str(content["donation"]["number"]),
            donor=str(content["donation"]["donor"]),
            made_for=str(content["made_for"]["name"]),
            created=datetime.fromisoformat(content["created_at"]),
            public_url=str(content["public_url"]),
            public_key=str(content["signing_key"]["public_key"]),
            fingerprint=str(content["signing_key"]["fingerprint"]),
            trial=bool(content["trial"]),
            files=tuple(_listed(one) for one in content["files"]),
            chains=tuple(_head(one) for one in content["chains"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as damage:
        raise _damaged() from damage
    return index


def _listed(one: Mapping[str, Any]) -> Listed:
    if not _SHA256.fullmatch(one["sha256"]) or not isinstance(one["size"], int):
        raise _damaged()
    return Listed(
        str(one["name"]), one["sha256"], one["size"], str(one["kind"]), one.get("number"), one.get("record_sha256")
    )


def _head(one: Mapping[str, Any]) -> Head:
    return Head(str(one["thing"]), str(one["thing_id"]), int(one["seq"]), str(one["hash"]))


def _damaged() -> Invalid:
    return Invalid(f"The index of this pack, {INDEX}, is damaged or of another program.", code="not_a_pack")
