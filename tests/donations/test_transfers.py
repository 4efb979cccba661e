"""Two parties to every transfer: custody passes when the second signs, and then only of what was offered."""

import threading
from pathlib import Path
from typing import Any

import pytest

from donating import accepted, laptops, listed, picked_up, planned, receive
from exporting import network_of
from makers import Desk, Town, make_key, make_organisation, open_doors, settle_town
from makers_distribution import listed_devices, reserved
from reuse import clock
from reuse.house import House
from reuse.invariants import violations
from reuse.people.models import Organisation
from reuse.people.rules import Activity
from reuse.transactions import reading, transaction

SIGNED = {"role": "carrier", "name": "chauffeur-2", "drawn": "M10 80 L60 20 C70 30 80 40 110 80"}


@pytest.fixture
def driver(town: Town) -> Desk:
    return a_carrier(town)


def a_carrier(town: Town, name: str = "Transports Dunes") -> Desk:
    organisation = make_organisation(town.house, name, Activity.carrier)
    return Desk(town.client, make_key(town.house, organisation, person="chauffeur-2"), organisation.id)


def loaded(town: Town, carrier: Desk, count: int = 2) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """A donation on the carrier's lorry, in one pallet: its collection, the pallet, its devices."""
    donation = accepted(town)
    listed(town.council, donation, laptops(count))
    collection = planned(town, donation, carrier_id=str(carrier.organisation_id))
    pallet = carrier.post(
        "/v1/containers", {"kind": "pallet", "code": "PAL-1", "seal": "SC-1", "collection_id": collection["id"]}
    ).json()
    serials = [f"SN-{n:05d}" for n in range(1, count + 1)]
    answer = carrier.post(f"/v1/containers/{pallet['id']}/contents", {"devices": serials})
    assert answer.status_code == 200, answer.text
    picked_up(town, collection)
    devices = town.lead.get("/v1/devices", params={"donation_id": donation["id"]}).json()["items"]
    return collection, pallet, devices


def offered(giver: Desk, taker: Desk, *, status: int = 201, **what: Any) -> dict[str, Any]:
    body = {"to_id": str(taker.organisation_id), "at": clock.now().isoformat(), "signature": SIGNED, **what}
    answer = giver.post("/v1/transfers", body)
    assert answer.status_code == status, answer.text
    return answer.json()


def answered(taker: Desk, transfer: dict[str, Any], *, status: int = 200, **what: Any) -> dict[str, Any]:
    signature = {"role": "lead", "name": "lead-1"}
    body = {"accepted": True, "seals_intact": True, "signature": signature, **what}
    answer = taker.post(f"/v1/transfers/{transfer['id']}/acceptance", body)
    assert answer.status_code == status, answer.text
    return answer.json()


def holder(desk: Desk, device: dict[str, Any]) -> str | None:
    return desk.get(f"/v1/devices/{device['id']}/custody").json()["items"][-1]["holder_id"]


def assert_whole(house: House) -> None:
    with reading(house.database) as session:
        assert {words: told for words, told in violations(session, house.files).items() if told} == {}


def test_custody_passes_with_the_second_signature(town: Town, driver: Desk) -> None:
    _, pallet, devices = loaded(town, driver)
    transfer = offered(driver, town.lead, container_ids=[pallet["id"]])
    assert (transfer["status"], transfer["number"][:3]) == ("offered", "TR-")
    freeze = town.lead.get(f"/v1/containers/{pallet['id']}").json()["freeze"]
    assert transfer["content"]["containers"][0]["sha256"] == freeze["sha256"]
    assert holder(town.lead, devices[0]) == str(driver.organisation_id)
    taken = answered(town.lead, transfer, sha256=transfer["sha256"])
    assert (taken["status"], taken["taken_by"]) == ("accepted", {"role": "lead", "name": "lead-1"})
    assert {holder(town.lead, one) for one in devices} == {str(town.lead.organisation_id)}
    assert {one["status"] for one in town.lead.get("/v1/devices").json()["items"]} == {"collected"}, "not counted yet"
    assert town.lead.get(f"/v1/containers/{pallet['id']}").json()["holder_id"] == str(town.lead.organisation_id)
    spans = town.lead.get(f"/v1/devices/{devices[0]['id']}/custody").json()["items"]
    assert [one["because"] for one in spans][-1] == "handed_on"
    assert_whole(town.house)


def test_no_transfer_takes_a_device_out_of_the_union(town: Town) -> None:
    tunis = network_of(town, "TN")
    ids = listed_devices(town)
    reserved(tunis, ids)
    refused = offered(town.lead, tunis, device_ids=ids, status=409)
    assert (refused["code"], refused["missing"]) == ("export_missing", ["export"])
    assert town.lead.get("/v1/transfers").json()["items"] == []
    box = town.lead.post("/v1/containers", {"kind": "box", "code": "CAISSE-7"}).json()
    answered(tunis, offered(town.lead, tunis, container_ids=[box["id"]]))
    other = town.lead.post("/v1/containers", {"kind": "box", "code": "CAISSE-8"}).json()
    filled = town.lead.post(f"/v1/containers/{other['id']}/contents", {"devices": ids})
    assert filled.status_code == 200, filled.text
    assert offered(town.lead, tunis, container_ids=[other["id"]], status=409)["code"] == "export_missing"


