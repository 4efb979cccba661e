"""Containers: what lies in them, what stands in what, and a content that is frozen when it changes hands."""

import hashlib
import json
from typing import Any

import pytest

from donating import accepted, laptops, listed, picked_up, planned, receive
from makers import Desk, Town, make_key, make_organisation
from reuse.people.rules import Activity


def made(desk: Desk, **facts: Any) -> dict[str, Any]:
    answer = desk.post("/v1/containers", {"kind": "crate", **facts})
    assert answer.status_code == 201, answer.text
    return answer.json()


def put(desk: Desk, container: dict[str, Any], *devices: str, status: int = 200) -> dict[str, Any]:
    answer = desk.post(f"/v1/containers/{container['id']}/contents", {"devices": list(devices)})
    assert answer.status_code == status, answer.text
    return answer.json()


def seen(desk: Desk, container: dict[str, Any]) -> dict[str, Any]:
    return desk.get(f"/v1/containers/{container['id']}").json()


def lying(desk: Desk, container: dict[str, Any]) -> list[str]:
    return [one["serial"] for one in desk.get(f"/v1/containers/{container['id']}/contents").json()["items"]]


def freezes(desk: Desk, container: dict[str, Any]) -> list[dict[str, Any]]:
    return desk.get(f"/v1/containers/{container['id']}/freezes").json()["items"]


def sha256_of(content: Any) -> str:
    """As anyone would compute it: UTF-8 JSON with sorted keys and no spaces."""
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def opened(desk: Desk, container: dict[str, Any], *, status: int = 200) -> dict[str, Any]:
    body = {"reason": "déballage au quai", "seal_intact": True}
    answer = desk.post(f"/v1/containers/{container['id']}/opening", body)
    assert answer.status_code == status, answer.text
    return answer.json()


def given(town: Town, count: int) -> dict[str, Any]:
    donation = accepted(town)
    listed(town.council, donation, laptops(count))
    return donation


def test_a_donor_packs_its_devices_before_anyone_comes(town: Town) -> None:
    donation = given(town, 3)
    crate = made(town.council, code="C-1", donation_id=donation["id"], seal="SC-1")
    assert put(town.council, crate, "sn 00001", "INV-00002")["devices"] == 2
    assert put(town.council, crate, "SN-00001")["devices"] == 2, "what lies in it already stays"
    assert lying(town.lead, crate) == ["SN-00001", "SN-00002"]
    assert [one["id"] for one in town.lead.get("/v1/containers", params={"code": "c1"}).json()["items"]] == [
        crate["id"]
    ]
    answer = town.council.post(f"/v1/containers/{crate['id']}/removals", {"devices": ["SN-00001"]})
    assert answer.json()["devices"] == 1
    history = town.council.get(f"/v1/devices/{_id_of(town, donation, 'SN-00001')}/history").json()["items"]
    assert [one["verb"] for one in history if "pack" in one["verb"]] == ["packed", "unpacked"]


def _id_of(town: Town, donation: dict[str, Any], serial: str) -> str:
    found = town.lead.get("/v1/devices", params={"donation_id": donation["id"], "q": serial}).json()["items"]
    return next(one["id"] for one in found if one["serial"] == serial)


def test_a_device_lies_in_one_container_at_a_time(town: Town) -> None:
    donation = given(town, 2)
    one, other = (made(town.council, donation_id=donation["id"]) for _ in range(2))
    put(town.council, one, "SN-00001")
    refused = put(town.council, other, "SN-00002", "SN-00001", status=409)
    assert [(fault["pointer"], fault["code"]) for fault in refused["errors"]] == [("/devices/1", "in_other_container")]
    assert one["code"] in refused["detail"]
    assert lying(town.council, other) == [], "all or none"


def test_what_is_put_in_must_be_meant_and_in_these_hands(town: Town) -> None:
    donation = given(town, 1)
    mine = made(town.council, donation_id=donation["id"], code="BAC-7")
    refused = put(town.council, mine, "SN-00001", "SN-99999", "SN-00001", status=400)
    told = {fault["pointer"]: fault["code"] for fault in refused["errors"]}
    assert told == {"/devices/1": "unknown_device", "/devices/2": "listed_twice"}
    theirs = made(town.company)
    assert put(town.company, theirs, "SN-00001", status=400)["errors"][0]["code"] == "unknown_device"
    foreign = town.company.post(f"/v1/containers/{mine['id']}/contents", {"devices": ["SN-00001"]})
    assert foreign.status_code == 404
    lead = town.lead.post(f"/v1/containers/{mine['id']}/contents", {"devices": ["SN-00001"]})
    assert (lead.status_code, lead.json()["code"]) == (403, "not_yours")
    taken = town.council.post("/v1/containers", {"kind": "box", "code": mine["code"].lower()})
    assert (taken.status_code, taken.json()["code"]) == (409, "container_code_taken")
    assert made(town.company, code="BAC-7")["code"] == "BAC-7", "another organisation has codes of its own"
    series = theirs["code"].removesuffix("000001")
    made(town.company, code=f"{series}000002".lower())
    assert made(town.company)["code"] == f"{series}000003", "a number that somebody chose by hand is passed over"


