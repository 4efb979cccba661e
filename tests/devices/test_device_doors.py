"""The doors where people work on one device: intake, moves, flags, codes, media, history."""

from typing import Any
from uuid import UUID

import pytest

from makers import Desk, Town
from reuse.devices.actions.milestones import set_milestone
from reuse.devices.actions.moves import move_device
from reuse.devices.models import Device
from reuse.devices.rules import Milestone, Status, mint_code
from reuse.history.rules import SYSTEM
from reuse.transactions import in_transaction


def take_in(desk: Desk, **more: Any) -> dict[str, Any]:
    answer = desk.post("/v1/devices", json={"category": "laptop", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def move(desk: Desk, device: dict[str, Any], to: str, **more: Any) -> Any:
    return desk.post(f"/v1/devices/{device['id']}/moves", json={"to": to, **more})


def put(town: Town, device: dict[str, Any], *statuses: Status, **columns: Any) -> None:
    """Move the device where only a resource of a later stage could."""

    def walk(session: Any) -> None:
        row = session.get(Device, UUID(device["id"]))
        for status in statuses:
            move_device(session, SYSTEM, row, status, **columns)

    in_transaction(town.house.database, walk)


def approve(town: Town, device: dict[str, Any]) -> None:
    in_transaction(
        town.house.database,
        lambda session: set_milestone(session, SYSTEM, session.get(Device, UUID(device["id"])), Milestone.approved),
    )


# Intake --------------------------------------------------------------------------------------------------------------


def test_a_device_that_nobody_declared_is_received_with_what_is_known(town: Town) -> None:
    device = take_in(town.technician, code="ABC/1234", serial="PF0ABC12", manufacturer="Lenovo", model="T14")
    assert device["status"] == "received"
    assert device["custody_since"] is not None
    assert {"kind": "external", "value": "ABC/1234", "live": True} in device["codes"]
    assert device["next_steps"][0] == {"step": "label", "title": "Peser, coller l'étiquette, la scanner"}
    assert town.technician.get(f"/v1/devices/{device['id']}").json() == device


def test_a_blank_label_is_claimed_once_and_being_on_the_device_was_scanned(town: Town) -> None:
    label = mint_code()
    device = take_in(town.technician, code=label.lower().replace("-", ""))
    assert device["milestones"]["labelled"]["by"] == "tech-1"
    again = town.technician.post("/v1/devices", json={"category": "laptop", "code": label})
    assert (again.status_code, again.json()["code"]) == (409, "label_taken")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"category": "toaster"}, "/category"),
        ({"category": "laptop", "serial": "To be filled by O.E.M."}, "/serial"),
        ({"category": "laptop", "serial": "AB\u0007CD"}, "/serial"),
        ({"category": "laptop", "code": "---"}, "/value"),
        ({"category": "laptop", "colour": "red"}, "/colour"),
        ({"category": "laptop", "donation_id": "0197f000-0000-7000-8000-000000000000"}, "/donation_id"),
    ],
)
def test_an_intake_that_says_nonsense_is_refused_at_its_place(town: Town, body: dict[str, Any], pointer: str) -> None:
    answer = town.technician.post("/v1/devices", json=body)
    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_only_the_workshop_floor_takes_in(town: Town) -> None:
    for desk in (town.council, town.network, town.region, town.data_security):
        assert desk.post("/v1/devices", json={"category": "laptop"}).status_code == 403


# Moves ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["ready", "listed", "reserved", "handed_over", "returned"])
def test_a_status_that_a_resource_gives_is_reached_by_no_move(town: Town, to: str) -> None:
    answer = move(town.lead, take_in(town.technician), to)
    assert (answer.status_code, answer.json()["code"]) == (409, "by_resource")
    assert answer.json()["missing"]


def test_a_move_to_ready_tells_every_milestone_that_is_missing(town: Town) -> None:
    missing = move(town.lead, take_in(town.technician), "ready").json()["missing"]
    assert {"labelled", "captured", "sanitized", "unlocked", "tested", "graded"} <= set(missing)


