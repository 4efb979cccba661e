"""Attempts to bring a device to `ready` without proof of erasure: each was open once, and each must stay shut."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

import workers.certificates as tasks
from benches import VM01, VM06, at_bench, decide, is_sanitized, log_of, media_ids, upload
from donating import accepted, listed, planned, receive, submitted
from makers import Desk, Town, make_key
from reuse import clock
from reuse.devices.actions.identity import NewMedium, add_media
from reuse.devices.actions.milestones import set_milestone
from reuse.devices.actions.moves import change_device
from reuse.devices.models import Device
from reuse.devices.rules import Milestone
from reuse.history.rules import SYSTEM, Actor
from reuse.people.models import Organisation, Territory
from reuse.people.rules import Role
from reuse.transactions import reading, transaction
from reuse.workshop.rules import load_test_templates

EVIDENCE = Path(__file__).resolve().parents[2] / "reuse" / "data" / "demo" / "evidence"
THINKPAD = (EVIDENCE / "vm01-lenovo-t480-nvme" / "capture.lshw.json").read_bytes()
DISK_OF_THINKPAD = "S444NX0K512345"


@pytest.fixture(autouse=True)
def quick_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages themselves are not the point here."""

    def draw(*_: Any) -> bytes:
        return b"%PDF-1.7 stands for a page"

    monkeypatch.setattr(tasks, "print_certificate", draw)


def workshop_key(town: Town, person: str, *roles: Role) -> Desk:
    """One more key of the town's workshop."""
    with reading(town.house.database) as session:
        workshop = session.get_one(Organisation, town.technician.organisation_id)
    return Desk(town.client, make_key(town.house, workshop, person=person, roles=roles), workshop.id)


def take_in(town: Town, category: str, **more: Any) -> str:
    answer = town.lead.post("/v1/devices", {"category": category, **more})
    assert answer.status_code == 201, answer.text
    device_id: str = answer.json()["id"]
    assert town.technician.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"}).status_code == 200
    return device_id


def capture(town: Town, device_id: str, content: bytes = THINKPAD) -> dict[str, Any]:
    answer = town.technician.ask("POST", f"/v1/devices/{device_id}/captures", content=content)
    assert answer.status_code == 201, answer.text
    return answer.json()


def prove(town: Town, device_id: str, *milestones: Milestone) -> None:
    """Stand in for the stages that are not the point here."""

    def set_all(session: Session) -> None:
        for milestone in milestones:
            set_milestone(session, SYSTEM, session.get_one(Device, UUID(device_id)), milestone)

    with transaction(town.house.database) as session:
        set_all(session)


def approve(town: Town, device_id: str, desk: Desk | None = None) -> Any:
    return (desk or town.lead).post(f"/v1/devices/{device_id}/approval", {})


def passes(category: str) -> dict[str, Any]:
    checks = [check.code for check in load_test_templates()[category].checks if check.required]
    return {"results": [{"check": code, "outcome": "pass"} for code in checks]}