def test_nothing_stands_in_itself_nor_too_deep(town: Town) -> None:
    pallet, cage, crate, box = (made(town.lead, kind=kind) for kind in ("pallet", "cage", "crate", "box"))
    for inner, outer in ((cage, pallet), (crate, cage), (box, crate)):
        answer = town.lead.ask("PATCH", f"/v1/containers/{inner['id']}", json={"parent_id": outer["id"]})
        assert answer.status_code == 200, answer.text
    turned = town.lead.ask("PATCH", f"/v1/containers/{pallet['id']}", json={"parent_id": box["id"]})
    assert (turned.status_code, turned.json()["code"]) == (409, "container_cycle")
    deeper = town.lead.post("/v1/containers", {"kind": "box", "parent_id": box["id"]})
    assert (deeper.status_code, deeper.json()["code"]) == (409, "containers_too_deep")
    higher = made(town.lead, kind="pallet")
    lifted = town.lead.ask("PATCH", f"/v1/containers/{pallet['id']}", json={"parent_id": higher["id"]})
    assert (lifted.status_code, lifted.json()["code"]) == (409, "containers_too_deep")
    assert [one["id"] for one in seen(town.lead, pallet)["containers"]] == [cage["id"]]
    town.lead.ask("PATCH", f"/v1/containers/{cage['id']}", json={"parent_id": None})
    assert seen(town.lead, pallet)["containers"] == []


def test_a_pickup_freezes_what_lies_in_its_containers_and_takes_it_along(town: Town) -> None:
    donation = given(town, 4)
    collection = planned(town, donation)
    pallet = made(town.lead, kind="pallet", code="PAL-1", collection_id=collection["id"])
    crate = made(town.lead, code="C-1", parent_id=pallet["id"])
    put(town.lead, pallet, "SN-00001")
    put(town.lead, crate, "SN-00002")
    body = picked_up(
        town,
        collection,
        serials=["SN-00003"],
        containers=[{"code": "PAL-1", "seal": "SC-9", "content": "portables"}, {"code": "C-2", "kind": "cage"}],
    )
    assert {(one["code"], one["kind"], one["seal"], one["content"]) for one in body["containers"]} == {
        ("PAL-1", "pallet", "SC-9", "portables"),
        ("C-1", "crate", None, None),
        ("C-2", "cage", None, None),
    }
    statuses = {one["serial"]: one["status"] for one in _devices(town, donation)}
    taken = ("SN-00001", "SN-00002", "SN-00003")
    assert statuses == {**dict.fromkeys(taken, "collected"), "SN-00004": "declared"}
    frozen, inner = freezes(town.council, pallet), freezes(town.council, crate)
    assert frozen[0]["sha256"] == sha256_of(frozen[0]["content"]) == seen(town.council, pallet)["freeze"]["sha256"]
    assert [one["serial"] for one in frozen[0]["content"]["devices"]] == ["SN-00001"]
    assert frozen[0]["content"]["containers"][0]["sha256"] == inner[0]["sha256"] == sha256_of(inner[0]["content"])
    assert frozen[0]["content"]["container"]["seal"] == "SC-9"
    assert frozen[0]["because"] == "pickup"


def _devices(town: Town, donation: dict[str, Any]) -> list[dict[str, Any]]:
    return town.lead.get("/v1/devices", params={"donation_id": donation["id"]}).json()["items"]


def test_a_frozen_content_changes_only_after_its_opening(town: Town) -> None:
    donation = given(town, 3)
    collection = planned(town, donation)
    pallet = made(town.lead, kind="pallet", collection_id=collection["id"], seal="SC-1")
    crate = made(town.lead, parent_id=pallet["id"])
    put(town.lead, crate, "SN-00001")
    picked_up(town, collection)
    for request in (
        lambda: town.lead.post(f"/v1/containers/{crate['id']}/removals", {}),
        lambda: town.lead.post(f"/v1/containers/{pallet['id']}/contents", {"devices": ["SN-00002"]}),
        lambda: town.lead.ask("PATCH", f"/v1/containers/{pallet['id']}", json={"seal": "SC-2"}),
        lambda: town.lead.ask("PATCH", f"/v1/containers/{crate['id']}", json={"parent_id": None}),
        lambda: town.lead.post("/v1/containers", {"kind": "box", "parent_id": pallet["id"]}),
    ):
        refused = request()
        assert (refused.status_code, refused.json()["code"]) == (409, "container_frozen"), refused.text
        assert "opening" in refused.json()["detail"]
    receive(town, collection, devices=[{"serial": "SN-00001"}])
    assert opened(town.lead, crate, status=409)["code"] == "container_frozen", "the pallet is opened first"
    assert opened(town.lead, pallet)["seal"] is None
    opened(town.lead, crate)
    assert opened(town.lead, crate, status=409)["code"] == "not_frozen"
    [told] = freezes(town.council, crate)
    assert (told["reason"], told["seal_intact"]) == ("déballage au quai", True)
    assert told["sha256"] == sha256_of(told["content"]), "what was frozen stays as it was"
    assert town.lead.post(f"/v1/containers/{crate['id']}/removals", {}).json()["devices"] == 0


