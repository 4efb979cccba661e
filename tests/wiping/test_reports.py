"""Erasure reports through the doors, with logs of machines emulated by QEMU."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import event
from sqlmodel import select

from benches import (
    VM01,
    VM03,
    VM05,
    at_bench,
    decide,
    device_now,
    keep,
    log_of,
    media_ids,
    put_at_bench,
    upload,
    workshop_caller,
)
from makers import Desk, Town, make_key, make_organisation
from reuse.devices.actions.identity import NewMedium, add_media
from reuse.devices.models import Device
from reuse.devices.queries import workers_on
from reuse.devices.rules import Status
from reuse.history.queries import history_of
from reuse.history.rules import Actor
from reuse.house import House
from reuse.people.models import Organisation
from reuse.people.rules import Activity, Role
from reuse.transactions import reading, transaction
from reuse.wiping.models import ErasureReport, ReportItem


def rival_of(town: Town) -> Desk:
    """Another workshop of the same territory."""
    rival = make_organisation(town.house, "Atelier d'en Face", Activity.workshop)
    return Desk(town.client, make_key(town.house, rival, person="tech-9"), rival.id)


def test_a_log_of_two_disks_finds_both_media_by_their_serials(town: Town) -> None:
    device_id = at_bench(town, VM03)
    media = media_ids(town.house, device_id)
    answer = upload(town.technician, log_of("vm03-nwipe"))
    assert answer.status_code == 201
    report = answer.json()
    assert report["format"] == "nwipe_log"
    assert report["sha256"] == hashlib.sha256(log_of("vm03-nwipe")).hexdigest()
    assert [
        (item["index"], item["serial"], item["medium_id"], item["verdict"], item["method"], item["verification"])
        for item in report["items"]
    ] == [
        (0, "WD-WCC6Y5KJ1234", str(media["WD-WCC6Y5KJ1234"]), "pass", "clear", "last"),
        (1, "50026B7782D01234", str(media["50026B7782D01234"]), "pass", "clear", "last"),
    ]
    assert town.technician.get(answer.headers["Location"]).json() == report


def test_the_log_s_local_times_become_utc_by_the_zone_given(town: Town) -> None:
    at_bench(town, VM01)
    by_territory = upload(town.technician, log_of("vm01-nwipe")).json()
    assert by_territory["timezone"] == "Europe/Paris"
    assert by_territory["timezone_assumed"]
    assert by_territory["items"][0]["ended_at"] == "2026-03-02T07:14:11Z"
    by_station = upload(town.technician, log_of("vm03-nwipe"), timezone="UTC").json()
    assert by_station["items"][0]["ended_at"] == "2026-03-03T10:30:11Z"
    assert upload(town.technician, log_of("vm02-nwipe"), timezone="Mars/Olympus").json()["code"] == "unknown_timezone"


def test_the_bytes_are_kept_as_they_came(town: Town) -> None:
    report = upload(town.technician, log_of("vm06-nwipe")).json()
    kept = town.technician.get(f"/v1/erasure-reports/{report['id']}/content")
    assert kept.content == log_of("vm06-nwipe")


def test_the_same_report_twice_is_one_report_with_its_present_matches(town: Town) -> None:
    first = upload(town.technician, log_of("vm01-nwipe")).json()
    assert first["items"][0]["medium_id"] is None
    device_id = at_bench(town, [])
    with transaction(town.house.database) as session:
        add_media(session, Actor(None), session.get_one(Device, device_id), VM01, source="capture")
    again = upload(town.technician, log_of("vm01-nwipe"), name="copy.log")
    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    assert again.json()["items"][0]["medium_id"] == str(media_ids(town.house, device_id)["S444NX0K512345"])
    with reading(town.house.database) as session:
        assert len(session.exec(select(ErasureReport)).all()) == 1
        assert len(session.exec(select(ReportItem)).all()) == 1


def test_a_report_waits_unmatched_until_its_medium_appears(town: Town) -> None:
    waiting = upload(town.technician, log_of("vm01-nwipe")).json()
    queue = town.technician.get("/v1/erasure-reports?state=unmatched").json()["items"]
    assert [report["id"] for report in queue] == [waiting["id"]]
    device_id = at_bench(town, VM01)
    for _ in range(200):
        if not town.technician.get("/v1/erasure-reports?state=unmatched").json()["items"]:
            break
    (item,) = town.technician.get(f"/v1/erasure-reports/{waiting['id']}").json()["items"]
    assert item["medium_id"] == str(media_ids(town.house, device_id)["S444NX0K512345"])
    assert item["matched_by"] == "exact"
    matched = town.technician.get("/v1/erasure-reports?state=matched").json()["items"]
    assert [report["id"] for report in matched] == [waiting["id"]]


def test_uploading_is_work_on_the_device_that_bars_from_approving_it(town: Town) -> None:
    device_id = at_bench(town, VM01)
    before = device_now(town.house, device_id).version
    upload(town.technician, log_of("vm01-nwipe"))
    with reading(town.house.database) as session:
        assert workers_on(session, device_id) == {(town.technician.organisation_id, "tech-1")}
        verbs = [record.verb for record in history_of(session, "device", device_id)]
    assert "erasure_matched" in verbs
    assert device_now(town.house, device_id).version > before


def test_a_serial_of_another_device_matches_nothing_where_the_upload_says_this_device(town: Town) -> None:
    wanted, other = at_bench(town, VM05), at_bench(town, VM01, serial="OTHER1")
    (item,) = upload(town.technician, log_of("vm01-nwipe"), device_id=str(wanted)).json()["items"]
    assert item["medium_id"] is None
    assert item["reasons"] == ["other_device"]
    media = media_ids(town.house, wanted)
    limited = upload(town.technician, log_of("vm05-nwipe"), medium_id=str(media["Z3TBK1234"])).json()["items"]
    assert {item["serial"]: (item["medium_id"], item["reasons"]) for item in limited} == {
        "Z3TBK1234": (str(media["Z3TBK1234"]), ["aborted"]),
        "17290A1B2C3D": (None, ["other_medium"]),
    }
    assert len(media_ids(town.house, other)) == 1  # no upload ever makes a medium


def test_a_limit_stays_when_media_appear_later(town: Town) -> None:
    wanted = at_bench(town, VM05)
    report = upload(town.technician, log_of("vm01-nwipe"), device_id=str(wanted)).json()
    at_bench(town, VM01, serial="OTHER1")
    again = upload(town.technician, log_of("vm01-nwipe"), device_id=str(wanted)).json()
    assert again["id"] == report["id"]
    assert again["items"][0]["medium_id"] is None
    assert again["items"][0]["reasons"] == ["other_device"]


@pytest.mark.parametrize("captured", ["s444nx0k512345", " S444NX0K512345 ", "S444 NX0K 512345"])
def test_another_spelling_of_a_serial_is_the_same_serial(town: Town, captured: str) -> None:
    at_bench(town, [NewMedium(captured, "ssd_nvme")])
    (item,) = upload(town.technician, log_of("vm01-nwipe")).json()["items"]
    assert item["medium_id"] is not None
    assert item["matched_by"] in {"exact", "normalised"}


def test_a_serial_that_nwipe_cut_at_20_characters_finds_the_whole_one(town: Town) -> None:
    at_bench(town, [NewMedium("AA00000000000001234567890", "hdd"), *VM01])
    cut = log_of("vm01-nwipe").replace(b"S444NX0K512345", b"AA000000000000012345")
    (item,) = upload(town.technician, cut).json()["items"]
    assert (item["verdict"], item["matched_by"]) == ("pass", "truncated")


def test_leading_zeros_are_part_of_a_serial(town: Town) -> None:
    at_bench(town, [NewMedium("00S444NX0K512345", "ssd_nvme")])
    assert upload(town.technician, log_of("vm01-nwipe")).json()["items"][0]["medium_id"] is None


def test_a_serial_that_two_devices_claim_waits_for_a_person(town: Town) -> None:
    one, two = at_bench(town, VM01), at_bench(town, VM01, serial="OTHER1")
    (item,) = upload(town.technician, log_of("vm01-nwipe")).json()["items"]
    assert item["medium_id"] is None
    assert item["reasons"] == ["serial_ambiguous"]
    (item,) = upload(town.technician, log_of("vm01-nwipe"), device_id=str(two)).json()["items"]
    assert item["medium_id"] == str(media_ids(town.house, two)["S444NX0K512345"])
    assert one != two


def test_a_redacted_serial_stays_unmatched_and_unknown(town: Town) -> None:
    at_bench(town, [NewMedium("S314J90G612345", "hdd", 33_554_432, None, "SAMSUNG HD103SJ")])
    items = upload(town.technician, log_of("vm08-nwipe-q")).json()["items"]
    assert {(item["serial"], item["medium_id"], item["verdict"]) for item in items} == {(None, None, "unknown")}


def test_a_medium_of_like_model_and_size_is_suggested_never_matched(town: Town) -> None:
    device_id = at_bench(town, [NewMedium("UNREADABLE-7", "ssd_nvme", 67_108_864, "QEMU", "QEMU NVMe Ctrl")])
    report = upload(town.technician, log_of("vm01-nwipe")).json()
    (item,) = report["items"]
    assert item["medium_id"] is None
    assert item["suggested_media"] == [str(media_ids(town.house, device_id)["UNREADABLE-7"])]


def test_a_person_matches_and_the_contradicting_serial_stays_visible(town: Town) -> None:
    device_id = at_bench(town, [NewMedium("UNREADABLE-7", "ssd_nvme")])
    medium_id = str(media_ids(town.house, device_id)["UNREADABLE-7"])
    report = upload(town.technician, log_of("vm01-nwipe")).json()
    path = f"/v1/erasure-reports/{report['id']}/matches"
    matched = town.technician.post(path, {"index": 0, "medium_id": medium_id, "reason": "the only disk on my bench"})
    assert matched.status_code == 200
    (item,) = matched.json()["items"]
    assert (item["medium_id"], item["matched_by"], item["verdict"]) == (medium_id, "person", "pass")
    assert item["reasons"] == ["serial_differs"]


def test_a_person_cannot_take_an_item_away_from_the_medium_that_its_serial_found(town: Town) -> None:
    at_bench(town, VM01)
    other = at_bench(town, [NewMedium("OTHER-DISK-1", "hdd")], serial="OTHER1")
    report = upload(town.technician, log_of("vm01-nwipe")).json()
    body = {"index": 0, "medium_id": str(media_ids(town.house, other)["OTHER-DISK-1"]), "reason": "so I think"}
    answer = town.technician.post(f"/v1/erasure-reports/{report['id']}/matches", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_matched")


def test_a_wrong_match_by_a_person_can_be_corrected_by_a_person(town: Town) -> None:
    device_id = at_bench(town, [NewMedium("UNREADABLE-7", "ssd_nvme"), NewMedium("UNREADABLE-8", "ssd_nvme")])
    media = media_ids(town.house, device_id)
    report = upload(town.technician, log_of("vm01-nwipe")).json()
    path = f"/v1/erasure-reports/{report['id']}/matches"
    for serial in ("UNREADABLE-7", "UNREADABLE-8"):
        body = {"index": 0, "medium_id": str(media[serial]), "reason": "label on the disk"}
        (item,) = town.technician.post(path, body).json()["items"]
        assert item["medium_id"] == str(media[serial])


def test_matching_needs_a_named_person_a_known_item_and_a_medium_of_the_workshop(town: Town) -> None:
    device_id = at_bench(town, [NewMedium("UNREADABLE-7", "ssd_nvme")])
    rival = rival_of(town)
    foreign = put_at_bench(town.house, rival.organisation_id, [NewMedium("FOREIGN-1", "hdd")])
    report = upload(town.technician, log_of("vm01-nwipe")).json()
    path = f"/v1/erasure-reports/{report['id']}/matches"
    good = {"index": 0, "medium_id": str(media_ids(town.house, device_id)["UNREADABLE-7"]), "reason": "seen"}
    with reading(town.house.database) as session:
        workshop = session.get_one(Organisation, town.technician.organisation_id)
    station = Desk(town.client, make_key(town.house, workshop, roles=[Role.technician]), workshop.id)
    assert station.post(path, good).json()["code"] == "person_required"
    assert town.lead.post(path, good | {"index": 7}).json()["errors"][0]["pointer"] == "/index"
    wrong = town.technician.post(path, good | {"medium_id": str(media_ids(town.house, foreign)["FOREIGN-1"])})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "/medium_id")
    assert town.technician.post(path, good | {"reason": ""}).status_code == 400
    assert rival.post(path, good).status_code == 404


def test_another_workshop_sees_nothing_and_its_media_are_never_matched(town: Town) -> None:
    rival = rival_of(town)
    put_at_bench(town.house, rival.organisation_id, VM01)
    report = upload(town.technician, log_of("vm01-nwipe")).json()
    assert report["items"][0]["medium_id"] is None
    for path in (f"/v1/erasure-reports/{report['id']}", f"/v1/erasure-reports/{report['id']}/content"):
        assert rival.get(path).status_code == 404
    assert rival.get("/v1/erasure-reports").json()["items"] == []
    own = upload(rival, log_of("vm01-nwipe"))
    assert own.status_code == 201
    assert own.json()["id"] != report["id"]
    for desk in (town.operator, town.region):
        assert len(desk.get("/v1/erasure-reports").json()["items"]) == 2
    for desk in (town.council, town.network, town.stranger):
        assert desk.get("/v1/erasure-reports").json()["items"] == []


def test_only_those_who_wipe_may_upload(town: Town) -> None:
    for desk in (town.council, town.network, town.region):
        assert upload(desk, log_of("vm01-nwipe")).status_code == 403
    assert upload(town.data_security, log_of("vm01-nwipe")).status_code == 201


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "file_empty"),
        (b"\0\1\2", 400, "file_not_text"),
        (b"hello, I have wiped it", 415, "unknown_format"),
        (b"%PDF-1.4 certificate", 415, "pdf_not_evidence"),
        (b'{"type": "Snapshot", ', 400, None),
    ],
)
def test_what_cannot_be_read_is_refused_and_not_kept(town: Town, content: bytes, status: int, code: str | None) -> None:
    answer = upload(town.technician, content)
    assert answer.status_code in {status, 415}
    assert code is None or answer.json()["code"] == code
    with reading(town.house.database) as session:
        assert session.exec(select(ErasureReport)).all() == []
    assert not list((town.house.settings.data_dir / "files").rglob("*/*/*"))


def test_limits_must_name_things_of_the_workshop_that_are_at_the_bench(town: Town) -> None:
    ready = at_bench(town, VM01, status=Status.ready)
    foreign = put_at_bench(town.house, rival_of(town).organisation_id, VM03)
    assert upload(town.technician, log_of("vm01-nwipe"), device_id=str(ready)).json()["code"] == "not_at_the_bench"
    for field, value in (
        ("device_id", str(foreign)),
        ("medium_id", str(media_ids(town.house, foreign)["WD-WCC6Y5KJ1234"])),
        ("device_id", "no uuid"),
    ):
        answer = upload(town.technician, log_of("vm01-nwipe"), **{field: value})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{field}")
    unknown = upload(town.technician, log_of("vm01-nwipe"), colour="red")
    assert unknown.json()["errors"][0]["code"] == "unknown_field"


def test_an_answer_is_replayed_under_its_idempotency_key(town: Town) -> None:
    at_bench(town, VM01)
    files = {"file": ("nwipe.log", log_of("vm01-nwipe"), "text/plain")}
    key = {"Idempotency-Key": "one-upload"}
    first = town.technician.post("/v1/erasure-reports", files=files, headers=key)
    again = town.technician.post("/v1/erasure-reports", files=files, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()


def test_the_same_bytes_sent_at_once_are_one_report(any_house: House) -> None:
    caller = workshop_caller(any_house)
    put_at_bench(any_house, caller.organisation_id, VM03)
    with ThreadPoolExecutor(6) as pool:
        kept = list(pool.map(lambda _: keep(any_house, caller, log_of("vm03-nwipe")), range(6)))
    assert len({one.report.id for one in kept}) == 1
    assert [one.is_new for one in kept].count(True) == 1
    with reading(any_house.database) as session:
        assert len(session.exec(select(ReportItem)).all()) == 2


def test_one_upload_notes_when_it_came(town: Town) -> None:
    before = datetime.now(UTC)
    report = upload(town.technician, log_of("vm01-nwipe")).json()
    assert before <= datetime.fromisoformat(report["received_at"]) <= datetime.now(UTC)


def test_a_recall_lists_the_devices_and_certificates_that_rest_on_one_version_of_a_tool(town: Town) -> None:
    device_id = at_bench(town, VM01)
    certified = upload(town.technician, log_of("vm01-nwipe")).json()
    upload(town.technician, log_of("vm05-nwipe-killed"))
    job = town.data_security.done(decide(town.data_security, device_id))
    tool, version = (certified["items"][0][name] for name in ("tool", "tool_version"))
    recalled = town.technician.get(f"/v1/erasure-reports?tool={tool}&tool_version={version}").json()["items"]
    items = [item for one in recalled for item in one["items"]]
    resting = {item["device_id"]: item["certificate_ids"] for item in items if item["device_id"]}
    assert resting == {str(device_id): job["result"]["certificate_ids"]}
    assert town.technician.get("/v1/erasure-reports?tool=nwipe&tool_version=0.1").json()["items"] == []
    assert len(town.technician.get("/v1/erasure-reports?tool=nwipe").json()["items"]) == 2
    (certificate_id,) = job["result"]["certificate_ids"]
    revoked = town.data_security.post(f"/v1/certificates/{certificate_id}/revocation", {"reason": "tool recalled"})
    assert revoked.status_code == 200
    (item,) = town.technician.get(f"/v1/erasure-reports/{certified['id']}").json()["items"]
    assert (item["device_id"], item["certificate_ids"]) == (str(device_id), [])


def test_a_page_of_waiting_reports_asks_the_database_as_often_as_one(town: Town) -> None:
    near = at_bench(town, [NewMedium("UNREADABLE-7", "ssd_nvme", 67_108_864, "QEMU", "QEMU NVMe Ctrl")])
    asked: list[str] = []
    listener = lambda *given: asked.append(given[2])  # noqa: E731  # as SQLAlchemy calls it
    event.listen(town.house.database.reader, "before_cursor_execute", listener)
    counts: list[int] = []
    for name in ("vm01-nwipe", "vm03-nwipe", "vm05-nwipe", "vm06-nwipe", "vm08-nwipe-plain"):
        upload(town.technician, log_of(name))
        asked.clear()
        page = town.technician.get("/v1/erasure-reports?state=unmatched").json()["items"]
        counts.append(sum("medium" in one for one in asked))
    assert len(page) == 5
    assert page[0]["items"][0]["suggested_media"] == [str(media_ids(town.house, near)["UNREADABLE-7"])]
    assert len(set(counts)) == 1
