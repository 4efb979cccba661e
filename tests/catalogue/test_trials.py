"""A grid tried on past devices before it comes into force: what would change, and nothing changed."""

from typing import Any

from makers import Town, open_doors, settle_town
from makers_distribution import listed_devices, offered, ready_devices
from reuse.house import House


def grid(**more: Any) -> dict[str, Any]:
    return {
        "version": "essai-1",
        "currency": "EUR",
        "classes": [{"class": "A", "min_score": 70}, {"class": "B", "min_score": 0}],
        "prices": {"laptop": {"A": 25000, "B": 6000}},
        **more,
    }


def test_a_trial_counts_sums_and_names_what_would_change_on_any_database(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        dear = listed_devices(town, 2, score=85)  # 160 each by the shipped grid
        same = listed_devices(town, 1, score=30)  # 60, as in the trial
        public = listed_devices(town, 1, score=85, donor=town.council, legal_basis="public_free_transfer")
        (screen,) = listed_devices(town, category="monitor")  # the trial has no price for it
        (gift,) = ready_devices(town, score=85)
        town.lead.post(f"/v1/devices/{gift}/listing", {"as_gift": True})
        trial = town.region.post("/v1/price-grids/trials", {"grid": grid()}).json()
        assert (trial["devices"], trial["dearer"], trial["cheaper"], trial["unchanged"]) == (5, 3, 0, 2)
        assert (trial["without_price"], trial["devices_without_price"]) == (1, [screen])
        assert (trial["over_cap"], trial["devices_over_cap"]) == (1, public)
        assert trial["before"]["amount_minor"] == 3 * 16000 + 6000
        assert trial["after"]["amount_minor"] == 2 * 25000 + 18000 + 6000
        classes = {(one["category"], one["price_class"]): one for one in trial["classes"]}
        assert {key: one["devices"] for key, one in classes.items()} == {("laptop", "A"): 4, ("laptop", "B"): 1}
        changed = {one["device_id"]: one for one in classes["laptop", "A"]["changed"]}
        assert set(changed) & set(dear)
        assert changed[public[0]]["after"]["amount_minor"] == 18000
        assert classes["laptop", "B"]["changed"] == []
        assert same


def test_a_trial_enters_no_grid_and_changes_no_price(town: Town) -> None:
    (device_id,) = listed_devices(town)
    before = (town.lead.get(f"/v1/devices/{device_id}").json(), town.region.get("/v1/price-grids").json())
    assert town.region.post("/v1/price-grids/trials", {"grid": grid()}).status_code == 200
    assert (town.lead.get(f"/v1/devices/{device_id}").json(), town.region.get("/v1/price-grids").json()) == before
    assert town.region.post("/v1/price-grids", grid()).status_code == 201


def test_a_device_that_was_listed_twice_counts_once_by_its_last_price(town: Town) -> None:
    (device_id,) = listed_devices(town)
    town.lead.ask("DELETE", f"/v1/devices/{device_id}/listing")
    offered(town, [device_id])
    assert town.region.post("/v1/price-grids/trials", {"grid": grid()}).json()["devices"] == 1
    later = {"grid": grid(), "since": "2999-01-01"}
    assert town.region.post("/v1/price-grids/trials", later).json()["devices"] == 0


def test_a_faulty_grid_is_told_where_it_stands_in_the_request_and_only_who_sets_prices_may_try(town: Town) -> None:
    refused = town.region.post("/v1/price-grids/trials", {"grid": grid(currency="TND")})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/grid/currency")
    for desk in (town.lead, town.network, town.company):
        assert desk.post("/v1/price-grids/trials", {"grid": grid()}).status_code == 403
