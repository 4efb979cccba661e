"""Short secrets of persons, sealed with AES-256-GCM (NIST SP 800-38D) under a key of the month in which they end.

A key is a file, made at first use and destroyed when its month is over: what lies sealed in an old backup then ends
with it. Keys are in no backup of the house; without a key its secrets are gone, and nothing else is.
"""

import base64
import re
import secrets
from datetime import date
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reuse.settings import Settings
from reuse.signing import place

NONCE = 12
BITS = 256
_MONTH = re.compile(r"\d{4}-\d{2}")


def key_of_month(end: date) -> str:
    """The name of the key for what ends on this day."""
    return f"{end:%Y-%m}"


def sealing_folder(settings: Settings) -> Path:
    """Where the keys are kept that seal."""
    return settings.contact_keys_dir or settings.data_dir / "contact-keys"


def seal(settings: Settings, key_id: str, secret: bytes, *, bound_to: bytes) -> str:
    """The secret as it may be stored; it opens only beside `bound_to`, so that it cannot be put in another's place."""
    path = _path(settings, key_id)
    if not path.exists():
        place(path, AESGCM.generate_key(BITS))
    nonce = secrets.token_bytes(NONCE)
    sealed = AESGCM(path.read_bytes()).encrypt(nonce, secret, bound_to + key_id.encode())
    return base64.b64encode(nonce + sealed).decode()


def unseal(settings: Settings, key_id: str, sealed: str, *, bound_to: bytes) -> bytes | None:
    """The secret; None where its key is lost, or where it was changed or put in another's place."""
    path = _path(settings, key_id)
    if not path.exists():
        return None
    raw = base64.b64decode(sealed)
    try:
        return AESGCM(path.read_bytes()).decrypt(raw[:NONCE], raw[NONCE:], bound_to + key_id.encode())
    except (InvalidTag, ValueError):
        return None


def household_key(settings: Settings) -> bytes:
    """The key by which households are recognised (reuse/handovers/rules/households.py), made at first use.

    It lies with the keys that seal, and is in no backup either: who takes a backup away cannot try addresses on it.
    """
    path = sealing_folder(settings) / "households.key"
    if not path.exists():
        place(path, secrets.token_bytes(BITS // 8))
    return path.read_bytes()


def lost_keys(settings: Settings, key_ids: set[str]) -> list[str]:
    """Those of the keys that are not there."""
    return sorted(one for one in key_ids if not _path(settings, one).exists())


def destroy_keys(settings: Settings, today: date, *, in_use: set[str]) -> list[str]:
    """Destroy the keys of the months that are over, but for those in use; returns their names."""
    gone: list[str] = []
    for path in sorted(sealing_folder(settings).glob("*.key")):
        if _MONTH.fullmatch(path.stem) and path.stem < key_of_month(today) and path.stem not in in_use:
            path.write_bytes(bytes(path.stat().st_size))
            path.unlink()
            gone.append(path.stem)
    return gone


def _path(settings: Settings, key_id: str) -> Path:
    if not _MONTH.fullmatch(key_id):
        raise ValueError(f"{key_id} names no key of a month")
    return sealing_folder(settings) / f"{key_id}.key"
