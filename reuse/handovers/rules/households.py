"""One device per household and period: a household is recognised by a keyed hash, and nothing else is kept of it."""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from uuid import UUID

GOES_ALONG = "peripheral"
"""A keyboard or a mouse is no device of its own for a household."""


def recognised(key: bytes, household: str) -> bytes:
    """Return the keyed hash of a household as people write it: case, accents, signs and spaces make no difference.

    HMAC-SHA-256 (RFC 2104): without the house's key nobody can try all the addresses of a town on it.
    """
    plain = unicodedata.normalize("NFKD", household.casefold())
    letters = "".join(sign if sign.isalnum() else " " for sign in plain if not unicodedata.combining(sign))
    return hmac.new(key, b"household:" + " ".join(letters.split()).encode(), hashlib.sha256).digest()


def within_territory(hashed: bytes, territory_id: UUID) -> str:
    """Return what is kept in one territory, so that the same household cannot be found again in another."""
    return hmac.new(hashed, territory_id.bytes, hashlib.sha256).hexdigest()


def devices_for_a_household(devices: Iterable[tuple[str, UUID | None]]) -> int:
    """Return for how many devices these (category, bundle) count: a bundle for one, what goes along for none."""
    several = list(devices)
    bundles = {bundle_id for _, bundle_id in several if bundle_id is not None}
    alone = sum(1 for category, bundle_id in several if bundle_id is None and category != GOES_ALONG)
    return len(bundles) + alone
