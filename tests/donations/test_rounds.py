"""A round over several sites: its order, its times, who sees what of it."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from donating import accepted, planned
from donations.planners import AT_NINE, DAY, LAPTOPS, carrier, slot, to_fetch, tour, vehicle
from makers import Desk, Town, make_key, make_organisation, open_doors, settle_town
from reuse.history.queries import verify_history
from reuse.house import House
from reuse.people.rules import Activity
from reuse.transactions import reading

HALL = {"name": "Hôtel de ville", "address": "1 place Jean-Bart, 59140 Dunkerque"}
LIBRARY = {"name": "Médiathèque", "address": "4 rue Benjamin-Morel, 59140 Dunkerque"}


@pytest.fixture
def any_town(any_house: House) -> Iterator[Town]:
    """A town on each database in turn."""
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


def places(this: dict[str, Any]) -> list[str]:
    return [stop["collection_id"] for stop in this["stops"]]


def four_on_a_line(town: Town, **facts: Any) -> tuple[list[str], dict[str, Any]]:
    """Four collections west to east (as ids), and a round of them, given in another order, starting in the west."""
    ids = [to_fetch(town)["id"] for _ in range(4)]
    given = [{"collection_id": ids[n], "latitude": 51.0, "longitude": 2.1 + n / 10} for n in (2, 0, 3, 1)]
    start = {"latitude": 51.0, "longitude": 2.0}
    return ids, tour(town, stops=given, start=start, **facts)


def test_a_round_goes_along_its_stops_and_says_how_far_and_until_when(town: Town) -> None:
    ids, this = four_on_a_line(town)
    assert places(this) in (ids, ids[::-1])
    assert (this["basis"], this["number"][:4], this["status"]) == ("coordinates", "RND-", "planned")
    assert 70 < this["kilometres"] < 80  # 28 km as the crow flies, there and back, by road
    assert this["departs_at"] == f"{DAY}T07:00:00Z"  # 08:00 in Paris in winter
    starts = [stop["arrives_from"] for stop in this["stops"]]
    assert starts == sorted(starts)
    assert this["ends_at"] > starts[-1]
    assert [stop["place"] for stop in this["stops"]] == [1, 2, 3, 4]
    assert [stop["why"] for stop in this["stops"]] == ["first", "nearest", "nearest", "nearest"]
    assert this["stops"][0]["sentence"] == "Premier arrêt, le plus commode depuis le départ."
    assert town.lead.get(f"/v1/rounds/{this['id']}").json() == this


def test_access_hours_slots_and_wishes_come_first_and_each_stop_says_why(town: Town) -> None:
    noon = {"from": f"{DAY}T11:00:00Z", "to": f"{DAY}T13:00:00Z"}
    early_hours = {**HALL, "access": {"hours": "lun-ven 8h-9h"}}
    wish = {
        "name": "Lille",
        "address": "9 rue Z, 59000 Lille",
        "slot_wishes": [{"from": f"{DAY}T08:00:00Z", "to": f"{DAY}T09:00:00Z"}],
    }
    booked = to_fetch(
        town,
        collection_address="1 rue A, 59000 Lille",
        plan={"slot_id": slot(town, **noon)["id"], "planned_at": noon["from"]},
    )
    hours = to_fetch(town, sites=[early_hours])
    wished = to_fetch(town, sites=[wish])
    this = tour(town, booked, hours, wished)
    assert places(this) == [hours["id"], wished["id"], booked["id"]]
    assert [stop["why"] for stop in this["stops"]] == ["hours", "wish", "slot"]
    last = this["stops"][-1]
    assert last["arrives_from"] == noon["from"]
    assert all(stop["late_minutes"] == 0 for stop in this["stops"])


def test_a_wished_slot_of_the_calendar_counts_as_a_wish(town: Town) -> None:
    late = slot(town, **{"from": f"{DAY}T13:00:00Z", "to": f"{DAY}T15:00:00Z"})
    donation = accepted(town, lines=LAPTOPS)
    assert (
        town.council.post(f"/v1/donations/{donation['id']}/slot-wishes", {"slot_ids": [late["id"]]}).status_code == 200
    )
    wished = planned(town, donation, planned_at=AT_NINE)
    other = to_fetch(town)
    this = tour(town, wished, other)
    assert places(this) == [other["id"], wished["id"]]
    assert this["stops"][1]["arrives_from"] == late["from"]


def test_hours_that_cannot_be_kept_are_shown(town: Town) -> None:
    this = tour(town, stops=[{"collection_id": to_fetch(town)["id"], "opens": "06:00", "closes": "07:30"}])
    (stop,) = this["stops"]
    assert (stop["why"], stop["late_minutes"]) == ("hours_missed", 30)
    earlier = town.lead.ask("PATCH", f"/v1/rounds/{this['id']}", json={"departs_at": f"{DAY}T06:00:00Z"}).json()
    assert (earlier["stops"][0]["late_minutes"], earlier["stops"][0]["arrives_from"]) == (0, f"{DAY}T06:00:00Z")


def test_a_donation_with_two_sites_has_two_stops_and_one_address_is_one_stop(town: Town) -> None:
    two = to_fetch(town, sites=[HALL, LIBRARY])
    here = "5 rue du Port, 59140 Dunkerque"
    one = planned(
        town,
        accepted(town, lines=LAPTOPS, collection_address=here),
        accepted(town, lines=LAPTOPS, collection_address=here),
        planned_at=AT_NINE,
    )
    this = tour(town, two, one)
    assert sorted(Counter(places(this)).values()) == [1, 2]
    addresses = {stop["address"] for stop in this["stops"]}
    assert addresses == {HALL["address"], LIBRARY["address"], here}
    assert this["load"]["devices"] == 120


def test_the_lead_sets_the_order_by_hand_and_can_ask_for_a_fresh_proposal(town: Town) -> None:
    ids, this = four_on_a_line(town)
    stops = {stop["collection_id"]: stop["id"] for stop in this["stops"]}
    chosen = [stops[ids[n]] for n in (1, 3, 0, 2)]
    path = f"/v1/rounds/{this['id']}"
    by_hand = town.lead.ask("PATCH", path, json={"order": chosen}).json()
    assert [stop["id"] for stop in by_hand["stops"]] == chosen
    assert (by_hand["basis"], {stop["why"] for stop in by_hand["stops"]}) == ("by_hand", {"by_hand"})
    assert by_hand["kilometres"] > this["kilometres"]
    later = town.lead.ask("PATCH", path, json={"departs_at": f"{DAY}T08:00:00Z"}).json()
    assert [stop["id"] for stop in later["stops"]] == chosen
    assert later["stops"][0]["arrives_from"] > by_hand["stops"][0]["arrives_from"]
    fresh = town.lead.ask("PATCH", path, json={"order": None}).json()
    assert (places(fresh), fresh["basis"]) == (places(this), "coordinates")
    for wrong in (chosen[:3], [*chosen, chosen[0]], [*chosen[:3], ids[0]]):
        refused = town.lead.ask("PATCH", path, json={"order": wrong})
        assert (refused.status_code, refused.json()["code"]) == (400, "not_the_stops")
    stale = town.lead.ask("PATCH", path, json={"order": chosen}, headers={"If-Match": this["version"] and '"1"'})
    assert stale.status_code == 412


def test_collections_join_and_leave_a_round(town: Town) -> None:
    first, second, third = (to_fetch(town) for _ in range(3))
    this = tour(town, first, second)
    path = f"/v1/rounds/{this['id']}/collections"
    joined = town.lead.post(path, {"collection_ids": [third["id"]]}).json()
    assert sorted(places(joined)) == sorted(one["id"] for one in (first, second, third))
    left = town.lead.ask("DELETE", f"{path}/{first['id']}").json()
    assert first["id"] not in places(left)
    assert [stop["place"] for stop in left["stops"]] == [1, 2]
    assert town.lead.ask("DELETE", f"{path}/{first['id']}").status_code == 404
    assert town.lead.get(f"/v1/collections/{first['id']}").json()["round_id"] is None
    assert places(tour(town, first)) == [first["id"]]


def test_who_is_put_off_or_called_off_leaves_the_round_and_the_others_keep_their_times(town: Town) -> None:
    some = [to_fetch(town) for _ in range(3)]
    this = tour(town, *some)
    times = {stop["collection_id"]: stop["arrives_from"] for stop in this["stops"]}
    body = {"planned_at": "2030-03-05T09:00:00Z", "reason": "donor_asked"}
    assert town.lead.post(f"/v1/collections/{some[0]['id']}/reschedulings", body).json()["arrivals"] == []
    move = {"to": "cancelled", "reason": "no longer wanted"}
    assert town.lead.post(f"/v1/collections/{some[1]['id']}/moves", move).status_code == 200
    (left,) = town.lead.get(f"/v1/rounds/{this['id']}").json()["stops"]
    assert (left["collection_id"], left["arrives_from"]) == (some[2]["id"], times[some[2]["id"]])


def test_nobody_drives_for_a_donation_that_was_called_off_while_the_collection_goes_on(town: Town) -> None:
    kept = accepted(town, lines=LAPTOPS, collection_address="1 rue de la Mairie, 59140 Dunkerque")
    given_up = accepted(town, town.company, lines=LAPTOPS, collection_address="9 zone du Port, 59140 Dunkerque")
    this = tour(town, planned(town, kept, given_up, planned_at=AT_NINE))
    assert len(this["stops"]) == 2
    move = {"to": "cancelled", "reason": "sold"}
    assert town.company.post(f"/v1/donations/{given_up['id']}/moves", move).status_code == 200
    left = town.lead.get(f"/v1/rounds/{this['id']}").json()
    assert [stop["donation_ids"] for stop in left["stops"]] == [[kept["id"]]]
    assert (left["stops"][0]["place"], left["load"]["devices"]) == (1, 40)


def test_who_leaves_a_round_leaves_its_vehicle_but_not_one_of_its_own(town: Town) -> None:
    van, own = vehicle(town.lead), vehicle(town.lead, name="Camionnette")
    joined, brought = to_fetch(town), to_fetch(town, plan={"vehicle_id": own["id"]})
    this = tour(town, joined, vehicle_id=van["id"])
    other = tour(town, brought)
    for one, of in ((joined, this), (brought, other)):
        assert town.lead.ask("DELETE", f"/v1/rounds/{of['id']}/collections/{one['id']}").status_code == 200
    left = [town.lead.get(f"/v1/collections/{one['id']}").json()["vehicle"] for one in (joined, brought)]
    assert left == [None, "Camionnette"]


def test_a_fresh_proposal_calls_at_the_sites_that_were_said_since(town: Town) -> None:
    one = to_fetch(town, sites=[HALL])
    this = tour(town, stops=[{"collection_id": one["id"], "minutes": 45}])
    (before,) = this["stops"]
    donation = f"/v1/donations/{one['donation_ids'][0]}"
    assert town.council.ask("PATCH", donation, json={"sites": [HALL, LIBRARY]}).status_code == 200
    fresh = town.lead.ask("PATCH", f"/v1/rounds/{this['id']}", json={"order": None}).json()
    assert {stop["address"] for stop in fresh["stops"]} == {HALL["address"], LIBRARY["address"]}
    assert before["id"] in {stop["id"] for stop in fresh["stops"]}


def test_a_round_called_off_leaves_its_collections_planned(town: Town) -> None:
    one = to_fetch(town)
    this = tour(town, one)
    path = f"/v1/rounds/{this['id']}/moves"
    assert town.lead.post(path, {"to": "cancelled"}).status_code == 400
    ended = town.lead.post(path, {"to": "cancelled", "reason": "flat tyre"}).json()
    assert (ended["status"], ended["stops"]) == ("cancelled", [])
    assert town.lead.post(path, {"to": "cancelled", "reason": "again"}).json()["code"] == "round_ended"
    assert town.lead.get(f"/v1/collections/{one['id']}").json()["status"] == "planned"
    assert places(tour(town, one)) == [one["id"]]


def test_what_cannot_be_in_the_round_is_refused_with_its_reason_and_nothing_is_made(town: Town) -> None:
    good, driver = to_fetch(town), carrier(town)
    taken = to_fetch(town)
    tour(town, taken)
    parcel = to_fetch(town, plan={"mode": "parcel"})
    other_day = to_fetch(town, plan={"planned_at": "2030-03-05T09:00:00Z"})
    driven = to_fetch(town, plan={"carrier_id": str(driver.organisation_id)})
    ended = to_fetch(town)
    town.lead.post(f"/v1/collections/{ended['id']}/moves", {"to": "cancelled", "reason": "x"})
    for wrong, code in (
        (taken, "in_another_round"),
        (parcel, "not_a_pickup"),
        (other_day, "other_day"),
        (driven, "other_carrier"),
        (ended, "not_planned"),
    ):
        answer = town.lead.post("/v1/rounds", {"date": DAY, "collection_ids": [good["id"], wrong["id"]]})
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    unknown = {"date": DAY, "collection_ids": [good["id"], str(town.lead.organisation_id)]}
    answer = town.lead.post("/v1/rounds", unknown)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/collection_ids/1")
    for body in (
        {"date": DAY},
        {"date": DAY, "collection_ids": [good["id"]], "departs_at": AT_NINE[:-1]},
        {"date": DAY, "collection_ids": [good["id"]], "departs_at": "2030-03-05T09:00:00Z"},
        {"date": DAY, "stops": [{"collection_id": good["id"], "latitude": 51}]},
        {"date": DAY, "stops": [{"collection_id": good["id"], "opens": "12:00", "closes": "09:00"}]},
        {"date": DAY, "stops": [{"collection_id": good["id"], "opens": "9h", "closes": "12h"}]},
    ):
        assert town.lead.post("/v1/rounds", body).status_code == 400, body
    assert town.lead.get(f"/v1/collections/{good['id']}").json()["round_id"] is None
    assert len(town.lead.get("/v1/rounds").json()["items"]) == 1


def test_a_round_beyond_its_vehicle_says_what_to_do_unless_a_reason_is_given(town: Town) -> None:
    van = vehicle(town.lead, payload_kg=100)
    both = [to_fetch(town), to_fetch(town)]  # 66 kg each
    body = {"date": DAY, "collection_ids": [one["id"] for one in both], "vehicle_id": van["id"]}
    refused = town.lead.post("/v1/rounds", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "over_capacity")
    assert "about 132 kg" in refused.json()["detail"]
    this = town.lead.post("/v1/rounds", {**body, "over_capacity_reason": "Unloaded at noon"}).json()
    assert (this["load"]["fits"], this["over_capacity_reason"]) == (False, "Unloaded at noon")
    assert town.lead.get(f"/v1/collections/{both[0]['id']}").json()["vehicle"] == "Fourgon 1"
    lorry = vehicle(town.lead, name="Porteur", payload_kg=3_000)
    larger = town.lead.ask("PATCH", f"/v1/rounds/{this['id']}", json={"vehicle_id": lorry["id"]}).json()
    assert (larger["load"]["fits"], larger["vehicle"]["name"], larger["over_capacity_reason"]) == (
        True,
        "Porteur",
        None,
    )
    foreign = vehicle(carrier(town), name="Autre")
    wrong = town.lead.ask("PATCH", f"/v1/rounds/{this['id']}", json={"vehicle_id": foreign["id"]})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "unknown_vehicle")


def test_of_twenty_rounds_that_want_one_collection_at_once_one_gets_it(any_town: Town) -> None:
    wanted = to_fetch(any_town)
    body = {"date": DAY, "collection_ids": [wanted["id"]]}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: any_town.lead.post("/v1/rounds", body).status_code, range(20)))
    assert Counter(answers) == {201: 1, 409: 19}
    (this,) = any_town.lead.get("/v1/rounds").json()["items"]
    assert places(this) == [wanted["id"]]
    with reading(any_town.house.database) as session:
        assert verify_history(session).breaks == ()


def test_a_carrier_sees_its_own_rounds_and_those_of_no_other(town: Town) -> None:
    mine, other = carrier(town), carrier(town, "Transports d'en face")
    here = to_fetch(town, collection_address="1 rue A, 59140 Dunkerque", plan={"carrier_id": str(mine.organisation_id)})
    there = to_fetch(town, plan={"carrier_id": str(other.organisation_id)})
    my_round, their_round = tour(town, here), tour(town, there)
    assert [one["id"] for one in mine.get("/v1/rounds").json()["items"]] == [my_round["id"]]
    assert mine.get(f"/v1/rounds/{my_round['id']}").json()["stops"][0]["address"] == "1 rue A, 59140 Dunkerque"
    for path in (f"/v1/rounds/{their_round['id']}", f"/v1/collections/{there['id']}"):
        assert mine.get(path).status_code == 404
    assert mine.post(f"/v1/rounds/{their_round['id']}/sheet").status_code == 404
    assert mine.ask("PATCH", f"/v1/rounds/{my_round['id']}", json={"notes": "x"}).status_code == 403
    assert town.region.get(f"/v1/rounds/{my_round['id']}").status_code == 200
    neighbour = make_organisation(town.house, "Atelier voisin", Activity.workshop)
    desk = Desk(town.client, make_key(town.house, neighbour, person="lead-2"), neighbour.id)
    assert desk.get(f"/v1/rounds/{my_round['id']}").status_code == 404
    assert desk.post("/v1/rounds", {"date": DAY, "collection_ids": [here["id"]]}).status_code == 400


def test_after_the_delivery_the_carrier_no_longer_reads_addresses(town: Town) -> None:
    mine = carrier(town)
    one = to_fetch(town, collection_address="1 rue A", contact="06 00", plan={"carrier_id": str(mine.organisation_id)})
    this = tour(town, one)
    assert mine.post(f"/v1/collections/{one['id']}/pickup", {"at": AT_NINE}).status_code == 200
    assert town.lead.post(f"/v1/collections/{one['id']}/reception", {"at": AT_NINE}).status_code == 200
    (seen,) = mine.get(f"/v1/rounds/{this['id']}").json()["stops"]
    assert (seen["address"], seen["contact"], seen["collection_status"]) == (None, None, "received")
    assert town.lead.get(f"/v1/rounds/{this['id']}").json()["stops"][0]["address"] == "1 rue A"


def test_a_donor_sees_when_its_own_stop_is_and_nothing_of_the_others(town: Town) -> None:
    council = to_fetch(town, collection_address="1 rue de la Mairie, 59140 Dunkerque")
    company = to_fetch(town, town.company, collection_address="9 zone du Port, 59140 Dunkerque", contact="agent-2")
    this = tour(town, council, company, over_capacity_reason=None)
    seen = town.council.get(f"/v1/collections/{council['id']}").json()
    (arrival,) = seen["arrivals"]
    own = next(stop for stop in this["stops"] if stop["collection_id"] == council["id"])
    assert (arrival["arrives_from"], arrival["arrives_to"]) == (own["arrives_from"], own["arrives_to"])
    assert seen["round_id"] is None
    assert town.council.get(f"/v1/rounds/{this['id']}").status_code == 404
    assert town.council.get("/v1/rounds").json()["items"] == []
    assert town.council.get(f"/v1/collections/{company['id']}").status_code == 404
    everything = "".join(
        town.council.get(path).text
        for path in ("/v1/collections", "/v1/rounds", "/v1/documents", "/v1/donations", "/v1/collection-slots")
    )
    for secret in (company["id"], "zone du Port", "agent-2", this["id"], str(town.company.organisation_id)):
        assert secret not in everything


def test_of_a_collection_shared_with_another_donor_a_donor_sees_its_own_part_of_the_plan(town: Town) -> None:
    mine = accepted(town, lines=LAPTOPS, collection_address="1 rue de la Mairie")
    theirs = accepted(town, town.company, lines=[{"category": "server", "quantity": 3}], collection_address="9 Port")
    shared = planned(town, mine, theirs, planned_at="2030-03-05T09:00:00Z")
    body = {"planned_at": AT_NINE, "reason": "donor_asked", "note": "Câbleries asked"}
    assert town.lead.post(f"/v1/collections/{shared['id']}/reschedulings", body).status_code == 201
    this = tour(town, shared)
    assert len(this["stops"]) == 2
    seen = town.council.get(f"/v1/collections/{shared['id']}").json()
    assert (len(seen["arrivals"]), seen["load"]["devices"]) == (1, 40)
    assert [line["donation_id"] for line in seen["expected"]] == [mine["id"]]
    assert [entry["note"] for entry in seen["plan_history"]] == [None]
    for secret in (theirs["id"], "server", "Câbleries", "9 Port"):
        assert secret not in str(seen)
    assert town.lead.get(f"/v1/collections/{shared['id']}").json()["plan_history"][0]["note"] == "Câbleries asked"
