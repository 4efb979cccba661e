"""One byte form for one value, so that a hash can be recomputed by anyone."""

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID


def _plain(value: object) -> object:
    """What JSON has no word for; anything else is a mistake of the caller."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, set | frozenset):
        return sorted(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # sets of text
    raise TypeError(f"{type(value).__name__} has no canonical form")


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain
)  # made once: json.dumps makes one for every value


def canonical_json(value: Any) -> bytes:  # noqa: ANN401  # any JSON value
    """UTF-8 JSON with sorted keys, no spaces, no NaN: equal values give equal bytes (after RFC 8785, for our types)."""
    return _ENCODER.encode(value).encode()


def as_json(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """The same value made of plain JSON types only, as it will be read back from storage."""
    return json.loads(canonical_json(value))


def sha256_hex(content: bytes) -> str:
    """SHA-256 (FIPS 180-4) as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
