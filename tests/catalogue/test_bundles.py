"""A desktop with its screen, keyboard and mouse: one price under the cap of the set, and reserved as one."""

import threading
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from explained import recomputed
from makers import Desk, Town, make_key, make_organisation, open_doors, settle_town
from makers_distribution import handed_over, listed_devices, ready_devices, reserved, status_of
from reuse.catalogue.models import BundlePart
from reuse.catalogue.rules.bundles import share_out
from reuse.house import House
from reuse.people.rules import Activity, Quality
from reuse.transactions import transaction

PUBLIC = "public_free_transfer"


def set_of(town: Town, *, peripherals: int = 2, legal_basis: str = PUBLIC, **facts: Any) -> list[str]:
    """The devices of a desktop set: 120 + 30 + 8 + 8 = 166 euros by the shipped grid."""
    facts = {"legal_basis": legal_basis, "donor": town.council, "score": 85, **facts}
    wanted = ["desktop", "monitor", *["peripheral"] * peripherals]
    return [ready_devices(town, category=category, **facts)[0] for category in wanted]


def bundled(town: Town, device_ids: list[str], **more: Any) -> dict[str, Any]:
    answer = town.lead.post("/v1/bundles", {"device_ids": device_ids}, headers={"Accept-Language": "en"}, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_set_of_166_euros_from_a_public_body_is_offered_at_150_and_each_share_can_be_recomputed(town: Town) -> None:
    devices = set_of(town)
    bundle = bundled(town, devices)
    assert bundle["price"] == {"amount_minor": 15000, "currency": "EUR"}
    assert bundle["legal_cap"]["amount_minor"] == 15000
    assert [(line["kind"], line["price"]["amount_minor"]) for line in bundle["explanation"]] == [
        ("sum", 16600),
        ("cap", 15000),
    ]
    shares = [part["share"]["amount_minor"] for part in bundle["parts"]]
    assert shares == [10843, 2711, 723, 723]
    assert sum(shares) == 15000
    for device_id, share in zip(devices, shares, strict=True):
        listing = town.network.get(f"/v1/devices/{device_id}/listing").json()
        assert recomputed(listing["explanation"]) == listing["price"]["amount_minor"] == share
        assert listing["bundle_id"] == bundle["id"]
    offers = town.network.get("/v1/catalogue").json()["items"]
    assert {offer["bundle_id"] for offer in offers} == {bundle["id"]}
    assert sum(offer["price"]["amount_minor"] for offer in offers) == 15000


def test_a_company_set_has_no_cap_and_costs_the_sum_of_its_parts(town: Town) -> None:
    bundle = bundled(town, set_of(town, legal_basis="company_gift", donor=town.company))
    assert (bundle["price"]["amount_minor"], bundle["legal_cap"]) == (16600, None)


def test_a_set_without_keyboard_and_mouse_is_sold_under_the_same_cap_with_a_warning(town: Town) -> None:
    lacking = bundled(town, set_of(town, peripherals=1))
    assert [line["kind"] for line in lacking["explanation"]] == ["sum", "cap", "warning"]
    whole = bundled(town, set_of(town, peripherals=2))
    assert "warning" not in [line["kind"] for line in whole["explanation"]]


def test_an_esus_workshop_gives_a_public_set_and_does_not_sell_it(town: Town) -> None:
    shop = make_organisation(town.house, "Atelier Rebond", Activity.workshop, quality=Quality.esus)
    lead = Desk(town.client, make_key(town.house, shop, person="lead-9"), shop.id)
    devices = set_of(town, workshop=lead)
    refused = lead.post("/v1/bundles", {"device_ids": devices})
    assert (refused.status_code, refused.json()["missing"]) == (409, ["resale_forbidden"])
    assert {status_of(lead, one) for one in devices} == {"ready"}
    given_away = lead.post("/v1/bundles", {"device_ids": devices, "as_gift": True}).json()
    assert given_away["price"]["amount_minor"] == 0


@pytest.mark.parametrize(
    "wanted", [["laptop", "monitor"], ["desktop", "desktop", "monitor"], ["desktop", "peripheral"], ["monitor"] * 2]
)
def test_what_makes_no_set_is_refused_and_nothing_is_listed(town: Town, wanted: list[str]) -> None:
    devices = [ready_devices(town, category=category)[0] for category in wanted]
    refused = town.lead.post("/v1/bundles", {"device_ids": devices})
    assert (refused.status_code, refused.json()["code"]) == (400, "bundle_parts")
    assert {status_of(town.lead, one) for one in devices} == {"ready"}


def test_a_device_named_twice_listed_already_or_of_another_workshop_is_refused(town: Town) -> None:
    desktop, monitor, keyboard, mouse = set_of(town)
    twice = town.lead.post("/v1/bundles", {"device_ids": [desktop, monitor, monitor]})
    assert (twice.status_code, twice.json()["errors"][0]["pointer"]) == (400, "/device_ids/2")
    (listed,) = listed_devices(town, category="monitor")
    assert town.lead.post("/v1/bundles", {"device_ids": [desktop, listed]}).status_code == 409
    other = make_organisation(town.house, "Atelier Voisin", Activity.workshop)
    elsewhere = Desk(town.client, make_key(town.house, other, person="lead-2"), other.id)
    assert elsewhere.post("/v1/bundles", {"device_ids": [desktop, monitor, keyboard, mouse]}).status_code == 404
    assert town.technician.post("/v1/bundles", {"device_ids": [desktop, monitor]}).status_code == 403
    assert {status_of(town.lead, one) for one in (desktop, monitor)} == {"ready"}


def test_one_part_cannot_be_reserved_without_the_others(town: Town) -> None:
    devices = set_of(town)
    bundle = bundled(town, devices)
    for some in (devices[:1], devices[:3], devices[1:]):
        refused = town.network.post("/v1/reservations", {"device_ids": some})
        assert (refused.status_code, refused.json()["code"]) == (409, "not_available")
        partly = town.network.post("/v1/reservations", {"device_ids": some, "allow_partial": True})
        assert partly.status_code == 409
    for category in ("desktop", "monitor"):
        criteria = {"criteria": {"category": category, "quantity": 1}}
        assert town.network.post("/v1/reservations", criteria).status_code == 409
    reservation = reserved(town.network, devices)
    assert sum(line["price"]["amount_minor"] for line in reservation["lines"]) == 15000
    assert town.network.get(f"/v1/bundles/{bundle['id']}").json()["status"] == "reserved"


def test_a_cancelled_set_is_offered_again_as_a_set(town: Town) -> None:
    devices = set_of(town)
    bundle = bundled(town, devices)
    reservation = reserved(town.network, devices)
    town.network.post(f"/v1/reservations/{reservation['id']}/moves", {"to": "cancelled"})
    assert town.lead.get(f"/v1/bundles/{bundle['id']}").json()["status"] == "listed"
    assert town.other_network.post("/v1/reservations", {"device_ids": devices[:1]}).status_code == 409
    assert reserved(town.other_network, devices)["status"] == "held"


def test_a_set_is_handed_over_for_at_most_150_euros(town: Town) -> None:
    devices = set_of(town)
    bundle = bundled(town, devices)
    made = handed_over(town.network, reserved(town.network, devices))
    assert sum(line["price"]["amount_minor"] for line in made["lines"]) == 15000
    assert town.lead.get(f"/v1/bundles/{bundle['id']}").json()["status"] == "handed_over"
    assert town.lead.ask("DELETE", f"/v1/bundles/{bundle['id']}").status_code == 409


def test_a_set_taken_apart_leaves_ready_devices_that_are_priced_alone_again(town: Town) -> None:
    devices = set_of(town)
    path = f"/v1/bundles/{bundled(town, devices)['id']}"
    one_alone = town.lead.ask("DELETE", f"/v1/devices/{devices[0]}/listing")
    assert (one_alone.status_code, one_alone.json()["code"]) == (409, "in_bundle")
    assert town.lead.ask("DELETE", path).json()["status"] == "taken_apart"
    assert town.lead.ask("DELETE", path).json()["code"] == "bundle_ended"
    assert {status_of(town.lead, one) for one in devices} == {"ready"}
    alone = town.lead.post(f"/v1/devices/{devices[0]}/listing").json()
    assert (alone["price"]["amount_minor"], alone["bundle_id"]) == (12000, None)
    assert reserved(town.network, devices[:1])["status"] == "held"


def test_a_reserved_set_cannot_be_taken_apart(town: Town) -> None:
    devices = set_of(town)
    bundle = bundled(town, devices)
    reserved(town.network, devices)
    refused = town.lead.ask("DELETE", f"/v1/bundles/{bundle['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_bundle")
    assert {status_of(town.lead, one) for one in devices} == {"reserved"}


def test_a_set_that_lost_a_part_to_the_workshop_is_broken_and_what_is_left_goes_together(town: Town) -> None:
    devices = set_of(town)
    bundle = bundled(town, devices)
    town.lead.post(f"/v1/devices/{devices[1]}/flags", {"flag": "quarantine", "reason": "Dalle fendue"})
    assert town.lead.get(f"/v1/bundles/{bundle['id']}").json()["status"] == "broken"
    assert town.network.post("/v1/reservations", {"device_ids": devices[:1]}).status_code == 409
    assert reserved(town.network, [devices[0], *devices[2:]])["status"] == "held"


def test_a_network_sees_the_sets_on_offer_in_its_territory_and_a_stranger_none(town: Town) -> None:
    bundle = bundled(town, set_of(town))
    desks = (town.network, town.lead, town.region, town.company, town.stranger)
    assert [desk.get(f"/v1/bundles/{bundle['id']}").status_code for desk in desks] == [200, 200, 200, 404, 404]
    assert [one["id"] for one in town.network.get("/v1/bundles").json()["items"]] == [bundle["id"]]
    assert town.stranger.get("/v1/bundles").json()["items"] == []
    assert town.other_network.ask("DELETE", f"/v1/bundles/{bundle['id']}").status_code == 403


def test_the_database_lets_no_device_be_live_in_two_bundles(town: Town) -> None:
    devices = set_of(town)
    bundle = bundled(town, devices)
    other = bundled(town, set_of(town))
    with transaction(town.house.database) as session:
        part = session.get_one(BundlePart, (UUID(bundle["id"]), UUID(devices[0])))
        again = BundlePart(**{**part.model_dump(), "bundle_id": UUID(other["id"])})
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(again)


def test_one_device_asked_for_two_bundles_at_once_is_in_one_on_any_database(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        desktop, *rest = set_of(town, peripherals=0)
        screens = [rest[0], ready_devices(town, category="monitor", donor=town.council, legal_basis=PUBLIC)[0]]
        answers: list[int] = []

        def ask(screen: str) -> None:
            answers.append(town.lead.post("/v1/bundles", {"device_ids": [desktop, screen]}).status_code)

        threads = [threading.Thread(target=ask, args=[screen]) for screen in screens]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [201, 409]
        with transaction(any_house.database) as session:
            live = session.exec(
                select(BundlePart).where(BundlePart.device_id == UUID(desktop), col(BundlePart.live))
            ).all()
        assert len(live) == 1


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=10), st.integers(0, 10**7))
def test_shares_add_up_exactly_and_none_is_dearer_than_alone(weights: list[int], wish: int) -> None:
    amount = min(wish, sum(weights))
    shares = share_out(amount, weights)
    assert sum(shares) == amount
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))
