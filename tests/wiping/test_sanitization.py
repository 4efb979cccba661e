"""The gate before `sanitized`: what opens it, what keeps it shut, and what shuts it again."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlmodel import Session

import workers.certificates as tasks
from benches import (
    RECEIVED,
    VM01,
    VM03,
    VM04,
    VM05,
    VM06,
    at_bench,
    decide,
    device_now,
    is_sanitized,
    keep,
    later,
    log_of,
    media_ids,
    put_at_bench,
    upload,
    workshop_caller,
)
from makers import Desk, Town, make_key, make_organisation
from reuse.devices.actions.identity import NewMedium, add_media
from reuse.devices.actions.milestones import withdraw_milestones
from reuse.devices.actions.moves import change_device
from reuse.devices.models import Device
from reuse.devices.rules import Milestone, Status
from reuse.errors import Conflict
from reuse.history.queries import history_of
from reuse.history.rules import Actor
from reuse.house import House
from reuse.people.models import Organisation, Territory
from reuse.people.rules import Activity, Role
from reuse.transactions import in_transaction, reading, transaction
from reuse.wiping.actions.sanitization import accept_sanitization


@pytest.fixture(autouse=True)
def quick_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages themselves are not the point here; tests/wiping/test_certificates.py draws real ones."""
    monkeypatch.setattr(tasks, "print_certificate", lambda value, _: b"%PDF-1.7 stands for " + value.canonical_json)


def change_territory(town: Town, **policy: bool) -> None:
    """Let the default territory decide otherwise."""
    with transaction(town.house.database) as session:
        workshop = session.get_one(Organisation, town.technician.organisation_id)
        territory = session.get_one(Territory, workshop.territory_id)
        for name, value in policy.items():
            setattr(territory, name, value)
        session.add(territory)


def dispose(desk: Desk, medium_id: UUID, **body: str) -> int:
    """Dispose of a medium; the answer's status."""
    return desk.post(f"/v1/media/{medium_id}/disposals", body).status_code


def missing(town: Town, device_id: UUID, desk: Desk | None = None) -> list[str]:
    """What acceptance says is missing."""
    answer = decide(desk or town.data_security, device_id)
    assert answer.status_code == 409, answer.text
    assert answer.json()["code"] == "gate_closed"
    assert not is_sanitized(town.house, device_id)
    return answer.json()["missing"]


def test_a_passed_wipe_of_every_medium_is_accepted_and_certified(town: Town) -> None:
    device_id = at_bench(town, VM03, category="desktop")
    upload(town.technician, log_of("vm03-nwipe"))
    assert not is_sanitized(town.house, device_id)
    accepted = decide(town.data_security, device_id)
    assert is_sanitized(town.house, device_id)
    job = town.data_security.done(accepted)
    assert job["state"] == "succeeded", job
    assert len(job["result"]["certificate_ids"]) == 2


def test_without_any_report_nothing_is_proved(town: Town) -> None:
    assert missing(town, at_bench(town, VM01)) == ["no_report"]


@pytest.mark.parametrize(
    ("media", "log", "expected"),
    [
        (VM05, "vm05-nwipe", ["verdict_fail"]),
        (VM05, "vm05-nwipe-killed", ["no_report", "verdict_unknown"]),
        (VM06, "vm06-nwipe", ["verdict_fail"]),
        (VM04, "vm04-nwipe", ["not_verified"]),
    ],
)
def test_aborted_failed_and_unverified_wipes_keep_the_gate_shut(
    town: Town, media: list[NewMedium], log: str, expected: list[str]
) -> None:
    device_id = at_bench(town, media)
    upload(town.technician, log_of(log))
    assert missing(town, device_id) == expected


