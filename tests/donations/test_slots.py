"""The calendar of collections: slots, wishes, bookings; no slot is ever given once too often."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from donating import accepted, planned, submitted
from donations.planners import AT_NINE, DAY, LAPTOPS, MORNING, carrier, slot, to_fetch, vehicle
from makers import Desk as Somebody
from makers import Town, make_key, make_organisation, open_doors, settle_town
from reuse.history.queries import verify_history
from reuse.house import House
from reuse.people.rules import Activity
from reuse.transactions import reading

AT_ONCE = 20


@pytest.fixture
def any_town(any_house: House) -> Iterator[Town]:
    """A town on each database in turn."""
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


def booked(town: Town, one: dict[str, Any]) -> int:
    return town.lead.get(f"/v1/collection-slots/{one['id']}").json()["booked"]


def test_a_slot_for_three_is_given_to_three_of_twenty_who_ask_at_once(any_town: Town) -> None:
    town = any_town
    three = slot(town, capacity=3)
    donations = [accepted(town, lines=LAPTOPS) for _ in range(AT_ONCE)]

    def plan(donation: dict[str, Any]) -> tuple[int, str]:
        body = {"donation_ids": [donation["id"]], "mode": "pickup", "planned_at": AT_NINE, "slot_id": three["id"]}
        answer = town.lead.post("/v1/collections", body)
        return answer.status_code, answer.json().get("code", "")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = Counter(pool.map(plan, donations))
    assert answers == {(201, ""): 3, (409, "slot_full"): AT_ONCE - 3}
    assert booked(town, three) == 3
    planned_ones = town.lead.get("/v1/collections?limit=200").json()["items"]
    assert [one["slot"]["id"] for one in planned_ones] == [three["id"]] * 3
    lost = [town.lead.get(f"/v1/donations/{one['id']}").json()["status"] for one in donations]
    assert Counter(lost) == {"scheduled": 3, "accepted": AT_ONCE - 3}
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()


def test_twenty_who_leave_and_take_one_slot_at_once_keep_its_count(any_town: Town) -> None:
    town = any_town
    one, other = slot(town, capacity=4), slot(town, capacity=4)
    collections = [to_fetch(town, plan={"slot_id": one["id"]}) for _ in range(4)]

    def move(number: int) -> int:
        collection, target = collections[number % 4], (one, other)[number // 4 % 2]
        body = {"planned_at": AT_NINE, "slot_id": target["id"], "reason": "workshop_asked"}
        return town.lead.post(f"/v1/collections/{collection['id']}/reschedulings", body).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(move, range(AT_ONCE)))
    assert set(answers) <= {201, 409}
    now = [town.lead.get(f"/v1/collections/{each['id']}").json()["slot"]["id"] for each in collections]
    assert (booked(town, one), booked(town, other)) == (now.count(one["id"]), now.count(other["id"]))
    assert booked(town, one) + booked(town, other) == 4


def test_a_collection_has_its_slot_and_a_time_outside_it_is_refused(town: Town) -> None:
    free = slot(town)
    collection = to_fetch(town, plan={"slot_id": free["id"]})
    assert collection["slot"] == {"id": free["id"], **MORNING}
    donation = accepted(town, lines=LAPTOPS)
    body = {"donation_ids": [donation["id"]], "mode": "pickup", "slot_id": slot(town)["id"]}
    for time in (f"{DAY}T10:00:00Z", f"{DAY}T07:59:59Z"):
        answer = town.lead.post("/v1/collections", {**body, "planned_at": time})
        assert (answer.status_code, answer.json()["code"]) == (400, "outside_slot")
        assert answer.json()["errors"][0]["pointer"] == "/planned_at"
    unknown = town.lead.post("/v1/collections", {**body, "planned_at": AT_NINE, "slot_id": donation["id"]})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (400, "/slot_id")
    assert town.lead.get(f"/v1/donations/{donation['id']}").json()["status"] == "accepted"


def test_a_slot_is_shut_and_never_made_smaller_than_what_has_it(town: Town) -> None:
    two = slot(town, capacity=2)
    for _ in range(2):
        to_fetch(town, plan={"slot_id": two["id"]})
    path = f"/v1/collection-slots/{two['id']}"
    refused = town.lead.ask("PATCH", path, json={"capacity": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_booked")
    assert town.lead.ask("PATCH", path, json={"capacity": 3, "is_open": False}).json()["free"] == 0
    late = accepted(town, lines=LAPTOPS)
    body = {"donation_ids": [late["id"]], "mode": "drop_off", "planned_at": AT_NINE, "slot_id": two["id"]}
    assert town.lead.post("/v1/collections", body).json()["code"] == "slot_full"
    assert town.lead.ask("PATCH", path, json={"is_open": True}).json()["free"] == 1
    assert town.lead.post("/v1/collections", body).status_code == 201
    stale = town.lead.ask("PATCH", path, json={"note": "x"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


def test_a_cancelled_donation_gives_its_slot_back(town: Town) -> None:
    one = slot(town)
    donation = accepted(town, lines=LAPTOPS)
    planned(town, donation, planned_at=AT_NINE, slot_id=one["id"])
    answer = town.council.post(f"/v1/donations/{donation['id']}/moves", {"to": "cancelled", "reason": "sold"})
    assert answer.status_code == 200
    assert booked(town, one) == 0


def test_a_donor_sees_the_free_slots_to_come_of_its_workshop_and_nothing_of_others(town: Town) -> None:
    free, full = slot(town, capacity=5, note="Quai B"), slot(town)
    slot(town, **{"from": "2020-03-02T08:00:00Z", "to": "2020-03-02T10:00:00Z"})
    to_fetch(town, town.company, plan={"slot_id": full["id"]})
    assert town.council.get("/v1/collection-slots").json()["items"] == []
    submitted(town.council, lines=LAPTOPS)
    (seen,) = town.council.get("/v1/collection-slots").json()["items"]
    assert (seen["id"], seen["from"], seen["free"]) == (free["id"], MORNING["from"], 1)
    assert (seen["capacity"], seen["booked"], seen["note"], seen["wished_by"]) == (None, None, None, [])
    assert town.council.get(f"/v1/collection-slots/{full['id']}").status_code == 404
    for desk in (town.stranger, town.network, carrier(town)):
        assert desk.get("/v1/collection-slots").json()["items"] == []
    assert len(town.lead.get("/v1/collection-slots").json()["items"]) == 3
    that_day = town.lead.get(f"/v1/collection-slots?from={DAY}&to={DAY}&free=true").json()["items"]
    assert [one["id"] for one in that_day] == [free["id"]]


def test_a_donor_wishes_free_slots_and_the_workshop_sees_who_wishes(town: Town) -> None:
    one, other, donation = slot(town), slot(town), submitted(town.council, lines=LAPTOPS)
    path = f"/v1/donations/{donation['id']}/slot-wishes"
    answer = town.council.post(path, {"slot_ids": [other["id"], one["id"], other["id"]]})
    assert [wished["id"] for wished in answer.json()["slots"]] == [other["id"], one["id"]]
    assert town.lead.get(f"/v1/collection-slots/{one['id']}").json()["wished_by"] == [donation["id"]]
    assert booked(town, one) == 0
    assert town.council.post(path, {"slot_ids": [one["id"]]}).status_code == 200
    assert town.lead.get(f"/v1/collection-slots/{other['id']}").json()["wished_by"] == []
    unknown = town.council.post(path, {"slot_ids": [one["id"], donation["id"]]})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (400, "/slot_ids/1")
    assert town.lead.get(f"/v1/collection-slots/{one['id']}").json()["wished_by"] == [donation["id"]]
    assert [wished["id"] for wished in town.council.get(path).json()["slots"]] == [one["id"]]
    assert town.company.post(path, {"slot_ids": []}).status_code == 404
    assert town.company.get(path).status_code == 404


def test_the_calendar_is_the_leads(town: Town) -> None:
    one = slot(town)
    for desk, status in ((town.council, 403), (town.technician, 403), (town.region, 403)):
        assert desk.post("/v1/collection-slots", MORNING).status_code == status
    other = make_organisation(town.house, "Atelier voisin", Activity.workshop)
    neighbour = Somebody(town.client, make_key(town.house, other, person="lead-2"), other.id)
    assert neighbour.ask("PATCH", f"/v1/collection-slots/{one['id']}", json={"capacity": 9}).status_code == 404
    assert neighbour.get("/v1/collection-slots").json()["items"] == []
    backwards = town.lead.post("/v1/collection-slots", {"from": MORNING["to"], "to": MORNING["from"]})
    assert backwards.status_code == 400


def test_vehicles_are_their_organisations_and_a_workshop_sees_those_of_its_carriers(town: Town) -> None:
    driver = carrier(town)
    lorry, van = vehicle(driver, name="Porteur 12 t", payload_kg=6_000, volume_m3=40), vehicle(town.lead)
    assert [one["id"] for one in town.lead.get("/v1/vehicles").json()["items"]] == [van["id"]]
    to_fetch(town, plan={"carrier_id": str(driver.organisation_id)})
    assert {one["id"] for one in town.lead.get("/v1/vehicles").json()["items"]} == {van["id"], lorry["id"]}
    assert [one["id"] for one in driver.get("/v1/vehicles").json()["items"]] == [lorry["id"]]
    assert town.lead.ask("PATCH", f"/v1/vehicles/{lorry['id']}", json={"payload_kg": 9}).status_code == 404
    again = town.lead.post("/v1/vehicles", {"name": "Fourgon 1", "payload_kg": 1, "volume_m3": 1})
    assert (again.status_code, again.json()["code"]) == (409, "vehicle_known")
    assert town.council.post("/v1/vehicles", {"name": "x", "payload_kg": 1, "volume_m3": 1}).status_code == 403
    for wrong in ({"payload_kg": 0}, {"volume_m3": -1}, {"payload_kg": 1e9}):
        body = {"name": "x", "payload_kg": 1, "volume_m3": 1, **wrong}
        assert town.lead.post("/v1/vehicles", body).status_code == 400


def test_twenty_who_enter_one_vehicle_at_once_enter_it_once(any_town: Town) -> None:
    body = {"name": "Fourgon 1", "payload_kg": 800, "volume_m3": 8}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: any_town.lead.post("/v1/vehicles", body).status_code, range(AT_ONCE)))
    assert Counter(answers) == {201: 1, 409: AT_ONCE - 1}
