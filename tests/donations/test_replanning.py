"""No-shows, other times and calling off: what was planned stays known, what was held is free again."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from httpx import Response

from donating import accepted, laptops, listed, picked_up, planned, receive
from donations.planners import AT_NINE, LAPTOPS, carrier, slot, to_fetch, vehicle
from makers import Town, open_doors, settle_town
from reuse.history.queries import history_of, verify_history
from reuse.house import House
from reuse.transactions import reading

NEXT_DAY = "2030-03-05T09:00:00Z"


@pytest.fixture
def any_town(any_house: House) -> Iterator[Town]:
    """A town on each database in turn."""
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


def put_off(town: Town, collection: dict[str, Any], **facts: Any) -> Response:
    body = {"planned_at": NEXT_DAY, "reason": "no_show", **facts}
    return town.lead.post(f"/v1/collections/{collection['id']}/reschedulings", body)


def call_off(town: Town, collection: dict[str, Any], **facts: Any) -> Response:
    body = {"to": "cancelled", "reason": "The donor keeps its machines", **facts}
    return town.lead.post(f"/v1/collections/{collection['id']}/moves", body)


def status(town: Town, donation: dict[str, Any]) -> str:
    return town.lead.get(f"/v1/donations/{donation['id']}").json()["status"]


def test_a_no_show_keeps_the_old_time_frees_the_slot_and_is_counted(town: Town) -> None:
    one, other = slot(town), slot(town, **{"from": "2030-03-05T08:00:00Z", "to": "2030-03-05T10:00:00Z"})
    collection = to_fetch(town, plan={"slot_id": one["id"]})
    answer = put_off(town, collection, slot_id=other["id"], note="Nobody at the gate")
    assert answer.status_code == 201
    now = answer.json()
    assert (now["planned_at"], now["slot"]["id"], now["no_shows"]) == (NEXT_DAY, other["id"], 1)
    (kept,) = now["plan_history"]
    assert (kept["planned_at"], kept["moved_to"], kept["slot_id"]) == (AT_NINE, NEXT_DAY, one["id"])
    assert (kept["reason"], kept["note"]) == ("no_show", "Nobody at the gate")
    assert town.lead.get(f"/v1/collection-slots/{one['id']}").json()["booked"] == 0
    assert town.lead.get(f"/v1/collection-slots/{other['id']}").json()["booked"] == 1
    again = put_off(town, collection, planned_at="2030-03-06T09:00:00Z", reason="weather").json()
    assert (again["no_shows"], again["slot"]) == (1, None)
    assert [entry["reason"] for entry in again["plan_history"]] == ["no_show", "weather"]
    with reading(town.house.database) as session:
        verbs = [entry.verb for entry in history_of(session, "collection", UUID(collection["id"]))]
        assert verbs == ["planned", "rescheduled", "rescheduled"]


def test_a_second_tap_counts_no_second_no_show(town: Town) -> None:
    collection = to_fetch(town)
    assert put_off(town, collection).status_code == 201
    second = put_off(town, collection)
    assert (second.status_code, second.json()["code"]) == (409, "same_time")
    assert town.lead.get(f"/v1/collections/{collection['id']}").json()["no_shows"] == 1


def test_a_full_slot_leaves_the_old_plan_as_it_was(town: Town) -> None:
    one, full = slot(town), slot(town)
    to_fetch(town, town.company, plan={"slot_id": full["id"]})
    collection = to_fetch(town, plan={"slot_id": one["id"]})
    refused = put_off(town, collection, planned_at=AT_NINE, slot_id=full["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_full")
    assert town.lead.get(f"/v1/collections/{collection['id']}").json() == collection
    assert town.lead.get(f"/v1/collection-slots/{one['id']}").json()["booked"] == 1


def test_the_carrier_reports_a_no_show_but_books_no_slot_and_nobody_else_reschedules(town: Town) -> None:
    driver, one = carrier(town), slot(town)
    collection = to_fetch(town, plan={"carrier_id": str(driver.organisation_id)})
    path = f"/v1/collections/{collection['id']}/reschedulings"
    body = {"planned_at": NEXT_DAY, "reason": "no_show"}
    assert driver.post(path, {**body, "planned_at": AT_NINE, "slot_id": one["id"]}).status_code == 403
    assert town.council.post(path, body).status_code == 403
    assert town.stranger.post(path, body).status_code == 404
    assert driver.post(path, body).json()["no_shows"] == 1
    unsaid = driver.post(path, {"planned_at": AT_NINE, "reason": "other"})
    assert (unsaid.status_code, unsaid.json()["errors"][0]["pointer"]) == (400, "/note")
    stale = town.lead.post(path, {**body, "planned_at": AT_NINE}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


def test_what_is_on_the_road_is_neither_put_off_nor_called_off(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(1))
    collection = planned(town, donation)
    picked_up(town, collection)
    for answer in (put_off(town, collection), call_off(town, collection)):
        assert (answer.status_code, answer.json()["code"]) == (409, "not_planned")


def test_a_collection_called_off_gives_its_donation_back_to_planning(town: Town) -> None:
    one, donation = slot(town), accepted(town, lines=LAPTOPS)
    collection = planned(town, donation, planned_at=AT_NINE, slot_id=one["id"])
    assert call_off(town, collection, reason=" ").status_code == 400
    assert status(town, donation) == "scheduled"
    ended = call_off(town, collection)
    assert (ended.status_code, ended.json()["status"], ended.json()["slot"]) == (200, "cancelled", None)
    assert status(town, donation) == "accepted"
    assert town.lead.get(f"/v1/collection-slots/{one['id']}").json()["booked"] == 0
    assert call_off(town, collection).status_code == 409
    assert town.lead.post(f"/v1/collections/{collection['id']}/pickup", {"at": AT_NINE}).status_code == 409
    assert planned(town, donation, planned_at=AT_NINE, slot_id=one["id"])["status"] == "planned"
    assert status(town, donation) == "scheduled"


def test_a_donation_with_another_collection_stays_scheduled_until_the_last_is_called_off(town: Town) -> None:
    donation = accepted(town, lines=LAPTOPS)
    first, second = planned(town, donation), planned(town, donation)
    assert call_off(town, first).status_code == 200
    assert status(town, donation) == "scheduled"
    assert call_off(town, second).status_code == 200
    assert status(town, donation) == "accepted"


def test_only_calling_off_takes_a_donation_from_scheduled_to_accepted(town: Town) -> None:
    donation = accepted(town, lines=LAPTOPS)
    planned(town, donation)
    answer = town.lead.post(f"/v1/donations/{donation['id']}/moves", {"to": "accepted"})
    assert (answer.status_code, answer.json()["code"]) == (409, "by_collection")
    assert status(town, donation) == "scheduled"


def test_of_two_collections_called_off_at_once_the_last_frees_the_donation(any_town: Town) -> None:
    for _ in range(5):
        donation = accepted(any_town, lines=LAPTOPS)
        both = [planned(any_town, donation), planned(any_town, donation)]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda one: call_off(any_town, one).status_code, both))
        assert answers == [200, 200]
        assert status(any_town, donation) == "accepted"


def test_twenty_who_call_one_collection_off_at_once_do_it_once(any_town: Town) -> None:
    one = slot(any_town, capacity=2)
    to_fetch(any_town, any_town.company, plan={"slot_id": one["id"]})
    collection = to_fetch(any_town, plan={"slot_id": one["id"]})
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: call_off(any_town, collection).status_code, range(20)))
    assert Counter(answers) == {200: 1, 409: 19}
    assert any_town.lead.get(f"/v1/collection-slots/{one['id']}").json()["booked"] == 1
    with reading(any_town.house.database) as session:
        assert verify_history(session).breaks == ()


def test_calling_off_is_for_the_workshops_lead(town: Town) -> None:
    driver = carrier(town)
    collection = to_fetch(town, plan={"carrier_id": str(driver.organisation_id)})
    body = {"to": "cancelled", "reason": "x"}
    for desk, code in ((driver, 403), (town.council, 403), (town.technician, 403), (town.stranger, 403)):
        assert desk.post(f"/v1/collections/{collection['id']}/moves", body).status_code in {code, 404}
    wrong = town.lead.post(f"/v1/collections/{collection['id']}/moves", {"to": "received", "reason": "x"})
    assert wrong.status_code == 400
    assert town.lead.get(f"/v1/collections/{collection['id']}").json()["status"] == "planned"


def test_a_parcel_has_a_number_and_a_service_and_a_pickup_has_none(town: Town) -> None:
    donation = accepted(town, lines=LAPTOPS)
    parcel = planned(town, donation, mode="parcel", tracking_number="8R 123", carrier_name="Poste")
    assert (parcel["tracking_number"], parcel["carrier_name"]) == ("8R 123", "Poste")
    path = f"/v1/collections/{parcel['id']}"
    assert town.lead.ask("PATCH", path, json={"tracking_number": "8R 456"}).json()["tracking_number"] == "8R 456"
    van = vehicle(town.lead)
    refused = town.lead.ask("PATCH", path, json={"vehicle_id": van["id"]})
    assert (refused.status_code, refused.json()["code"]) == (400, "not_of_this_mode")
    body = {"donation_ids": [donation["id"]], "mode": "pickup", "planned_at": AT_NINE, "tracking_number": "x"}
    answer = town.lead.post("/v1/collections", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/tracking_number")
    assert town.council.ask("PATCH", path, json={"tracking_number": "x"}).status_code == 403


@pytest.mark.parametrize("mode", ["drop_off", "parcel"])
def test_what_nobody_fetches_is_planned_put_off_and_received_all_the_same(town: Town, mode: str) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(1))
    one = slot(town, capacity=1)
    collection = planned(town, donation, mode=mode, planned_at=AT_NINE, slot_id=one["id"])
    assert put_off(town, collection, reason="donor_asked").json()["mode"] == mode
    assert receive(town, collection, devices=[{"serial": "SN-00001"}]).status_code == 200
    assert status(town, donation) == "received"


def test_a_load_beyond_the_vehicle_is_refused_unless_a_reason_is_recorded(town: Town) -> None:
    small = vehicle(town.lead, payload_kg=50)
    donation = accepted(town, lines=LAPTOPS)  # 66 kg
    assert donation["load"] == {
        "devices": 40,
        "mass_kg": 66.0,
        "volume_m3": 0.32,
        "is_estimate": True,
        "fits": None,
    }
    body = {"donation_ids": [donation["id"]], "mode": "pickup", "planned_at": AT_NINE, "vehicle_id": small["id"]}
    refused = town.lead.post("/v1/collections", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "over_capacity")
    assert "about 66 kg" in refused.json()["detail"]
    assert "Split it" in refused.json()["detail"]
    assert status(town, donation) == "accepted"
    taken = town.lead.post("/v1/collections", {**body, "over_capacity_reason": "Two trips"}).json()
    assert (taken["over_capacity_reason"], taken["load"]["fits"], taken["vehicle"]) == ("Two trips", False, "Fourgon 1")
    with reading(town.house.database) as session:
        (entry,) = history_of(session, "collection", UUID(taken["id"]))
        assert entry.data["over_capacity_reason"] == "Two trips"


def test_a_donation_split_over_two_collections_has_its_load_split(town: Town) -> None:
    small, donation = vehicle(town.lead, payload_kg=50), accepted(town, lines=LAPTOPS)
    share = {"expected": [{"category": "laptop", "quantity": 25}], "vehicle_id": small["id"]}
    first = planned(town, donation, **share)
    assert (first["load"]["devices"], first["load"]["fits"]) == (25, True)
    rest = planned(town, donation, vehicle_id=small["id"])
    assert rest["expected"] == [{"category": "laptop", "quantity": 15, "donation_id": donation["id"]}]
    picked_up(town, first, counts=[{"category": "laptop", "quantity": 30}])
    assert town.lead.get(f"/v1/collections/{rest['id']}").json()["load"]["devices"] == 10


def test_collections_that_share_a_slot_share_its_vehicle(town: Town) -> None:
    van = vehicle(town.lead, payload_kg=100)
    two = slot(town, capacity=2, vehicle_id=van["id"])
    first = to_fetch(town, plan={"slot_id": two["id"]})
    assert (first["vehicle_id"], first["vehicle"], first["load"]["fits"]) == (van["id"], "Fourgon 1", True)
    donation = accepted(town, lines=LAPTOPS)
    body = {"donation_ids": [donation["id"]], "mode": "pickup", "planned_at": AT_NINE, "slot_id": two["id"]}
    refused = town.lead.post("/v1/collections", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "over_capacity")
    assert town.lead.get(f"/v1/collection-slots/{two['id']}").json()["booked"] == 1
