"""Parts that outlive their devices: a disk that moves keeps its past, and leaves an open account behind it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select, update

import captures as tools
from makers import Town, open_doors, settle_town
from reuse.devices.actions.milestones import set_milestone
from reuse.devices.models import Component, Device, Fitting
from reuse.devices.rules import Milestone
from reuse.history.rules import SYSTEM
from reuse.house import House
from reuse.transactions import reading, transaction

NOTHING = '"class": "disk"'


def take_in(town: Town, **more: Any) -> str:
    answer = town.lead.post("/v1/devices", {"category": "laptop", **more})
    assert answer.status_code == 201, answer.text
    device_id: str = answer.json()["id"]
    return device_id


def capture(town: Town, device_id: str, *files: bytes) -> dict[str, Any]:
    sent = [("file", ("capture", content)) for content in files]
    answer = town.technician.post(f"/v1/devices/{device_id}/captures", files=sent)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def components(town: Town, device_id: str) -> dict[str, dict[str, Any]]:
    items = town.lead.get(f"/v1/devices/{device_id}/components").json()["items"]
    return {one["serial"]: one for one in items}


def met(town: Town, device_id: str) -> set[str]:
    found = town.lead.get(f"/v1/devices/{device_id}").json()["milestones"]
    return {name for name, value in found.items() if value is not None}


def prove(town: Town, device_id: str, milestone: Milestone) -> None:
    with transaction(town.house.database) as session:
        set_milestone(session, SYSTEM, session.get_one(Device, UUID(device_id)), milestone)


def without_disk(content: bytes) -> bytes:
    return content.replace(b'"class": "disk"', b'"class": "generic"')


def lshw(machine: str, disk: str = tools.DISK) -> bytes:
    return tools.lshw(serial=machine, disk=disk).replace(b"3A4F2C11", f"RAM{machine}".encode())


def codes(found: dict[str, Any]) -> set[str]:
    return {one["code"] for one in found["warnings"]}


def test_the_parts_of_a_device_are_listed_with_where_they_are(town: Town) -> None:
    device_id = take_in(town, serial=tools.SERIAL)
    capture(town, device_id, tools.lshw(), tools.upower(), tools.smartctl())
    found = components(town, device_id)
    assert {serial: (one["kind"], one["state"]) for serial, one in found.items()} == {
        tools.DISK: ("medium", "fitted"),
        "3A4F2C11": ("memory", "fitted"),
        "19075": ("battery", "fitted"),
    }
    assert (found["19075"]["health_percent"], found[tools.DISK]["now_in"]) == (76, device_id)
    capture(town, device_id, tools.lshw(), tools.upower())
    assert len(components(town, device_id)) == 3


def test_a_disk_that_moves_keeps_its_past_and_leaves_an_open_account(town: Town) -> None:
    old, new = take_in(town), take_in(town)
    capture(town, old, lshw("OLD0001"))
    capture(town, new, lshw("NEW0001", disk="NEWDISK1"))
    for milestone in (Milestone.sanitized, Milestone.tested):
        prove(town, new, milestone)
    moved = capture(town, new, lshw("NEW0001"))
    assert {"component_moved", "medium_not_seen"} <= codes(moved)
    gone, here = components(town, old)[tools.DISK], components(town, new)[tools.DISK]
    assert (gone["state"], gone["now_in"], here["state"]) == ("gone", new, "fitted")
    assert gone["id"] == here["id"]
    assert "sanitized" not in met(town, new)
    assert "captured" not in met(town, old)
    left = town.lead.get(f"/v1/devices/{old}").json()["media"]  # its account stays open until somebody says more
    assert [one["serial"] for one in left] == [tools.DISK]
    said = town.technician.post(f"/v1/media/{left[0]['id']}/disposals", {"kind": "removed", "reason": "dans NEW0001"})
    assert said.status_code in {200, 201}, said.text
    past = town.lead.get(f"/v1/components/{here['id']}/history").json()
    assert [(one["device_id"], one["until"] is None) for one in past["stays"]] == [(old, False), (new, True)]
    verbs = [one["verb"] for one in past["events"]]
    assert {"fitted", "component_gone", "component_came", "medium_disposed"} <= set(verbs)


def test_memory_and_batteries_move_without_shutting_anything(town: Town) -> None:
    old, new = take_in(town), take_in(town)
    capture(town, old, lshw("OLD0001"), tools.upower())
    capture(town, new, lshw("NEW0001", disk="NEWDISK1"), tools.upower())
    assert components(town, old)["19075"]["state"] == "gone"
    assert "captured" in met(town, old)


def test_a_part_that_a_look_at_the_whole_device_does_not_show_is_told(town: Town) -> None:
    device_id = take_in(town, serial=tools.SERIAL)
    capture(town, device_id, tools.lshw())
    partial = capture(town, device_id, tools.smartctl(serial="OTHER777"))
    assert "medium_not_seen" not in codes(partial)
    whole = capture(town, device_id, without_disk(tools.lshw()))
    assert "medium_not_seen" in codes(whole)
    assert components(town, device_id)[tools.DISK]["state"] == "not_seen"
    capture(town, device_id, tools.lshw())
    assert components(town, device_id)[tools.DISK]["state"] == "fitted"


def test_a_serial_that_goes_to_and_fro_is_two_parts_and_neither_device_loses_its_own(town: Town) -> None:
    one, other = take_in(town), take_in(town)
    capture(town, one, lshw("ONE0001"))
    capture(town, other, lshw("TWO0001"))
    again = capture(town, one, lshw("ONE0001"))
    assert "serial_shared" in codes(again)
    found = [components(town, device_id)[tools.DISK] for device_id in (one, other)]
    assert [(part["state"], part["serial_shared"]) for part in found] == [("fitted", True), ("fitted", True)]
    third = capture(town, other, lshw("TWO0001"))
    assert codes(third) & {"component_moved", "serial_shared"} == set()
    assert {"captured"} <= met(town, one) & met(town, other)


def test_what_is_with_a_family_was_not_taken_out_of_it_here(town: Town) -> None:
    given, here = take_in(town), take_in(town)
    capture(town, given, lshw("ONE0001"))
    with transaction(town.house.database) as session:
        session.exec(update(Device).where(col(Device.id) == UUID(given)).values(status="handed_over"))
    assert "serial_shared" in codes(capture(town, here, lshw("TWO0001")))
    assert components(town, given)[tools.DISK]["state"] == "fitted"


def test_one_serial_of_two_makes_is_two_parts(town: Town) -> None:
    one, other = take_in(town), take_in(town)
    capture(town, one, lshw("ONE0001", disk="12345678"))
    toshiba = lshw("TWO0001", disk="12345678").replace(b"SAMSUNG SSD PM87", b"TOSHIBA MQ01ABF0")
    assert "component_moved" not in codes(capture(town, other, toshiba))
    assert components(town, one)["12345678"]["id"] != components(town, other)["12345678"]["id"]


@pytest.mark.parametrize("serial", ["0", "To be filled by O.E.M.", "XXXXXXXX"])
def test_placeholders_make_no_part_move(serial: str, town: Town) -> None:
    one, other = take_in(town), take_in(town)
    capture(town, one, lshw("ONE0001", disk=serial))
    assert "component_moved" not in codes(capture(town, other, lshw("TWO0001", disk=serial)))
    assert components(town, one)[None]["state"] == "fitted"  # type: ignore[index]


def test_a_capture_of_perhaps_another_machine_moves_nothing_until_it_is_confirmed(town: Town) -> None:
    old, doubted = take_in(town), take_in(town, serial="DOUBT-1")
    capture(town, old, lshw("OLD0001"))
    found = capture(town, doubted, lshw("NEW0001"))
    assert "serial_differs" in codes(found)
    assert components(town, old)[tools.DISK]["state"] == "fitted"
    town.technician.post(f"/v1/captures/{found['id']}/confirmation", {"reason": "carte mère changée"})
    assert components(town, old)[tools.DISK]["state"] == "gone"
    assert components(town, doubted)[tools.DISK]["state"] == "fitted"


def test_components_are_their_workshops_own(town: Town) -> None:
    device_id = take_in(town, serial=tools.SERIAL)
    capture(town, device_id, tools.lshw())
    component_id = components(town, device_id)[tools.DISK]["id"]
    for desk in (town.stranger, town.council, town.network):
        assert desk.get(f"/v1/components/{component_id}/history").status_code == 404
        assert desk.get(f"/v1/devices/{device_id}/components").status_code == 404


def test_one_disk_shown_by_two_devices_at_once_is_in_one_of_them(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        devices = [take_in(town), take_in(town)]
        content = [lshw("ONE0001"), lshw("TWO0001")]

        def send(index: int) -> int:
            sent = [("file", ("capture", content[index]))]
            return town.technician.post(f"/v1/devices/{devices[index]}/captures", files=sent).status_code

        with ThreadPoolExecutor(2) as both:
            answers = sorted(both.map(send, (0, 1)))
        assert answers in ([201, 201], [201, 409])

        def disks(session: Session) -> list[Fitting]:
            disk = session.exec(select(Component).where(Component.normal_serial == tools.DISK)).one()
            where = (Fitting.component_id == disk.id, col(Fitting.ended_at).is_(None))
            return list(session.exec(select(Fitting).where(*where)))

        with reading(any_house.database) as session:
            assert len(disks(session)) == 1
