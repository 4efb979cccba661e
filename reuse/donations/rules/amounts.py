"""What amounts of money are: the decimals of currencies, and the caps that the law sets on solidarity prices."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, cast

from reuse.errors import Invalid


@cache
def _data(name: str) -> dict[str, Any]:
    text = (resources.files("reuse") / "data" / name).read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


@cache
def load_price_caps() -> Mapping[str, dict[str, Any]]:
    """Return the tables of legal caps, by country."""
    folder = resources.files("reuse") / "data"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.startswith("price_caps."))
    return {_data(name)["country"]: _data(name) for name in names}


def exponent(currency: str) -> int:
    """Return how many decimals a currency has (ISO 4217); Invalid `currency_unknown` where none is known."""
    exponents: dict[str, int] = _data("currencies.json")["exponents"]
    if currency not in exponents:
        raise Invalid(f"The currency {currency} is not known here.", code="currency_unknown")
    return exponents[currency]


def in_major_units(amount_minor: int, currency: str) -> Decimal:
    """Return an amount as people write it: 12500 of TND is 12.500."""
    return Decimal(amount_minor).scaleb(-exponent(currency))
