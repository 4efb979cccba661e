"""When two tools mean the same although they print it otherwise."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import cast

_MARKS = re.compile(r"\((?:r|tm|c)\)|\bcpu\b|\bprocessor\b|®|™|@.*$", re.IGNORECASE)
_INCHES = 0.4
_HEALTH = 3
"""Panels are rounded, and health moves by a per cent or two between two tools' runs."""
_NEAR = 0.02
_GIBIBYTE = 2**30
_UUID_DIGITS = 32


@cache
def _makers() -> dict[str, str]:
    table = json.loads(files("reuse").joinpath("data/capture_trust.json").read_text("utf-8"))
    return {name: names[0] for names in cast("list[list[str]]", table["makers"]) for name in names}


def sign(text: str) -> str:
    """What two writings of one number or name have in common: letters and digits, in upper case."""
    return "".join(letter for letter in text.upper() if letter.isalnum())


def same_value(field: str, one: str | float | None, other: str | float | None) -> bool:
    """Whether both mean the same; nothing said contradicts nothing."""
    if one is None or other is None or one == other:
        return True
    if isinstance(one, str) or isinstance(other, str):
        return _same_text(field, str(one), str(other))
    if field == "ram_bytes":  # graphics keep back a part of what is fitted
        return -(-one // _GIBIBYTE) == -(-other // _GIBIBYTE)
    if field == "size_bytes":
        return abs(one - other) <= _NEAR * max(one, other)
    tolerance = {"screen_inches": _INCHES, "battery_health_percent": _HEALTH}.get(field, 0)
    return abs(one - other) <= tolerance


def _same_text(field: str, one: str, other: str) -> bool:
    if field == "uuid":
        return same_uuid(one, other)
    if field == "cpu":
        one, other = _MARKS.sub(" ", one), _MARKS.sub(" ", other)
    first, second = sign(one), sign(other)
    if field == "manufacturer":
        first, second = (_makers().get(name.lower(), name.lower()) for name in (first, second))
        return first.startswith(second) or second.startswith(first)
    if field in {"model", "cpu"}:  # some tools cut a name, some put the maker before it
        return first in second or second in first
    return first == second


def same_uuid(one: str, other: str) -> bool:
    """Whether two UUIDs are one, in either byte order of its first three parts (SMBIOS DSP0134, 7.2.1)."""
    first, second = (re.sub(r"[^0-9a-f]", "", text.lower()) for text in (one, other))
    return first == second or (len(first) == _UUID_DIGITS and _swapped(first) == second)


def _swapped(digits: str) -> str:
    parts = (digits[:8], digits[8:12], digits[12:16])
    return "".join(bytes.fromhex(part)[::-1].hex() for part in parts) + digits[16:]
