"""Numbers of payment cards are never kept: a text that holds one is refused, and the number is not said back.

What counts as one is ISO/IEC 7812-1: 13 to 19 digits whose last is a Luhn check digit, however they are grouped. Other
numbers of that length may pass too (one in ten does); what such a text says can be said without them. An IMEI always
passes, and is what a note on a phone names: of 15 digits only those count that a card scheme issues.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from reuse.errors import Fault, Invalid

SHORTEST, LONGEST = 13, 19
IMEI_LENGTH = 15
CARDS_OF_15 = ("34", "37", "1800", "2131")
"""How cards of 15 digits begin: American Express and old JCB; no IMEI does (GSMA TS.06: 01, 35, 86 and such)."""
_GROUPED = re.compile(r"\d+(?:[\s\-\u2010-\u2015\u2212._]{1,3}\d+)*")
_GROUP = re.compile(r"\d+")
_PHONE = re.compile(r"(?:\+|00)(?:[ .()-]*\d){6,15}[ .()-]*", re.ASCII)


def holds_card_number(text: str) -> bool:
    """Say whether a text holds the number of a payment card, in one piece or in groups with spaces, dashes or dots."""
    return any(_is_card(number) for run in _GROUPED.finditer(text) for number in _numbers(_GROUP.findall(run[0])))


def is_international_phone(text: str) -> bool:
    """Say whether a text is a phone number with its country, 15 digits at most (ITU-T E.164): some pass Luhn too."""
    return _PHONE.fullmatch(text) is not None


def _numbers(groups: Sequence[str]) -> Iterator[str]:
    """Every number that neighbouring groups make together, of the length of a card's."""
    for start in range(len(groups)):
        number = ""
        for group in groups[start:]:
            number += group
            if len(number) > LONGEST:
                break
            if len(number) >= SHORTEST:
                yield number


def _is_card(number: str) -> bool:
    """The Luhn check (ISO/IEC 7812-1, annex B); digits of any script count."""
    digits = "".join(str(unicodedata.decimal(sign)) for sign in number)
    if len(digits) == IMEI_LENGTH and not digits.startswith(CARDS_OF_15):
        return False
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        total += sum(divmod(digit * 2, 10)) if place % 2 else digit
    return total % 10 == 0 and digits.strip("0") != ""


def refuse_card_numbers(said: Mapping[str, object]) -> None:
    """Refuse what somebody says where any text of it holds a card number; Invalid `card_number` names the places."""
    faults = tuple(
        Fault(place, "card_number", "This looks like a payment card's number, which must not be kept; take it out.")
        for place, text in _texts(said, "")
        if holds_card_number(text)
    )
    if faults:
        raise Invalid(
            "A text holds what looks like the number of a payment card. It was not kept: say how it was paid (card), "
            "never with which.",
            code="card_number",
            errors=faults,
        )


def _texts(said: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(said, str):
        yield place, said
    elif isinstance(said, Mapping):
        for name, one in cast("Mapping[str, object]", said).items():
            yield from _texts(one, f"{place}/{name}")
    elif isinstance(said, Sequence):
        for number, one in enumerate(cast("Sequence[object]", said)):
            yield from _texts(one, f"{place}/{number}")
