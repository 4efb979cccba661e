"""Ed25519 keys (RFC 8032) of organisations and of the house: made at first use, kept in files, never in a database."""

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from reuse.canonical import sha256_hex
from reuse.settings import Settings

HOUSE: Final = "house"
"""The name of the key with which the installation itself signs, for no organisation."""


def signing_key(settings: Settings, owner: UUID | Literal["house"]) -> Ed25519PrivateKey:
    """The key of an organisation, or that of the house, from the folder of keys, made there at first use.

    Of two processes that ask at once, one makes it and both get it: a key file appears whole or not at all.
    """
    path = keys_folder(settings) / f"{owner}.ed25519.pem"
    if not path.exists():
        place(path, _fresh())
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path.name} holds another kind of key than Ed25519")
    return key


def keys_folder(settings: Settings) -> Path:
    """Where the keys are kept that sign."""
    return settings.keys_dir or settings.data_dir / "keys"


def public_key_of(key: Ed25519PrivateKey) -> dict[str, str]:
    """What a certificate says of its key: the public half in base64, and the SHA-256 of it as fingerprint."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"algorithm": "ed25519", "public_key": base64.b64encode(raw).decode(), "fingerprint": sha256_hex(raw)}


def public_key_from(text: str) -> Ed25519PublicKey | None:
    """The public key written in base64, or None for a text that is no key."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return None


def is_signed_by(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    """Whether the holder of this key signed exactly these bytes."""
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _fresh() -> bytes:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def place(path: Path, content: bytes) -> None:
    """Keep a key for ever under its name, whole or not at all, unless the name has one already."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
