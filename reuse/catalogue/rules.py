"""Prices: from the grid in force, explained line by line, never above the legal cap; and who may sell at all.

Money is whole minor units of an ISO 4217 currency (12.500 TND is 12500, 500 XOF is 500). Nought is a price.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any, cast

from reuse.donations.rules import exponent as exponent
from reuse.donations.rules import in_major_units as in_major_units
from reuse.donations.rules import load_price_caps as load_price_caps
from reuse.errors import Conflict, Fault
from reuse.workshop.rules import forbidden_words

HIGHEST_SCORE = 100
HIGHEST_AMOUNT = 10**12  # beyond any device's price in any currency: a slip, not a price
GRID_FIELDS = frozenset({"version", "currency", "valid_from", "source", "classes", "prices", "score_table"})
PUBLIC_FREE_TRANSFER = "public_free_transfer"

# CG3P L3212-3: of those who may be given a public body's devices, these may resell them, at a solidarity price.
RESELLERS_OF_PUBLIC_GIFTS = frozenset({"rup", "general_interest"})


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line of a price's explanation, and the price that stands after it."""

    text_fr: str
    text_en: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Priced:
    """A price with the class and the grid that it comes from."""

    price_class: str
    amount_minor: int
    currency: str
    grid_version: str
    explanation: tuple[PriceLine, ...]


@dataclass(frozen=True, slots=True)
class Cap:
    """The highest price, tax included, that the law allows for a device of this provenance."""

    amount_minor: int
    currency: str
    source: str
    date: str
    warning_fr: str | None = None
    warning_en: str | None = None


@cache
def _data(name: str) -> dict[str, Any]:
    text = (resources.files("reuse") / "data" / name).read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


@cache
def load_default_grid() -> dict[str, Any]:
    """Return the grid that the default territory ships with."""
    return _data("price_grid.default.json")


def price_for(category: str, score: int, grid: Mapping[str, Any]) -> Priced:
    """Return the price of a device by its score; Conflict `price_rule` where the grid says none."""
    rung = next((one for one in grid["classes"] if score >= one["min_score"]), None)
    prices: Mapping[str, int] | None = grid["prices"].get(category)
    if prices is None:
        raise _no_rule(f"The price grid {grid['version']} has no price for the category {category}.")
    if rung is None:
        raise _no_rule(f"The price grid {grid['version']} has no class for a score of {score}.")
    name: str = rung["class"]
    if name not in prices:
        raise _no_rule(f"The price grid {grid['version']} has no price for {category} in class {name}.")
    amount, currency = prices[name], cast("str", grid["currency"])
    shown = f"{in_major_units(amount, currency)} {currency}"
    line = PriceLine(
        text_fr=f"Score {score}, classe {name} (à partir de {rung['min_score']}) : {shown}, grille {grid['version']}",
        text_en=f"Score {score}, class {name} (from {rung['min_score']}): {shown}, grid {grid['version']}",
        amount_minor=amount,
    )
    return Priced(name, amount, currency, grid["version"], (line,))


def _no_rule(sentence: str) -> Conflict:
    return Conflict(f"{sentence} Add it to the grid, then list the device.", code="price_rule", missing=("price_rule",))


def legal_cap(
    category: str, legal_basis: str, country: str, caps: Mapping[str, Mapping[str, Any]] | None = None
) -> Cap | None:
    """Return the cap on a device ceded on this legal basis in this country, or None where the law sets none.

    France: decree 2022-1413 of 7 November 2022, for devices that public bodies ceded free. A cap with a warning
    was set for a fuller set of equipment than the device alone (a bare desktop).
    """
    table = (load_price_caps() if caps is None else caps).get(country)
    if table is None or legal_basis not in table["legal_basis"]:
        return None
    row = table["caps"].get(category)
    if row is None:
        return None
    warning: dict[str, str] = row["warning"] or {}
    return Cap(row["amount_minor"], table["currency"], row["source"], row["date"], warning.get("fr"), warning.get("en"))


def apply_cap(price: Priced, cap: Cap | None) -> Priced:
    """Return the price lowered to the cap where it is above it, saying so; Conflict where the currencies differ.

    A warning of the cap is a line too, whether or not the price had to be lowered.
    """
    if cap is None:
        return price
    if cap.currency != price.currency:
        raise Conflict(
            f"The legal cap is in {cap.currency} and the grid in {price.currency}; the price cannot be checked.",
            code="price_rule",
            missing=("price_rule",),
        )
    lines = list(price.explanation)
    amount = min(price.amount_minor, cap.amount_minor)
    if amount < price.amount_minor:
        shown = f"{in_major_units(amount, cap.currency)} {cap.currency}"
        lines.append(
            PriceLine(
                text_fr=f"Ramené au plafond légal de {shown} TTC ({cap.source})",
                text_en=f"Lowered to the legal cap of {shown}, tax included ({cap.source})",
                amount_minor=amount,
            )
        )
    if cap.warning_fr is not None and cap.warning_en is not None:
        lines.append(PriceLine(cap.warning_fr, cap.warning_en, amount))
    return replace(price, amount_minor=amount, explanation=tuple(lines))


