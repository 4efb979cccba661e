"""Every category by every seller on every legal basis: what may be asked, and how the price is worked out by hand."""

from dataclasses import asdict
from typing import Any

import pytest

from explained import recomputed
from makers import Desk, Town, make_key, make_organisation, make_territory
from makers_distribution import made_ready_again, ready_devices
from reuse.catalogue.rules import Cap, check_buyer, legal_cap, may_have, may_sell, price_of
from reuse.devices.rules import categories
from reuse.errors import Conflict
from reuse.people.rules import Activity, Quality, Role

LAW = {
    "laptop": 18000,
    "desktop": 15000,
    "tablet": 10000,
    "smartphone": 10000,
    "monitor": 3000,
    "printer": 3000,
    "multifunction": 17000,
}
"""Decree 2022-1413 of 7 November 2022, as spec/law.md gives it; written out again, so that a slip in the data shows."""

DEAR: dict[str, Any] = {
    "version": "dear-1",
    "currency": "EUR",
    "classes": [{"class": "A", "min_score": 70}, {"class": "B", "min_score": 0}],
    "prices": {category: {"A": 50000, "B": 1000} for category in categories()},
    "convention": {"source": "Convention du Littoral, article 4", "caps": {"laptop": 22000}},
}
BASES = ("company_gift", "public_free_transfer", "sale", "other")
SELLERS = ("rup", "general_interest", "esus", None)
BUYERS = ("company", "public_body", "association", "other")


@pytest.mark.parametrize("category", sorted(categories()))
@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("seller", SELLERS)
def test_what_may_be_asked_for_each_category_basis_and_seller(category: str, basis: str, seller: str | None) -> None:
    cap = legal_cap(category, basis, "FR")
    public = basis == "public_free_transfer"
    assert (cap.amount_minor if cap else None) == (LAW.get(category) if public else None)
    for score, from_grid in ((90, 50000), (10, 1000)):
        price = price_of(category, score, basis, grid=DEAR, cap=cap)
        highest = LAW.get(category, from_grid) if public else from_grid
        if basis == "company_gift" and category == "laptop":
            highest = 22000
        assert price.amount_minor == min(from_grid, highest)
        warned = [line for line in price.explanation if line.kind == "warning"]
        assert len(warned) == (1 if public and category == "desktop" else 0)
        assert price_of(category, score, basis, grid=DEAR, cap=cap, as_gift=True).amount_minor == 0
    assert may_sell(seller, basis) is (not public or seller in {"rup", "general_interest"})


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("buyer", BUYERS)
def test_who_may_have_what_came_on_which_basis(buyer: str, basis: str) -> None:
    barred = basis == "public_free_transfer" and buyer == "company"
    assert may_have(buyer, basis, "FR") is not barred
    assert may_have(buyer, basis, "FR", to_attested_person=True)
    assert may_have(buyer, basis, "TN"), "no rule of that country is known"
    if barred:
        with pytest.raises(Conflict) as refusal:
            check_buyer(buyer, basis, "FR")
        assert (refusal.value.code, refusal.value.missing) == ("buyer", ("buyer",))
    else:
        check_buyer(buyer, basis, "FR")


def test_a_country_without_a_table_of_caps_sets_none_and_one_with_a_table_its_own() -> None:
    table = {
        "TN": {
            "currency": "TND",
            "legal_basis": ["public_free_transfer"],
            "caps": {"laptop": {"amount_minor": 400_500, "source": "Arrêté", "date": "2026-01-01", "warning": None}},
        }
    }
    assert legal_cap("laptop", "public_free_transfer", "TN") is None
    assert legal_cap("laptop", "public_free_transfer", "TN", table) == Cap(400_500, "TND", "Arrêté", "2026-01-01")


@pytest.mark.parametrize(
    "convention",
    [
        "none",
        {"source": "x"},
        {"source": "", "caps": {}},
        {"source": "x", "caps": {"toaster": 1}},
        {"source": "x", "caps": {"laptop": -1}},
        {"source": "x", "caps": {}, "basis": "sale"},
    ],
)
def test_a_faulty_convention_is_refused_where_it_is_wrong_and_sets_no_price(town: Town, convention: object) -> None:
    refused = town.region.post("/v1/price-grids", {**DEAR, "convention": convention})
    assert refused.status_code == 400
    assert all(fault["pointer"].startswith("/convention") for fault in refused.json()["errors"])
    assert [one["version"] for one in town.region.get("/v1/price-grids").json()["items"]] == ["default-2026-11"]


