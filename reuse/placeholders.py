"""What makers and tools print where there is no serial number: such a value identifies nothing, at any door.

Donors' files, captures and erasure reports meet the same placeholders, so the table (`data/placeholders.json`) and its
reading stand here, below all stages.
"""

import json
import re
from functools import cache
from importlib.resources import files
from typing import TypedDict, cast

_NO_LETTERS = re.compile(r"[\W_]*")
_SAME_AGAIN = re.compile(r"(.)\1*")
_MAC_ADDRESS = re.compile(r"[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}")
_EDGES = " \t\r\n[](){}<>.,;:'\"-_*#"
_FILLERS = frozenset("xX0fF?")
_SAME_LETTER_MINIMUM = 6
"""One letter repeated six times or more (AAAAAAAA in blanked samples) is no serial; shorter runs might be a model."""


class _Uuid(TypedDict):
    value: str
    source: str


class _Machines(TypedDict):
    makers: list[str]
    products: list[str]


class _Table(TypedDict):
    words: list[str]
    uuids: list[_Uuid]
    virtual_machines: _Machines


@cache
def _table() -> _Table:
    return cast("_Table", json.loads(files("reuse").joinpath("data/placeholders.json").read_text("utf-8")))


@cache
def _words() -> frozenset[str]:
    return frozenset(word.strip(_EDGES) for word in _table()["words"])


@cache
def _uuids() -> frozenset[str]:
    return frozenset(_hexadecimal(uuid["value"]) for uuid in _table()["uuids"])


def _hexadecimal(value: str) -> str:
    return re.sub(r"[^0-9a-f]", "", value.lower())


def identifies_nothing(value: str) -> bool:
    """Whether this text, in the place of a serial, model or maker, is a placeholder; the empty text is one too.

    The list is that of spec/wiping.md with the defaults of firmware makers; filler characters (all X, all 0, all F,
    all ?) count at any length, any other character from six repetitions on.
    """
    text = " ".join(value.split()).lower()
    if _NO_LETTERS.fullmatch(text) or "\ufffd" in text:
        return True
    bare = re.sub(r"[\W_]", "", text)
    if _SAME_AGAIN.fullmatch(bare) and (bare[0] in _FILLERS or len(bare) >= _SAME_LETTER_MINIMUM):
        return True
    return text.strip(_EDGES) in _words()


def is_mac_address(value: str) -> bool:
    """Whether this is a network card's address, which some tools print in the place of a serial (spec/interop.md)."""
    return _MAC_ADDRESS.fullmatch(value.strip()) is not None


def uuid_identifies_nothing(value: str) -> bool:
    """Whether this system UUID is a firmware default, or all zeros, or all F (SMBIOS: not settable, not present)."""
    digits = _hexadecimal(value)
    return len(digits) != 32 or len(set(digits)) == 1 or digits in _uuids()  # noqa: PLR2004  # 128 bits, RFC 9562


def is_virtual_machine(manufacturer: str | None, product: str | None) -> bool:
    """Whether a hypervisor signs as maker or product; shown to people, never a reason to refuse (spec/process.md)."""
    machines = _table()["virtual_machines"]
    maker = (manufacturer or "").strip().lower()
    name = (product or "").strip().lower()
    return maker in machines["makers"] or any(
        name == known or name.startswith((f"{known} ", f"{known}(")) for known in machines["products"]
    )
