"""Prices: from the grid in force, explained line by line, never above the legal cap; and who may sell at all.

Money is whole minor units of an ISO 4217 currency (12.500 TND is 12500, 500 XOF is 500). Nought is a price. A single
device's price is never rounded: the grid says it in minor units, and a cap replaces it whole.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any, cast

from reuse.donations.rules import exponent as exponent
from reuse.donations.rules import in_major_units as in_major_units
from reuse.donations.rules import load_price_caps as load_price_caps
from reuse.errors import Conflict

HIGHEST_AMOUNT = 10**12  # beyond any device's price in any currency: a slip, not a price
PUBLIC_FREE_TRANSFER = "public_free_transfer"
COMPANY_GIFT = "company_gift"

# CG3P L3212-3: of those who may be given a public body's devices, these may resell them, at a solidarity price.
RESELLERS_OF_PUBLIC_GIFTS = frozenset({"rup", "general_interest"})


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line of a price's explanation, and the price that stands after it.

    `kind` is grid, convention, cap, warning, gift, or one of a bundle's (rules/bundles.py); `values` hold every number
    that the line goes by, so that whoever reads the lines one after the other comes to the price.
    """

    text_fr: str
    text_en: str
    amount_minor: int
    kind: str = "grid"
    values: Mapping[str, int | str | None] = field(default_factory=dict[str, "int | str | None"])


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
    above = [one["min_score"] for one in grid["classes"] if one["min_score"] > rung["min_score"]]
    line = PriceLine(
        text_fr=f"Score {score}, classe {name} (à partir de {rung['min_score']}) : {shown}, grille {grid['version']}",
        text_en=f"Score {score}, class {name} (from {rung['min_score']}): {shown}, grid {grid['version']}",
        amount_minor=amount,
        values={
            "score": score,
            "class": name,
            "from_score": rung["min_score"],
            "below_score": min(above) if above else None,
            "amount_minor": amount,
        },
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
                kind="cap",
                values={"at_most_minor": cap.amount_minor},
            )
        )
    if cap.warning_fr is not None and cap.warning_en is not None:
        lines.append(PriceLine(cap.warning_fr, cap.warning_en, amount, "warning"))
    return replace(price, amount_minor=amount, explanation=tuple(lines))


def apply_convention(price: Priced, category: str, legal_basis: str, grid: Mapping[str, Any]) -> Priced:
    """Return a company gift's price, lowered to what the grid's convention with the givers lets ask for its category.

    The law sets no cap on what companies give; a convention may (spec/law.md, maximum solidarity prices).
    """
    convention: Mapping[str, Any] = grid.get("convention") or {"caps": {}}
    most: int | None = convention["caps"].get(category)
    if legal_basis != COMPANY_GIFT or most is None or price.amount_minor <= most:
        return price
    shown = f"{in_major_units(most, price.currency)} {price.currency}"
    line = PriceLine(
        text_fr=f"Ramené au plafond convenu de {shown} ({convention['source']})",
        text_en=f"Lowered to the agreed cap of {shown} ({convention['source']})",
        amount_minor=most,
        kind="convention",
        values={"at_most_minor": most},
    )
    return replace(price, amount_minor=most, explanation=(*price.explanation, line))


def as_given(price: Priced) -> Priced:
    """Return the price of a device that is offered as a gift: nought, and the line that says so."""
    if price.amount_minor == 0:
        return price
    line = PriceLine("Donné : aucun prix n'est demandé", "Given: no price is asked", 0, "gift")
    return replace(price, amount_minor=0, explanation=(*price.explanation, line))


def price_of(
    category: str,
    score: int,
    legal_basis: str,
    *,
    grid: Mapping[str, Any],
    cap: Cap | None,
    as_gift: bool = False,
) -> Priced:
    """Return a device's price: the grid's, at most the convention's and the law's cap; nought for a gift."""
    price = apply_cap(apply_convention(price_for(category, score, grid), category, legal_basis, grid), cap)
    return as_given(price) if as_gift else price


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


def load_buyers() -> Mapping[str, Mapping[str, Any]]:
    """Return which networks may not have what came on which legal basis, by country."""
    return cast("Mapping[str, Mapping[str, Any]]", _data("buyers.json")["countries"])


def may_have(legal_form: str, legal_basis: str, country: str, *, to_attested_person: bool = False) -> bool:
    """Say whether a device that came on this legal basis may go to a network of this legal form.

    France, CG3P L3212-3: what a public body ceded free goes to people in precarity, whose eligibility is attested, or
    to associations and public social bodies that help them; never to a company.
    """
    rule = load_buyers().get(country)
    if rule is None or to_attested_person or legal_basis not in rule["legal_basis"]:
        return True
    return legal_form not in rule["barred_forms"]


def check_buyer(legal_form: str, legal_basis: str, country: str, *, to_attested_person: bool = False) -> None:
    """Refuse a network that may not have it; Conflict `buyer`."""
    if not may_have(legal_form, legal_basis, country, to_attested_person=to_attested_person):
        raise Conflict(
            "What a public body ceded free may go to associations and public social bodies that help people in "
            "precarity, or to a person whose eligibility is attested (CG3P L3212-3); your network is a company.",
            code="buyer",
            missing=("buyer",),
        )
