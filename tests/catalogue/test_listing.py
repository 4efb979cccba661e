"""Listing: a price from the grid in force, explained, never above the law, and only for what may leave."""

from typing import Any

import pytest

from makers import Desk, Town, make_key, make_organisation, make_territory
from makers_distribution import listed_devices, made_ready_again, offered, ready_devices, status_of
from reuse.people.rules import Activity, Quality, Role


def grid(**more: Any) -> dict[str, Any]:
    return {
        "version": "littoral-1",
        "currency": "EUR",
        "classes": [{"class": "A", "min_score": 70}, {"class": "B", "min_score": 0}],
        "prices": {"laptop": {"A": 25000, "B": 9000}, "monitor": {"A": 0, "B": 0}},
        **more,
    }


def offer(desk: Desk, device_id: str, **more: Any) -> Any:
    return desk.post(f"/v1/devices/{device_id}/listing", **more)


def test_a_ready_device_is_listed_at_the_price_of_the_shipped_grid_line_by_line(town: Town) -> None:
    (device_id,) = ready_devices(town, score=85)
    answer = offer(town.lead, device_id)
    assert answer.status_code == 200, answer.text
    listing = answer.json()
    assert listing["price"] == {"amount_minor": 16000, "currency": "EUR"}
    assert listing["grid_version"] == "default-2026-11"
    assert listing["legal_cap"] is None
    assert [line["price"]["amount_minor"] for line in listing["explanation"]] == [16000]
    assert "classe 1" in listing["explanation"][0]["text"]
    device = town.lead.get(f"/v1/devices/{device_id}")
    assert (device.json()["status"], device.json()["price"]) == ("listed", listing["price"])
    assert answer.headers["ETag"] == device.headers["ETag"] == f'"{listing["version"]}"'


def test_the_explanation_is_given_in_the_language_asked_for(town: Town) -> None:
    (device_id,) = ready_devices(town)
    answer = offer(town.lead, device_id, headers={"Accept-Language": "en"})
    assert "class 1" in answer.json()["explanation"][0]["text"]


def test_a_public_bodys_laptop_of_250_euros_is_held_at_the_legal_180(town: Town) -> None:
    assert town.region.post("/v1/price-grids", grid()).status_code == 201
    public, private = (
        ready_devices(town, donor=town.council, legal_basis="public_free_transfer")[0],
        ready_devices(town, legal_basis="company_gift")[0],
    )
    capped = offer(town.lead, public).json()
    assert capped["price"]["amount_minor"] == 18000
    assert capped["legal_cap"]["amount_minor"] == 18000
    assert "2022-1413" in capped["legal_cap"]["source"]
    assert [line["price"]["amount_minor"] for line in capped["explanation"]] == [25000, 18000]
    free = offer(town.lead, private).json()
    assert (free["price"]["amount_minor"], free["legal_cap"]) == (25000, None)


def test_an_esus_workshop_may_give_a_public_bodys_device_but_not_sell_it(town: Town) -> None:
    esus = make_organisation(town.house, "Atelier Rebond", Activity.workshop, quality=Quality.esus)
    lead = Desk(town.client, make_key(town.house, esus, person="lead-9"), esus.id)
    public = ready_devices(town, donor=town.council, legal_basis="public_free_transfer", workshop=lead)[0]
    refused = offer(lead, public)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["resale_forbidden"])
    given = offer(lead, public, json={"as_gift": True})
    assert given.status_code == 200, given.text
    assert given.json()["price"]["amount_minor"] == 0
    bought = ready_devices(town, legal_basis="company_gift", workshop=lead)[0]
    assert offer(lead, bought).status_code == 200


def test_a_device_of_unknown_provenance_is_not_listed(town: Town) -> None:
    (device_id,) = ready_devices(town, with_donation=False)
    refused = offer(town.lead, device_id)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["provenance"])
    assert status_of(town.lead, device_id) == "ready"


def test_a_category_without_a_price_is_not_listed_but_a_price_of_nought_is_one(town: Town) -> None:
    refused = offer(town.lead, ready_devices(town, category="other")[0])
    assert (refused.status_code, refused.json()["code"], refused.json()["missing"]) == (
        409,
        "price_rule",
        ["price_rule"],
    )
    town.region.post("/v1/price-grids", grid())
    free = offer(town.lead, ready_devices(town, category="monitor")[0])
    assert free.json()["price"]["amount_minor"] == 0


def test_a_flagged_device_is_not_listed(town: Town) -> None:
    (device_id,) = ready_devices(town)
    flag = {"flag": "suspected_stolen", "reason": "Signalé par la police"}
    assert town.lead.post(f"/v1/devices/{device_id}/flags", flag).status_code == 201
    assert offer(town.lead, device_id).status_code == 409
    assert status_of(town.lead, device_id) == "in_workshop"


