"""Prices by the grid, caps by the law, and grids that are sent in."""

import json
from copy import deepcopy
from importlib import resources
from typing import Any

import pytest

from reuse.catalogue.rules import (
    Cap,
    PriceLine,
    apply_cap,
    check_sale,
    exponent,
    in_major_units,
    legal_cap,
    load_default_grid,
    may_sell,
    price_for,
)
from reuse.catalogue.rules.grids import validate_grid
from reuse.errors import Conflict, Invalid

CATEGORIES = tuple(
    json.loads((resources.files("reuse") / "data" / "categories.json").read_text(encoding="utf-8"))["categories"]
)
GRID: dict[str, Any] = {
    "version": "test-1",
    "currency": "EUR",
    "classes": [{"class": "good", "min_score": 60}, {"class": "fair", "min_score": 20}],
    "prices": {"laptop": {"good": 20000, "fair": 5000}, "monitor": {"fair": 0}},
}


@pytest.mark.parametrize(
    ("score", "name", "amount"), [(100, "good", 20000), (60, "good", 20000), (59, "fair", 5000), (20, "fair", 5000)]
)
def test_a_score_gives_a_class_and_the_class_a_price(score: int, name: str, amount: int) -> None:
    price = price_for("laptop", score, GRID)
    assert (price.price_class, price.amount_minor, price.currency, price.grid_version) == (
        name,
        amount,
        "EUR",
        "test-1",
    )
    assert price.explanation[-1].amount_minor == amount
    assert f"{amount // 100}.00 EUR" in price.explanation[0].text_en


def test_nought_is_a_price() -> None:
    assert price_for("monitor", 30, GRID).amount_minor == 0


@pytest.mark.parametrize(("category", "score"), [("tablet", 90), ("monitor", 90), ("laptop", 19)])
def test_a_grid_that_says_no_price_is_a_conflict(category: str, score: int) -> None:
    with pytest.raises(Conflict) as refusal:
        price_for(category, score, GRID)
    assert (refusal.value.code, refusal.value.missing) == ("price_rule", ("price_rule",))


@pytest.mark.parametrize(
    ("category", "amount"),
    [
        ("laptop", 18000),
        ("desktop", 15000),
        ("tablet", 10000),
        ("smartphone", 10000),
        ("monitor", 3000),
        ("printer", 3000),
        ("multifunction", 17000),
    ],
)
def test_the_caps_of_the_decree(category: str, amount: int) -> None:
    cap = legal_cap(category, "public_free_transfer", "FR")
    assert cap is not None
    assert (cap.amount_minor, cap.currency, cap.date) == (amount, "EUR", "2022-11-07")
    assert "2022-1413" in cap.source
    assert (cap.warning_en is not None) == (category == "desktop")


@pytest.mark.parametrize("category", sorted(set(CATEGORIES) - {"laptop", "desktop", "tablet", "smartphone"}))
@pytest.mark.parametrize("basis", ["company_gift", "sale", "other"])
def test_other_legal_bases_have_no_cap(category: str, basis: str) -> None:
    assert legal_cap(category, basis, "FR") is None


def test_what_the_decree_does_not_name_and_other_countries_have_no_cap() -> None:
    assert legal_cap("server", "public_free_transfer", "FR") is None
    assert legal_cap("laptop", "public_free_transfer", "TN") is None
    assert legal_cap("laptop", "public_free_transfer", "FR", {}) is None


def test_a_price_above_the_cap_is_lowered_to_it_and_says_so() -> None:
    capped = apply_cap(price_for("laptop", 90, GRID), legal_cap("laptop", "public_free_transfer", "FR"))
    assert capped.amount_minor == 18000
    assert [line.amount_minor for line in capped.explanation] == [20000, 18000]
    assert "180.00 EUR" in capped.explanation[-1].text_fr


@pytest.mark.parametrize("amount", [20000, 20001])
def test_a_price_at_or_under_the_cap_stays(amount: int) -> None:
    price = price_for("laptop", 90, GRID)
    assert apply_cap(price, Cap(amount, "EUR", "law", "2022-11-07")) == price
    assert apply_cap(price, None) == price


def test_a_bare_desktop_is_sold_with_a_warning() -> None:
    price = price_for("desktop", 30, load_default_grid())
    capped = apply_cap(price, legal_cap("desktop", "public_free_transfer", "FR"))
    assert capped.amount_minor == price.amount_minor
    assert isinstance(capped.explanation[-1], PriceLine)
    assert "bare desktop" in capped.explanation[-1].text_en