def test_the_containers_of_a_pickup_follow_it_from_hand_to_hand(town: Town) -> None:
    organisation = make_organisation(town.house, "Transports Dunes", Activity.carrier)
    carrier = Desk(town.client, make_key(town.house, organisation, person="chauffeur-2"), organisation.id)
    donation = given(town, 1)
    collection = planned(town, donation, carrier_id=str(organisation.id))
    answer = carrier.post(
        f"/v1/collections/{collection['id']}/pickup",
        {"at": "2026-03-02T09:00:00Z", "containers": [{"code": "PAL-7", "kind": "pallet"}]},
    )
    assert answer.status_code == 200, answer.text
    [pallet] = carrier.get("/v1/containers", params={"collection_id": collection["id"]}).json()["items"]
    assert pallet["holder_id"] == str(organisation.id)
    assert town.company.get(f"/v1/containers/{pallet['id']}").status_code == 404
    receive(town, collection, devices=[{"serial": "SN-00001"}])
    assert seen(town.council, pallet)["holder_id"] == str(town.lead.organisation_id)
    refused = carrier.post(f"/v1/containers/{pallet['id']}/opening", {"reason": "x", "seal_intact": True})
    assert refused.status_code == 403


def test_two_containers_of_one_code_on_a_note_stay_two(town: Town) -> None:
    """Such a body was accepted before containers were anything but text, and is so still."""
    donation = given(town, 1)
    for _ in range(2):
        collection = planned(town, donation)
        body = picked_up(town, collection, containers=[{"code": "PAL-1"}, {"code": "PAL-1", "kind": "fût"}])
        assert [(one["code"], one["kind"]) for one in body["containers"]] == [("PAL-1", "pallet"), ("PAL-1", "fût")]


def test_a_crate_that_the_donor_packed_is_the_one_that_the_note_names(town: Town) -> None:
    donation = given(town, 3)
    collection, other = planned(town, donation), planned(town, donation)
    crate = made(town.council, code="C-1", donation_id=donation["id"])
    put(town.council, crate, "SN-00001", "SN-00002")
    body = picked_up(town, collection, serials=["SN-00003"], containers=[{"code": "C-1", "seal": "SC-4"}])
    assert [(one["code"], one["kind"], one["seal"]) for one in body["containers"]] == [("C-1", "crate", "SC-4")]
    assert {one["status"] for one in _devices(town, donation)} == {"collected"}
    assert seen(town.council, crate)["holder_id"] == str(town.lead.organisation_id)
    assert town.lead.get(f"/v1/collections/{other['id']}").json()["containers"] == []


def test_a_container_of_another_collection_is_not_taken_along(town: Town) -> None:
    donation = given(town, 1)
    collection, other = planned(town, donation), planned(town, donation)
    pallet = made(town.lead, kind="pallet", collection_id=other["id"])
    put(town.lead, pallet, "SN-00001")
    answer = town.lead.post(f"/v1/collections/{collection['id']}/pickup", {"at": "2026-03-02T09:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (409, "other_collection")


def test_a_container_with_somebody_elses_device_is_not_taken_along(town: Town) -> None:
    one, other = given(town, 1), accepted(town)
    listed(town.council, other, laptops(1, first=70))
    collection = planned(town, one)
    mixed = made(town.council, donation_id=one["id"], code="MIX")
    put(town.council, mixed, "SN-00001", "SN-00070")
    answer = town.lead.post(f"/v1/collections/{collection['id']}/pickup", {"at": "2026-03-02T09:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_in_collection")
    assert {device["status"] for device in _devices(town, one)} == {"declared"}


@pytest.mark.parametrize("field", ["donation_id", "collection_id", "parent_id"])
def test_another_organisations_things_are_not_found_through_a_container(town: Town, field: str) -> None:
    donation = given(town, 1)
    ids = {
        "donation_id": donation["id"],
        "collection_id": planned(town, donation)["id"],
        "parent_id": made(town.lead)["id"],
    }
    assert town.company.post("/v1/containers", {"kind": "box", field: ids[field]}).status_code == 404