def may_sell(quality: str | None, legal_basis: str) -> bool:
    """Say whether a seller of this quality may ask a price for a device that came on this legal basis.

    What a public body ceded free may be resold only by associations of public utility or of general interest
    (CG3P L3212-3); an ESUS body may give it on, not sell it.
    """
    return legal_basis != PUBLIC_FREE_TRANSFER or quality in RESELLERS_OF_PUBLIC_GIFTS


def check_sale(quality: str | None, legal_basis: str, amount_minor: int) -> None:
    """Refuse a price above nought from a seller who may only give; Conflict `resale_forbidden`."""
    if amount_minor > 0 and not may_sell(quality, legal_basis):
        raise Conflict(
            "What a public body ceded free may be resold only by an association of public utility or of general "
            "interest (CG3P L3212-3); this workshop may hand it over at 0.",
            code="resale_forbidden",
            missing=("resale_forbidden",),
        )


def validate_grid(document: object, *, categories: Iterable[str], currency: str | None = None) -> tuple[Fault, ...]:
    """Return what is wrong with a price grid that is sent in; `currency` is the territory's.

    An embedded score table is checked by the workshop's rules, which own its shape.
    """
    grid = _mapping(document)
    if grid is None:
        return (Fault("", "price_grid", "A price grid is an object."),)
    faults = [
        Fault(f"/{name}", "unknown_field", f"There is no field {name}.") for name in sorted({*grid} - GRID_FIELDS)
    ]
    if not isinstance(grid.get("version"), str) or not grid["version"]:
        faults.append(Fault("/version", "price_grid", "A price grid has a version, as text."))
    faults += _currency_faults(grid.get("currency"), currency)
    names, class_faults = _class_faults(grid.get("classes"))
    return (*faults, *class_faults, *_price_faults(grid.get("prices"), names, frozenset(categories)))


def _currency_faults(value: object, territorial: str | None) -> list[Fault]:
    if not isinstance(value, str) or value not in _data("currencies.json")["exponents"]:
        return [Fault("/currency", "currency_unknown", f"The currency {value} is not known here (ISO 4217).")]
    if territorial is not None and value != territorial:
        return [Fault("/currency", "currency_differs", f"The territory counts in {territorial}, the grid in {value}.")]
    return []


def _class_faults(value: object) -> tuple[frozenset[str], list[Fault]]:
    """Return the names of the classes and what is wrong with them; they go from the highest score to the lowest."""
    rows = [_mapping(row) for row in cast("list[object]", value)] if isinstance(value, list) else []
    if not rows:
        return frozenset(), [Fault("/classes", "price_grid", "A price grid has a list of classes.")]
    faults: list[Fault] = []
    sound: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        score = None if row is None else row.get("min_score")
        if row is None or not isinstance(row.get("class"), str) or not _whole(score, HIGHEST_SCORE):
            sentence = f"A class has a name (class) and a min_score from 0 to {HIGHEST_SCORE}."
            faults.append(Fault(f"/classes/{index}", "price_grid", sentence))
        else:
            sound.append(row)
    names = [cast("str", row["class"]) for row in sound]
    faults += [
        Fault("/classes", "forbidden_words", f"The class {name} must not be called so (R122-4): {', '.join(words)}.")
        for name in names
        if (words := forbidden_words(name, is_name=True))
    ]
    if len(set(names)) < len(names):
        faults.append(Fault("/classes", "price_grid", "Each class has its own name."))
    if not all(upper["min_score"] > lower["min_score"] for upper, lower in pairwise(sound)):
        faults.append(Fault("/classes", "price_grid", "Classes go from the highest min_score to the lowest."))
    return frozenset(names), faults


def _price_faults(value: object, names: frozenset[str], categories: frozenset[str]) -> list[Fault]:
    table = _mapping(value)
    if table is None:
        return [Fault("/prices", "price_grid", "A price grid has prices by category and class.")]
    faults: list[Fault] = []
    for category, row in table.items():
        if category not in categories:
            faults.append(Fault(f"/prices/{category}", "unknown_category", f"There is no category {category}."))
        prices = _mapping(row)
        if prices is None:
            faults.append(Fault(f"/prices/{category}", "price_grid", "The prices of a category are by class."))
            continue
        for name, amount in prices.items():
            place = f"/prices/{category}/{name}"
            if name not in names:
                faults.append(Fault(place, "unknown_class", f"There is no class {name} in this grid."))
            if not _whole(amount, HIGHEST_AMOUNT):
                sentence = "A price is a whole number of minor units from 0: 12.50 EUR is 1250, 12.500 TND is 12500."
                faults.append(Fault(place, "amount", sentence))
    return faults


def _whole(value: object, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= highest


def _mapping(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None