def test_an_offer_whose_taker_left_the_union_meanwhile_is_not_accepted(town: Town) -> None:
    nearby = network_of(town, "BE")
    ids = listed_devices(town)
    reserved(nearby, ids)
    transfer = offered(town.lead, nearby, device_ids=ids)
    with transaction(town.house.database) as session:
        session.get_one(Organisation, nearby.organisation_id).country = "TN"
    assert answered(nearby, transfer, status=409)["missing"] == ["export"]
    assert holder(town.lead, {"id": ids[0]}) == str(town.lead.organisation_id)
    assert answered(nearby, transfer, accepted=False)["status"] == "refused"


def test_a_refusal_leaves_everything_with_the_giver_who_may_offer_again(town: Town, driver: Desk) -> None:
    _, pallet, devices = loaded(town, driver)
    transfer = offered(driver, town.lead, container_ids=[pallet["id"]])
    again = offered(driver, town.lead, container_ids=[pallet["id"]], status=409)
    assert (again["code"], again["errors"][0]["pointer"]) == ("in_transfer", "/container_ids/0")
    refused = answered(town.lead, transfer, accepted=False, seals_intact=False)
    assert (refused["status"], refused["seals_intact"]) == ("refused", False)
    assert holder(town.lead, devices[0]) == str(driver.organisation_id)
    second = answered(town.lead, transfer, status=409)
    assert second["code"] == "already_answered"
    answered(town.lead, offered(driver, town.lead, container_ids=[pallet["id"]]))
    assert holder(town.lead, devices[0]) == str(town.lead.organisation_id)
    assert_whole(town.house)


