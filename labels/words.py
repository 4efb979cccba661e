"""Words and figures in the language of a document, or in French and English side by side."""

import json
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

from markupsafe import Markup

from labels.text import clean, shortened
from labels.values import Money

Tongue = Literal["fr", "en", "both"]
_NARROW, _NO_BREAK = "\u202f", "\u00a0"
_SIGNS = {"EUR": "€"}
_KILO = 1000
_IDENTIFIER = 120  # characters printed of an identifier
_SHORT = 16  # characters of an identifier that fit the narrowest column


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every word of our documents, by key, in French and English."""
    return json.loads((files("labels") / "words.json").read_text(encoding="utf-8"))


def word(key: str, tongue: Tongue) -> str:
    """The word of that key, or "French / English". Raises KeyError for a key that the catalogue lacks.

    One run of text rather than two elements: an element costs WeasyPrint a millisecond, and a certificate has fifty
    labels.
    """
    entry = catalogue()[key]
    if tongue != "both":
        return entry[tongue]
    return entry["fr"] if entry["fr"] == entry["en"] else f"{entry['fr']} / {entry['en']}"


def word_or_raw(group: str, value: str, tongue: Tongue) -> str:
    """The word of a coded value (`group.value`), or the code itself where the catalogue is younger than the data."""
    key = f"{group}.{value}"
    return word(key, tongue) if key in catalogue() else clean(value)


def number(value: Decimal | int, tongue: Tongue, places: int | None = None) -> str:
    """A figure with its thousands set apart: 1 234,5 in French, 1,234.5 in English, 1 234.5 where both read it."""
    text = f"{value:,}" if places is None else f"{value:,.{places}f}"
    if tongue == "en":
        return text
    return text.replace(",", _NARROW).replace(".", "," if tongue == "fr" else ".")


def money(amount: Money, tongue: Tongue) -> str:
    """An amount with its currency: 180,00 € or 180.00 €, 45,500 TND, 12 000 XOF."""
    value = Decimal(amount.amount_minor).scaleb(-amount.exponent)
    sign = _SIGNS.get(amount.currency, clean(amount.currency))
    return f"{number(value, tongue, amount.exponent)}{_NO_BREAK}{sign}"


def day(value: date, tongue: Tongue) -> str:
    """23/11/2026 in French; 2026-11-23, which nobody misreads, otherwise."""
    return value.strftime("%d/%m/%Y") if tongue == "fr" else value.strftime("%Y-%m-%d")


def moment(value: datetime, tongue: Tongue, *, seconds: bool = False) -> str:
    """A time in the zone that it carries, the offset always said: 23/11/2026 14:13 (UTC+01:00)."""
    offset = value.strftime("%z")
    zone = "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"
    clock = value.strftime("%H:%M:%S" if seconds else "%H:%M")
    return f"{day(value, tongue)} {clock}{_NO_BREAK}({zone})"


def span(since: datetime, until: datetime, tongue: Tongue) -> str:
    """A span of time, the day said once where it is one: 23/11/2026 08:00 - 12:00 (UTC+01:00)."""
    if since.date() != until.date() or since.utcoffset() != until.utcoffset():
        return f"{moment(since, tongue)} – {moment(until, tongue)}"  # noqa: RUF001  # a dash between two times
    start, clock = f"{day(since, tongue)} {since:%H:%M}", moment(until, tongue).removeprefix(day(until, tongue)).strip()
    return f"{start} – {clock}"  # noqa: RUF001  # a dash between two times


def size(value: int, tongue: Tongue) -> str:
    """A number of bytes, exact and rounded: 512 110 190 592 octets (512,1 Go); B, the IEC's sign, serves for both."""
    unit, scaled = 0, Decimal(value)
    units = "kMGTPE"
    while scaled >= _KILO and unit < len(units):
        scaled, unit = scaled / _KILO, unit + 1
    exact = number(value, tongue)
    byte, letter = {"fr": ("octets", "o"), "en": ("bytes", "B"), "both": ("B", "B")}[tongue]
    short = f" ({number(scaled, tongue, 1)}{_NO_BREAK}{units[unit - 1]}{letter})" if unit else ""
    return f"{exact}{_NO_BREAK}{byte}{short}"


def fixed_width(text: str) -> Markup:
    """An identifier or digest in the fixed-width typeface, read from left to right wherever it stands."""
    shape = "mono long" if len(text) > _SHORT else "mono"
    return Markup('<bdi class="{}">{}</bdi>').format(shape, shortened(clean(text), _IDENTIFIER))