@pytest.mark.parametrize("quality", [Quality.rup, Quality.general_interest, Quality.esus, None])
def test_the_door_asks_what_the_law_allows_each_seller(town: Town, quality: Quality | None) -> None:
    assert town.region.post("/v1/price-grids", DEAR).status_code == 201
    shop = make_organisation(town.house, "Atelier Neuf", Activity.workshop, quality=quality)
    lead = Desk(town.client, make_key(town.house, shop, person="lead-7", roles=[Role.lead]), shop.id)
    public = {"donor": town.council, "legal_basis": "public_free_transfer", "workshop": lead}
    for category in ("laptop", "desktop", "server"):
        (sold,) = ready_devices(town, category=category, **public)
        answer = lead.post(f"/v1/devices/{sold}/listing")
        if quality in {Quality.rup, Quality.general_interest}:
            assert answer.json()["price"]["amount_minor"] == LAW.get(category, 50000)
            assert recomputed(answer.json()["explanation"]) == answer.json()["price"]["amount_minor"]
        else:
            assert (answer.status_code, answer.json()["missing"]) == (409, ["resale_forbidden"])
            given = lead.post(f"/v1/devices/{sold}/listing", {"as_gift": True}).json()
            assert (given["price"]["amount_minor"], given["as_gift"]) == (0, True)
            assert recomputed(given["explanation"]) == 0
    (gift,) = ready_devices(town, workshop=lead)
    agreed = lead.post(f"/v1/devices/{gift}/listing").json()
    assert (agreed["price"]["amount_minor"], agreed["legal_cap"]) == (22000, None)
    assert [line["kind"] for line in agreed["explanation"]] == ["grid", "convention"]
    assert "article 4" in agreed["explanation"][1]["text"]
    assert recomputed(agreed["explanation"]) == 22000


@pytest.mark.parametrize(
    ("currency", "country", "decimals", "amount", "shown"),
    [
        ("EUR", "FR", 2, 12_550, "125.50 EUR"),
        ("TND", "TN", 3, 412_500, "412.500 TND"),
        ("MAD", "MA", 2, 130_000, "1300.00 MAD"),
        ("XOF", "BJ", 0, 82_500, "82500 XOF"),
    ],
)
def test_each_territory_prices_in_its_currency_and_the_line_can_be_recomputed(
    town: Town, currency: str, country: str, decimals: int, amount: int, shown: str
) -> None:
    away = make_territory(town.house, "Ailleurs encore", currency=currency, country=country)
    made = {
        name: make_organisation(town.house, name, activity, territory_id=away.id)
        for name, activity in (("Don", Activity.donor), ("Atelier", Activity.workshop), ("Conseil", Activity.territory))
    }
    lead = Desk(town.client, make_key(town.house, made["Atelier"], person="lead-8"), made["Atelier"].id)
    council = Desk(town.client, make_key(town.house, made["Conseil"]), made["Conseil"].id)
    grid = {**DEAR, "currency": currency, "prices": {"laptop": {"A": amount, "B": 0}}, "convention": None}
    assert council.post("/v1/price-grids", grid).status_code == 201
    (device_id,) = ready_devices(town, donor=Desk(town.client, "", made["Don"].id), workshop=lead)
    lead.post(f"/v1/devices/{device_id}/listing")
    listing = lead.get(f"/v1/devices/{device_id}/listing").json()
    assert listing["price"] == {"amount_minor": amount, "currency": currency}
    assert shown in listing["explanation"][0]["text"]
    assert recomputed(listing["explanation"], decimals=decimals) == amount


def test_every_score_of_every_category_of_the_shipped_grid_can_be_recomputed() -> None:
    from_law = {category: legal_cap(category, "public_free_transfer", "FR") for category in categories()}
    rungs = [*range(100, 0, -7), 0]
    prices = {one: {str(score): score * 311 for score in rungs} for one in categories()}
    grid = {**DEAR, "classes": [{"class": str(score), "min_score": score} for score in rungs], "prices": prices}
    for category, cap in from_law.items():
        for score in range(101):
            price = price_of(category, score, "public_free_transfer", grid=grid, cap=cap)
            lines = [asdict(one) for one in price.explanation]
            shown = [{**one, "text": one["text_en"], "price": {"amount_minor": one["amount_minor"]}} for one in lines]
            assert recomputed(shown) == price.amount_minor


def test_the_score_behind_the_price_is_shown_line_by_line_and_adds_up(town: Town) -> None:
    (device_id,) = ready_devices(town)
    town.lead.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"})
    graded = town.technician.post(f"/v1/devices/{device_id}/grade", {"cosmetic": "B"}).json()
    made_ready_again(town, device_id)
    listing = town.lead.post(f"/v1/devices/{device_id}/listing", headers={"Accept-Language": "en"}).json()
    assert listing["score"] == graded["score"] == sum(line["points"] for line in listing["score_explanation"])
    assert listing["explanation"][0]["values"]["score"] == graded["score"]
    assert [line["text"] for line in listing["score_explanation"]] == [one["text_en"] for one in graded["explanation"]]


def test_a_device_that_is_not_on_offer_has_no_price_to_explain(town: Town) -> None:
    (device_id,) = ready_devices(town)
    assert town.lead.get(f"/v1/devices/{device_id}/listing").status_code == 404
    town.lead.post(f"/v1/devices/{device_id}/listing")
    assert town.network.get(f"/v1/devices/{device_id}/listing").status_code == 200
    for desk in (town.stranger, town.company):  # prices are not told to donors
        assert desk.get(f"/v1/devices/{device_id}/listing").status_code == 404
    town.lead.ask("DELETE", f"/v1/devices/{device_id}/listing")
    assert town.lead.get(f"/v1/devices/{device_id}/listing").status_code == 404


def test_a_cap_in_another_currency_stops_the_listing() -> None:
    with pytest.raises(Conflict) as refusal:
        price_of("laptop", 90, "sale", grid=DEAR, cap=Cap(1, "TND", "law", "2026-01-01"))
    assert refusal.value.code == "price_rule"
