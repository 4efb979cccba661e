"""How a label's code is made and how any writing of a code is read. Source: spec/interop.md, Codes."""

import hashlib
import hmac
import re
import secrets
from urllib.parse import unquote, urlsplit
from uuid import UUID

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


_SIGNS = re.compile("[^0-9A-Z]+")


def normal_code(value: str) -> str:
    """What two ways of writing one code have in common: letters and digits only, upper case, of an address its end."""
    text = value.strip()
    if "://" in text:
        text = unquote(urlsplit(text).path.rstrip("/").rsplit("/", 1)[-1])
    normal = _SIGNS.sub("", text.upper()) if text.isascii() else "".join(filter(str.isalnum, text.upper()))
    fixed = normal.translate(_MISREAD)
    return fixed if is_label_code(fixed) else normal


def pseudonym(secret: bytes, organisation_id: UUID | None, person: str) -> str:
    """A person as other organisations see them: always the same short name, which tells nothing (HMAC, RFC 2104)."""
    digest = hmac.new(secret, f"person:{organisation_id}:{person}".encode(), hashlib.sha256).digest()
    return "P-" + "".join(ALPHABET[byte & 31] for byte in digest[:8])


def shown_person(secret: bytes, person: str | None, *, of: UUID | None, to: UUID) -> str | None:
    """A person's name inside the person's own organisation, elsewhere a pseudonym that stays the same."""
    return person if person is None or of in {None, to} else pseudonym(secret, of, person)