def test_the_refusal_names_each_medium(town: Town) -> None:
    device_id = at_bench(town, VM05)
    upload(town.technician, log_of("vm05-nwipe"))
    aborted = media_ids(town.house, device_id)["Z3TBK1234"]
    errors = decide(town.data_security, device_id).json()["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [(f"/media/{aborted}", "verdict_fail")]


def test_a_territory_may_accept_unverified_wipes_of_a_trusted_tool_only(town: Town) -> None:
    change_territory(town, accepts_not_verified=True)
    old, new = at_bench(town, VM04), at_bench(town, [NewMedium("QM00044", "hdd")], serial="OTHER1")
    upload(town.technician, log_of("vm04-nwipe"))
    trusted = log_of("vm04-nwipe").replace(b"nwipe 0.33", b"nwipe 0.34").replace(b"QM00003", b"QM00044")
    upload(town.technician, trusted)
    assert missing(town, old) == ["tool_needs_verification"]
    job = town.data_security.done(decide(town.data_security, new))
    (certificate_id,) = job["result"]["certificate_ids"]
    content = town.data_security.get(f"/v1/certificates/{certificate_id}").json()["content"]
    assert "not_verified_accepted" in content["notes"]
    assert content["verification"] == "none"


def test_a_wipe_before_the_reception_proves_nothing_about_what_came_after(town: Town) -> None:
    device_id = at_bench(town, VM01, received=datetime(2026, 3, 10, tzinfo=UTC))
    upload(town.technician, log_of("vm01-nwipe"))
    assert missing(town, device_id) == ["report_before_custody"]


def test_a_report_from_the_future_proves_a_wrong_clock(town: Town) -> None:
    device_id = at_bench(town, VM01)
    upload(town.technician, later(log_of("vm01-nwipe"), 3650))
    assert missing(town, device_id) == ["report_in_future"]


def test_a_human_match_never_turns_unknown_or_another_serial_into_pass(town: Town) -> None:
    device_id = at_bench(town, [NewMedium("UNREADABLE-7", "ssd_nvme")])
    medium_id = str(media_ids(town.house, device_id)["UNREADABLE-7"])
    for log in ("vm01-nwipe", "vm08-nwipe-q"):
        report = upload(town.technician, log_of(log)).json()
        body = {"index": 0, "medium_id": medium_id, "reason": "the only disk on my bench"}
        assert town.technician.post(f"/v1/erasure-reports/{report['id']}/matches", body).status_code == 200
        assert "verdict_unknown" in missing(town, device_id)


def test_a_human_match_of_a_medium_without_serial_counts_and_is_told_on_the_certificate(town: Town) -> None:
    device_id = at_bench(town, [NewMedium(None, "ssd_nvme", 67_108_864)])
    report = upload(town.technician, log_of("vm01-nwipe")).json()
    body = {"index": 0, "medium_id": str(media_ids(town.house, device_id)[None]), "reason": "soldered, read by hand"}
    town.technician.post(f"/v1/erasure-reports/{report['id']}/matches", body)
    job = town.data_security.done(decide(town.data_security, device_id))
    (certificate_id,) = job["result"]["certificate_ids"]
    content = town.data_security.get(f"/v1/certificates/{certificate_id}").json()["content"]
    assert content["notes"].count("human_match") == 1
    assert content["report_serial"] == "S444NX0K512345"


def test_media_must_have_been_captured(town: Town) -> None:
    device_id = at_bench(town, VM01, is_captured=False)
    upload(town.technician, log_of("vm01-nwipe"))
    assert missing(town, device_id) == ["captured"]


def test_a_laptop_without_media_is_missing_them_until_somebody_says_why(town: Town) -> None:
    device_id = at_bench(town, [])
    assert missing(town, device_id) == ["no_medium"]
    assert decide(town.technician, device_id, "no_medium").json()["errors"][0]["pointer"] == "/reason"
    assert decide(town.technician, device_id, "no_medium", "the bay is empty").status_code == 200
    assert not is_sanitized(town.house, device_id)
    job = town.data_security.done(decide(town.data_security, device_id))
    assert job["result"] == {"certificate_ids": []}
    assert is_sanitized(town.house, device_id)


def test_a_printer_is_declared_without_media_by_a_technician_and_accepted_without_certificate(town: Town) -> None:
    device_id = at_bench(town, [], category="printer", is_captured=False)
    assert missing(town, device_id) == ["captured", "no_medium"]
    assert decide(town.data_security, device_id, "accepted", "none, I think").status_code == 409  # no technician
    assert (
        decide(town.technician, device_id, "no_medium", "no slot for a disk, service manual p. 12").status_code == 200
    )
    job = town.data_security.done(decide(town.data_security, device_id))
    assert job["result"] == {"certificate_ids": []}


def test_who_is_technician_too_may_declare_and_accept_in_one_act(town: Town) -> None:
    device_id = at_bench(town, [], category="printer", is_captured=False)
    with reading(town.house.database) as session:
        workshop = session.get_one(Organisation, town.technician.organisation_id)
    both = Desk(town.client, make_key(town.house, workshop, person="chef-1"), workshop.id)
    assert both.done(decide(both, device_id, "accepted", "no slot for a disk"))["state"] == "succeeded"


def test_a_declaration_ends_where_a_medium_turns_up_or_the_device_returns(town: Town) -> None:
    device_id = at_bench(town, [])
    decide(town.technician, device_id, "no_medium", "the bay is empty")
    with transaction(town.house.database) as session:
        change_device(session, session.get_one(Device, device_id), custody_since=datetime.now(UTC))
    assert missing(town, device_id) == ["no_medium"]
    with transaction(town.house.database) as session:
        add_media(session, Actor(None), session.get_one(Device, device_id), VM01, source="capture")
    assert missing(town, device_id) == ["no_report"]
    assert decide(town.technician, device_id, "no_medium", "still empty").json()["code"] == "medium_known"


def test_a_monitor_has_nothing_to_erase(town: Town) -> None:
    device_id = at_bench(town, [], category="monitor", is_captured=False)
    job = town.data_security.done(decide(town.data_security, device_id))
    assert job["result"] == {"certificate_ids": []}


def test_destroyed_and_removed_media_open_the_gate_with_the_wiped_ones(town: Town) -> None:
    device_id = at_bench(town, VM05)
    upload(town.technician, log_of("vm05-nwipe"))
    failed = media_ids(town.house, device_id)["Z3TBK1234"]
    assert dispose(town.technician, failed, kind="destroyed") == 400
    assert dispose(town.technician, failed, kind="removed", reason="kept in the safe, shelf 2") == 201
    assert dispose(town.technician, failed, kind="destroyed", method="shredder", particle_size_mm="6") == 201
    assert dispose(town.technician, failed, kind="removed", reason="no, it is here") == 409
    job = town.data_security.done(decide(town.data_security, device_id))
    assert len(job["result"]["certificate_ids"]) == 2


def test_a_removed_medium_needs_no_certificate_and_its_later_destruction_does(town: Town) -> None:
    device_id = at_bench(town, VM06)
    medium_id = media_ids(town.house, device_id)["WD-WMC2E0123456"]
    dispose(town.technician, medium_id, kind="removed", reason="kept in the safe, shelf 2")
    first = town.data_security.done(decide(town.data_security, device_id))
    assert first["result"] == {"certificate_ids": []}
    with transaction(town.house.database) as session:  # the machine has long gone to a family
        change_device(session, session.get_one(Device, device_id))
    dispose(town.technician, medium_id, kind="destroyed", method="shredder")
    second = town.data_security.done(decide(town.data_security, device_id))
    assert len(second["result"]["certificate_ids"]) == 1


def test_accepting_twice_is_accepting_once(town: Town) -> None:
    device_id = at_bench(town, VM01)
    upload(town.technician, log_of("vm01-nwipe"))
    first, second = (decide(town.data_security, device_id) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    town.data_security.done(first)
    assert len(town.data_security.get(f"/v1/certificates?device_id={device_id}").json()["items"]) == 1


def test_only_a_named_person_with_the_role_in_the_workshop_decides(town: Town) -> None:
    device_id = at_bench(town, VM01)
    upload(town.technician, log_of("vm01-nwipe"))
    with reading(town.house.database) as session:
        workshop = session.get_one(Organisation, town.technician.organisation_id)
    station = Desk(town.client, make_key(town.house, workshop, roles=[Role.data_security]), workshop.id)
    refused = decide(station, device_id)
    assert (refused.status_code, refused.json()["code"]) == (403, "person_required")
    for desk in (town.technician, town.lead, town.council, town.operator):
        assert decide(desk, device_id).status_code == 403
    rival = make_organisation(town.house, "Atelier d'en Face", Activity.workshop)
    stranger = Desk(town.client, make_key(town.house, rival, person="secu-9"), rival.id)
    assert decide(stranger, device_id).status_code == 404
    assert dispose(stranger, media_ids(town.house, device_id)["S444NX0K512345"], kind="absent", reason="x") == 404
    assert not is_sanitized(town.house, device_id)


def test_where_two_persons_are_demanded_the_operator_cannot_accept(town: Town) -> None:
    change_territory(town, two_persons=True)
    device_id = at_bench(town, VM01)
    upload(town.data_security, log_of("vm01-nwipe"))
    assert missing(town, device_id) == ["two_persons"]
    with reading(town.house.database) as session:
        workshop = session.get_one(Organisation, town.technician.organisation_id)
    second = Desk(town.client, make_key(town.house, workshop, person="secu-2", roles=[Role.data_security]), workshop.id)
    assert decide(second, device_id).status_code == 202


def test_an_acceptance_based_on_an_older_sight_is_stale(town: Town) -> None:
    device_id = at_bench(town, VM01)
    upload(town.technician, log_of("vm01-nwipe"))
    body, path = {"decision": "accepted"}, f"/v1/devices/{device_id}/sanitization"
    version = device_now(town.house, device_id).version
    assert town.data_security.post(path, body, headers={"If-Match": f'"{version - 1}"'}).status_code == 412
    assert town.data_security.post(path, body, headers={"If-Match": f'"{version}"'}).status_code == 202


def test_a_bad_decision_is_told_where_it_is_bad(town: Town) -> None:
    device_id = at_bench(town, VM01)
    path = f"/v1/devices/{device_id}/sanitization"
    for body in ({"decision": "maybe"}, {}, {"decision": "accepted", "level": "purge"}):
        answer = town.data_security.post(path, body)
        assert answer.status_code == 400
        assert answer.json()["errors"]


def test_a_rejection_is_recorded_with_its_reason_and_takes_back_what_was_accepted(town: Town) -> None:
    device_id = at_bench(town, VM01)
    upload(town.technician, log_of("vm01-nwipe"))
    decide(town.data_security, device_id)
    assert decide(town.data_security, device_id, "rejected").json()["errors"][0]["pointer"] == "/reason"
    rejected = decide(town.data_security, device_id, "rejected", "the disk is still in the drawer")
    assert (rejected.status_code, rejected.json()["decision"]) == (200, "rejected")
    assert not is_sanitized(town.house, device_id)
    with reading(town.house.database) as session:
        last = history_of(session, "device", device_id)[-1]
    assert (last.verb, last.person) == ("sanitization_rejected", "secu-1")


def test_a_device_not_yet_received_cannot_be_decided_on(town: Town) -> None:
    device_id = at_bench(town, [], status=Status.collected)
    assert decide(town.data_security, device_id).json()["code"] == "not_in_custody"


def test_a_later_failing_report_withdraws_what_was_accepted_and_takes_the_device_off_the_shelf(town: Town) -> None:
    device_id = at_bench(town, VM01)
    upload(town.technician, log_of("vm01-nwipe"))
    town.data_security.done(decide(town.data_security, device_id))
    with transaction(town.house.database) as session:
        change_device(session, session.get_one(Device, device_id), location="shelf 4")
        session.get_one(Device, device_id).status = Status.ready
    failed = later(log_of("vm01-nwipe"), 1).replace(b"nvme0n1 | Erased |", b"nvme0n1 |-FAILED-|")
    report = upload(town.technician, failed).json()
    assert report["items"][0]["verdict"] == "fail"
    assert not is_sanitized(town.house, device_id)
    assert device_now(town.house, device_id).status == Status.in_workshop
    assert missing(town, device_id) == ["verdict_fail"]


def test_an_older_failing_report_that_comes_late_withdraws_nothing(town: Town) -> None:
    device_id = at_bench(town, VM01)
    upload(town.technician, later(log_of("vm01-nwipe"), 1))
    decide(town.data_security, device_id)
    upload(town.technician, log_of("vm01-nwipe").replace(b"nvme0n1 | Erased |", b"nvme0n1 |-FAILED-|"))
    assert is_sanitized(town.house, device_id)


def test_a_new_medium_shuts_the_gate_until_it_is_proved_too_and_new_numbers_supersede(town: Town) -> None:
    device_id = at_bench(town, VM03[:1], category="desktop")
    upload(town.technician, log_of("vm03-nwipe"))
    first = town.data_security.done(decide(town.data_security, device_id))
    with transaction(town.house.database) as session:
        add_media(session, Actor(None), session.get_one(Device, device_id), VM03[1:], source="capture")
    assert not is_sanitized(town.house, device_id)
    for _ in range(100):  # the waiting item of the same log finds the new medium by itself
        answer = decide(town.data_security, device_id)
        if answer.status_code == 202:
            break
    second = town.data_security.done(answer)
    assert len(second["result"]["certificate_ids"]) == 2
    (old,) = first["result"]["certificate_ids"]
    certificate = town.data_security.get(f"/v1/certificates/{old}").json()
    assert certificate["status"] == "superseded"
    assert certificate["superseded_by"] == "CE-2026-000002"


def test_a_withdrawn_milestone_can_be_accepted_anew(town: Town) -> None:
    device_id = at_bench(town, VM01)
    upload(town.technician, log_of("vm01-nwipe"))
    first = decide(town.data_security, device_id)
    town.data_security.done(first)
    with transaction(town.house.database) as session:
        device = session.get_one(Device, device_id)
        withdraw_milestones(session, Actor(None), device, [Milestone.sanitized], reason="a drawer was found open")
    second = decide(town.data_security, device_id)
    assert second.json()["id"] != first.json()["id"]
    assert is_sanitized(town.house, device_id)


def test_the_donation_s_level_keeps_the_gate_shut_below_it(town: Town) -> None:
    body = {
        "donor_id": str(town.council.organisation_id),
        "legal_basis": "public_free_transfer",
        "required_erasure": "purge",
        "lines": [{"category": "laptop", "quantity": 1}],
    }
    donation = town.council.post("/v1/donations", body)
    assert donation.status_code == 201, donation.text
    device_id = at_bench(town, VM01)
    with transaction(town.house.database) as session:
        device = session.get_one(Device, device_id)
        change_device(session, device, donation_id=UUID(donation.json()["id"]))
    upload(town.technician, log_of("vm01-nwipe"))
    assert missing(town, device_id) == ["level_too_low"]


def test_a_device_of_another_category_is_untouched_by_a_report_on_its_neighbour(town: Town) -> None:
    one = at_bench(town, VM01)
    two = put_at_bench(town.house, town.technician.organisation_id, VM03, received=RECEIVED, serial="OTHER1")
    upload(town.technician, log_of("vm01-nwipe"))
    decide(town.data_security, one)
    assert is_sanitized(town.house, one)
    assert not is_sanitized(town.house, two)


def test_acceptance_and_a_failing_report_at_once_never_leave_a_failed_medium_sanitized(any_house: House) -> None:
    caller = workshop_caller(any_house)
    for round_number in range(4):
        serial = f"S444NX0K5123{round_number:02}"
        log = log_of("vm01-nwipe").replace(b"S444NX0K512345", serial.encode())
        device_id = put_at_bench(any_house, caller.organisation_id, [NewMedium(serial, "ssd_nvme")], serial=serial)
        keep(any_house, caller, log)
        failed = later(log, 1).replace(b"nvme0n1 | Erased |", b"nvme0n1 |-FAILED-|")

        def accept(session: Session, device_id: UUID = device_id) -> None:
            with contextlib.suppress(Conflict):
                accept_sanitization(session, caller, device_id)

        with ThreadPoolExecutor(2) as pool:
            accepting = pool.submit(in_transaction, any_house.database, accept)
            failing = pool.submit(keep, any_house, caller, failed)
            accepting.result(timeout=30)
            assert failing.result(timeout=30).is_new
        assert not is_sanitized(any_house, device_id)
