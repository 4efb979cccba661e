"""Reservations through the doors: what is kept, for whom, until when, and how it comes free again."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from makers import Desk, Town, make_key, make_organisation, make_territory
from makers_distribution import listed_devices, made_ready_again, offered, ready_devices, reserved, status_of
from reuse import clock
from reuse.history.queries import history_of, verify_history
from reuse.people.rules import Activity
from reuse.reservations.actions.lines import expire_holds, release_device
from reuse.transactions import reading, transaction
from workers import notices


def wait_until(is_so: Callable[[], bool], *, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.02)


def later(monkeypatch: pytest.MonkeyPatch, **more: float) -> None:
    """Let time pass."""
    shift, source = timedelta(**more), clock.source
    monkeypatch.setattr(clock, "source", lambda: source() + shift)


def ask(desk: Desk, **body: Any) -> Any:
    return desk.post("/v1/reservations", body)


def wish(quantity: int, **more: Any) -> dict[str, Any]:
    return {"category": "laptop", "quantity": quantity, **more}


def move(desk: Desk, reservation: dict[str, Any], to: str, **more: Any) -> Any:
    return desk.post(f"/v1/reservations/{reservation['id']}/moves", {"to": to}, **more)


def lines(reservation: dict[str, Any]) -> dict[str, str]:
    return {line["device_id"]: line["state"] for line in reservation["lines"]}


def test_a_network_reserves_devices_at_the_price_they_were_offered_for(town: Town) -> None:
    wanted = listed_devices(town, 2)
    answer = ask(town.network, device_ids=wanted)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["status"] == "held"
    assert made["number"].startswith("RES-")
    assert [line["device_id"] for line in made["lines"]] == wanted
    assert {line["price"]["amount_minor"] for line in made["lines"]} == {16000}
    assert answer.headers["ETag"] == '"1"'
    for device_id in wanted:
        device = town.network.get(f"/v1/devices/{device_id}").json()
        assert (device["status"], device["network_id"]) == ("reserved", str(town.network.organisation_id))
        assert town.other_network.get(f"/v1/devices/{device_id}").status_code == 404
    assert town.other_network.get("/v1/catalogue").json()["items"] == []
    assert town.network.get(f"/v1/reservations/{made['id']}").json() == made


def test_what_cannot_be_had_is_named_and_nothing_is_reserved(town: Town) -> None:
    taken, free, unlisted = *listed_devices(town, 2), ready_devices(town)[0]
    reserved(town.other_network, [taken])
    unknown = "01990000-0000-7000-8000-000000000000"
    refused = ask(town.network, device_ids=[taken, free, unlisted, unknown])
    assert (refused.status_code, refused.json()["code"]) == (409, "not_available")
    places = [fault["pointer"] for fault in refused.json()["errors"]]
    assert places == ["/device_ids/0", "/device_ids/2", "/device_ids/3"]
    assert status_of(town.network, free) == "listed"
    assert town.network.get("/v1/reservations").json()["items"] == []
    part = ask(town.network, device_ids=[taken, free, unlisted, unknown], allow_partial=True)
    assert (part.status_code, list(lines(part.json()))) == (201, [free])
    assert ask(town.network, device_ids=[taken, unknown], allow_partial=True).status_code == 409


def test_naming_a_device_twice_reserves_it_once(town: Town) -> None:
    (device_id,) = listed_devices(town)
    assert len(reserved(town.network, [device_id, device_id])["lines"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"device_ids": []},
        {"device_ids": ["x"]},
        {"device_ids": ["01990000-0000-7000-8000-000000000000"], "criteria": {"category": "laptop", "quantity": 1}},
        {"criteria": {"category": "fridge", "quantity": 1}},
        {"criteria": {"category": "laptop", "quantity": 0}},
        {"criteria": {"category": "laptop", "quantity": 1, "min_ram_gb": 10**30}},
        {"criteria": {"category": "laptop", "quantity": 1, "colour": "red"}},
    ],
)
def test_a_reservation_that_says_not_what_is_refused(town: Town, body: dict[str, Any]) -> None:
    assert town.network.post("/v1/reservations", body).status_code == 400


def test_only_networks_reserve(town: Town) -> None:
    wanted = listed_devices(town)
    for desk in (town.lead, town.technician, town.region, town.company, town.operator):
        assert ask(desk, device_ids=wanted).status_code == 403
        assert ask(desk, criteria=wish(1)).status_code == 403


def test_a_network_of_another_territory_gets_nothing(town: Town) -> None:
    wanted = listed_devices(town)
    away = make_territory(town.house, "Montagne")
    far = make_organisation(town.house, "Réseau des Cimes", Activity.network, territory_id=away.id)
    desk = Desk(town.client, make_key(town.house, far), far.id)
    assert ask(desk, device_ids=wanted).status_code == 409
    assert ask(desk, criteria=wish(1)).status_code == 409


def test_by_criteria_those_listed_longest_are_taken_first(town: Town) -> None:
    young, old = ready_devices(town, 2)
    offered(town, [old, young])
    listed_devices(town, category="monitor")
    made = ask(town.network, criteria=wish(1)).json()
    assert list(lines(made)) == [old]
    assert made["criteria"]["quantity"] == 1


def test_criteria_on_memory_price_and_grade_are_met_or_nothing_is_reserved(town: Town) -> None:
    listed_devices(town, ram_gb=4, score=30)
    good = listed_devices(town, 2, ram_gb=16, score=70, grade="A")
    listed_devices(town, ram_gb=16, score=95, grade="A")
    fitting = wish(3, min_ram_gb=8, max_price_minor=13000, grade="A")
    refused = ask(town.network, criteria=fitting)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_available")
    part = ask(town.network, criteria=fitting, allow_partial=True)
    assert list(lines(part.json())) == good
    assert ask(town.network, criteria=fitting, allow_partial=True).status_code == 409


def test_a_confirmed_reservation_does_not_expire(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    made = reserved(town.network, listed_devices(town))
    answer = move(town.network, made, "confirmed", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["status"], answer.json()["version"]) == (200, "confirmed", 2)
    later(monkeypatch, days=30)
    assert town.network.get(f"/v1/reservations/{made['id']}").json()["status"] == "confirmed"
    assert ask(town.other_network, device_ids=list(lines(made))).status_code == 409


def test_a_cancelled_reservation_offers_its_devices_again(town: Town) -> None:
    made = reserved(town.network, listed_devices(town, 2))
    answer = move(town.network, made, "cancelled")
    assert answer.json()["status"] == "cancelled"
    assert set(lines(answer.json()).values()) == {"cancelled"}
    for device_id in lines(made):
        device = town.lead.get(f"/v1/devices/{device_id}").json()
        assert (device["status"], device["network_id"]) == ("listed", None)
    assert move(town.network, made, "confirmed").json()["code"] == "move_not_allowed"
    reserved(town.other_network, list(lines(made)))


def test_moves_of_a_reservation_are_for_its_network_and_its_present_version(town: Town) -> None:
    made = reserved(town.network, listed_devices(town))
    assert move(town.other_network, made, "cancelled").status_code == 404
    assert move(town.lead, made, "cancelled").status_code == 403
    assert move(town.region, made, "cancelled").status_code == 403
    assert move(town.network, made, "confirmed", headers={"If-Match": '"7"'}).status_code == 412
    for to in ("held", "expired", "handed_over"):
        assert move(town.network, made, to).status_code == 409
    assert move(town.network, made, "gone").status_code == 400
    assert town.network.get(f"/v1/reservations/{made['id']}").json()["status"] == "held"


def test_reservations_are_seen_by_their_network_the_devices_workshop_and_the_territory(town: Town) -> None:
    made = reserved(town.network, listed_devices(town))
    path = f"/v1/reservations/{made['id']}"
    for desk in (town.network, town.lead, town.region, town.operator):
        assert desk.get(path).json()["lines"] == made["lines"]
        assert [one["id"] for one in desk.get("/v1/reservations").json()["items"]] == [made["id"]]
    for desk in (town.other_network, town.company, town.stranger):
        assert desk.get(path).status_code == 404
        assert desk.get("/v1/reservations").json()["items"] == []


def test_a_hold_that_is_over_is_expired_by_the_clock_and_its_devices_go_to_who_asks_next(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = reserved(town.network, listed_devices(town, 2))
    first, second = lines(made)
    later(monkeypatch, hours=73)
    path = f"/v1/reservations/{made['id']}"
    assert town.network.get(path).json()["status"] == "expired"
    assert [one["id"] for one in town.network.get("/v1/reservations?status=expired").json()["items"]] == [made["id"]]
    assert town.network.get("/v1/reservations?status=held").json()["items"] == []
    assert move(town.network, made, "confirmed").status_code == 409
    assert list(lines(reserved(town.other_network, [first]))) == [first]
    assert status_of(town.lead, second) == "listed"
    assert set(lines(town.network.get(path).json()).values()) == {"expired"}
    assert list(lines(ask(town.other_network, criteria=wish(1)).json())) == [second]


def test_criteria_too_find_the_devices_of_a_hold_that_is_over(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    made = reserved(town.network, listed_devices(town, 2))
    assert ask(town.other_network, criteria=wish(1)).status_code == 409
    later(monkeypatch, hours=73)
    assert lines(ask(town.other_network, criteria=wish(2)).json()).keys() == lines(made).keys()


def test_a_refusal_leaves_an_expired_hold_to_the_sweep(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    made = reserved(town.network, listed_devices(town))
    held = reserved(town.other_network, listed_devices(town))
    later(monkeypatch, hours=73)
    reserved(town.other_network, listed_devices(town))
    with transaction(town.house.database) as session:
        assert expire_holds(session) == 2
        assert expire_holds(session) == 0
    assert {status_of(town.lead, one) for one in (*lines(made), *lines(held))} == {"listed"}
    with reading(town.house.database) as session:
        assert history_of(session, "reservation", UUID(made["id"]))[-1].to_state == "expired"
        assert verify_history(session).breaks == ()


def test_a_flag_frees_the_reserved_device_and_tells_the_network(town: Town) -> None:
    made = reserved(town.network, listed_devices(town, 2))
    flagged, kept = lines(made)
    flag = {"flag": "quarantine", "reason": "Batterie gonflée"}
    assert town.lead.post(f"/v1/devices/{flagged}/flags", flag).status_code == 201
    path = f"/v1/reservations/{made['id']}"
    wait_until(lambda: lines(town.network.get(path).json())[flagged] == "released")
    told = town.network.get(path).json()
    assert lines(told) == {flagged: "released", kept: "live"}
    assert told["lines"][0]["reason"] == "flag: quarantine"
    assert (told["status"], told["version"]) == ("held", 2)
    assert town.lead.get(f"/v1/devices/{flagged}").json()["network_id"] is None
    assert town.network.get(f"/v1/devices/{flagged}").status_code == 404
    with reading(town.house.database) as session:
        last = history_of(session, "reservation", UUID(made["id"]))[-1]
        assert (last.verb, last.data) == ("device_released", {"device_id": flagged, "reason": "flag: quarantine"})
    town.lead.post(f"/v1/devices/{kept}/flags", flag)
    wait_until(lambda: town.network.get(path).json()["status"] == "cancelled")


def test_a_released_device_may_be_reserved_anew_before_its_old_line_was_ended(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release is a job: the device can be signed off, listed and reserved again before a worker has done it."""
    made = reserved(town.network, listed_devices(town))
    (device_id,) = lines(made)
    monkeypatch.setattr(notices, "release_device", lambda *_: False)
    town.lead.post(f"/v1/devices/{device_id}/flags", {"flag": "locked", "reason": "BIOS"})
    town.lead.ask("DELETE", f"/v1/devices/{device_id}/flags/locked?reason=ouvert")
    made_ready_again(town, device_id)
    offered(town, [device_id])
    again = reserved(town.other_network, [device_id])
    assert lines(town.network.get(f"/v1/reservations/{made['id']}").json()) == {device_id: "released"}
    assert town.network.get(f"/v1/reservations/{made['id']}").json()["status"] == "cancelled"
    with transaction(town.house.database) as session:
        assert release_device(session, UUID(device_id)) is False
    assert town.other_network.get(f"/v1/reservations/{again['id']}").json() == again
    assert status_of(town.other_network, device_id) == "reserved"