def test_back_to_the_shelf_needs_the_lead_and_a_reason(town: Town) -> None:
    device = take_in(town.technician)
    assert move(town.technician, device, "in_workshop").json()["status"] == "in_workshop"
    assert move(town.technician, device, "received", reason="no part").status_code == 403
    assert move(town.lead, device, "received").status_code == 400
    assert move(town.lead, device, "received", reason="no part").json()["status"] == "received"


def test_what_leaves_as_waste_leaves_with_its_slip(town: Town) -> None:
    device = take_in(town.technician)
    waste = {
        "mass_grams": 2300,
        "waste_code": "16 02 14",
        "destination": "Recyclage du Nord",
        "treatment": "R4",
        "slip": "BSD-1",
    }
    assert move(town.technician, device, "refused", waste=waste).status_code == 400
    gone = move(town.technician, device, "recycled", reason="screen and board broken", waste=waste).json()
    assert (gone["status"], gone["mass_grams"], gone["next_steps"]) == ("recycled", 2300, [])
    last = town.lead.get(f"/v1/devices/{device['id']}/history").json()["items"][-1]
    assert last["data"]["waste"] == {**waste, "destination_siret": None, "hazardous": False}


def test_a_move_on_a_stale_view_is_refused(town: Town) -> None:
    device = take_in(town.technician)
    fresh = {"If-Match": f'"{device["version"]}"'}
    path = f"/v1/devices/{device['id']}/moves"
    assert town.technician.post(path, json={"to": "in_workshop"}, headers=fresh).status_code == 200
    assert town.technician.post(path, json={"to": "parts"}, headers=fresh).status_code == 412


def test_a_device_sent_back_to_work_needs_a_new_sign_off(town: Town) -> None:
    device = take_in(town.technician)
    put(town, device, Status.in_workshop)
    approve(town, device)
    put(town, device, Status.ready)
    back = move(town.technician, device, "in_workshop", reason="fan is loud").json()
    assert (back["status"], back["milestones"]["approved"]) == ("in_workshop", None)
    assert back["next_steps"][-1]["step"] == "approve"


def test_another_workshops_device_is_not_there(town: Town) -> None:
    device = take_in(town.technician)
    for desk in (town.stranger, town.other_network, town.company):
        assert desk.get(f"/v1/devices/{device['id']}").status_code == 404
    assert move(town.council, device, "in_workshop").status_code == 403


# Flags ---------------------------------------------------------------------------------------------------------------


def test_a_flag_holds_a_device_back_until_it_is_lifted_with_a_reason(town: Town) -> None:
    device = take_in(town.technician)
    path = f"/v1/devices/{device['id']}/flags"
    flagged = town.technician.post(path, json={"flag": "damaged_battery", "reason": "swollen"})
    assert (flagged.status_code, flagged.json()["flags"]) == (201, ["damaged_battery"])
    assert flagged.json()["next_steps"][0]["step"] == "lift_flags"
    assert town.technician.post(path, json={"flag": "haunted", "reason": "?"}).status_code == 400
    assert town.technician.ask("DELETE", f"{path}/damaged_battery?reason=x").status_code == 403
    assert town.lead.ask("DELETE", f"{path}/damaged_battery").status_code == 400
    assert town.lead.ask("DELETE", f"{path}/quarantine?reason=x").status_code == 404
    assert town.lead.ask("DELETE", f"{path}/damaged_battery", json={"reason": "changed"}).json()["flags"] == []


def test_a_flag_takes_a_ready_device_back_to_the_workshop(town: Town) -> None:
    device = take_in(town.technician)
    put(town, device, Status.in_workshop, Status.ready)
    path = f"/v1/devices/{device['id']}/flags"
    flagged = town.data_security.post(path, json={"flag": "quarantine", "reason": "doubt"}).json()
    assert flagged["status"] == "in_workshop"


# Codes ---------------------------------------------------------------------------------------------------------------


