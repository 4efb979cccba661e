"""Codes of vouchers: 75 bits and a check character, made of the house's secret, kept as a keyed hash alone.

Nobody guesses one: with a million vouchers open and two thousand tries a second, a year of trying finds one with a
probability below one in five hundred thousand. So tries are not counted, and a mistyped code is told as mistyped.
"""

import hashlib
import hmac
from datetime import date
from enum import StrEnum
from uuid import UUID

from reuse.devices.rules import ALPHABET, check_character, normal_code
from reuse.errors import Fault, Invalid

RANDOM_CHARACTERS = 15
_BITS = 5  # a character of Crockford's base 32


class VoucherState(StrEnum):
    """Where a voucher stands."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


def code_of(secret: bytes, voucher_id: UUID) -> str:
    """Return the code of a voucher, such as 7K3M-9QX2-BV4T-P6V1, which nobody without the house's secret can make.

    HMAC-SHA-256 (RFC 2104) stands for the random bits, so that the sheet can be printed and no code be kept.
    """
    number = int.from_bytes(hmac.new(secret, b"voucher:" + voucher_id.bytes, hashlib.sha256).digest(), "big")
    plain = "".join(ALPHABET[number >> _BITS * place & 31] for place in range(RANDOM_CHARACTERS))
    whole = plain + check_character(plain)
    return "-".join(whole[start : start + 4] for start in range(0, len(whole), 4))


def fingerprint_of(secret: bytes, said: str) -> str:
    """Return what is kept of a code, however it is written; Invalid `voucher_misread` where its check is wrong."""
    code = _read(said)
    if len(code) != RANDOM_CHARACTERS + 1 or check_character(code[:-1]) != code[-1]:
        sentence = "This is not the code of a voucher as printed: 16 characters, none of I, L, O, U. Read it again."
        raise Invalid(sentence, code="voucher_misread", errors=(Fault("/voucher", "voucher_misread", sentence),))
    return hmac.new(secret, b"voucher-code:" + code.encode(), hashlib.sha256).hexdigest()


_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


def _read(said: str) -> str:
    code = normal_code(said).translate(_MISREAD)
    return code if set(code) <= set(ALPHABET) else ""


def state_of(*, is_used: bool, is_revoked: bool, valid_until: date | None, today: date) -> VoucherState:
    """Return where a voucher stands today; its last day counts."""
    if is_used:
        return VoucherState.USED
    if is_revoked:
        return VoucherState.REVOKED
    return VoucherState.EXPIRED if valid_until is not None and valid_until < today else VoucherState.OPEN
