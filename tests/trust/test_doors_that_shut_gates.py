"""Whatever takes from a reserved device what it was ready by frees its reservation at once, and tells the network."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from httpx import Response

import captures as tools
import workers.certificates as certifying
from benches import decide, is_sanitized, later, media_ids, upload
from certifying import certified_laptop, disks, log_of_laptop
from donating import accepted, laptops, listed
from floor import passes, take_in
from makers import Town, wait_for_background
from makers_distribution import offered, reserved, status_of
from reuse.devices.actions.moves import change_device
from reuse.devices.models import Device
from reuse.transactions import transaction
from reuse.wiping.queries.gate import gate_of

Door = Callable[[Town, str], Response]


@pytest.fixture(autouse=True)
def quick_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a certificate looks like is not the point here."""
    monkeypatch.setattr(
        certifying, "print_certificate", lambda value, _: b"%PDF-1.7 stands for " + value.canonical_json
    )


def raise_flag(town: Town, device_id: str) -> Response:
    return town.lead.post(f"/v1/devices/{device_id}/flags", {"flag": "suspected_stolen", "reason": "on the list"})


def back_to_work(town: Town, device_id: str) -> Response:
    body = {"to": "in_workshop", "reason": "the fan rattles"}
    return town.technician.post(f"/v1/devices/{device_id}/moves", body)


def failing_report(town: Town, device_id: str) -> Response:  # noqa: ARG001  # the report names the disks by serial
    return upload(town.technician, later(log_of_laptop(1), 1).replace(b"sda | Erased |", b"sda |-FAILED-|"))


def report_matched_by_hand(town: Town, device_id: str) -> Response:
    """A fail whose serial the tool did not print, which a person gives to the medium."""
    serial = str(disks(1)[0].serial).encode()
    log = later(log_of_laptop(1), 1).replace(b"sda | Erased |", b"sda |-FAILED-|").replace(serial, b"X" * len(serial))
    report = upload(town.technician, log).json()
    wanted = next(item["index"] for item in report["items"] if item["medium_id"] is None)
    medium_id = media_ids(town.house, UUID(device_id))[disks(1)[0].serial]
    body = {"index": wanted, "medium_id": str(medium_id), "reason": "the only disk on the bench"}
    return town.technician.post(f"/v1/erasure-reports/{report['id']}/matches", body)


def rejection(town: Town, device_id: str) -> Response:
    return decide(town.data_security, UUID(device_id), "rejected", "the log was of another bench")


def revocation(town: Town, device_id: str) -> Response:
    first = town.data_security.get(f"/v1/certificates?device_id={device_id}").json()["items"][0]
    return town.data_security.post(f"/v1/certificates/{first['id']}/revocation", {"reason": "wrong donor"})


def recall(town: Town, device_id: str) -> Response:  # noqa: ARG001  # it finds the device by the tool
    item = town.technician.get("/v1/erasure-reports").json()["items"][0]["items"][0]
    body = {"tool": item["tool"], "tool_version": item["tool_version"], "reason": "verification never done"}
    answer = town.lead.post("/v1/recalls", body)
    assert town.lead.done(answer)["state"] == "succeeded"
    return answer


def disk_in_another_device(town: Town, device_id: str) -> Response:
    """Its disk shows up in another machine: whatever is in it now was never looked at."""
    del device_id
    other = take_in(town)
    disk = disks(1)[1]
    found = tools.lshw(serial="OTHER1", disk=str(disk.serial)).replace(b"SAMSUNG SSD PM87", str(disk.model).encode())
    return town.technician.post(f"/v1/devices/{other}/captures", files=[("file", ("lshw.json", found))])


TAKE_AWAY: list[tuple[Door, str]] = [
    (raise_flag, "flag: suspected_stolen"),
    (back_to_work, "the fan rattles"),
    (failing_report, "a later erasure report is a fail"),
    (report_matched_by_hand, "a later erasure report is a fail"),
    (rejection, "rejected: the log was of another bench"),
    (revocation, "certificate CE-2026-000001 was revoked"),
    (recall, "recalled: verification never done"),
    (disk_in_another_device, "was found in another device"),
]