@pytest.mark.parametrize("act", ["POST", "DELETE"])
def test_listing_is_for_a_lead_of_the_devices_own_workshop(town: Town, act: str) -> None:
    (device_id,) = ready_devices(town) if act == "POST" else listed_devices(town)
    other = make_organisation(town.house, "Autre atelier", Activity.workshop)
    elsewhere = Desk(town.client, make_key(town.house, other, person="lead-2"), other.id)
    path = f"/v1/devices/{device_id}/listing"
    assert town.technician.ask(act, path).status_code == 403
    assert town.network.ask(act, path).status_code == 403
    assert elsewhere.ask(act, path).status_code == 404


def test_a_listing_on_an_old_version_of_the_device_is_refused(town: Town) -> None:
    (device_id,) = ready_devices(town)
    assert offer(town.lead, device_id, headers={"If-Match": '"1"'}).status_code == 412
    version = town.lead.get(f"/v1/devices/{device_id}").headers["ETag"]
    assert offer(town.lead, device_id, headers={"If-Match": version}).status_code == 200
    assert town.lead.ask("DELETE", f"/v1/devices/{device_id}/listing", headers={"If-Match": version}).status_code == 412


def test_a_listing_taken_down_leaves_a_ready_device_without_price(town: Town) -> None:
    (device_id,) = listed_devices(town)
    path = f"/v1/devices/{device_id}/listing"
    assert offer(town.lead, device_id).status_code == 409
    answer = town.lead.ask("DELETE", path)
    assert (answer.status_code, answer.json()["status"], answer.json()["price"]) == (200, "ready", None)
    assert town.lead.ask("DELETE", path).status_code == 409
    assert town.network.get("/v1/catalogue").json()["items"] == []
    assert offer(town.lead, device_id).status_code == 200


def test_the_catalogue_is_filtered_by_category_memory_price_and_grade(town: Town) -> None:
    small, big = (
        listed_devices(town, score=30, grade="C", ram_gb=4)[0],
        listed_devices(town, score=85, grade="A", ram_gb=16)[0],
    )
    screen = listed_devices(town, category="monitor")[0]

    def found(**query: Any) -> set[str]:
        answer = town.network.get("/v1/catalogue", params=query)
        assert answer.status_code == 200, answer.text
        return {item["id"] for item in answer.json()["items"]}

    assert found() == {small, big, screen}
    assert found(category="laptop") == {small, big}
    assert found(category="laptop", min_ram_gb=8) == {big}
    assert found(category="laptop", max_price_minor=6000) == {small}
    assert found(max_price_minor=-(10**30), min_ram_gb=10**30) == set()
    assert found(grade="C") == {small}
    first = town.network.get("/v1/catalogue", params={"limit": 2}).json()
    second = town.network.get("/v1/catalogue", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in (*first["items"], *second["items"])] == [small, big, screen]
    item = first["items"][1]
    assert (item["ram_gb"], item["facts"]["cpu"], item["price"]["amount_minor"]) == (16, "Intel Core i5-8350U", 16000)


def test_networks_see_the_offers_of_their_territory_only(town: Town) -> None:
    (device_id,) = listed_devices(town)
    away = make_territory(town.house, "Montagne")
    far = make_organisation(town.house, "Réseau des Cimes", Activity.network, territory_id=away.id)
    other = make_organisation(town.house, "Atelier Voisin", Activity.workshop)
    seen = {
        "network": town.network,
        "far": Desk(town.client, make_key(town.house, far), far.id),
        "workshop": town.lead,
        "other workshop": Desk(town.client, make_key(town.house, other), other.id),
        "donor": town.company,
        "region": town.region,
        "operator": town.operator,
    }
    offers = {who: [one["id"] for one in desk.get("/v1/catalogue").json()["items"]] for who, desk in seen.items()}
    there = [device_id]
    assert offers == {
        "network": there,
        "far": [],
        "workshop": there,
        "other workshop": [],
        "donor": [],
        "region": there,
        "operator": there,
    }


