"""A capture that came before its machine was known finds it by itself, whichever door the machine comes through."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, select

import captures as tools
from donating import accepted, laptops, listed, picked_up, planned, receive
from makers import Desk, Town, make_key, make_organisation, open_doors, overlapping, settle_town, wait_for_background
from makers_distribution import listed_devices, reserved
from reuse import clock
from reuse.devices.actions import identity
from reuse.devices.actions.awaiting import tell_all_who_wait
from reuse.devices.models import AwaitedCode, Code
from reuse.house import House
from reuse.people.rules import Activity, Role
from reuse.transactions import reading, transaction
from reuse.workshop.actions.arriving import look_again

SERIAL, TAG = "SN-00001", "INV-00001"
Comes = Callable[[Town], str]


def waiting(town: Town, *, serial: str = SERIAL, tag: str = "") -> str:
    """The id of a capture that waits: no device answers to what it tells."""
    content = tools.dmidecode(serial=serial, tag=tag) if tag else tools.lshw(serial=serial)
    answer = town.technician.post("/v1/captures", files=[("file", ("capture", content))])
    assert (answer.status_code, answer.json()["state"]) == (201, "unmatched"), answer.text
    found: str = answer.json()["id"]
    return found


def take_in(town: Town, **facts: Any) -> str:
    answer = town.lead.post("/v1/devices", {"category": "laptop", **facts})
    assert answer.status_code == 201, answer.text
    device_id: str = answer.json()["id"]
    return device_id


def created(town: Town) -> str:
    return take_in(town, serial=SERIAL)


def given_a_code(town: Town) -> str:
    device_id = take_in(town)
    assert town.lead.post(f"/v1/devices/{device_id}/codes", {"value": SERIAL, "kind": "serial"}).status_code == 201
    return device_id


def declared_device(town: Town, donation: dict[str, Any]) -> str:
    listed(town.council, donation, laptops(1))
    (device,) = town.lead.get(f"/v1/devices?donation_id={donation['id']}").json()["items"]
    assert device["status"] == "declared"
    found: str = device["id"]
    return found


def received_at_the_dock(town: Town) -> str:
    donation = accepted(town)
    device_id = declared_device(town, donation)
    collection = picked_up(town, planned(town, donation))
    assert receive(town, collection, devices=[{"code": SERIAL, "outcome": "received"}]).status_code == 200
    return device_id


def received_by_a_scan(town: Town) -> str:
    device_id = declared_device(town, accepted(town))
    scan = {"id": str(clock.new_id()), "code": SERIAL, "action": "receive", "at": clock.now().isoformat()}
    (result,) = town.technician.post("/v1/scans", {"scans": [scan]}).json()["results"]
    assert result["outcome"] == "applied", result
    return device_id


def merged_with_the_list(town: Town) -> str:
    donation = accepted(town)
    declared = declared_device(town, donation)
    device_id = take_in(town, donation_id=donation["id"])
    body = {"pairs": [{"device_id": device_id, "listed_device_id": declared, "reason": "le même"}]}
    assert town.lead.post(f"/v1/donations/{donation['id']}/merges", body).status_code == 201
    return device_id


COMES: list[Comes] = [created, given_a_code, received_at_the_dock, received_by_a_scan, merged_with_the_list]


@pytest.mark.parametrize("comes", COMES, ids=[one.__name__ for one in COMES])
def test_a_waiting_capture_finds_its_machine_when_it_comes(town: Town, comes: Comes) -> None:
    capture_id = waiting(town)
    device_id = comes(town)
    wait_for_background(town.house)
    found = town.lead.get(f"/v1/captures/{capture_id}").json()
    assert (found["state"], found["device_id"], found["matched_by"]) == ("matched", device_id, "serial")
    assert (found["match_reasons"], found["suggestions"]) == ([], [])
    device = town.lead.get(f"/v1/devices/{device_id}").json()
    assert device["milestones"]["captured"] is not None
    assert [one["serial"] for one in device["media"]] == [one["serial"] for one in found["media"]]
    told = town.lead.get(f"/v1/devices/{device_id}/history").json()["items"]
    (matched,) = [one for one in told if one["verb"] == "capture_matched"]
    assert (matched["by"], matched["data"]) == ("tech-1", {"capture": capture_id, "by": "serial"})
    with reading(town.house.database) as session:
        assert session.exec(select(AwaitedCode)).all() == []
    assert town.lead.get("/v1/captures?state=unmatched").json()["items"] == []


def test_the_label_that_a_blank_sheet_gave_it_finds_the_machine_too(town: Town) -> None:
    town.lead.done(town.lead.post("/v1/labels", {"blank": 1, "format": "a4-24"}))
    with reading(town.house.database) as session:
        label = session.exec(select(Code.value).where(Code.kind == "label")).one()
    capture_id = waiting(town, serial="None", tag=label)
    device_id = take_in(town, code=label)
    wait_for_background(town.house)
    found = town.lead.get(f"/v1/captures/{capture_id}").json()
    assert (found["device_id"], found["matched_by"]) == (device_id, "label")


def test_a_capture_of_a_device_on_the_shelf_is_taken_once_it_is_back_at_the_bench(town: Town) -> None:
    (device_id,) = listed_devices(town)
    town.lead.post(f"/v1/devices/{device_id}/codes", {"value": SERIAL, "kind": "serial"})
    reserved(town.network, [device_id])
    capture_id = waiting(town)
    assert town.lead.get(f"/v1/captures/{capture_id}").json()["match_reasons"] == ["not_in_workshop"]
    body = {"to": "in_workshop", "reason": "le ventilateur"}
    assert town.technician.post(f"/v1/devices/{device_id}/moves", body).status_code == 200
    wait_for_background(town.house)
    assert town.lead.get(f"/v1/captures/{capture_id}").json()["device_id"] == device_id


def test_what_is_not_sure_goes_on_waiting_and_says_why_now(town: Town) -> None:
    capture_id = waiting(town)
    assert town.lead.get(f"/v1/captures/{capture_id}").json()["match_reasons"] == ["unknown_device"]
    device_id = take_in(town, serial=SERIAL, manufacturer="Apple")
    wait_for_background(town.house)
    found = town.lead.get(f"/v1/captures/{capture_id}").json()
    assert (found["state"], found["match_reasons"]) == ("unmatched", ["manufacturer_differs"])
    assert [one["device_id"] for one in found["suggestions"]] == [device_id]
    body = {"device_id": device_id, "reason": "la marque était mal notée"}
    assert town.technician.post(f"/v1/captures/{capture_id}/matches", body).status_code == 200
    with reading(town.house.database) as session:
        assert session.exec(select(AwaitedCode)).all() == []


def test_a_machine_of_another_workshop_is_not_what_a_capture_waits_for(town: Town) -> None:
    capture_id = waiting(town)
    other = make_organisation(town.house, "Atelier Voisin", Activity.workshop)
    neighbour = Desk(town.client, make_key(town.house, other, person="lead-9", roles=[Role.lead]), other.id)
    assert neighbour.post("/v1/devices", {"category": "laptop", "serial": SERIAL}).status_code == 201
    wait_for_background(town.house)
    assert town.lead.get(f"/v1/captures/{capture_id}").json()["state"] == "unmatched"


def test_what_a_capture_and_its_machine_did_not_see_of_each_other_the_hour_finds(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL both may be entered in the same moment, each before the other is there to be seen."""
    capture_id = waiting(town)
    with monkeypatch.context() as patch:
        patch.setattr(identity, "tell_who_waits", lambda *_: None)
        device_id = take_in(town, serial=SERIAL)
    assert town.lead.get(f"/v1/captures/{capture_id}").json()["state"] == "unmatched"
    with transaction(town.house.database) as session:
        assert tell_all_who_wait(session) == 1
    wait_for_background(town.house)
    assert town.lead.get(f"/v1/captures/{capture_id}").json()["device_id"] == device_id


def test_two_jobs_for_one_capture_take_it_once(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        capture_id = UUID(waiting(town))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(identity, "tell_who_waits", lambda *_: None)
            device_id = take_in(town, serial=SERIAL)
        first, second = list[UUID | None](), list[UUID | None]()

        def look(found: list[UUID | None]) -> Callable[[Session], None]:
            return lambda session: found.append(look_again(session, capture_id))

        overlapping(any_house, look(first), look(second))
        assert (first, second[-1]) == ([UUID(device_id)], None)
        assert len(town.lead.get(f"/v1/devices/{device_id}").json()["media"]) == 1
