"""The symbols that a label may carry, and how small each may be printed."""

import math

from zxingcpp import BarcodeFormat, create_barcode

from labels.formats import MM_PER_INCH, ErrorCorrection, Symbology
from labels.qr import Symbol
from labels.qr import symbol as qr_symbol

LEAST_MODULE_MM = 0.25
"""Two dots of a 203 dpi print head, and what a telephone still reads at arm's length: GS1 General Specifications,
symbol specification table 7, allow GS1 DataMatrix from 0.254 mm."""
_QUIET_ZONE = 3  # modules around a Data Matrix; ISO/IEC 16022 asks for one, but sheets slip by a millimetre
_LONGEST = 500  # bytes, as for a QR code
_DARK_BELOW = 128


def datamatrix(address: str) -> Symbol:
    """The Data Matrix (ECC 200) of an address. Raises ValueError for an empty address or one over 500 bytes.

    Square always: left alone, the library takes the long shapes of ISO/IEC 21471, which many telephones cannot read.
    """
    if not 0 < len(address.encode()) <= _LONGEST:
        raise ValueError(f"A Data Matrix address must have 1 to {_LONGEST} bytes.")
    image = create_barcode(address, BarcodeFormat.DataMatrix, force_square=True).to_image(
        scale=1, add_quiet_zones=False
    )
    size = image.shape[1]
    dots = memoryview(image).tobytes()
    bits = dots.translate(_AS_DIGITS)
    rows = tuple(int(bits[start : start + size], 2) for start in range(0, len(bits), size))
    return Symbol(size, rows, _QUIET_ZONE)


_AS_DIGITS = bytes(ord("1") if grey < _DARK_BELOW else ord("0") for grey in range(256))


def symbol_of(address: str, symbology: Symbology, level: ErrorCorrection = "M") -> Symbol:
    """The symbol of that kind; the level says how much of a QR code may be spoilt, a Data Matrix has one of its own."""
    return datamatrix(address) if symbology == "datamatrix" else qr_symbol(address, level)


def least_dots(dpi: int) -> int:
    """How many dots a module needs on that print head: 2 at 203 dpi, 3 at 300."""
    return math.ceil(LEAST_MODULE_MM / MM_PER_INCH * dpi - 0.01)


def whole_dots(side: float, code: Symbol, dpi: int) -> int:
    """How many whole dots a module gets in a square of that side (in points), 0 where there is no room for one."""
    return int(side / 72 * dpi / code.modules + 1e-6)
