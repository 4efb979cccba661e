"""What a donor declares on a legal basis: templates by country, what contradicts the law, what is still missing."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, cast

from reuse.donations.rules.amounts import exponent, in_major_units
from reuse.errors import Fault, Invalid

LONGEST_TEXT = 4_000
LARGEST_AMOUNT = 10**15


class DeclarationKind(StrEnum):
    """What sort of value a declaration is."""

    TEXT = "text"
    DATE = "date"
    BOOL = "bool"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One thing that a donor declares, with the law that asks for it and what the law allows."""

    key: str
    titles: Mapping[str, str]
    kind: DeclarationKind
    required: bool
    source: str
    date: str
    at_most: Mapping[str, Any] | None = None
    must_be: bool | None = None


@dataclass(frozen=True, slots=True)
class DonationTemplate:
    """What is declared on one legal basis in one country (None: wherever no other template stands)."""

    id: str
    version: str
    country: str | None
    legal_basis: str
    titles: Mapping[str, str]
    source: str
    date: str
    age_limit: Mapping[str, Any] | None
    declarations: tuple[Declaration, ...]

    def named(self, key: str) -> Declaration | None:
        """The declaration of that key, if the template has it."""
        return next((one for one in self.declarations if one.key == key), None)


@cache
def donation_templates() -> tuple[DonationTemplate, ...]:
    """Every template of `reuse/data/donation_templates.json`."""
    text = resources.files("reuse.data").joinpath("donation_templates.json").read_text("utf-8")
    table = json.loads(text)
    return tuple(_template(one, table["version"]) for one in table["templates"])


def _template(row: dict[str, Any], version: str) -> DonationTemplate:
    declarations = tuple(_declaration(one) for one in row.pop("declarations"))
    return DonationTemplate(**row, version=version, declarations=declarations)


def _declaration(row: dict[str, Any]) -> Declaration:
    kind = DeclarationKind(row.pop("kind"))
    return Declaration(**row, kind=kind)


def template_for(country: str, legal_basis: str) -> DonationTemplate:
    """The template of that basis in that country, or else the one of all countries."""
    fitting = [one for one in donation_templates() if one.legal_basis == legal_basis]
    own = (one for one in fitting if one.country == country)
    return next(own, None) or next(one for one in fitting if one.country is None)


def merged_declarations(
    template: DonationTemplate, before: Mapping[str, Any], said: Mapping[str, Any]
) -> dict[str, Any]:
    """What is declared once `said` is added to what was `before`; null or an empty text takes a declaration back.

    Invalid, naming each place, for what the template does not know, for a value of the wrong kind, and for one that the
    law forbids on this basis. What was declared on another basis and means nothing on this one is dropped.
    """
    kept = {key: value for key, value in before.items() if template.named(key)}
    tidy = {key: value.strip() or None if isinstance(value, str) else value for key, value in said.items()}
    whole = {key: value for key, value in {**kept, **tidy}.items() if value is not None}
    if faults := [fault for key, value in whole.items() if (fault := _fault(template, key, value))]:
        raise Invalid(" ".join(fault.message for fault in faults[:3]), code=faults[0].code, errors=tuple(faults))
    return whole


def missing_declarations(template: DonationTemplate, declared: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of what the template asks for and nobody has declared, in the template's order."""
    return tuple(one.key for one in template.declarations if one.required and one.key not in declared)


def _fault(template: DonationTemplate, key: str, value: object) -> Fault | None:
    """What is wrong with one declaration, if anything is."""
    asked = template.named(key)
    place = "/declarations/" + key.replace("~", "~0").replace("/", "~1")
    if asked is None:
        known = ", ".join(one.key for one in template.declarations)
        sentence = f"{key} is not declared on this legal basis; what can be is {known} (GET /v1/donation-templates)."
        return Fault(place, code="unknown_declaration", message=sentence)
    if wanted := _wanted(asked, value):
        return Fault(place, code="bad_declaration", message=f"{key} is {wanted}.")
    if asked.must_be is not None and value is not asked.must_be:
        stands = "true" if value else "false"
        sentence = (
            f"With {key} = {stands} this cannot be given on this legal basis ({asked.source}). "
            "Take such equipment out of the donation, or choose another basis."
        )
        return Fault(place, code="declaration_excluded", message=sentence)
    return _over_limit(asked, value, place) if asked.at_most else None


def _over_limit(asked: Declaration, value: object, place: str) -> Fault | None:
    """The fault of an amount above the law's, or in a currency that cannot be held against it."""
    amount, limit = cast("dict[str, Any]", value), cast("Mapping[str, Any]", asked.at_most)
    most = f"{in_major_units(limit['amount_minor'], limit['currency'])} {limit['currency']}"
    if amount["currency"] != limit["currency"]:
        return Fault(
            place,
            code="bad_declaration",
            message=f"{asked.key} is compared with {most}: give it in {limit['currency']}.",
        )
    if amount["amount_minor"] <= limit["amount_minor"]:
        return None
    declared = f"{in_major_units(amount['amount_minor'], amount['currency'])} {amount['currency']}"
    sentence = (
        f"{asked.key} is {declared}, and the law allows at most {most} ({asked.source}). "
        "Take such equipment out of the donation, or choose another basis."
    )
    return Fault(place, code="declaration_over_limit", message=sentence)


def _wanted(asked: Declaration, value: object) -> str | None:
    """What the value should be instead, or None where it is of the right kind."""
    match asked.kind:
        case DeclarationKind.TEXT:
            is_right = isinstance(value, str) and len(value) <= LONGEST_TEXT
            return None if is_right else f"a text of at most {LONGEST_TEXT} characters"
        case DeclarationKind.DATE:
            return None if isinstance(value, str) and _is_date(value) else "a date such as 2026-03-02"
        case DeclarationKind.BOOL:
            return None if isinstance(value, bool) else "true or false"
        case DeclarationKind.MONEY:
            return None if _is_money(value) else 'an amount such as {"amount_minor": 15000, "currency": "EUR"}'


def _is_date(value: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_money(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    money = cast("dict[str, object]", value)
    if set(money) != {"amount_minor", "currency"}:
        return False
    amount, currency = money["amount_minor"], money["currency"]
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= LARGEST_AMOUNT:
        return False
    try:
        return isinstance(currency, str) and exponent(currency) >= 0
    except Invalid:
        return False


def oldest_year(template: DonationTemplate, year: int) -> int | None:
    """The first year of making that is surely not over the template's age limit in `year`; None without a limit.

    A device made in 2015 is over ten years old in 2026 whatever the months, one made in 2016 may not be.
    """
    return year - int(template.age_limit["years"]) if template.age_limit else None
