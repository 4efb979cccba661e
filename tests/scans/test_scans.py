"""Scans through the door: each is answered by itself, none is done twice, none breaks another."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from makers import Desk, Town
from makers_distribution import listed_devices, reserved
from reuse import clock
from reuse.devices.actions.identity import NewDevice, add_devices, mint_label_codes
from reuse.devices.rules import Status
from reuse.history.queries import verify_history
from reuse.history.rules import SYSTEM
from reuse.scans.actions import batch as batches
from reuse.transactions import in_transaction, reading


def declare(town: Town, count: int = 1, **more: Any) -> list[tuple[UUID, str]]:
    """Devices that a donor declared to the workshop, each with its printed label; as (id, label code)."""
    facts = {
        "category": "laptop",
        "status": Status.declared,
        "territory_id": _territory(town),
        "workshop_id": town.technician.organisation_id,
        "donor_id": town.council.organisation_id,
        **more,
    }

    def make(session: Any) -> list[tuple[UUID, str]]:
        devices = add_devices(session, SYSTEM, [NewDevice(**facts) for _ in range(count)])
        codes = mint_label_codes(session, SYSTEM, devices)
        return [(device.id, codes[device.id].value) for device in devices]

    return in_transaction(town.house.database, make)


def _territory(town: Town) -> UUID:
    return UUID(town.technician.get("/v1/me").json()["organisation"]["territory_id"])


def a_scan(code: str, action: str = "receive", **more: Any) -> dict[str, Any]:
    return {"id": str(clock.new_id()), "code": code, "action": action, "at": "2026-03-01T09:00:00Z", **more}


def send(desk: Desk, *scans: Any) -> list[dict[str, Any]]:
    answer = desk.post("/v1/scans", json={"scans": list(scans)})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def look_at(town: Town, device_id: UUID) -> dict[str, Any]:
    return town.lead.get(f"/v1/devices/{device_id}").json()


def test_a_label_scanned_on_arrival_receives_its_device(town: Town) -> None:
    [(device_id, code)] = declare(town)
    [result] = send(town.technician, a_scan(code.lower().replace("-", "")))
    assert (result["outcome"], result["device_id"], result["status"]) == ("applied", str(device_id), "received")
    assert result["next_steps"][0]["step"] == "start_work"
    device = look_at(town, device_id)
    assert device["milestones"]["labelled"]["by"] == "tech-1"
    assert device["custody_since"] is not None


def test_a_whole_address_from_a_label_is_a_code(town: Town) -> None:
    [(_, code)] = declare(town)
    [result] = send(town.technician, a_scan(f"https://reemploi.example/d/{code}"))
    assert result["outcome"] == "applied"


def test_a_serial_number_receives_without_proving_the_label(town: Town) -> None:
    [(device_id, _)] = declare(town, serial="PF3KD0X1")
    [result] = send(town.technician, a_scan("pf3kd0x1"))
    assert result["outcome"] == "applied"
    assert result["next_steps"][0]["step"] == "label"
    assert look_at(town, device_id)["milestones"]["labelled"] is None


def test_the_same_scan_again_is_a_duplicate_with_the_first_answer(town: Town) -> None:
    [(device_id, code)] = declare(town)
    once = a_scan(code)
    [first] = send(town.technician, once)
    send(town.technician, a_scan(code, "start_work"))
    [again] = send(town.technician, once)
    assert again["outcome"] == "duplicate"
    assert (again["device_id"], again["status"]) == (first["device_id"], "received")
    assert look_at(town, device_id)["status"] == "in_workshop"


def test_the_same_scan_twice_in_one_batch_is_done_once(town: Town) -> None:
    [(_, code)] = declare(town)
    once = a_scan(code)
    assert [one["outcome"] for one in send(town.technician, once, once)] == ["applied", "duplicate"]


def test_a_scan_id_cannot_stand_for_another_scan(town: Town) -> None:
    [(_, one), (_, other)] = declare(town, 2)
    scan = a_scan(one)
    send(town.technician, scan)
    [result] = send(town.technician, {**scan, "code": other})
    assert (result["outcome"], result["problem"]["code"]) == ("conflict", "scan_id_reused")


def test_a_refused_scan_may_succeed_later_under_its_own_id(town: Town) -> None:
    [(_, code)] = declare(town)
    early = a_scan(code, "start_work")
    assert send(town.technician, early)[0]["outcome"] == "conflict"
    send(town.technician, a_scan(code))
    assert send(town.technician, early)[0]["outcome"] == "applied"


def test_one_device_goes_through_several_scans_of_a_batch_in_order(town: Town) -> None:
    [(device_id, code)] = declare(town)
    results = send(
        town.technician,
        a_scan(code),
        a_scan(code, "locate", data={"location": "A-12"}),
        a_scan(code, "start_work"),
        a_scan(code, "look"),
    )
    assert [one["status"] for one in results] == ["received", "received", "in_workshop", "in_workshop"]
    device = look_at(town, device_id)
    assert (device["status"], device["location"]) == ("in_workshop", "A-12")


def test_looking_changes_nothing_and_is_remembered(town: Town) -> None:
    [(device_id, code)] = declare(town)
    before = look_at(town, device_id)
    glance = a_scan(code, "look")
    assert send(town.technician, glance)[0]["outcome"] == "applied"
    assert look_at(town, device_id) == before
    assert send(town.technician, glance)[0]["outcome"] == "duplicate"


def test_bad_scans_hinder_no_other_of_their_batch(town: Town) -> None:
    [(device_id, code)] = declare(town)
    results = send(
        town.technician,
        a_scan("NOBODY-KNOWS-ME"),
        {"id": "not-a-uuid", "code": code, "action": "receive", "at": "2026-03-01T09:00:00Z"},
        a_scan(code, "juggle"),
        a_scan(code, at="2026-03-01T09:00:00"),
        a_scan(code, at=1772355600),
        a_scan(code, "locate"),
        a_scan(code, "look", data={"note": "\u0000"}),
        "nonsense",
        a_scan(code, colour="red"),
        a_scan(code, "hand_over_check"),
        a_scan(code),
    )
    assert [one["outcome"] for one in results] == [
        *["refused"] * 9,
        "conflict",
        "applied",
    ]
    codes = [one["problem"]["code"] for one in results[:10]]
    assert codes == [
        "unknown_code",
        "invalid",
        "unknown_action",
        "invalid",
        "invalid",
        "location",
        "invalid",
        "invalid",
        "invalid",
        "not_reserved",
    ]
    assert results[1]["problem"]["errors"][0]["pointer"] == "/scans/1/id"
    assert results[5]["problem"]["errors"][0]["pointer"] == "/scans/5/data/location"
    assert "receive" in results[2]["problem"]["detail"]
    assert look_at(town, device_id)["status"] == "received"


@pytest.mark.parametrize(
    "body", [{}, {"scans": []}, {"scans": "x"}, {"scans": [{}] * 501}, {"scans": [{}], "x": 1}, []]
)
def test_another_shape_than_a_list_of_scans_is_no_request(town: Town, body: Any) -> None:
    answer = town.technician.post("/v1/scans", json=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"


def test_a_number_that_two_devices_share_is_told_and_never_guessed(town: Town) -> None:
    [(one, label)] = declare(town, serial="SAME-1")
    [(other, _)] = declare(town, serial="SAME-1")
    [result] = send(town.technician, a_scan("same1"))
    assert (result["outcome"], result["problem"]["code"]) == ("refused", "ambiguous")
    assert sorted(result["problem"]["candidates"]) == sorted([str(one), str(other)])
    assert send(town.technician, a_scan(label))[0]["outcome"] == "applied"


def test_an_odd_time_is_warned_about_and_kept(town: Town) -> None:
    [(device_id, code)] = declare(town)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    [result] = send(town.technician, a_scan(code, at=tomorrow))
    assert (result["outcome"], result["warning"]) == ("applied", "at_in_the_future")
    assert datetime.fromisoformat(look_at(town, device_id)["custody_since"]) <= datetime.now(UTC)
    moved = town.lead.get(f"/v1/devices/{device_id}/history").json()["items"][-2]
    assert datetime.fromisoformat(moved["at"]) == datetime.fromisoformat(tomorrow)
    [old] = send(town.technician, a_scan(code, "look", at="2001-01-01T00:00:00+01:00"))
    assert (old["outcome"], old["warning"]) == ("applied", "at_long_ago")


def test_a_scan_of_a_received_device_is_a_conflict_but_its_first_label_scan_is_not(town: Town) -> None:
    [(device_id, code)] = declare(town, serial="PF99")
    send(town.technician, a_scan("PF99"))
    assert send(town.technician, a_scan(code))[0]["outcome"] == "applied"
    assert look_at(town, device_id)["milestones"]["labelled"] is not None
    [again] = send(town.technician, a_scan(code))
    assert (again["outcome"], again["problem"]["code"]) == ("conflict", "move_not_allowed")


def test_a_donor_scans_nothing_and_a_stranger_workshop_finds_nothing(town: Town) -> None:
    declare(town)
    assert town.council.post("/v1/scans", json={"scans": [a_scan("X")]}).status_code == 403
    [(_, code)] = declare(town, workshop_id=town.company.organisation_id)
    assert send(town.technician, a_scan(code))[0]["problem"]["code"] == "unknown_code"


def label_of(town: Town, device_id: str) -> str:
    codes = town.lead.get(f"/v1/devices/{device_id}").json()["codes"]
    return next(code["value"] for code in codes if code["kind"] == "label")


def test_a_network_checks_out_the_devices_it_holds_and_no_others(town: Town) -> None:
    mine, held_back = listed_devices(town, 2)
    reserved(town.network, [mine, held_back])
    [(_, elsewhere)] = declare(town)
    code = label_of(town, mine)
    results = send(
        town.network,
        a_scan(code, "look"),
        a_scan(code, "locate", data={"location": "Réserve"}),
        a_scan(code, "hand_over_check"),
        a_scan(code, "start_work"),
        a_scan(elsewhere, "look"),
    )
    assert [one["outcome"] for one in results] == ["applied", "applied", "applied", "refused", "refused"]
    assert [one["problem"]["code"] for one in results[3:]] == ["role_missing", "unknown_code"]


def test_a_device_that_was_flagged_after_its_reservation_is_not_checked_out(town: Town) -> None:
    [device_id] = listed_devices(town)
    reserved(town.network, [device_id])
    code = label_of(town, device_id)
    flag = {"flag": "legal_hold", "reason": "police"}
    assert town.lead.post(f"/v1/devices/{device_id}/flags", flag).status_code == 201
    [held] = send(town.lead, a_scan(code, "hand_over_check"))
    assert (held["outcome"], held["problem"]["missing"]) == ("conflict", ["reservation"])


def test_a_wrong_scan_is_undone_by_its_author_as_a_correcting_record(town: Town) -> None:
    [(device_id, code)] = declare(town)
    wrong = a_scan(code)
    send(town.technician, wrong)
    undo = a_scan(code, "undo", data={"scan_id": wrong["id"]})
    [by_another] = send(town.lead, undo)
    assert (by_another["outcome"], by_another["problem"]["code"]) == ("refused", "unknown_scan")
    [result] = send(town.technician, undo)
    assert (result["outcome"], result["status"]) == ("applied", "declared")
    device = look_at(town, device_id)
    assert (device["status"], device["custody_since"], device["milestones"]["labelled"]) == ("declared", None, None)
    verbs = [one["verb"] for one in town.lead.get(f"/v1/devices/{device_id}/history").json()["items"]]
    assert verbs == ["declared", "code_bound", "received", "milestone_met", "scan_undone", "milestone_withdrawn"]


def test_a_scan_cannot_be_undone_after_another_or_after_ten_minutes(town: Town, monkeypatch: Any) -> None:
    [(_, code), (_, late)] = declare(town, 2)
    wrong, slow = a_scan(code), a_scan(late)
    send(town.technician, wrong, slow, a_scan(code, "start_work"))
    [result] = send(town.technician, a_scan(code, "undo", data={"scan_id": wrong["id"]}))
    assert (result["outcome"], result["problem"]["code"]) == ("conflict", "undo_not_possible")
    monkeypatch.setattr(clock, "source", lambda: datetime.now(UTC) + timedelta(minutes=11))
    [result] = send(town.technician, a_scan(late, "undo", data={"scan_id": slow["id"]}))
    assert (result["outcome"], result["problem"]["code"]) == ("conflict", "undo_too_late")


def test_many_stations_at_once_are_each_answered_and_the_history_holds(town: Town) -> None:
    devices = declare(town, 40)
    barrier = threading.Barrier(8)

    def station(number: int) -> list[str]:
        barrier.wait()
        return [send(town.technician, a_scan(code))[0]["outcome"] for _, code in devices[number % 4 :: 4]]

    with ThreadPoolExecutor(8) as pool:
        outcomes = [outcome for found in pool.map(station, range(8)) for outcome in found]
    assert sorted(outcomes) == ["applied"] * 40 + ["conflict"] * 40
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()


def test_one_scan_sent_twice_at_once_is_done_once(town: Town) -> None:
    scans = [a_scan(code) for _, code in declare(town, 10)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: send(town.technician, *scans), range(4)))
    for outcomes in zip(*[[one["outcome"] for one in answer] for answer in answers], strict=True):
        assert sorted(outcomes) == ["applied", "duplicate", "duplicate", "duplicate"]


def test_where_writing_together_fails_each_scan_is_written_by_itself(town: Town, monkeypatch: Any) -> None:
    [(good, one), (bad, other)] = declare(town, 2)
    real = batches.change_devices

    def spoiled(session: Any, actor: Any, changes: Any) -> None:
        real(session, actor, changes)
        if any(change.device.id == bad for change in changes):
            session.execute(text("INSERT INTO device (id) VALUES (NULL)"))

    monkeypatch.setattr(batches, "change_devices", spoiled)
    results = send(town.technician, a_scan(one), a_scan(other))
    assert [result["outcome"] for result in results] == ["applied", "refused"]
    assert results[1]["problem"]["code"] == "not_stored"
    assert (look_at(town, good)["status"], look_at(town, bad)["status"]) == ("received", "declared")


def test_a_defect_is_met_only_by_the_request_that_caused_it_and_the_line_goes_on(town: Town, monkeypatch: Any) -> None:
    devices = declare(town, 12)
    poison = devices[0][1]
    real = batches._choose

    def broken(entry: Any, found: Any) -> None:
        if entry.scan.code == poison:
            raise RuntimeError("a defect")
        real(entry, found)

    monkeypatch.setattr(batches, "_choose", broken)
    with ThreadPoolExecutor(12) as pool:
        answers = list(
            pool.map(lambda one: town.technician.post("/v1/scans", json={"scans": [a_scan(one[1])]}), devices)
        )
    assert [answer.status_code for answer in answers] == [500] + [200] * 11
    monkeypatch.undo()
    assert send(town.technician, a_scan(poison))[0]["outcome"] == "applied"


def test_listing_by_scan_is_the_leads_and_meets_the_same_gates(town: Town) -> None:
    [(_, code)] = declare(town)
    send(town.technician, a_scan(code))
    [result] = send(town.technician, a_scan(code, "list"))
    assert (result["outcome"], result["problem"]["code"]) == ("refused", "role_missing")
    [result] = send(town.lead, a_scan(code, "list"))
    assert (result["outcome"], result["status"]) == ("conflict", "received")


def test_titles_of_steps_come_in_the_language_asked_for(town: Town) -> None:
    [(_, code)] = declare(town)
    french, english = (
        town.technician.post("/v1/scans", json={"scans": [a_scan(code, "look")]}, headers=headers).json()
        for headers in ({}, {"Accept-Language": "en-GB,en;q=0.9"})
    )
    assert french["results"][0]["next_steps"][1]["title"] == "Scanner à l'arrivée"
    assert english["results"][0]["next_steps"][1]["title"] == "Scan it on arrival"