def soon(holds: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether it holds before long: some conclusions are drawn by a job."""
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


def change_territory(town: Town, **policy: bool) -> None:
    with transaction(town.house.database) as session:
        workshop = session.get_one(Organisation, town.technician.organisation_id)
        territory = session.get_one(Territory, workshop.territory_id)
        for name, value in policy.items():
            setattr(territory, name, value)
        session.add(territory)


def test_a_disk_captured_in_what_was_called_a_monitor_must_be_erased(town: Town) -> None:
    device_id = take_in(town, "monitor")
    capture(town, device_id)
    prove(town, device_id, Milestone.labelled, Milestone.unlocked, Milestone.tested, Milestone.graded)
    refused = approve(town, device_id)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["sanitized"])
    assert decide(town.data_security, UUID(device_id)).json()["missing"] == ["no_report"]
    without = [one["id"] for one in town.lead.get("/v1/devices?milestone=!sanitized").json()["items"]]
    assert device_id in without


def test_a_late_reception_that_calls_a_laptop_a_monitor_opens_no_gate(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, "Catégorie;N° de série\nportable;PF1A2B3C\n")
    collection = planned(town, donation, mode="drop_off")
    device_id = town.lead.get(f"/v1/devices?donation_id={donation['id']}").json()["items"][0]["id"]
    for to in ("received", "in_workshop"):
        assert town.technician.post(f"/v1/devices/{device_id}/moves", {"to": to}).status_code == 200
    town.technician.post(f"/v1/devices/{device_id}/tests", passes("laptop"))
    prove(town, device_id, Milestone.labelled, Milestone.unlocked, Milestone.graded)
    seen = [{"device_id": device_id, "outcome": "received", "category": "monitor"}]
    assert receive(town, collection, devices=seen).status_code == 200
    refused = approve(town, device_id)
    assert refused.status_code == 409
    assert {"tested", "graded"} <= set(refused.json()["missing"])  # what was proved, was proved of a laptop


@pytest.mark.parametrize("kind", ["removed", "absent"])
def test_a_medium_that_turns_up_again_after_it_was_gone_must_be_erased(town: Town, kind: str) -> None:
    device_id = take_in(town, "laptop")
    medium_id = capture(town, device_id)["media"][0]["id"]
    gone = town.technician.post(f"/v1/media/{medium_id}/disposals", {"kind": kind, "reason": "the bay is empty"})
    assert gone.status_code == 201, gone.text
    town.data_security.done(decide(town.data_security, UUID(device_id)))
    assert is_sanitized(town.house, UUID(device_id))
    capture(town, device_id)
    assert soon(lambda: not is_sanitized(town.house, UUID(device_id)))
    assert soon(lambda: decide(town.data_security, UUID(device_id)).status_code == 409)
    assert decide(town.data_security, UUID(device_id)).json()["missing"] == ["no_report"]


def test_a_medium_once_seen_absent_must_be_seen_absent_again_after_a_return(town: Town) -> None:
    device_id = at_bench(town, VM06)
    medium_id = media_ids(town.house, device_id)["WD-WMC2E0123456"]
    town.technician.post(f"/v1/media/{medium_id}/disposals", {"kind": "absent", "reason": "the bay is empty"})
    with transaction(town.house.database) as session:  # as a return does
        change_device(session, session.get_one(Device, device_id), custody_since=clock.now())
    assert decide(town.data_security, device_id).json()["missing"] == ["no_report"]


def test_one_wipe_proves_one_medium_and_never_a_second_device(town: Town) -> None:
    first = at_bench(town, [NewMedium(None, "ssd_nvme", 67_108_864)], serial="FIRST-1")
    second = at_bench(town, [NewMedium(None, "ssd_nvme", 67_108_864)], serial="SECOND-2")
    report = upload(town.technician, log_of("vm01-nwipe")).json()
    for device_id in (first, second):
        medium_id = str(media_ids(town.house, device_id)[None])
        body = {"index": 0, "medium_id": medium_id, "reason": "soldered, read by hand"}
        assert town.technician.post(f"/v1/erasure-reports/{report['id']}/matches", body).status_code == 200
        town.data_security.done(decide(town.data_security, device_id))
    assert is_sanitized(town.house, second)
    assert not is_sanitized(town.house, first)
    assert decide(town.data_security, first).json()["missing"] == ["no_report"]


def test_a_match_taken_to_another_medium_of_the_same_device_takes_the_acceptance_along(town: Town) -> None:
    media = [NewMedium(None, "ssd_nvme", 67_108_864), NewMedium("QM00003", "hdd", 16_777_216)]
    device_id = at_bench(town, media)
    known = media_ids(town.house, device_id)
    gone = {"kind": "absent", "reason": "the bay is empty"}
    town.technician.post(f"/v1/media/{known['QM00003']}/disposals", gone)
    report = upload(town.technician, log_of("vm01-nwipe")).json()
    path = f"/v1/erasure-reports/{report['id']}/matches"
    body = {"index": 0, "medium_id": str(known[None]), "reason": "soldered"}
    town.technician.post(path, body)
    town.data_security.done(decide(town.data_security, device_id))
    town.technician.post(path, body | {"medium_id": str(known["QM00003"])})
    assert not is_sanitized(town.house, device_id)


def test_a_device_of_a_donation_that_nobody_accepted_cannot_be_signed_off(town: Town) -> None:
    donation = submitted(town.council)
    listed(town.council, donation, "Catégorie;N° de série\nécran;MON-9\n")
    device_id = town.lead.get(f"/v1/devices?donation_id={donation['id']}").json()["items"][0]["id"]
    for to in ("received", "in_workshop"):
        assert town.technician.post(f"/v1/devices/{device_id}/moves", {"to": to}).status_code == 200
    prove(town, device_id, Milestone.labelled, Milestone.tested, Milestone.graded)
    refused = approve(town, device_id)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["donation_accepted"])
    assert town.lead.post(f"/v1/donations/{donation['id']}/moves", {"to": "accepted"}).status_code == 200
    assert approve(town, device_id).status_code == 200


def test_another_spelling_of_ones_name_is_no_second_person(town: Town) -> None:
    device_id = take_in(town, "monitor", serial="MON-1")
    prove(town, device_id, Milestone.labelled)
    worker = workshop_key(town, "Équipier  Vert", Role.technician)
    worker.post(f"/v1/devices/{device_id}/tests", passes("monitor"))
    worker.post(f"/v1/devices/{device_id}/grade", {"cosmetic": "B"})
    for name in ("équipier vert", " Équipier Vert ", "E\u0301QUIPIER VERT", "Équipier\u00a0Vert"):
        refused = approve(town, device_id, workshop_key(town, name, Role.lead))
        assert (refused.status_code, refused.json()["code"]) == (403, "second_person"), name
    assert approve(town, device_id, workshop_key(town, "Équipier Bleu", Role.lead)).status_code == 200


def test_another_spelling_of_ones_name_is_no_second_acceptor(town: Town) -> None:
    change_territory(town, two_persons=True)
    device_id = at_bench(town, VM01)
    upload(workshop_key(town, "Secu-7", Role.technician), log_of("vm01-nwipe"))
    refused = decide(workshop_key(town, "secu-7 ", Role.data_security), device_id)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["two_persons"])


def test_a_witness_of_ones_own_name_is_none(town: Town) -> None:
    change_territory(town, two_persons=True)
    device_id = at_bench(town, VM06)
    path = f"/v1/media/{media_ids(town.house, device_id)['WD-WMC2E0123456']}/disposals"
    for witness in ("TECH-1", " tech-1", "  "):
        answer = town.technician.post(path, {"kind": "destroyed", "method": "shredder", "witness": witness})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/witness"), witness


def test_where_two_persons_are_demanded_nobody_accepts_an_absence_on_ones_own_word(town: Town) -> None:
    change_territory(town, two_persons=True)
    both = workshop_key(town, "chef-1", Role.technician, Role.data_security)
    device_id = at_bench(town, VM06)
    path = f"/v1/media/{media_ids(town.house, device_id)['WD-WMC2E0123456']}/disposals"
    assert both.post(path, {"kind": "absent", "reason": "the bay is empty"}).status_code == 201
    refused = decide(both, device_id)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["two_persons"])
    assert decide(town.data_security, device_id).status_code == 202


def test_who_only_accepts_cannot_also_declare_that_there_is_no_medium(town: Town) -> None:
    device_id = at_bench(town, [])
    refused = decide(town.data_security, device_id, "no_medium", "the bay is empty")
    assert (refused.status_code, refused.json()["code"]) == (403, "role_missing")


def test_a_medium_typed_in_does_not_answer_whether_this_is_the_right_machine(town: Town) -> None:
    device_id = take_in(town, "laptop", serial="OTHER123")
    capture(town, device_id)
    typed = town.technician.post(f"/v1/devices/{device_id}/media", {"serial": "DISK-1", "kind": "hdd"})
    assert typed.status_code == 201
    assert town.lead.get(f"/v1/devices/{device_id}").json()["milestones"]["captured"] is None
    assert "captured" in decide(town.data_security, UUID(device_id)).json()["missing"]


def test_a_medium_found_while_the_same_one_is_kept_apart_is_back_in_the_device_at_once(town: Town) -> None:
    device_id = at_bench(town, VM06)
    medium_id = media_ids(town.house, device_id)["WD-WMC2E0123456"]
    town.technician.post(f"/v1/media/{medium_id}/disposals", {"kind": "removed", "reason": "in the safe"})
    town.data_security.done(decide(town.data_security, device_id))
    with transaction(town.house.database) as session:
        add_media(session, Actor(None), session.get_one(Device, device_id), VM06, source="capture")
    assert not is_sanitized(town.house, device_id)
