"""QR codes as module matrices (ISO/IEC 18004), drawn by others as rectangles or dots.

A QR symbol of a given size, level and mask is an affine function of its data bits over GF(2): error correction,
placement and mask are all linear or constant. So symbol(a) = symbol(b) XOR the marks of the bits in which a and b
differ. The qrcode library stays the only authority on the standard; it is asked once for each bit that ever occurs (1
ms each), and symbols are then sums: 100 labels of one installation take 2 ms instead of 100 ms.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, QRData

from labels.formats import ErrorCorrection

QR_SCHEME = "filiere-qr:"  # in documents: <img src="filiere-qr:…">, the text percent-encoded
QUIET_ZONE = 4  # modules of white on every side, ISO/IEC 18004 clause 6.3.8
_LEVELS = {"L": ERROR_CORRECT_L, "M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}
_MASK = 2  # one fixed mask makes the sum valid and the bytes reproducible; the symbol names its mask, readers take any
_FILLER = b"U"  # 0x55; any byte will do but zero
_LONGEST = 500  # bytes; an address that long is a mistake, and its modules would be too small to scan


@dataclass(frozen=True)
class Symbol:
    """A square of `size` modules, with `quiet` white ones on every side.

    `rows` holds one integer a row, its highest bit the leftmost module, 1 = dark.
    """

    size: int
    rows: tuple[int, ...]
    quiet: int = QUIET_ZONE

    @property
    def modules(self) -> int:
        """How many modules a side has, the white ones included."""
        return self.size + 2 * self.quiet


def _by_library(data: bytes, level: ErrorCorrection) -> tuple[int, int]:
    """The symbol as (size, one integer of size x size bits)."""
    code = QRCode(error_correction=_LEVELS[level], border=0, mask_pattern=_MASK)
    code.add_data(QRData(data, mode=MODE_8BIT_BYTE, check_data=False))
    code.make(fit=True)
    modules = code.get_matrix()
    return len(modules), int("".join("1" if dark else "0" for row in modules for dark in row), 2)


@cache
def _start(length: int, level: ErrorCorrection) -> tuple[int, int]:
    """The symbol that sums begin with. Not of zeros: qrcode 8.2 divides by zero on a block of nothing but zeros."""
    return _by_library(_FILLER * length, level)


@lru_cache(maxsize=8192)
def _bit_marks(bit: int, length: int, level: ErrorCorrection) -> int:
    """The modules that change when this bit of the data (0 = last) is turned."""
    turned = int.from_bytes(_FILLER * length, "big") ^ 1 << bit
    return _by_library(turned.to_bytes(length, "big"), level)[1] ^ _start(length, level)[1]


@lru_cache(maxsize=16384)
def _byte_marks(byte: int, place: int, length: int, level: ErrorCorrection) -> int:
    """The modules that change when the byte at that place (0 = first) is this one instead of the filler."""
    marks = 0
    for bit in range(8):
        if (byte ^ _FILLER[0]) >> bit & 1:
            marks ^= _bit_marks(8 * (length - 1 - place) + bit, length, level)
    return marks


def _symbol(size: int, modules: int) -> Symbol:
    mask = (1 << size) - 1
    return Symbol(size, tuple(modules >> (size * (size - 1 - row)) & mask for row in range(size)))


def symbol(address: str, level: ErrorCorrection = "M") -> Symbol:
    """The QR symbol of an address (UTF-8, byte mode). Raises ValueError for an empty address or one over 500 bytes."""
    data = address.encode()
    if not 0 < len(data) <= _LONGEST:
        raise ValueError(f"A QR address must have 1 to {_LONGEST} bytes, this one has {len(data)}.")
    size, modules = _start(len(data), level)
    for place, byte in enumerate(data):
        modules ^= _byte_marks(byte, place, len(data), level)
    return _symbol(size, modules)


def one_symbol(address: str, level: ErrorCorrection = "M") -> Symbol:
    """What `symbol` gives, straight from the library: for a document's single code, whose bits never recur."""
    return _symbol(*_by_library(address.encode(), level))


def runs(code: Symbol) -> list[tuple[int, int, int]]:
    """The dark modules merged along each row, rows from the top: (column, row, length)."""
    return [
        (run.start(), row, len(run.group()))
        for row, bits in enumerate(code.rows)
        for run in re.finditer("1+", f"{bits:0{code.size}b}")
    ]