@pytest.mark.parametrize(("door", "reason"), TAKE_AWAY, ids=[door.__name__ for door, _ in TAKE_AWAY])
def test_what_takes_readiness_away_frees_the_reservation_and_tells_the_network(
    town: Town, door: Door, reason: str
) -> None:
    device_id = certified_laptop(town, 1)
    made = reserved(town.network, offered(town, [device_id]))
    answer = door(town, device_id)
    assert answer.status_code in {200, 201, 202}, answer.text
    assert status_of(town.lead, device_id) == "in_workshop"
    wait_for_background(town.house)
    told = town.network.get(f"/v1/reservations/{made['id']}").json()
    assert (told["status"], [line["state"] for line in told["lines"]]) == ("cancelled", ["released"])
    assert reason in told["lines"][0]["reason"]
    assert town.network.get(f"/v1/devices/{device_id}").status_code == 404
    assert town.lead.get(f"/v1/devices/{device_id}").json()["milestones"]["approved"] is None
    again = town.other_network.post("/v1/reservations", {"device_ids": [device_id]})
    assert again.status_code == 409, again.text
    if door is not back_to_work:  # who finds nothing wrong signs it off again
        assert town.lead.post(f"/v1/devices/{device_id}/approval", {}).json()["missing"]


def test_a_donation_that_demands_more_than_was_proved_shuts_the_gate_when_its_list_names_the_device(town: Town) -> None:
    """A machine that came unannounced is wiped as usual; the list that names it later demands to purge."""
    device_id = certified_laptop(town, 1)
    with transaction(town.house.database) as session:
        change_device(session, session.get_one(Device, UUID(device_id)), donation_id=None, donor_id=None)
        assert gate_of(session, session.get_one(Device, UUID(device_id)), acceptor="secu-1").missing == ()
    donation = accepted(town, required_erasure="purge")
    listed(town.council, donation, laptops(1))
    (named,) = town.lead.get(f"/v1/devices?donation_id={donation['id']}").json()["items"]
    pairs = {"pairs": [{"device_id": device_id, "listed_device_id": named["id"], "reason": "le même"}]}
    answer = town.lead.post(f"/v1/donations/{donation['id']}/merges", pairs)
    assert answer.status_code == 201, answer.text
    assert status_of(town.lead, device_id) == "in_workshop"
    assert not is_sanitized(town.house, UUID(device_id))
    assert decide(town.data_security, UUID(device_id)).json()["missing"] == ["level_too_low"]


WORK: dict[str, tuple[str, dict[str, Any]]] = {
    "a failed test": ("tests", passes("laptop", screen="fail")),
    "a failed lock check": ("unlock-checks", {"results": [{"check": "bios_password", "outcome": "fail"}]}),
    "a repair": ("repairs", {"defect": "battery.worn", "action": "another battery"}),
    "another grade": ("grade", {"cosmetic": "C"}),
    "a new medium": ("media", {"serial": "NEW0001", "kind": "hdd"}),
}
"""Work is noted at the bench alone (spec/api.md): a device that is reserved must come back to it first."""


@pytest.mark.parametrize(("path", "body"), WORK.values(), ids=WORK)
def test_work_on_a_reserved_device_waits_until_it_is_back_which_frees_it(
    town: Town, path: str, body: dict[str, Any]
) -> None:
    device_id = certified_laptop(town, 1)
    made = reserved(town.network, offered(town, [device_id]))
    refused = town.technician.post(f"/v1/devices/{device_id}/{path}", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_workshop"), refused.text
    assert "its reservation" in refused.json()["detail"]
    assert town.network.get(f"/v1/reservations/{made['id']}").json() == made
    assert back_to_work(town, device_id).status_code == 200
    assert town.technician.post(f"/v1/devices/{device_id}/{path}", body).status_code in {200, 201}
    wait_for_background(town.house)
    assert town.network.get(f"/v1/reservations/{made['id']}").json()["status"] == "cancelled"


def test_a_capture_that_speaks_of_a_reserved_device_waits_and_says_why(town: Town) -> None:
    device_id = certified_laptop(town, 1)
    town.lead.post(f"/v1/devices/{device_id}/codes", {"kind": "serial", "value": "SN-OF-IT"})
    reserved(town.network, offered(town, [device_id]))
    found = [("file", ("lshw.json", tools.lshw(serial="SN-OF-IT", disk="NEW0002")))]
    waiting = town.technician.post("/v1/captures", files=found).json()
    assert (waiting["state"], waiting["match_reasons"]) == ("unmatched", ["not_in_workshop"])
    assert status_of(town.lead, device_id) == "reserved"
