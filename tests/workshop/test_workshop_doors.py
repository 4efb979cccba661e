"""A machine on the floor: captured, tested, repaired, graded, signed off by a second person."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from floor import passes
from makers import Town
from reuse.devices.actions.milestones import set_milestone
from reuse.devices.models import Device
from reuse.devices.rules import Milestone
from reuse.history.rules import SYSTEM
from reuse.transactions import transaction
from reuse.workshop.rules import load_unlock_checks

EVIDENCE = Path(__file__).resolve().parents[2] / "reuse" / "data" / "demo" / "evidence"
THINKPAD = (EVIDENCE / "vm01-lenovo-t480-nvme" / "capture.lshw.json").read_bytes()
PRODESK = (EVIDENCE / "vm03-hp-prodesk-600-g3" / "capture.lshw.json").read_bytes()


def take_in(town: Town, category: str = "laptop", **more: Any) -> str:
    answer = town.lead.post("/v1/devices", {"category": category, **more})
    assert answer.status_code == 201, answer.text
    device_id: str = answer.json()["id"]
    assert town.technician.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"}).status_code == 200
    return device_id


def device(town: Town, device_id: str) -> dict[str, Any]:
    found: dict[str, Any] = town.lead.get(f"/v1/devices/{device_id}").json()
    return found


def met(town: Town, device_id: str) -> set[str]:
    return {name for name, value in device(town, device_id)["milestones"].items() if value is not None}


def prove(town: Town, device_id: str, *milestones: Milestone) -> None:
    """Stand in for stages that have tests of their own."""

    def set_all(session: Session) -> None:
        for milestone in milestones:
            set_milestone(session, SYSTEM, session.get_one(Device, UUID(device_id)), milestone)

    with transaction(town.house.database) as session:
        set_all(session)


def locks_off(category: str) -> dict[str, Any]:
    return {"results": [{"check": check.code, "outcome": "pass"} for check in load_unlock_checks()[category]]}


def test_a_capture_tells_identity_and_every_medium(town: Town) -> None:
    device_id = take_in(town)
    answer = town.technician.ask("POST", f"/v1/devices/{device_id}/captures", content=THINKPAD)
    assert answer.status_code == 201, answer.text
    capture = answer.json()
    assert capture["identity"]["serial"] == "PF1A2B3C"
    assert [medium["serial"] for medium in capture["media"]] == ["S444NX0K512345"]
    shown = device(town, device_id)
    assert shown["model"] == "ThinkPad T480"
    assert shown["milestones"]["captured"]
    assert town.lead.get("/v1/codes/pf1a2b3c").json()["matches"][0]["id"] == device_id


def test_the_same_capture_again_finds_the_same_media(town: Town) -> None:
    device_id = take_in(town)
    first, second = (
        town.technician.ask("POST", f"/v1/devices/{device_id}/captures", files={"file": ("lshw.json", PRODESK)}).json()
        for _ in range(2)
    )
    assert [m["id"] for m in first["media"]] == [m["id"] for m in second["media"]]
    assert len(device(town, device_id)["media"]) == 2


def test_another_machine_holds_captured_until_somebody_says_it_is_right(town: Town) -> None:
    device_id = take_in(town, serial="OTHER123")
    capture = town.technician.ask("POST", f"/v1/devices/{device_id}/captures", content=THINKPAD).json()
    assert "serial_differs" in [warning["code"] for warning in capture["warnings"]]
    assert "captured" not in met(town, device_id)
    answer = town.technician.post(
        f"/v1/captures/{capture['id']}/confirmation", {"reason": "The board was changed, the label is right"}
    )
    assert answer.status_code == 200, answer.text
    assert "captured" in met(town, device_id)
    assert device(town, device_id)["serial"] == "OTHER123"


def test_what_is_no_capture_is_refused_and_changes_nothing(town: Town) -> None:
    device_id = take_in(town)
    before = device(town, device_id)
    for content, status in ((b"hello", 415), (b"", 400), (b"\x00\x01" * 100, 400), (b'{"id": "a"', 400)):
        answer = town.technician.ask("POST", f"/v1/devices/{device_id}/captures", content=content)
        assert answer.status_code in {status, 400, 415}, answer.text
        assert answer.json()["code"]
    assert device(town, device_id) == before


def test_a_new_medium_withdraws_sanitized(town: Town) -> None:
    device_id = take_in(town)
    town.technician.ask("POST", f"/v1/devices/{device_id}/captures", content=THINKPAD)
    prove(town, device_id, Milestone.sanitized)
    town.technician.post(f"/v1/devices/{device_id}/media", {"serial": "SECOND-DISK-77", "kind": "hdd"})
    assert "sanitized" not in met(town, device_id)


def test_tested_needs_every_required_check(town: Town) -> None:
    device_id = take_in(town, "monitor")
    results = passes("monitor")
    first = town.technician.post(f"/v1/devices/{device_id}/tests", {"results": results["results"][:1]}).json()
    assert first["missing"]
    assert "tested" not in met(town, device_id)
    rest = town.technician.post(f"/v1/devices/{device_id}/tests", {"results": results["results"][1:]}).json()
    assert rest["missing"] == []
    assert "tested" in met(town, device_id)


def test_a_failed_check_takes_tested_back(town: Town) -> None:
    device_id = take_in(town, "monitor")
    town.technician.post(f"/v1/devices/{device_id}/tests", passes("monitor"))
    code = passes("monitor")["results"][0]["check"]
    town.technician.post(f"/v1/devices/{device_id}/tests", {"results": [{"check": code, "outcome": "fail"}]})
    assert "tested" not in met(town, device_id)


def test_an_unknown_check_or_a_waiver_without_reason_keeps_nothing(town: Town) -> None:
    device_id = take_in(town, "monitor")
    good = passes("monitor")["results"]
    for bad, place in (
        ({"check": "levitation", "outcome": "pass"}, "check"),
        ({"check": good[0]["check"], "outcome": "waived"}, "note"),
    ):
        answer = town.technician.post(f"/v1/devices/{device_id}/tests", {"results": [*good, bad]})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == f"/results/{len(good)}/{place}"
    assert "tested" not in met(town, device_id)


def test_the_catalogue_of_defects_is_a_door_and_each_of_its_codes_begins_a_repair(town: Town) -> None:
    found = town.technician.get("/v1/defects").json()["items"]
    worn = next(one for one in found if one["code"] == "battery.worn")
    assert worn == {
        "code": "battery.worn",
        "component": "battery",
        "title_fr": "Batterie usée",
        "title_en": "Battery worn",
        "severity": "major",
    }
    assert town.network.get("/v1/defects").json()["items"] == found
    device_id = take_in(town)
    for one in found:
        body = {"defect": one["code"], "action": "look"}
        assert town.technician.post(f"/v1/devices/{device_id}/repairs", body).status_code == 201


def test_a_repair_closes_the_gate_and_voids_the_tests(town: Town) -> None:
    device_id = take_in(town, "monitor")
    town.technician.post(f"/v1/devices/{device_id}/tests", passes("monitor"))
    answer = town.technician.post(f"/v1/devices/{device_id}/repairs", {"defect": "nothing", "action": "look"})
    assert answer.json()["code"] == "unknown_defect"
    known = answer.json()["detail"].split("there are: ")[1].split(",")[0].rstrip(".")
    repair = town.technician.post(
        f"/v1/devices/{device_id}/repairs", {"defect": known, "action": "Changed the stand", "minutes": 20}
    )
    assert repair.status_code == 201, repair.text
    assert {"tested", "repaired"}.isdisjoint(met(town, device_id))
    path = f"/v1/repairs/{repair.json()['id']}/completion"
    assert town.technician.post(path, {}).status_code == 201
    assert town.technician.post(path, {}).json()["code"] == "repair_completed"
    assert "repaired" in met(town, device_id)
    assert "tested" not in met(town, device_id)


def test_a_grade_is_explained_to_the_last_point(town: Town) -> None:
    device_id = take_in(town)
    town.technician.ask("POST", f"/v1/devices/{device_id}/captures", content=THINKPAD)
    answer = town.technician.post(f"/v1/devices/{device_id}/grade", {"cosmetic": "B", "notes": "Rayures sur le capot"})
    assert answer.status_code == 200, answer.text
    graded = answer.json()
    assert sum(line["points"] for line in graded["explanation"]) == graded["score"]
    shown = device(town, device_id)
    assert (shown["grade"], shown["score"]) == (graded["grade"], graded["score"])


def test_forbidden_words_are_refused_in_a_grade(town: Town) -> None:
    device_id = take_in(town)
    answer = town.technician.post(f"/v1/devices/{device_id}/grade", {"cosmetic": "A", "notes": "Comme neuf !"})
    assert answer.json()["code"] == "forbidden_words"


def test_ready_needs_everything_and_a_second_person(town: Town) -> None:
    device_id = take_in(town, "monitor", serial="MON-1")
    approval = f"/v1/devices/{device_id}/approval"
    closed = town.lead.post(approval, {})
    assert closed.status_code == 409
    assert closed.json()["missing"] == ["labelled", "tested", "graded"]
    prove(town, device_id, Milestone.labelled)
    town.lead.post(f"/v1/devices/{device_id}/tests", passes("monitor"))
    town.technician.post(f"/v1/devices/{device_id}/grade", {"cosmetic": "B"})
    own_work = town.lead.post(approval, {})
    assert (own_work.status_code, own_work.json()["code"]) == (403, "second_person")


def test_a_device_with_everything_proved_becomes_ready(town: Town) -> None:
    device_id = take_in(town, "monitor", serial="MON-2")
    prove(town, device_id, Milestone.labelled)
    town.technician.post(f"/v1/devices/{device_id}/tests", passes("monitor"))
    town.technician.post(f"/v1/devices/{device_id}/grade", {"cosmetic": "B"})
    assert town.technician.post(f"/v1/devices/{device_id}/approval", {}).status_code == 403
    answer = town.lead.post(f"/v1/devices/{device_id}/approval", {})
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "ready"
    assert "approved" in met(town, device_id)


def test_an_open_lock_keeps_a_phone_from_ready(town: Town) -> None:
    device_id = take_in(town, "smartphone")
    results = locks_off("smartphone")
    results["results"][0]["outcome"] = "fail"
    answer = town.technician.post(f"/v1/devices/{device_id}/unlock-checks", results).json()
    assert answer["missing"] == [results["results"][0]["check"]]
    assert "unlocked" not in met(town, device_id)
    town.technician.post(f"/v1/devices/{device_id}/unlock-checks", locks_off("smartphone"))
    assert "unlocked" in met(town, device_id)


def test_working_time_is_noted_by_pseudonym(town: Town) -> None:
    body = {"activity": "repair", "person": "A-07", "minutes": 45, "at": "2026-03-02T09:00:00+01:00"}
    assert town.technician.post("/v1/work-sessions", body).status_code == 201
    assert town.technician.post("/v1/work-sessions", {**body, "at": "2026-03-02T09:00:00"}).status_code == 400


@pytest.mark.parametrize("path", ["captures", "tests", "grade", "approval", "unlock-checks", "repairs"])
def test_another_organisation_finds_nothing_there(town: Town, path: str) -> None:
    device_id = take_in(town)
    bodies: dict[str, Any] = {
        "tests": passes("laptop"),
        "unlock-checks": locks_off("laptop"),
        "grade": {"cosmetic": "A"},
        "repairs": {"defect": "x", "action": "y"},
        "captures": json.loads(THINKPAD),
    }
    answer = town.stranger.post(f"/v1/devices/{device_id}/{path}", bodies.get(path, {}))
    assert answer.status_code in {403, 404}
    assert device_id not in answer.text or answer.status_code == 404