def test_release_leaves_a_reservation_alone_that_still_stands(town: Town) -> None:
    made = reserved(town.network, listed_devices(town))
    (device_id,) = lines(made)
    with transaction(town.house.database) as session:
        assert release_device(session, UUID(device_id)) is False
        assert release_device(session, UUID(int=7)) is False
    assert town.network.get(f"/v1/reservations/{made['id']}").json() == made


def test_needs_are_seen_by_their_network_and_by_the_territory(town: Town) -> None:
    stated = town.network.post(
        "/v1/needs",
        {"category": "laptop", "quantity": 10, "min_ram_gb": 8, "before": "2027-01-31", "purpose": "Aide aux devoirs"},
    )
    assert stated.status_code == 201, stated.text
    assert stated.json()["before"] == "2027-01-31"
    assert town.other_network.post("/v1/needs", {"category": "monitor", "quantity": 2}).status_code == 201

    def seen(desk: Desk, query: str = "") -> list[str]:
        return [one["category"] for one in desk.get(f"/v1/needs{query}").json()["items"]]

    assert seen(town.network) == ["laptop"]
    assert seen(town.other_network) == ["monitor"]
    assert seen(town.region) == ["laptop", "monitor"]
    assert seen(town.region, "?category=monitor") == ["monitor"]
    assert seen(town.company) == []
    assert town.lead.post("/v1/needs", {"category": "laptop", "quantity": 1}).status_code == 403
    for wrong in ({"category": "fridge", "quantity": 1}, {"category": "laptop", "quantity": 0}, {"quantity": 1}):
        assert town.network.post("/v1/needs", wrong).status_code == 400


def test_numbers_run_within_each_network(town: Town) -> None:
    one, two, other = listed_devices(town, 3)
    numbers = [reserved(town.network, [one])["number"], reserved(town.network, [two])["number"]]
    assert [number[-6:] for number in numbers] == ["000001", "000002"]
    assert reserved(town.other_network, [other])["number"][-6:] == "000001"
