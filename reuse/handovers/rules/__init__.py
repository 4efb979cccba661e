"""Hand-overs: the legal warranty, what may be kept of a beneficiary, and when "reconditionné" may be said."""

import calendar
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, cast

from reuse.errors import Fault

NARROWEST_BAND_YEARS = 5  # a band of fewer years is nearly an age
LONGEST_WORDS = 80
PSEUDONYMOUS = "beneficiary"
"""The role under which somebody signs of whom no name is kept."""
LONGEST_CONTACT = 200
BENEFICIARY_FIELDS = ("pseudonym", "commune_insee", "qpv", "age_band", "prescriber", "eligible")

# INSEE commune codes: 01 to 95 without 20, 2A and 2B, and 97 or 98 overseas (Code officiel géographique).
_COMMUNE = re.compile(r"(?:0[1-9]|1\d|2[1-9AB]|[3-8]\d|9[0-5]|9[78])\d{3}", re.ASCII)
_PHONE = re.compile(r"\+?(?:[ .()-]*\d){6,20}[ .()-]*", re.ASCII)
_EMAIL = re.compile(r"(?=.{3,254}\Z)[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_CONTACT_WORDS = re.compile(rf"(?=.*\S).{{1,{LONGEST_CONTACT}}}", re.DOTALL)
_BAND = re.compile(r"(\d{1,3})-(\d{1,3})|(\d{1,3})\+", re.ASCII)


class Qpv(StrEnum):
    """Whether a beneficiary lives in a priority district (quartier prioritaire de la politique de la ville)."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class HandoverKind(StrEnum):
    """Whether a price was asked: a pure gift is outside the legal warranty."""

    SALE = "sale"
    GIFT = "gift"


@dataclass(frozen=True, slots=True)
class Warranty:
    """What is owed from the hand-over on, in months, with its source and a sentence for the receipt."""

    kind: HandoverKind
    months: int
    presumption_months: int
    statutory: bool
    source: str
    text_fr: str
    text_en: str


@cache
def _data(name: str) -> dict[str, Any]:
    text = (resources.files("reuse") / "data" / name).read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


def load_warranties() -> Mapping[str, Any]:
    """Return what is owed at hand-over and of remedies, by country."""
    return _data("warranty.json")["countries"]


def handover_kind(amount_minor: int) -> HandoverKind:
    """Return whether a device is sold or given, by the price that is asked for it."""
    return HandoverKind.SALE if amount_minor > 0 else HandoverKind.GIFT


def warranty_for(kind: HandoverKind, country: str = "FR", terms: Mapping[str, Any] | None = None) -> Warranty | None:
    """Return the warranty of a hand-over, or None where no rule of that country is known here."""
    table = load_warranties() if terms is None else terms
    row = table.get(country, {}).get(kind.value)
    if row is None:
        return None
    return Warranty(
        kind,
        row["months"],
        row["presumption_months"],
        row["statutory"],
        row["source"],
        row["text"]["fr"],
        row["text"]["en"],
    )


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day where it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def warranty_ends(handed_over_on: date, months: int) -> date:
    """Return the last day of a warranty of so many months."""
    return months_later(handed_over_on, months)


def within_warranty(handed_over_on: date, today: date, warranty: Warranty | None) -> bool:
    """Say whether a device that comes back today is still under warranty; its last day counts."""
    return warranty is not None and warranty.months > 0 and today <= warranty_ends(handed_over_on, warranty.months)


def may_say_reconditioned(*, gate_one_passed: bool, untested: Collection[str]) -> bool:
    """Say whether "reconditionné" may be written of a device.

    Code de la consommation R122-4: only after tests of all functions and deletion of all previous data. Gate 1 holds
    the proof of erasure and the approval; `untested` are checks of the category without a pass.
    """
    return gate_one_passed and not untested


def age_bands() -> tuple[str, ...]:
    """Return the bands that forms offer."""
    return tuple(_data("beneficiaries.json")["age_bands"])


def beneficiary_faults(document: Mapping[str, object], *, country: str = "FR") -> tuple[Fault, ...]:
    """Return what is wrong with what is said of a beneficiary: pseudonyms and bands only, eligibility attested.

    Names, papers, income and anything else have no field, so they are refused rather than kept.
    """
    faults = [
        Fault(f"/beneficiary/{name}", "unknown_field", f"Nothing called {name} is kept of a beneficiary.")
        for name in sorted({*document} - {*BENEFICIARY_FIELDS})
    ]
    if document.get("eligible") is not True:
        faults.append(
            Fault("/beneficiary/eligible", "not_attested", "Eligibility is attested with true, and not kept.")
        )
    checks = {
        "pseudonym": _pseudonym_fault,
        "prescriber": words_fault,
        "commune_insee": _commune_fault if country == "FR" else words_fault,
        "qpv": _qpv_fault,
        "age_band": _band_fault,
    }
    for name, check in checks.items():
        value = document.get(name)
        sentence = None if value is None else check(value)
        if sentence is not None:
            faults.append(Fault(f"/beneficiary/{name}", f"{name}_shape", sentence))
    return tuple(faults)


def contact_faults(ways: Mapping[str, str]) -> tuple[Fault, ...]:
    """Return what is wrong with how a person is to be reached; no sentence repeats what was sent."""
    if not ways:
        return (Fault("/contact", "required", "A contact is a phone number, an e-mail address or words; give one."),)
    wrong = {
        "phone": "A phone number has 6 to 20 digits; spaces, dots, hyphens, brackets and a leading + are read.",
        "email": "An e-mail address has one @ and a point behind it.",
        "words": f"Words on how to reach the person: 1 to {LONGEST_CONTACT} characters, and no name.",
    }
    shapes = {"phone": _PHONE, "email": _EMAIL, "words": _CONTACT_WORDS}
    return tuple(
        Fault(f"/contact/{name}", f"{name}_shape", wrong[name])
        for name, value in ways.items()
        if not shapes[name].fullmatch(value)
    )


def _pseudonym_fault(value: object) -> str | None:
    """A pseudonym stands in an address (`/v1/beneficiaries/{pseudonym}`), which a slash would cut in two."""
    if isinstance(value, str) and "/" in value:
        return "A pseudonym has no slash, for it stands in addresses; write a hyphen."
    return words_fault(value)


def words_fault(value: object) -> str | None:
    """What is wrong with a pseudonym or a prescriber, or None."""
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_WORDS:
        return f"This is a text of 1 to {LONGEST_WORDS} characters."
    return "An e-mail address names a person; use a pseudonym." if "@" in value else None


def _commune_fault(value: object) -> str | None:
    if not isinstance(value, str) or not _COMMUNE.fullmatch(value.upper()):
        return "A commune is its INSEE code of 5 characters (2A004 for Ajaccio), which is not the postcode."
    return None


def _qpv_fault(value: object) -> str | None:
    return None if isinstance(value, str) and value in set(Qpv) else "qpv is yes, no or unknown."


def _band_fault(value: object) -> str | None:
    if isinstance(value, str):
        if value in age_bands():
            return None
        match = _BAND.fullmatch(value)
        if match is not None and (match[3] or int(match[2]) - int(match[1]) + 1 >= NARROWEST_BAND_YEARS):
            return None
    bands = ", ".join(age_bands())
    return f"An age band is one of {bands}, or a span of {NARROWEST_BAND_YEARS} years or more such as 25-34."