def test_what_is_offered_cannot_be_opened_until_it_is_withdrawn(town: Town, driver: Desk) -> None:
    _, pallet, _ = loaded(town, driver)
    transfer = offered(driver, town.lead, container_ids=[pallet["id"]])
    opening = {"reason": "à vérifier", "seal_intact": True}
    held = driver.post(f"/v1/containers/{pallet['id']}/opening", opening)
    assert (held.status_code, held.json()["code"]) == (409, "in_transfer")
    foreign = town.lead.post(f"/v1/transfers/{transfer['id']}/withdrawal", {"reason": "x"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "not_yours")
    withdrawn = driver.post(f"/v1/transfers/{transfer['id']}/withdrawal", {"reason": "mauvais quai"})
    assert withdrawn.json()["status"] == "withdrawn"
    assert driver.post(f"/v1/containers/{pallet['id']}/opening", opening).status_code == 200
    assert answered(town.lead, transfer, status=409)["code"] == "already_answered"


def test_a_hash_that_is_not_the_one_offered_is_not_accepted(town: Town, driver: Desk) -> None:
    _, pallet, devices = loaded(town, driver)
    transfer = offered(driver, town.lead, container_ids=[pallet["id"]])
    refused = answered(town.lead, transfer, status=409, sha256="0" * 64)
    assert refused["code"] == "content_changed"
    assert town.lead.get(f"/v1/transfers/{transfer['id']}").json()["status"] == "offered"
    assert holder(town.lead, devices[0]) == str(driver.organisation_id)


def test_what_is_told_missing_stays_the_givers_to_answer_for(town: Town, driver: Desk) -> None:
    _, pallet, devices = loaded(town, driver, 2)
    opening = {"reason": "sorti de la palette", "seal_intact": True}
    assert driver.post(f"/v1/containers/{pallet['id']}/opening", opening).status_code == 200
    assert driver.post(f"/v1/containers/{pallet['id']}/removals", {}).status_code == 200
    ids = [one["id"] for one in devices]
    transfer = offered(driver, town.lead, device_ids=ids)
    strange = [{"reason": "damaged", "device_id": str(town.lead.organisation_id)}]
    assert answered(town.lead, transfer, status=400, differences=strange)["errors"][0]["pointer"] == "/differences/0"
    answered(town.lead, transfer, differences=[{"reason": "missing", "device_id": ids[1], "note": "pas vu"}])
    assert [holder(town.lead, one) for one in devices] == [
        str(town.lead.organisation_id),
        str(driver.organisation_id),
    ]
    assert_whole(town.house)


def test_only_the_two_parties_know_of_a_transfer_and_only_the_holder_offers(town: Town, driver: Desk) -> None:
    _, pallet, _ = loaded(town, driver)
    transfer = offered(driver, town.lead, container_ids=[pallet["id"]])
    for stranger in (town.company, town.network, town.stranger):
        assert stranger.get(f"/v1/transfers/{transfer['id']}").status_code == 404
        assert stranger.get("/v1/transfers").json()["items"] == []
    assert answered(driver, transfer, status=403)["code"] == "not_yours"
    station = make_key_of_station(town, driver)
    body = {"accepted": True, "seals_intact": True, "signature": {"role": "lead", "name": "x"}}
    assert station.post(f"/v1/transfers/{transfer['id']}/acceptance", body).json()["code"] == "person_required"
    assert offered(town.lead, driver, container_ids=[pallet["id"]], status=403)["code"] == "not_yours"
    assert offered(driver, driver, container_ids=[pallet["id"]], status=400)["code"] == "own_organisation"
    assert offered(driver, town.stranger, container_ids=[pallet["id"]], status=404)["code"] == "not_found"
    assert offered(driver, town.lead, status=400)["code"] == "nothing_offered"


def make_key_of_station(town: Town, desk: Desk) -> Desk:
    class Known:
        id = town.lead.organisation_id

    del desk
    return Desk(town.client, make_key(town.house, Known), town.lead.organisation_id)  # type: ignore[arg-type]


def test_devices_go_only_to_those_who_may_take_them(town: Town, driver: Desk) -> None:
    _, pallet, devices = loaded(town, driver)
    refused = offered(driver, town.network, container_ids=[pallet["id"]], status=409)
    assert refused["code"] == "wrong_taker"
    assert offered(town.lead, town.network, device_ids=[devices[0]["id"]], status=409)["code"] == "not_held"
    [mine, theirs] = listed_devices(town, 2)
    reserved(town.network, [mine])
    reserved(town.other_network, [theirs])
    assert offered(town.lead, town.network, device_ids=[mine, theirs], status=409)["code"] == "wrong_taker"
    transfer = offered(town.lead, driver, device_ids=[mine])
    answered(driver, transfer)
    answered(town.network, offered(driver, town.network, device_ids=[mine]))
    assert holder(town.network, {"id": mine}) == str(town.network.organisation_id)
    assert town.network.get(f"/v1/devices/{mine}").json()["status"] == "reserved", "handed over by its own resource"
    assert_whole(town.house)


def test_a_donor_that_brings_its_devices_hands_them_over_with_two_signatures(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(2))
    collection = planned(town, donation, mode="drop_off")
    crate = town.council.post("/v1/containers", {"kind": "crate", "donation_id": donation["id"]}).json()
    town.council.post(f"/v1/containers/{crate['id']}/contents", {"devices": ["SN-00001", "SN-00002"]})
    answered(town.lead, offered(town.council, town.lead, container_ids=[crate["id"]]))
    devices = town.lead.get("/v1/devices", params={"donation_id": donation["id"]}).json()["items"]
    assert {(one["status"], holder(town.council, one)) for one in devices} == {
        ("collected", str(town.lead.organisation_id))
    }
    body = receive(town, collection, devices=[{"serial": "SN-00001"}, {"serial": "SN-00002"}]).json()
    assert body["reconciliation"]["differences"] == []
    assert_whole(town.house)


def test_a_slip_is_printed_for_each_signature_and_read_by_both_sides(town: Town, driver: Desk) -> None:
    _, pallet, _ = loaded(town, driver)
    transfer = offered(driver, town.lead, container_ids=[pallet["id"]])
    answered(town.lead, transfer)
    for _ in range(200):
        if len(town.lead.get(f"/v1/transfers/{transfer['id']}").json()["slips"]) == 2:
            break
        threading.Event().wait(0.05)
    kinds = [town.lead.get(f"/v1/documents/{one}").json()["kind"] for one in slips_of(town.lead, transfer)]
    assert kinds == ["transfer_slip", "transfer_slip"]
    assert len(slips_of(driver, transfer)) == 2
    content = driver.get(f"/v1/documents/{slips_of(driver, transfer)[1]}/content").content
    assert content.startswith(b"%PDF")


def slips_of(desk: Desk, transfer: dict[str, Any]) -> list[str]:
    return desk.get(f"/v1/transfers/{transfer['id']}").json()["slips"]


def test_of_two_answers_at_once_one_counts_on_either_database(any_house: House, tmp_path: Path) -> None:
    del tmp_path
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        driver = a_carrier(town)
        _, pallet, devices = loaded(town, driver)
        transfer = offered(driver, town.lead, container_ids=[pallet["id"]])
        codes: list[int] = []
        ready = threading.Barrier(6)

        def answer(accepted_: bool) -> None:  # one of two answers
            ready.wait()
            body = {"accepted": accepted_, "seals_intact": True, "signature": {"role": "lead", "name": "lead-1"}}
            codes.append(town.lead.post(f"/v1/transfers/{transfer['id']}/acceptance", body).status_code)

        threads = [threading.Thread(target=answer, args=(n % 2 == 0,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(codes) == [200, 409, 409, 409, 409, 409]
        taken = town.lead.get(f"/v1/transfers/{transfer['id']}").json()["status"] == "accepted"
        expected = town.lead if taken else driver
        assert holder(town.lead, devices[0]) == str(expected.organisation_id)
        assert_whole(any_house)
