"""Before a hand-over: the list in pick order, each device scanned, the wrong one refused with the reason."""

from typing import Any
from uuid import uuid4

import pytest

from makers import Desk, Town, make_key, make_organisation
from makers_distribution import (
    ask_handover,
    handed_over,
    listed_devices,
    offered,
    printed,
    ready_devices,
    reserved,
)
from reuse.handovers.rules.accessories import accessory_kinds, go_with
from reuse.handovers.rules.picking import pick_order
from reuse.people.rules import Activity

NOW = "2026-03-02T09:30:00Z"


def scan(desk: Desk, code: str, action: str, **data: Any) -> dict[str, Any]:
    """What became of one scan."""
    one = {"id": str(uuid4()), "code": code, "action": action, "at": NOW, "data": data}
    answer = desk.post("/v1/scans", {"scans": [one]})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"][0]


def label_of(town: Town, device_id: str) -> str:
    codes = town.lead.get(f"/v1/devices/{device_id}").json()["codes"]
    return next(code["value"] for code in codes if code["kind"] == "label")


def placed(town: Town, *locations: str | None, **facts: Any) -> list[str]:
    """Devices on offer, each at its place."""
    devices = listed_devices(town, len(locations), **facts)
    for device_id, location in zip(devices, locations, strict=True):
        if location is not None:
            assert scan(town.technician, label_of(town, device_id), "locate", location=location)["outcome"] == "applied"
    return devices


def preparation_of(desk: Desk, reservation: dict[str, Any]) -> dict[str, Any]:
    answer = desk.get(f"/v1/reservations/{reservation['id']}/preparation")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_places_are_sorted_as_people_count_them() -> None:
    places = ["A10", "étagère 3", None, "A2", "Etagère 10", "a 2 bis", "2", "10"]
    assert sorted(places, key=lambda place: pick_order(place, "X")) == [
        "2",
        "10",
        "A2",
        "a 2 bis",
        "A10",
        "étagère 3",
        "Etagère 10",
        None,
    ]


def test_what_goes_with_a_device_is_of_the_coded_list_and_a_bare_set_gets_keyboard_and_mouse() -> None:
    everything = [go_with(category) for category in ("laptop", "desktop", "monitor", "smartphone", "printer", "other")]
    assert {kind for one in everything for kind in one} <= set(accessory_kinds())
    assert go_with("laptop") == {"charger": 1}
    bare = go_with("desktop", bundle_kind="desktop_set", together=["desktop", "monitor"])
    assert bare == {"power_cable": 1, "keyboard": 1, "mouse": 1}
    whole = go_with("desktop", bundle_kind="desktop_set", together=["desktop", "monitor", "peripheral"])
    assert whole == go_with("desktop") == {"power_cable": 1}


def test_the_list_names_devices_in_pick_order_with_what_goes_along(town: Town) -> None:
    devices = placed(town, "A10", None, "A2", "Réserve")
    reservation = reserved(town.network, devices)
    found = preparation_of(town.technician, reservation)
    assert [line["device_id"] for line in found["lines"]] == [devices[2], devices[0], devices[3], devices[1]]
    assert (found["devices"], found["picked"], found["unplaced"]) == (4, 0, [devices[1]])
    first = found["lines"][0]
    assert first["accessories"] == [{"kind": "charger", "quantity": 1, "serial": None}]
    assert (first["code"], first["location"], first["picked_at"]) == (label_of(town, devices[2]), "A2", None)

    done = town.lead.done(town.lead.post(f"/v1/reservations/{reservation['id']}/preparation"))
    read = printed(town.lead, done["result"]["document_id"])
    places = [read.index(label_of(town, device_id)) for device_id in (devices[2], devices[0], devices[3], devices[1])]
    assert places == sorted(places)
    assert read.index("a dit où se trouvent ces appareils") < places[3]
    for said in ("PREP-", reservation["number"], "1 x Chargeur", "Latitude 5490"):
        assert said in read


def test_the_list_is_for_the_floor_of_the_workshop_and_holds_its_own_devices_alone(town: Town) -> None:
    other = make_organisation(town.house, "Autre atelier", Activity.workshop)
    lead = Desk(town.client, make_key(town.house, other, person="lead-5"), other.id)
    mine, theirs = listed_devices(town)[0], offered(town, ready_devices(town, workshop=lead), lead=lead)[0]
    reservation = reserved(town.network, [mine, theirs])
    assert [one["device_id"] for one in preparation_of(town.lead, reservation)["lines"]] == [mine]
    assert [one["device_id"] for one in preparation_of(lead, reservation)["lines"]] == [theirs]
    path = f"/v1/reservations/{reservation['id']}/preparation"
    for ask in (town.network.get, town.network.post, town.region.post, town.company.post):
        assert ask(path).status_code == 403
    only_mine = reserved(town.network, listed_devices(town))
    assert lead.get(f"/v1/reservations/{only_mine['id']}/preparation").status_code == 404
    handed_over(lead, {**reservation, "lines": [{"device_id": theirs}]})
    assert lead.post(path).json()["code"] == "nothing_to_prepare"
    town.network.post(f"/v1/reservations/{only_mine['id']}/moves", {"to": "cancelled"})
    assert town.lead.get(f"/v1/reservations/{only_mine['id']}/preparation").json()["code"] == "move_not_allowed"