def test_a_retired_code_still_finds_its_device(town: Town) -> None:
    device = take_in(town.technician)
    path = f"/v1/devices/{device['id']}/codes"
    bound = town.technician.post(path, json={"value": "INV-0042", "kind": "asset_tag"})
    assert (bound.status_code, bound.json()["version"]) == (201, device["version"] + 1)
    assert town.technician.ask("DELETE", f"{path}/inv0042").json()["codes"][-1]["live"] is False
    assert town.technician.ask("DELETE", f"{path}/inv0042").status_code == 404
    [found] = town.technician.get("/v1/codes/INV0042").json()["matches"]
    assert found["id"] == device["id"]


def test_a_label_with_a_wrong_check_character_is_none_of_ours(town: Town) -> None:
    device = take_in(town.technician)
    answer = town.technician.post(f"/v1/devices/{device['id']}/codes", json={"value": "7K3M-9QX2-BV0", "kind": "label"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_label")


# Media ---------------------------------------------------------------------------------------------------------------


def test_a_medium_entered_by_hand_sets_captured_with_source_manual(town: Town) -> None:
    device = take_in(town.technician)
    body = {"serial": "S4EVNX0M", "kind": "ssd_nvme", "size_bytes": 512_110_190_592}
    answer = town.technician.post(f"/v1/devices/{device['id']}/media", json=body)
    assert answer.status_code == 201
    shown = town.lead.get(f"/v1/devices/{device['id']}").json()
    assert shown["milestones"]["captured"]["source"] == "manual"
    assert [(medium["id"], medium["serial"], medium["source"]) for medium in shown["media"]] == [
        (answer.json()["id"], "S4EVNX0M", "manual")
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"serial": "0000000000", "kind": "hdd"},
        {"serial": "Default string", "kind": "hdd"},
        {"serial": "WD\u0000123", "kind": "hdd"},
        {"serial": "WD-1", "kind": "floppy"},
        {"serial": "WD-1", "kind": "hdd", "size_bytes": -1},
        {"kind": "hdd"},
    ],
)
def test_a_medium_without_a_usable_identity_is_refused(town: Town, body: dict[str, Any]) -> None:
    assert town.technician.post(f"/v1/devices/{take_in(town.technician)['id']}/media", json=body).status_code == 400


def test_no_medium_is_noted_on_a_monitor_or_on_a_device_that_left(town: Town) -> None:
    body = {"serial": "WD-WX11", "kind": "hdd"}
    monitor = take_in(town.technician, category="monitor")
    answer = town.technician.post(f"/v1/devices/{monitor['id']}/media", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "category_without_media")
    gone = take_in(town.technician)
    move(town.technician, gone, "recycled")
    answer = town.technician.post(f"/v1/devices/{gone['id']}/media", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_in_workshop")


# History -------------------------------------------------------------------------------------------------------------


def test_the_history_names_persons_to_their_own_organisation_only(town: Town) -> None:
    device = take_in(town.technician)
    move(town.lead, device, "in_workshop")
    path = f"/v1/devices/{device['id']}/history"
    own = town.lead.get(path).json()["items"]
    assert [(one["verb"], one["to_state"], one["by"]) for one in own] == [
        ("received", "received", "tech-1"),
        ("moved", "in_workshop", "lead-1"),
    ]
    seen = [one["by"] for one in town.region.get(path).json()["items"]]
    assert all(name.startswith("P-") for name in seen)
    assert len(set(seen)) == 2
    assert seen == [one["by"] for one in town.operator.get(path).json()["items"]]
    assert "tech-1" not in town.region.get(path).text


def test_a_long_history_comes_in_pages(town: Town) -> None:
    device = take_in(town.technician)
    for number in range(5):
        town.technician.post(f"/v1/devices/{device['id']}/codes", json={"value": f"X-{number}"})
    path = f"/v1/devices/{device['id']}/history"
    first = town.lead.get(f"{path}?limit=4").json()
    rest = town.lead.get(f"{path}?limit=4&cursor={first['next_cursor']}").json()
    assert [one["seq"] for one in first["items"] + rest["items"]] == [1, 2, 3, 4, 5, 6]
    assert rest["next_cursor"] is None
    assert town.lead.get(f"{path}?cursor=x").status_code == 400
