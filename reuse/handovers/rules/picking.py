"""In which order devices are fetched for a hand-over."""

import re
import unicodedata

_NUMBER = re.compile(r"(\d+)")
SERIAL_END = 5


def pick_order(location: str | None, code: str) -> tuple[bool, list[tuple[bool, int, str]], str]:
    """Return what to sort by: the place as people count it (shelf A2 before A10), then the label.

    What has no known place comes last: whoever fetches it has to look for it.
    """
    return location is None, _as_counted(location or ""), code


def _as_counted(text: str) -> list[tuple[bool, int, str]]:
    """Numbers by their value, before words; words without case and accents."""
    plain = "".join(s for s in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(s))
    parts = [part.strip() for part in _NUMBER.split(plain)]
    return [(False, int(part), "") if part.isdecimal() else (True, 0, part) for part in parts if part]


def serial_end(serial: str | None) -> str:
    """Return the last characters of a serial number: enough to tell two of a kind apart on the shelf."""
    return (serial or "")[-SERIAL_END:]