@pytest.mark.parametrize("said", ["id", "number", "address"])
def test_a_scan_for_a_reservation_marks_the_device_as_picked_once(town: Town, said: str) -> None:
    (device_id,) = placed(town, "A1")
    reservation = reserved(town.network, [device_id])
    name = {**reservation, "address": f"https://filiere.example/v1/reservations/{reservation['id']}"}[said]
    code = label_of(town, device_id)
    for _ in range(2):
        assert scan(town.technician, code, "hand_over_check", reservation_id=name)["outcome"] == "applied"
    found = preparation_of(town.lead, reservation)
    assert (found["picked"], found["lines"][0]["picked_by"]) == (1, "tech-1")
    assert found["lines"][0]["picked_at"] is not None
    assert town.network.get(f"/v1/reservations/{reservation['id']}").json()["lines"][0]["picked_at"] is not None
    verbs = [one["verb"] for one in town.lead.get(f"/v1/devices/{device_id}/history?limit=200").json()["items"]]
    assert verbs.count("picked") == 1


def test_a_device_of_another_reservation_is_refused_and_it_is_told_whose_it_is(town: Town) -> None:
    right, wrong, free = listed_devices(town, 3)
    mine, theirs = reserved(town.network, [right]), reserved(town.other_network, [wrong])
    reserved(town.network, listed_devices(town))
    other = reserved(town.network, listed_devices(town))
    refused = scan(town.technician, label_of(town, wrong), "hand_over_check", reservation_id=other["id"])
    assert (refused["outcome"], refused["problem"]["code"]) == ("conflict", "other_reservation")
    assert f"it belongs to {theirs['number']}" in refused["problem"]["detail"]
    same_number = scan(town.technician, label_of(town, wrong), "hand_over_check", reservation_id=mine["id"])
    assert f"{theirs['number']} of another network" in same_number["problem"]["detail"]
    unreserved = scan(town.technician, label_of(town, free), "hand_over_check", reservation_id=mine["id"])
    assert (unreserved["outcome"], unreserved["problem"]["code"]) == ("conflict", "not_reserved")
    two = scan(town.technician, label_of(town, right), "hand_over_check", reservation_id=mine["number"])
    assert (two["outcome"], two["problem"]["code"]) == ("refused", "reservation_ambiguous")
    unknown = scan(town.technician, label_of(town, right), "hand_over_check", reservation_id=str(uuid4()))
    assert (unknown["outcome"], unknown["problem"]["code"]) == ("refused", "unknown_reservation")
    odd = scan(town.technician, label_of(town, right), "hand_over_check", reservation_id=7)
    assert (odd["outcome"], odd["problem"]["errors"][0]["pointer"]) == ("refused", "/scans/0/data/reservation_id")
    assert preparation_of(town.lead, mine)["picked"] == preparation_of(town.lead, theirs)["picked"] == 0


def test_a_network_that_checks_learns_and_marks_nothing(town: Town) -> None:
    (device_id,) = listed_devices(town)
    reservation = reserved(town.network, [device_id])
    code = label_of(town, device_id)
    assert scan(town.network, code, "hand_over_check", reservation_id=reservation["number"])["outcome"] == "applied"
    assert preparation_of(town.lead, reservation)["picked"] == 0


def test_a_device_that_is_put_back_or_leaves_the_reservation_is_picked_no_more(town: Town) -> None:
    back, flagged, gone = listed_devices(town, 3)
    reservation = reserved(town.network, [back, flagged, gone])
    for device_id in (back, flagged, gone):
        code = label_of(town, device_id)
        assert scan(town.lead, code, "hand_over_check", reservation_id=reservation["id"])["outcome"] == "applied"
    assert scan(town.technician, label_of(town, back), "put_back")["outcome"] == "applied"
    again = scan(town.technician, label_of(town, back), "put_back")
    assert (again["outcome"], again["problem"]["code"]) == ("conflict", "not_picked")
    assert preparation_of(town.lead, reservation)["picked"] == 2
    assert ask_handover(town.network, reservation, [gone]).status_code == 201
    assert town.network.post(f"/v1/reservations/{reservation['id']}/moves", {"to": "cancelled"}).status_code == 200
    lines = {
        line["device_id"]: line["picked_at"]
        for line in town.network.get(f"/v1/reservations/{reservation['id']}").json()["lines"]
    }
    assert lines[back] is lines[flagged] is None
    assert lines[gone] is not None, "what was handed over had been laid out"
