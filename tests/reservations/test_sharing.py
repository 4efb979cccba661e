"""Who is served first and why, what is offered unasked, what quotas leave, and what a territory may change."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from makers import Desk, Town, make_key, make_organisation, open_doors, settle_town, wait_for_background
from makers_distribution import handed_over, listed_devices, reserved, status_of
from reuse import clock
from reuse.history.queries import history_of, verify_history
from reuse.house import House
from reuse.people.rules import Activity
from reuse.reservations.actions.lines import expire_holds
from reuse.reservations.models import Reservation, ReservationLine
from reuse.transactions import reading, transaction


@pytest.fixture
def any_town(any_house: House) -> Iterator[Town]:
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


class Calendar:
    """A clock that a test moves on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._shift, source = timedelta(), clock.source
        monkeypatch.setattr(clock, "source", lambda: source() + self._shift)

    def pass_days(self, days: float) -> None:
        self._shift += timedelta(days=days)


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    return Calendar(monkeypatch)


def share(town: Town, **rules: Any) -> None:
    answer = town.region.post("/v1/sharing-rules", rules)
    assert answer.status_code == 200, answer.text


def need(desk: Desk, quantity: int, **more: Any) -> dict[str, Any]:
    answer = desk.post("/v1/needs", {"category": "laptop", "quantity": quantity, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def offers(town: Town, desk: Desk) -> list[dict[str, Any]]:
    wait_for_background(town.house)
    return desk.get("/v1/reservations?offered=true&status=held").json()["items"]


def move(desk: Desk, reservation: dict[str, Any], to: str) -> None:
    answer = desk.post(f"/v1/reservations/{reservation['id']}/moves", {"to": to})
    assert answer.status_code == 200, answer.text


def devices_of(reservations: list[dict[str, Any]]) -> list[str]:
    return [line["device_id"] for one in reservations for line in one["lines"]]


def third_network(town: Town) -> Desk:
    made = make_organisation(town.house, "Accueil de la Gare", Activity.network)
    return Desk(town.client, make_key(town.house, made, person="reseau-3"), made.id)


def test_a_network_learns_why_it_is_third_and_whose_the_others_are_only_if_they_are_its_own(
    town: Town, calendar: Calendar
) -> None:
    third = third_network(town)
    need(town.other_network, 4)
    calendar.pass_days(5)
    need(third, 2, min_ram_gb=16)
    calendar.pass_days(5)
    mine = need(town.network, 10)
    calendar.pass_days(10)
    told = town.network.get(f"/v1/needs/{mine['id']}/place").json()
    assert (told["place"], told["waiting"], told["category"]) == (3, 3, "laptop")
    assert [one["age_days"] for one in told["list"]] == [20, 15, 10]
    assert [one["min_ram_gb"] for one in told["list"]] == [None, 16, None]
    assert [one["is_this"] for one in told["list"]] == [False, False, True]
    assert [one["network_id"] for one in told["list"]] == [None, None, str(town.network.organisation_id)]
    assert [one["need_id"] for one in told["list"]] == [None, None, mine["id"]]
    assert len({one["network"] for one in told["list"]}) == 3
    for one in told["list"]:
        assert one["unmet_share"] == (one["quantity"] - one["served"]) / one["quantity"]
        assert one["weight"] == pytest.approx(one["age_days"] * one["unmet_share"])
    seen = town.region.get(f"/v1/needs/{mine['id']}/place").json()
    assert seen["list"][0]["network_id"] == str(town.other_network.organisation_id)
    assert [one["network"] for one in seen["list"]] == [one["network"] for one in told["list"]]
    assert town.other_network.get(f"/v1/needs/{mine['id']}/place").status_code == 404


def test_what_a_network_reserves_counts_for_its_own_need_until_it_lets_go(town: Town, calendar: Calendar) -> None:
    mine, wished = need(town.network, 2), need(town.network, 5, min_ram_gb=32)
    made = reserved(town.network, listed_devices(town, 3))
    assert [line["need_id"] for line in made["lines"]] == [mine["id"], mine["id"], None]
    path = f"/v1/needs/{mine['id']}/place"
    assert town.network.get(path).json()["place"] is None
    assert town.network.get(f"/v1/needs/{wished['id']}/place").json()["place"] == 1
    calendar.pass_days(30)
    assert town.network.get(path).json()["list"][0]["served"] == 0


def test_a_need_that_is_withdrawn_or_past_its_day_waits_for_nothing(town: Town, calendar: Calendar) -> None:
    mine = need(town.network, 2)
    dated = need(town.other_network, 2, before=str((clock.now() + timedelta(days=3)).date()))
    path = f"/v1/needs/{mine['id']}/withdrawal"
    assert town.other_network.post(path, {}).status_code == 404
    assert town.region.post(path, {}).status_code == 403
    assert town.network.post(path, {"reason": "Action annulée"}).json()["withdrawn_at"]
    assert town.network.post(path, {}).json()["code"] == "need_withdrawn"
    assert town.network.get(f"/v1/needs/{mine['id']}/place").json()["place"] is None
    assert town.other_network.get(f"/v1/needs/{dated['id']}/place").json()["place"] == 1
    calendar.pass_days(5)
    assert town.other_network.get(f"/v1/needs/{dated['id']}/place").json()["place"] is None


def test_nothing_is_offered_unasked_unless_the_territory_wants_it(town: Town) -> None:
    need(town.network, 2)
    (device_id,) = listed_devices(town)
    assert offers(town, town.network) == []
    assert status_of(town.network, device_id) == "listed"
    assert reserved(town.other_network, [device_id])["offered_for"] is None


def test_what_is_listed_is_offered_to_the_first_need_that_it_fits(any_town: Town, calendar: Calendar) -> None:
    town = any_town
    share(town, offer_hours=48)
    need(town.other_network, 1, min_ram_gb=16)
    calendar.pass_days(1)
    mine = need(town.network, 2)
    small, big = *listed_devices(town, ram_gb=8), *listed_devices(town, ram_gb=16)
    listed_devices(town, category="monitor")
    (made,) = offers(town, town.network)
    assert (devices_of([made]), made["offered_for"], made["lines"][0]["need_id"]) == ([small], mine["id"], mine["id"])
    assert devices_of(offers(town, town.other_network)) == [big]
    assert len(town.network.get("/v1/catalogue").json()["items"]) == 1
    refused = town.other_network.post("/v1/reservations", {"device_ids": [small]})
    assert refused.json()["code"] == "not_available"
    move(town.network, made, "confirmed")
    calendar.pass_days(30)
    assert town.network.get(f"/v1/reservations/{made['id']}").json()["status"] == "confirmed"


def test_an_offer_let_go_or_left_lying_goes_to_the_next_and_never_back(any_town: Town, calendar: Calendar) -> None:
    town = any_town
    share(town, offer_hours=24)
    need(town.network, 3)
    calendar.pass_days(1)
    need(town.other_network, 3)
    wait_for_background(town.house)
    first, second = listed_devices(town, 2)
    declined, left = offers(town, town.network)
    move(town.network, declined, "cancelled")
    assert devices_of(offers(town, town.other_network)) == [first]
    calendar.pass_days(2)
    assert town.network.get(f"/v1/reservations/{left['id']}").json()["status"] == "expired"
    with transaction(town.house.database) as session:
        assert expire_holds(session) == 2
    assert devices_of(offers(town, town.other_network)) == [second]
    assert offers(town, town.network) == []
    assert status_of(town.lead, first) == "listed"
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()


def test_a_new_need_is_offered_what_is_listed_already(town: Town) -> None:
    share(town, offer_hours=24)
    there = listed_devices(town, 3)
    wait_for_background(town.house)
    need(town.network, 2)
    assert devices_of(offers(town, town.network)) == there[:2]


def test_a_flag_ends_an_offer_and_the_need_waits_again(town: Town) -> None:
    share(town, offer_hours=24)
    mine = need(town.network, 1)
    (device_id,) = listed_devices(town)
    assert devices_of(offers(town, town.network)) == [device_id]
    assert town.network.get(f"/v1/needs/{mine['id']}/place").json()["place"] is None
    flag = {"flag": "quarantine", "reason": "Batterie gonflée"}
    assert town.lead.post(f"/v1/devices/{device_id}/flags", flag).status_code == 201
    assert offers(town, town.network) == []
    assert town.network.get(f"/v1/needs/{mine['id']}/place").json()["place"] == 1


def test_many_devices_listed_while_needs_are_stated_are_each_offered_once(any_town: Town) -> None:
    town = any_town
    share(town, offer_hours=24)
    desks = [town.network, town.other_network]
    with ThreadPoolExecutor(4) as pool:
        stating = [pool.submit(need, desks[n % 2], 3) for n in range(4)]
        listing = [pool.submit(listed_devices, town, 5) for _ in range(2)]
        there = [one for job in listing for one in job.result()]
        assert len({job.result()["id"] for job in stating}) == 4
    wait_for_background(town.house)
    with reading(town.house.database) as session:
        lines = list(session.exec(select(ReservationLine).where(col(ReservationLine.live))))
        assert verify_history(session).breaks == ()
    assert sorted(str(line.device_id) for line in lines) == sorted(there)
    assert max(Counter(line.need_id for line in lines).values()) <= 3


def test_a_quota_binds_every_way_to_a_device(town: Town) -> None:
    share(town, offer_hours=24, quotas=[{"category": "laptop", "period": "month", "most": 2}])
    there = listed_devices(town, 4)
    by_name = town.network.post("/v1/reservations", {"device_ids": there[:3]})
    assert (by_name.status_code, by_name.json()["code"], by_name.json()["missing"]) == (409, "quota_reached", ["quota"])
    wish = {"category": "laptop", "quantity": 3}
    assert town.network.post("/v1/reservations", {"criteria": wish}).json()["code"] == "quota_reached"
    part = town.network.post("/v1/reservations", {"criteria": wish, "allow_partial": True})
    assert devices_of([part.json()]) == there[:2]
    again = town.network.post("/v1/reservations", {"criteria": wish, "allow_partial": True})
    assert again.json()["code"] == "quota_reached"
    need(town.network, 2)
    assert offers(town, town.network) == []
    other = reserved(town.other_network, there[2:])
    given = {"network_id": str(town.network.organisation_id), "reason": "Urgence"}
    refused = town.region.post(f"/v1/reservations/{other['id']}/reassignments", given)
    assert refused.json()["code"] == "quota_reached"
    assert town.other_network.get(f"/v1/reservations/{other['id']}").json() == other
    assert (
        listed_devices(town, category="monitor")[0]
        == devices_of(
            [town.network.post("/v1/reservations", {"criteria": {"category": "monitor", "quantity": 1}}).json()]
        )[0]
    )


def test_a_quota_counts_what_went_home_and_begins_anew_with_its_period(town: Town, calendar: Calendar) -> None:
    mine = {"network_id": str(town.network.organisation_id), "period": "month", "most": 1}
    share(town, quotas=[mine])
    first, second = listed_devices(town, 2)
    handed_over(town.network, reserved(town.network, [first]))
    assert town.network.post("/v1/reservations", {"device_ids": [second]}).json()["code"] == "quota_reached"
    calendar.pass_days(31)
    reserved(town.network, [second])
    assert town.network.get("/v1/sharing-rules").json()["quotas"] == [{**mine, "category": None}]
    assert town.other_network.get("/v1/sharing-rules").json()["quotas"] == []


def test_two_requests_at_once_do_not_share_what_a_quota_leaves(any_town: Town) -> None:
    share(any_town, quotas=[{"period": "year", "most": 3}])
    there = listed_devices(any_town, 8)

    def ask(device_id: str) -> int:
        return any_town.network.post("/v1/reservations", {"device_ids": [device_id]}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(ask, there)) == {201: 3, 409: 5}


def test_only_a_territory_sets_the_rules_and_only_for_its_own_networks(town: Town) -> None:
    for desk in (town.network, town.lead, town.operator, town.company):
        assert desk.post("/v1/sharing-rules", {}).status_code == 403
    stray = {"network_id": str(town.stranger.organisation_id), "period": "month", "most": 1}
    refused = town.region.post("/v1/sharing-rules", {"quotas": [{"period": "year", "most": 9}, stray]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/quotas/1/network_id")
    assert town.region.get("/v1/sharing-rules").json()["quotas"] == []
    for wrong in ({"offer_hours": 0}, {"quotas": [{"period": "week", "most": 1}]}, {"quotas": [{"period": "year"}]}):
        assert town.region.post("/v1/sharing-rules", wrong).status_code == 400


def test_a_hold_is_extended_once_and_an_offer_never(town: Town, calendar: Calendar) -> None:
    made = reserved(town.network, listed_devices(town))
    path = f"/v1/reservations/{made['id']}/extensions"
    assert town.other_network.post(path).status_code == 404
    assert town.region.post(path).status_code == 403
    assert town.network.post(path, headers={"If-Match": '"4"'}).status_code == 412
    longer = town.network.post(path, headers={"If-Match": '"1"'}).json()
    assert longer["expires_at"] > made["expires_at"]
    assert (longer["version"], longer["status"]) == (2, "held")
    assert town.network.post(path).json()["code"] == "extended_already"
    calendar.pass_days(4)
    assert town.network.get(f"/v1/reservations/{made['id']}").json()["status"] == "held"
    calendar.pass_days(4)
    assert town.network.post(path).json()["code"] == "move_not_allowed"
    share(town, offer_hours=24)
    need(town.network, 1)
    listed_devices(town)
    (offer,) = offers(town, town.network)[:1]
    assert town.network.post(f"/v1/reservations/{offer['id']}/extensions").json()["code"] == "offer_not_extended"


def test_a_territory_gives_a_reservation_to_another_network_and_says_why(town: Town) -> None:
    made = reserved(town.network, listed_devices(town, 2))
    path = f"/v1/reservations/{made['id']}/reassignments"
    wish = {"network_id": str(town.other_network.organisation_id), "reason": "Foyer sinistré"}
    for desk in (town.network, town.other_network, town.lead, town.operator):
        assert desk.post(path, wish).status_code in {403, 404}
    assert town.region.post(path, {"network_id": wish["network_id"]}).status_code == 400
    for nobody in (town.network, town.stranger, town.lead):
        refused = town.region.post(path, {**wish, "network_id": str(nobody.organisation_id)})
        assert refused.json()["code"] == "unknown_network"
    given = town.region.post(path, wish)
    assert given.status_code == 201, given.text
    assert sorted(devices_of([given.json()])) == sorted(devices_of([made]))
    assert given.json()["network_id"] == wish["network_id"]
    old = town.network.get(f"/v1/reservations/{made['id']}").json()
    assert (old["status"], {line["state"] for line in old["lines"]}) == ("cancelled", {"reassigned"})
    for device_id in devices_of([made]):
        assert town.network.get(f"/v1/devices/{device_id}").status_code == 404
        assert status_of(town.other_network, device_id) == "reserved"
    assert town.region.post(path, wish).json()["code"] == "move_not_allowed"
    with reading(town.house.database) as session:
        last = history_of(session, "reservation", UUID(made["id"]))[-1]
        assert last.data == {"reason": "Foyer sinistré", "reassigned_to": wish["network_id"]}
        assert verify_history(session).breaks == ()
        assert len(list(session.exec(select(Reservation.id)))) == 2