def test_a_grid_counts_from_its_day_on_and_the_later_one_before_the_earlier(town: Town) -> None:
    def states() -> list[tuple[str, str]]:
        return [(one["version"], one["status"]) for one in town.network.get("/v1/price-grids").json()["items"]]

    assert states() == [("default-2026-11", "in_force")]
    assert town.region.post("/v1/price-grids", grid(version="2", valid_from="2999-01-01")).json()["status"] == "planned"
    assert states() == [("default-2026-11", "in_force"), ("2", "planned")]
    assert (
        town.region.post("/v1/price-grids", grid(version="3", valid_from="2026-01-01")).json()["status"] == "in_force"
    )
    old = town.region.post("/v1/price-grids", grid(version="4", valid_from="2025-01-01T00:00:00Z")).json()
    assert (old["status"], old["valid_from"]) == ("superseded", "2025-01-01T00:00:00Z")
    assert states() == [("2", "planned"), ("3", "in_force"), ("4", "superseded")]
    assert town.region.get("/v1/price-grids").json()["items"][1]["valid_from"] == "2025-12-31T23:00:00Z"
    (device_id,) = ready_devices(town)
    assert offer(town.lead, device_id).json()["grid_version"] == "3"


def test_a_wrong_grid_is_refused_with_every_place(town: Town) -> None:
    wrong = grid(currency="TND", prices={"laptop": {"Z": 1, "A": -1}, "fridge": {"A": 1}}, score_table={"version": 1})
    answer = town.region.post("/v1/price-grids", wrong)
    assert answer.status_code == 400
    places = {fault["pointer"] for fault in answer.json()["errors"]}
    assert {"/currency", "/prices/laptop/Z", "/prices/laptop/A", "/prices/fridge", "/score_table/version"} <= places
    assert town.region.post("/v1/price-grids", {**grid(), "discount": 3}).status_code == 400
    assert town.region.post("/v1/price-grids", grid()).status_code == 201
    again = town.region.post("/v1/price-grids", grid())
    assert (again.status_code, again.json()["code"]) == (409, "version_taken")


def test_prices_are_set_by_the_territory_or_by_an_operator_for_it(town: Town) -> None:
    for desk in (town.lead, town.network, town.company):
        assert desk.post("/v1/price-grids", grid()).status_code == 403
    away = make_territory(town.house, "Tunis", currency="TND", country="TN", timezone="Africa/Tunis")
    path = f"/v1/price-grids?territory_id={away.id}"
    dinars = grid(currency="TND")
    assert town.region.post(path, dinars).status_code == 400
    assert town.operator.post(path, dinars).json()["territory_id"] == str(away.id)


def test_a_territory_without_a_grid_in_its_currency_lists_nothing(town: Town) -> None:
    away = make_territory(town.house, "Tunis", currency="TND", country="TN", timezone="Africa/Tunis")
    donor = make_organisation(town.house, "Banque du Sud", Activity.donor, territory_id=away.id)
    shop = make_organisation(town.house, "Atelier Carthage", Activity.workshop, territory_id=away.id)
    council = make_organisation(town.house, "Tunis", Activity.territory, territory_id=away.id)
    lead = Desk(town.client, make_key(town.house, shop, person="lead-3", roles=[Role.lead]), shop.id)
    given = Desk(town.client, "", donor.id)
    (device_id,) = ready_devices(town, donor=given, workshop=lead)
    assert offer(lead, device_id).json()["missing"] == ["price_rule"]
    assert lead.get("/v1/price-grids").json()["items"] == []
    region = Desk(town.client, make_key(town.house, council), council.id)
    prices = grid(currency="TND", prices={"laptop": {"A": 3_000_000_000_000 // 10, "B": 12500}})
    assert region.post("/v1/price-grids", prices).status_code == 201
    assert offered(town, [device_id], lead=lead) == [device_id]
    price = lead.get(f"/v1/devices/{device_id}").json()["price"]
    assert price == {"amount_minor": 300_000_000_000, "currency": "TND"}


def test_memory_that_a_capture_found_is_what_the_catalogue_is_filtered_by(town: Town) -> None:
    """Reported sizes leave out what graphics keep back: 7.7 GiB are sold, and searched for, as 8 GB."""
    (device_id,) = ready_devices(town, ram_gb=4)
    town.lead.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"})
    lshw = {"id": "pc", "class": "system", "children": [{"id": "core", "class": "bus", "children": []}]}
    memory = {
        "id": "memory",
        "class": "memory",
        "description": "System Memory",
        "units": "bytes",
        "size": 8_267_812_864,
    }
    lshw["children"][0]["children"].append(memory)  # pyright: ignore[reportIndexIssue, reportArgumentType]
    answer = town.technician.post(f"/v1/devices/{device_id}/captures", lshw)
    assert answer.status_code == 201, answer.text
    made_ready_again(town, device_id)
    offered(town, [device_id])
    (item,) = town.network.get("/v1/catalogue", params={"min_ram_gb": 8}).json()["items"]
    assert item["ram_gb"] == 8
