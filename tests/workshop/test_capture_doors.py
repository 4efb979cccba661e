"""Captures at the door: of a named device or of none, waiting for a person, and with nothing personal left behind."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from sqlmodel import Session, select

import captures as tools
from makers import Desk, Town, open_doors, settle_town, wait_for_background
from reuse.canonical import canonical_json, sha256_hex
from reuse.house import House
from reuse.transactions import reading
from reuse.workshop.models import Capture

MARKER = "zoe-marker-9173"


def take_in(town: Town, **more: Any) -> str:
    answer = town.lead.post("/v1/devices", {"category": "laptop", **more})
    assert answer.status_code == 201, answer.text
    device_id: str = answer.json()["id"]
    return device_id


def send(desk: Desk, *files: bytes, to: str = "/v1/captures") -> Response:
    return desk.post(to, files=[("file", (f"{MARKER}.txt", content)) for content in files])


def milestones(town: Town, device_id: str) -> set[str]:
    found = town.lead.get(f"/v1/devices/{device_id}").json()["milestones"]
    return {name for name, value in found.items() if value is not None}


def everything_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("name", tools.EVERY_FORMAT)
def test_nothing_personal_reaches_database_files_history_logs_or_answers(
    name: str, town: Town, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    content = tools.EVERY_FORMAT[name](MARKER)
    assert MARKER.encode() in content
    device_id = take_in(town)
    named = send(town.technician, content, to=f"/v1/devices/{device_id}/captures")
    assert named.status_code == 201, named.text
    waiting = send(town.technician, content, tools.packed(content, names=MARKER + "-{}"))
    assert waiting.status_code == 201, waiting.text
    pages = ("/v1/captures", f"/v1/devices/{device_id}/history", f"/v1/devices/{device_id}")
    answers = [named, waiting, *map(town.lead.get, pages), town.lead.get(f"/v1/captures/{named.json()['id']}")]
    told = "".join(answer.text + str(answer.headers) for answer in answers)
    printed = capfd.readouterr()
    kept = everything_under(town.house.settings.data_dir)
    assert b"S3YANB0K312345" in kept or name in {"dmidecode", "upower", "nvme_list"}  # one looks where things are
    assert MARKER not in told + caplog.text + printed.out + printed.err
    assert MARKER.encode() not in kept


def test_what_is_kept_is_the_stripped_form_under_its_hash_beside_that_of_what_was_sent(town: Town) -> None:
    content = tools.lshw(MARKER)
    answer = send(town.technician, content).json()
    assert answer["upload_sha256"] == sha256_hex(content)
    assert len(answer["kept_sha256"]) == 64
    assert answer["kept_sha256"] != answer["upload_sha256"]


def test_a_capture_finds_its_machine_by_its_serial(town: Town) -> None:
    device_id = take_in(town, serial=tools.SERIAL)
    answer = send(town.technician, tools.lshw(), tools.upower())
    found = answer.json()
    assert (answer.status_code, found["device_id"], found["state"]) == (201, device_id, "matched")
    assert (found["matched_by"], found["format"]) == ("serial", "lshw+upower")
    assert "captured" in milestones(town, device_id)
    facts = town.lead.get(f"/v1/devices/{device_id}").json()["facts"]
    assert facts["battery_health_percent"] == 76


def test_a_capture_finds_its_machine_by_asset_tag_or_by_a_label_in_its_firmware(town: Town) -> None:
    tagged = take_in(town)
    town.lead.post(f"/v1/devices/{tagged}/codes", {"value": "INV-000417", "kind": "asset_tag"})
    found = send(town.technician, tools.dmidecode(serial="To be filled by O.E.M.")).json()
    assert (found["device_id"], found["matched_by"]) == (tagged, "asset_tag")
    labelled = take_in(town)
    town.lead.post("/v1/labels", {"device_ids": [labelled], "format": "a4-24"})
    codes = town.lead.get(f"/v1/devices/{labelled}").json()["codes"]
    label = next((one["value"] for one in codes if one["kind"] == "label"), None)
    if label is not None:
        found = send(town.technician, tools.dmidecode(serial="None", tag=label)).json()
        assert (found["device_id"], found["matched_by"]) == (labelled, "label")


def test_nothing_is_guessed_and_why_a_capture_waits_is_said(town: Town) -> None:
    reasons = {}
    reasons["unknown_device"] = send(town.technician, tools.lshw())
    reasons["no_identity"] = send(town.technician, tools.smartctl(serial="AB12CD"))
    one, _ = take_in(town, serial="TWIN-1"), take_in(town, serial="TWIN-1")
    reasons["serial_ambiguous"] = send(town.technician, tools.lshw(serial="TWIN-1"))
    tagged = take_in(town, serial="OTHER-9")
    town.lead.post(f"/v1/devices/{tagged}/codes", {"value": "INV-777777", "kind": "asset_tag"})
    reasons["serial_differs"] = send(town.technician, tools.dmidecode(serial="FREE-33", tag="INV-777777"))
    take_in(town, serial="APPLE-1", manufacturer="Apple")
    reasons["manufacturer_differs"] = send(town.technician, tools.lshw(serial="APPLE-1"))
    for reason, answer in reasons.items():
        found = answer.json()
        assert (found["state"], found["device_id"], found["match_reasons"]) == ("unmatched", None, [reason])
    suggested = [one["device_id"] for one in reasons["serial_ambiguous"].json()["suggestions"]]
    assert len(suggested) == 2
    assert one in suggested
    waiting = town.lead.get("/v1/captures?state=unmatched").json()["items"]
    assert [one["id"] for one in waiting] == [answer.json()["id"] for answer in reasons.values()]


def test_the_same_waiting_capture_sent_twice_is_one(town: Town) -> None:
    first, again = send(town.technician, tools.lshw()), send(town.technician, tools.lshw())
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    device_id = take_in(town, serial=tools.SERIAL)  # now there is such a machine
    assert send(town.technician, tools.lshw()).json()["device_id"] == device_id
    wait_for_background(town.house)
    assert town.lead.get(f"/v1/captures/{first.json()['id']}").json()["device_id"] == device_id
    assert town.lead.get("/v1/captures?state=unmatched").json()["items"] == []


def test_a_person_says_of_which_machine_a_waiting_capture_is(town: Town) -> None:
    capture_id = send(town.technician, tools.lshw()).json()["id"]
    device_id = take_in(town)
    body = {"device_id": device_id, "reason": "numéro lu sur l'étiquette"}
    answer = town.technician.post(f"/v1/captures/{capture_id}/matches", body)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["matched_by"]) == ("matched", "person")
    assert [one["serial"] for one in answer.json()["media"]] == [tools.DISK]
    assert "captured" in milestones(town, device_id)
    again = town.technician.post(f"/v1/captures/{capture_id}/matches", body)
    assert (again.status_code, again.json()["code"]) == (409, "already_matched")
    verbs = [one["verb"] for one in town.lead.get(f"/v1/devices/{device_id}/history").json()["items"]]
    assert "capture_matched" in verbs


def test_a_person_cannot_pass_one_machine_for_another(town: Town) -> None:
    capture_id = send(town.technician, tools.lshw()).json()["id"]
    device_id = take_in(town, serial="ANOTHER-1")
    answer = town.technician.post(f"/v1/captures/{capture_id}/matches", {"device_id": device_id, "reason": "je crois"})
    assert "serial_differs" in [one["code"] for one in answer.json()["warnings"]]
    assert "captured" not in milestones(town, device_id)


def test_one_tool_that_gives_another_serial_holds_captured_though_the_others_agree(town: Town) -> None:
    device_id = take_in(town, serial=tools.SERIAL)
    mixed = (tools.dmidecode(), tools.lshw(serial="ZZ99XX1"))
    answer = send(town.technician, *mixed, to=f"/v1/devices/{device_id}/captures").json()
    assert [one["field"] for one in answer["conflicts"]] == ["serial"]
    assert "captured" not in milestones(town, device_id)


def test_waiting_captures_are_their_workshops_own(town: Town) -> None:
    capture_id = send(town.technician, tools.lshw()).json()["id"]
    assert town.stranger.get(f"/v1/captures/{capture_id}").status_code == 404
    assert town.council.get("/v1/captures").json()["items"] == []
    assert send(town.council, tools.lshw()).status_code == 403


def test_two_who_match_one_capture_at_once_are_one_match(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        capture_id = send(town.technician, tools.lshw()).json()["id"]
        devices = [take_in(town), take_in(town)]

        def match(device_id: str) -> int:
            body = {"device_id": device_id, "reason": "lu"}
            return town.technician.post(f"/v1/captures/{capture_id}/matches", body).status_code

        with ThreadPoolExecutor(2) as both:
            assert sorted(both.map(match, devices)) == [200, 409]
        media = [one for device_id in devices for one in town.lead.get(f"/v1/devices/{device_id}").json()["media"]]
        assert len(media) == 1


def test_the_hash_of_what_is_kept_can_be_computed_again(town: Town) -> None:
    send(town.technician, tools.lshw())

    def same(session: Session) -> bool:
        capture = session.exec(select(Capture)).one()
        return sha256_hex(canonical_json(capture.kept)) == capture.kept_sha256

    with reading(town.house.database) as session:
        assert same(session)