def test_a_cap_in_another_currency_cannot_be_checked_and_stops_the_listing() -> None:
    with pytest.raises(Conflict) as refusal:
        apply_cap(price_for("laptop", 90, GRID | {"currency": "MAD"}), Cap(1, "EUR", "law", "2022-11-07"))
    assert refusal.value.code == "price_rule"


@pytest.mark.parametrize("basis", ["company_gift", "public_free_transfer", "sale", "other"])
@pytest.mark.parametrize("quality", ["rup", "general_interest", "esus", None])
def test_who_may_sell_what(quality: str | None, basis: str) -> None:
    allowed = basis != "public_free_transfer" or quality in {"rup", "general_interest"}
    assert may_sell(quality, basis) is allowed
    check_sale(quality, basis, 0)
    if allowed:
        check_sale(quality, basis, 1)
    else:
        with pytest.raises(Conflict) as refusal:
            check_sale(quality, basis, 1)
        assert refusal.value.code == "resale_forbidden"


@pytest.mark.parametrize(
    ("currency", "decimals", "shown"),
    [("EUR", 2, "12.50"), ("MAD", 2, "12.50"), ("TND", 3, "1.250"), ("XOF", 0, "1250")],
)
def test_minor_units_follow_the_currency(currency: str, decimals: int, shown: str) -> None:
    assert exponent(currency) == decimals
    assert str(in_major_units(1250, currency)) == shown


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        in_major_units(1, "ZZZ")
    assert refusal.value.code == "currency_unknown"


@pytest.mark.parametrize("category", sorted(set(CATEGORIES) - {"other"}))
def test_the_default_grid_prices_every_score_and_a_better_one_never_costs_less(category: str) -> None:
    prices = [price_for(category, score, load_default_grid()).amount_minor for score in range(101)]
    assert prices == sorted(prices)


def test_the_default_grid_has_no_fault_and_leaves_other_to_the_territory() -> None:
    assert validate_grid(load_default_grid(), categories=CATEGORIES, currency="EUR") == ()
    with pytest.raises(Conflict):
        price_for("other", 100, load_default_grid())


@pytest.mark.parametrize("currency", ["TND", "XOF", "MAD"])
def test_a_territory_prices_in_its_own_currency(currency: str) -> None:
    assert validate_grid(GRID | {"currency": currency}, categories=CATEGORIES, currency=currency) == ()


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"colour": "red"}, [("/colour", "unknown_field")]),
        ({"version": 3}, [("/version", "price_grid")]),
        ({"version": ""}, [("/version", "price_grid")]),
        ({"currency": "EURO"}, [("/currency", "currency_unknown")]),
        ({"currency": ["EUR"]}, [("/currency", "currency_unknown")]),
        ({"currency": "TND"}, [("/currency", "currency_differs")]),
        ({"prices": None}, [("/prices", "price_grid")]),
        ({"prices": {"toaster": {"good": 1}}}, [("/prices/toaster", "unknown_category")]),
        ({"prices": {"laptop": 100}}, [("/prices/laptop", "price_grid")]),
        ({"prices": {"laptop": {"best": 1}}}, [("/prices/laptop/best", "unknown_class")]),
        ({"prices": {"laptop": {"good": 12.5}}}, [("/prices/laptop/good", "amount")]),
        ({"prices": {"laptop": {"good": -1}}}, [("/prices/laptop/good", "amount")]),
        ({"prices": {"laptop": {"good": True}}}, [("/prices/laptop/good", "amount")]),
        ({"prices": {"laptop": {"good": 10**13}}}, [("/prices/laptop/good", "amount")]),
        ({"classes": [], "prices": {}}, [("/classes", "price_grid")]),
        ({"classes": ["good"], "prices": {}}, [("/classes/0", "price_grid")]),
        ({"classes": [{"class": "good", "min_score": 101}], "prices": {}}, [("/classes/0", "price_grid")]),
        ({"classes": list(reversed(GRID["classes"]))}, [("/classes", "price_grid")]),
        (
            {"classes": [{"class": "good", "min_score": 9}, {"class": "good", "min_score": 1}], "prices": {}},
            [("/classes", "price_grid")],
        ),
    ],
)
def test_a_faulty_grid_is_told_where(changes: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    found = validate_grid(deepcopy(GRID) | changes, categories=CATEGORIES, currency="EUR")
    assert [(fault.pointer, fault.code) for fault in found] == faults


def test_a_grid_is_an_object() -> None:
    assert [fault.code for fault in validate_grid([GRID], categories=CATEGORIES)] == ["price_grid"]
