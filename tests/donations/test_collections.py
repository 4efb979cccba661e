"""From the plan to the reception: custody, counts, reconciliation, notes; who may, and what is refused."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from donating import AT, HEADER, accepted, laptops, listed, picked_up, planned, receive
from makers import Desk, Town, make_key, make_organisation, open_doors, settle_town
from reuse.devices.models import Code, Device
from reuse.history.queries import verify_history
from reuse.house import House
from reuse.people.rules import Activity
from reuse.transactions import reading


@pytest.fixture
def any_town(any_house: House) -> Iterator[Town]:
    """A town on each database in turn."""
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


def by_serial(town: Town, donation: dict[str, Any]) -> dict[str, Device]:
    with reading(town.house.database) as session:
        found = session.exec(select(Device).where(Device.donation_id == UUID(donation["id"])).order_by(col(Device.id)))
        return {device.serial or "": device for device in found}


def codes(town: Town, device: Device) -> set[tuple[str, str]]:
    with reading(town.house.database) as session:
        return {(one.kind, one.value) for one in session.exec(select(Code).where(Code.device_id == device.id))}


def status(town: Town, donation: dict[str, Any]) -> str:
    return town.council.get(f"/v1/donations/{donation['id']}").json()["status"]


def test_the_whole_road_with_one_missing_one_extra_and_one_serial_that_differs(any_town: Town) -> None:
    town = any_town
    donation = accepted(town, lines=[{"category": "laptop", "quantity": 5}])
    listed(town.council, donation, laptops(5))
    collection = planned(town, donation)
    assert collection["number"].startswith("COL-")
    assert collection["carrier_id"] == str(town.lead.organisation_id)
    assert status(town, donation) == "scheduled"
    crate = {"code": "PAL-1", "kind": "pallet", "seal": "S-77"}
    counts = [{"category": "laptop", "quantity": 5}]
    collection = picked_up(town, collection, counts=counts, containers=[crate])
    assert collection["status"] == "picked_up"
    assert collection["containers"] == [{**crate, "content": None}]
    assert status(town, donation) == "collected"
    assert {device.status for device in by_serial(town, donation).values()} == {"collected"}
    ids = {serial: str(device.id) for serial, device in by_serial(town, donation).items()}
    answer = receive(
        town,
        collection,
        devices=[
            {"device_id": ids["SN-00001"], "outcome": "received"},
            {"serial": "sn 00002", "outcome": "damaged", "condition": "screen broken", "note": "fell"},
            {"asset_tag": "INV-00003", "serial": "SN-X", "outcome": "received"},
            {"code": "inv-00004", "outcome": "received"},
            {"serial": "SN-00005", "outcome": "missing"},
        ],
        extra=[{"category": "monitor", "serial": "MON-1", "code": "7777-ABC"}],
        signatures=[{"role": "carrier", "name": "chauffeur-1"}],
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["reconciliation"]["lines"] == [
        {"category": "laptop", "declared": 5, "picked_up": 5, "received": 4},
        {"category": "monitor", "declared": 0, "picked_up": 0, "received": 1},
    ]
    told = {(one["reason"], one["category"], one["quantity"]) for one in body["reconciliation"]["differences"]}
    assert told == {
        ("missing", "laptop", 1),
        ("damaged", "laptop", 1),
        ("serial_differs", "laptop", 1),
        ("extra", "monitor", 1),
    }
    differs = next(one for one in body["reconciliation"]["differences"] if one["reason"] == "serial_differs")
    assert (differs["device_id"], differs["expected"], differs["found"]) == (ids["SN-00003"], "SN-00003", "SN-X")
    assert {"role": "lead", "name": "lead-1"} in body["signatures"]
    now = by_serial(town, donation)
    assert {serial: device.status for serial, device in now.items()} == {
        "SN-00001": "received",
        "SN-00002": "received",
        "SN-X": "received",
        "SN-00004": "received",
        "SN-00005": "missing",
        "MON-1": "received",
    }
    assert {("serial", "SN-00003"), ("serial", "SN-X")} <= codes(town, now["SN-X"])
    assert ("external", "7777-ABC") in codes(town, now["MON-1"])
    assert now["SN-00002"].condition == "screen broken"
    assert {one.custody_since for serial, one in now.items() if serial != "SN-00005"} == {datetime.fromisoformat(AT)}
    assert now["SN-00001"].carrier_id is None
    assert status(town, donation) == "received"
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()


def test_both_notes_are_printed_and_read_by_donor_and_workshop(town: Town) -> None:
    donation = accepted(town, collection_address="12 quai Nord\n59140 Grand-Port")
    listed(town.council, donation, laptops(2))
    collection = picked_up(town, planned(town, donation))
    body = receive(town, collection, devices=[{"serial": "SN-00001"}, {"serial": "SN-00002"}]).json()
    assert [one["kind"] for one in body["documents"]] == ["pickup_note", "reception_note"]
    assert [one["number"][:3] for one in body["documents"]] == ["PU-", "PV-"]
    for paper in body["documents"]:
        job = _ended(town.lead, paper["job"])
        assert job["state"] == "succeeded", job
        found = town.council.get(f"/v1/documents/{job['result']['document_id']}").json()
        assert (found["number"], found["donation_id"]) == (paper["number"], donation["id"])
        content = town.lead.get(f"/v1/documents/{found['id']}/content").content
        assert content.startswith(b"%PDF")
        assert town.company.get(f"/v1/documents/{found['id']}").status_code == 404
    shown = town.council.get(f"/v1/collections/{collection['id']}").json()
    assert all(one["document_id"] for one in shown["documents"])


def _ended(desk: Desk, address: str) -> dict[str, Any]:
    class Accepted:
        status_code = 202
        text = ""
        headers = {"Location": address}  # noqa: RUF012  # a stand-in for a response

    return desk.done(Accepted())  # type: ignore[arg-type]


def test_a_drop_off_has_no_pickup(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(2))
    collection = planned(town, donation, mode="drop_off")
    refused = town.lead.post(f"/v1/collections/{collection['id']}/pickup", json={"at": "2026-03-02T09:00:00Z"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_pickup")
    body = receive(town, collection, devices=[{"serial": "SN-00001"}, {"serial": "SN-00002"}]).json()
    assert body["reconciliation"]["lines"] == [{"category": "laptop", "declared": 2, "picked_up": None, "received": 2}]
    assert body["reconciliation"]["differences"] == []


def test_nothing_is_received_by_pickup_before_it_was_signed_away(town: Town) -> None:
    donation = accepted(town)
    answer = receive(town, planned(town, donation))
    assert (answer.status_code, answer.json()["code"]) == (409, "pickup_first")


def test_a_donation_that_comes_in_two_collections_is_reconciled_over_both(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(3))
    first, second = planned(town, donation), planned(town, donation)
    picked_up(town, first, serials=["SN-00001", "SN-00002"])
    assert by_serial(town, donation)["SN-00003"].status == "declared"
    body = receive(town, first, devices=[{"serial": "SN-00001"}]).json()
    assert body["reconciliation"]["lines"] == [{"category": "laptop", "declared": 3, "picked_up": 2, "received": 1}]
    assert body["reconciliation"]["differences"] == []  # another collection is under way: they may still come
    assert by_serial(town, donation)["SN-00002"].status == "collected"
    closing = town.lead.post(f"/v1/donations/{donation['id']}/moves", json={"to": "closed"})
    assert (closing.status_code, closing.json()["missing"]) == (409, ["open_devices", "open_collections"])
    picked_up(town, second)
    body = receive(town, second, devices=[{"serial": "SN-00002"}, {"serial": "SN-00003", "outcome": "missing"}]).json()
    assert body["reconciliation"]["lines"] == [{"category": "laptop", "declared": 3, "picked_up": 3, "received": 2}]
    assert [one["reason"] for one in body["reconciliation"]["differences"]] == ["missing"]
    assert town.lead.post(f"/v1/donations/{donation['id']}/moves", json={"to": "closed"}).json()["status"] == "closed"


def test_a_device_that_cannot_be_told_is_never_guessed(town: Town) -> None:
    donation = accepted(town)
    rows = "écran;;;SN-1;TAG-1;\nportable;;;TAG-1;;\nportable;;;SN-3;;\n"
    listed(town.council, donation, f"{HEADER}\n{rows}")
    collection = picked_up(town, planned(town, donation))
    both = by_serial(town, donation)
    answer = receive(
        town, collection, devices=[{"code": "TAG-1"}, {"serial": "SN-9"}, {"serial": "SN-3"}, {"code": "sn3"}]
    )
    assert answer.status_code == 400
    errors = {one["pointer"]: one for one in answer.json()["errors"]}
    assert {place: one["code"] for place, one in errors.items()} == {
        "/devices/0": "several_matches",
        "/devices/1": "unknown_device",
        "/devices/3": "listed_twice",
    }
    assert all(str(both[serial].id) in errors["/devices/0"]["message"] for serial in ("SN-1", "TAG-1"))
    assert {device.status for device in by_serial(town, donation).values()} == {"collected"}
    listed_as_extra = receive(town, collection, extra=[{"category": "laptop", "serial": "SN-3"}])
    assert listed_as_extra.json()["errors"][0]["code"] == "not_extra"


def test_a_label_from_the_roll_is_fixed_at_reception(town: Town) -> None:
    donation = accepted(town, lines=[{"category": "laptop", "quantity": 1}])
    collection = picked_up(town, planned(town, donation), counts=[{"category": "laptop", "quantity": 1}])
    body = receive(town, collection, extra=[{"category": "laptop", "code": "0000-0000-000"}]).json()
    assert body["reconciliation"]["differences"] == []  # it fills the place that the line left open
    assert body["reconciliation"]["lines"][0] == {"category": "laptop", "declared": 1, "picked_up": 1, "received": 1}


def test_a_carrier_from_outside_picks_up_and_sees_the_donation_until_delivery(town: Town) -> None:
    organisation = make_organisation(town.house, "Transports Dunes", Activity.carrier)
    carrier = Desk(town.client, make_key(town.house, organisation, person="chauffeur-2"), organisation.id)
    donation = accepted(town)
    listed(town.council, donation, laptops(1))
    path = f"/v1/donations/{donation['id']}"
    assert carrier.get(path).status_code == 404
    collection = planned(town, donation, carrier_id=str(organisation.id))
    assert carrier.get(path).status_code == 200
    body = {"at": "2026-03-02T09:00:00Z"}
    assert town.technician.post(f"/v1/collections/{collection['id']}/pickup", json=body).status_code == 403
    assert town.company.post(f"/v1/collections/{collection['id']}/pickup", json=body).status_code == 404
    assert town.council.post(f"/v1/collections/{collection['id']}/pickup", json=body).status_code == 403
    assert carrier.post(f"/v1/collections/{collection['id']}/pickup", json=body).status_code == 200
    assert by_serial(town, donation)["SN-00001"].carrier_id == organisation.id
    assert carrier.post(f"/v1/collections/{collection['id']}/reception", json=body).status_code == 403
    assert receive(town, collection, devices=[{"serial": "SN-00001"}]).status_code == 200
    assert carrier.get(path).status_code == 404
    assert carrier.get(f"/v1/collections/{collection['id']}").status_code == 200


def test_two_donors_of_one_collection_see_nothing_of_each_other(town: Town) -> None:
    council, company = accepted(town), accepted(town, town.company)
    listed(town.council, council, laptops(1))
    listed(town.company, company, laptops(1, first=50))
    collection = picked_up(town, planned(town, council, company))
    unsaid = receive(town, collection, extra=[{"category": "printer"}])
    assert unsaid.json()["errors"][0]["pointer"] == "/extra/0/donation_id"
    extra = [{"category": "printer", "donation_id": company["id"]}]
    receive(town, collection, devices=[{"serial": "SN-00001"}, {"serial": "SN-00050"}], extra=extra)
    whole = town.lead.get(f"/v1/collections/{collection['id']}").json()
    assert [line["received"] for line in whole["reconciliation"]["lines"]] == [2, 1]
    part = town.council.get(f"/v1/collections/{collection['id']}").json()
    assert part["donation_ids"] == [council["id"]]
    assert [line["category"] for line in part["reconciliation"]["lines"]] == ["laptop"]
    assert {one["donation_id"] for one in part["documents"]} == {council["id"]}
    assert (part["signatures"], len(part["counts"])) == ([], 1)
    assert town.stranger.get(f"/v1/collections/{collection['id']}").status_code == 404


def test_a_collection_fetches_only_what_its_workshop_has_accepted(town: Town) -> None:
    donation = accepted(town)
    body = {"donation_ids": [donation["id"]], "mode": "pickup", "planned_at": "2026-03-02T09:00:00Z"}
    assert town.council.post("/v1/collections", json=body).status_code == 403
    assert town.technician.post("/v1/collections", json=body).status_code == 403
    foreign = {**body, "donation_ids": [donation["id"], str(town.council.organisation_id)]}
    answer = town.lead.post("/v1/collections", json=foreign)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/donation_ids/1")
    naive = town.lead.post("/v1/collections", json={**body, "planned_at": "2026-03-02T09:00:00"})
    assert naive.status_code == 400
    wrong = town.lead.post("/v1/collections", json={**body, "carrier_id": str(town.council.organisation_id)})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "/carrier_id")


def test_a_cancelled_donation_takes_its_empty_journey_with_it(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(1))
    collection = planned(town, donation)
    path = f"/v1/donations/{donation['id']}/moves"
    assert town.council.post(path, json={"to": "cancelled", "reason": "sold"}).status_code == 200
    assert town.lead.get(f"/v1/collections/{collection['id']}").json()["status"] == "cancelled"
    assert by_serial(town, donation)["SN-00001"].status == "withdrawn"


def test_a_collection_is_picked_up_and_received_once(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(1))
    collection = planned(town, donation)
    stale = town.lead.post(
        f"/v1/collections/{collection['id']}/pickup",
        json={"at": "2026-03-02T09:00:00Z"},
        headers={"If-Match": '"7"'},
    )
    assert stale.status_code == 412
    picked_up(town, collection)
    again = town.lead.post(f"/v1/collections/{collection['id']}/pickup", json={"at": "2026-03-02T09:00:00Z"})
    assert again.status_code == 409
    assert receive(town, collection, devices=[{"serial": "SN-00001"}]).status_code == 200
    assert receive(town, collection, devices=[{"serial": "SN-00001"}]).status_code == 409
