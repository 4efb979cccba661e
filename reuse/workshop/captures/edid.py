"""A screen's own description: size and resolution from EDID bytes (VESA E-EDID 1.4, sections 3.6 and 3.10.2)."""

import base64
import binascii
import math
from dataclasses import dataclass

_HEADER = bytes.fromhex("00ffffffffffff00")
_LENGTH = 128
_MAX_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class Screen:
    """The diagonal in inches and the preferred resolution in pixels; None where the screen does not say it."""

    inches: float | None
    width_px: int | None
    height_px: int | None


def screen_of(text: str | None) -> Screen | None:
    """The screen that this EDID in base 64 describes; None for anything else."""
    if text is None or len(text) > _MAX_TEXT:
        return None
    try:
        edid = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(edid) < _LENGTH or not edid.startswith(_HEADER):
        return None
    timing = edid[54:72]
    width, height = timing[2] | (timing[4] & 0xF0) << 4, timing[5] | (timing[7] & 0xF0) << 4
    across, down = timing[12] | (timing[14] & 0xF0) << 4, timing[13] | (timing[14] & 0x0F) << 8
    if not across or not down:
        across, down = edid[21] * 10, edid[22] * 10
    inches = round(math.hypot(across, down) / 25.4, 1)
    has_timing = bool(timing[0] or timing[1])
    return Screen(inches or None, width if has_timing else None, height if has_timing else None)
