"""Certificates: exactly one per medium and acceptance whatever dies, true to the evidence, and checkable by anybody."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlmodel import select

import workers.certificates as tasks
from benches import (
    VM03,
    at_bench,
    decide,
    is_sanitized,
    keep,
    later,
    log_of,
    media_ids,
    put_at_bench,
    upload,
    workshop_caller,
)
from makers import Desk, Town, make_house, make_key
from reuse import clock
from reuse.broker import attach
from reuse.canonical import canonical_json, sha256_hex
from reuse.documents.models import Document, NumberSeries
from reuse.errors import Invalid
from reuse.house import House
from reuse.jobs.models import Job
from reuse.jobs.rules import JobState
from reuse.people.models import Organisation
from reuse.people.rules import Activity, Caller, Role
from reuse.signing import signing_key
from reuse.transactions import in_transaction, reading
from reuse.wiping.actions.offline import verify_certificate_file
from reuse.wiping.actions.sanitization import accept_sanitization
from reuse.wiping.models import Certificate


class Killed(BaseException):
    """What kill -9 is to the code: nothing after it runs."""


def certified(town: Town, device_id: UUID) -> list[dict[str, Any]]:
    """Accept the device and wait for its certificates."""
    job = town.data_security.done(decide(town.data_security, device_id))
    assert job["state"] == "succeeded", job
    return [town.data_security.get(f"/v1/certificates/{one}").json() for one in job["result"]["certificate_ids"]]


def wiped_desktop(town: Town) -> UUID:
    """A desktop whose two media were wiped by the real tool."""
    device_id = at_bench(town, VM03, category="desktop", serial="CZC7438XYZ")
    assert upload(town.technician, log_of("vm03-nwipe"), name="tour-03.log").status_code == 201
    return device_id


def pdf_of(desk: Desk, certificate: dict[str, Any]) -> bytes:
    answer = desk.get(f"/v1/certificates/{certificate['id']}/pdf")
    assert answer.headers["content-type"] == "application/pdf"
    return answer.content


def accepted_without_worker(house: House) -> UUID:
    """The job of an accepted device in a house where nothing runs by itself."""
    caller = workshop_caller(house)
    device_id = put_at_bench(house, caller.organisation_id, VM03, category="desktop")
    keep(house, replace(caller, person="tech-1"), log_of("vm03-nwipe"))
    attach(house)
    return in_transaction(house.database, lambda session: accept_sanitization(session, caller, device_id).id)


def everything_issued(house: House) -> tuple[list[str], int, int]:
    """Numbers of certificates, the last number given, and how many documents there are."""
    with reading(house.database) as session:
        certificates = session.exec(select(Certificate)).all()
        numbers = sorted(one.number for one in certificates if one.document_id)
        series = session.exec(select(NumberSeries).where(NumberSeries.prefix == "CE")).one()
        return numbers, series.last, len(session.exec(select(Document)).all())


def issue(job_id: UUID) -> None:
    """Run the task as a worker would that got the message."""
    task: Any = tasks.issue_certificates
    task(str(job_id))


ONCE = (["CE-2026-000001", "CE-2026-000002"], 2, 2)


def test_each_medium_gets_one_numbered_certificate_with_its_facts(town: Town) -> None:
    device_id = wiped_desktop(town)
    first, second = certified(town, device_id)
    assert (first["number"], second["number"]) == ("CE-2026-000001", "CE-2026-000002")
    content = first["content"]
    assert content["medium"] | {"id": 0} == {
        "id": 0,
        "manufacturer": "Western Digital",
        "model": "WDC WD5000AZLX-60K2TA0",
        "serial": "WD-WCC6Y5KJ1234",
        "kind": "hdd",
        "size_bytes": 33_554_432,
        "soldered": False,
        "source": "capture",
    }
    assert (content["method"], content["required_method"], content["verification"]) == ("clear", "clear", "last")
    assert (content["tool"], content["tool_version"], content["rounds"]) == ("nwipe", "0.33", 1)
    assert content["ended_at"] == "2026-03-03T09:30:11Z"
    assert content["standard"] == "NIST SP 800-88 Rev. 2 (09/2025)"
    assert (content["operation"]["name"], content["validation"]["name"]) == ("tech-1", "secu-1")
    assert content["donor"]["name"] == "Ville de Grand-Port"
    assert content["issuer"]["name"] == "Atelier Deuxième Souffle"
    (evidence,) = content["evidence"]
    assert (evidence["name"], evidence["sha256"]) == ("tour-03.log", sha256_hex(log_of("vm03-nwipe")))
    assert {"page_cache", "timezone_assumed"} <= set(content["notes"])
    assert "overwrite_flash" in second["content"]["notes"]
    assert first["sha256"] == sha256_hex(canonical_json(content))


def test_the_pdf_carries_record_signature_and_evidence_byte_for_byte(town: Town) -> None:
    (first, _) = certified(town, wiped_desktop(town))
    carried = {
        name: parts[0] for name, parts in PdfReader(BytesIO(pdf_of(town.data_security, first))).attachments.items()
    }
    assert sorted(carried) == ["CE-2026-000001.json", "CE-2026-000001.json.sig", "tour-03.log"]
    assert carried["tour-03.log"] == log_of("vm03-nwipe")
    assert json.loads(carried["CE-2026-000001.json"]) == first["content"]
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf_of(town.data_security, first))).pages)
    assert "WD-WCC6Y5KJ1234" in text
    assert "CE-2026-000001" in text


def test_the_donor_gets_certificate_and_document_and_others_get_nothing(town: Town) -> None:
    device_id = wiped_desktop(town)
    (first, _) = certified(town, device_id)
    for desk in (town.council, town.region, town.operator, town.technician):
        assert desk.get(f"/v1/certificates/{first['id']}").json()["number"] == first["number"]
        assert pdf_of(desk, first).startswith(b"%PDF")
        assert len(desk.get(f"/v1/certificates?device_id={device_id}").json()["items"]) == 2
    assert len(town.council.get(f"/v1/documents?device_id={device_id}").json()["items"]) == 2
    for desk in (town.company, town.network, town.stranger):
        assert desk.get(f"/v1/certificates/{first['id']}").status_code == 404
        assert desk.get(f"/v1/certificates/{first['id']}/pdf").status_code == 404
        assert desk.get("/v1/certificates").json()["items"] == []


def test_a_destroyed_medium_s_certificate_says_how_and_before_whom(town: Town) -> None:
    device_id = at_bench(town, VM03[:1])
    medium_id = media_ids(town.house, device_id)["WD-WCC6Y5KJ1234"]
    body = {"kind": "destroyed", "method": "shredder", "particle_size_mm": "6", "witness": "lead-1"}
    assert town.technician.post(f"/v1/media/{medium_id}/disposals", body).status_code == 201
    (certificate,) = certified(town, device_id)
    content = certificate["content"]
    assert (content["method"], content["destination"], content["evidence"]) == ("destroy", "destroyed", [])
    assert content["destruction"]["witness"] == "lead-1"
    pdf = pdf_of(town.data_security, certificate)
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert "shredder" in text
    assert verify_certificate_file(pdf).holds


def test_a_certificate_is_checked_offline_to_the_last_byte(town: Town) -> None:
    (first, _) = certified(town, wiped_desktop(town))
    pdf = pdf_of(town.data_security, first)
    check = verify_certificate_file(pdf)
    assert (check.holds, check.pages, check.number) == (True, "identical", "CE-2026-000001")
    assert (check.sha256, check.serial) == (first["sha256"], "WD-WCC6Y5KJ1234")
    assert verify_certificate_file(pdf, fingerprint=check.fingerprint.upper()).holds
    assert verify_certificate_file(pdf, fingerprint="ab" * 32).problems == ("key_of_somebody_else",)


def test_one_altered_byte_anywhere_in_the_pdf_is_found(town: Town) -> None:
    (first, _) = certified(town, wiped_desktop(town))
    pdf = pdf_of(town.data_security, first)
    for place in range(20, len(pdf), len(pdf) // 8):
        altered = pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]
        try:
            holds = verify_certificate_file(altered).holds
        except Invalid:
            holds = False
        assert not holds, f"byte {place} of {len(pdf)} was altered and nobody saw"


def test_an_altered_record_or_a_foreign_signature_is_found(town: Town) -> None:
    first, second = certified(town, wiped_desktop(town))
    record, other = canonical_json(first["content"]), canonical_json(second["content"])
    with reading(town.house.database) as session:
        workshop_id = session.get_one(Certificate, UUID(first["id"])).organisation_id
    key = signing_key(town.house.settings, workshop_id)
    assert verify_certificate_file(record, signature=key.sign(record)).holds
    assert verify_certificate_file(record).problems == ("signature_missing",)
    assert verify_certificate_file(record, signature=key.sign(other)).problems == ("signature_wrong",)
    longer = record.replace(b'"rounds":1', b'"rounds":7')
    assert verify_certificate_file(longer, signature=key.sign(record)).problems == ("signature_wrong",)
    spaced = record.replace(b'":', b'": ', 1)
    assert verify_certificate_file(spaced, signature=key.sign(spaced)).problems == ("record_not_canonical",)
    with pytest.raises(Invalid):
        verify_certificate_file(b"%PDF-1.7 nothing")
    with pytest.raises(Invalid):
        verify_certificate_file(b'{"hello": 1}')


def test_the_signing_key_is_made_once_whoever_asks_first(tmp_path: Path, house: House) -> None:
    organisation_id = clock.new_id()
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: signing_key(house.settings, organisation_id), range(16)))
    assert len({key.public_key().public_bytes_raw() for key in keys}) == 1
    (file,) = (tmp_path / "keys").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_revoked_certificate_says_so_and_its_successor_takes_a_new_number(town: Town) -> None:
    device_id = wiped_desktop(town)
    first, _ = certified(town, device_id)
    path = f"/v1/certificates/{first['id']}/revocation"
    for desk in (town.technician, town.council):
        assert desk.post(path, {"reason": "so"}).status_code == 403
    assert town.data_security.post(path, {"reason": ""}).status_code == 400
    stale = town.data_security.post(path, {"reason": "wrong donor"}, headers={"If-Match": '"77"'})
    assert stale.status_code == 412
    revoked = town.data_security.post(path, {"reason": "wrong donor"})
    assert (revoked.status_code, revoked.json()["status"]) == (200, "revoked")
    assert revoked.json()["revocation_reason"] == "wrong donor"
    assert revoked.headers["ETag"] != f'"{first["version"]}"'
    assert town.data_security.post(path, {"reason": "again"}).status_code == 409
    assert not is_sanitized(town.house, device_id)
    third, fourth = certified(town, device_id)
    assert (third["number"], fourth["number"]) == ("CE-2026-000003", "CE-2026-000004")
    assert third["content"]["supersedes"] == "CE-2026-000001"
    after = town.data_security.get(f"/v1/certificates/{first['id']}").json()
    assert (after["status"], after["superseded_by"]) == ("revoked", "CE-2026-000003")
    assert after["content"] == first["content"]


def test_a_station_cannot_revoke(town: Town) -> None:
    first, _ = certified(town, wiped_desktop(town))
    with reading(town.house.database) as session:
        workshop = session.get_one(Organisation, town.technician.organisation_id)
    station = Desk(town.client, make_key(town.house, workshop, roles=[Role.data_security]), workshop.id)
    answer = station.post(f"/v1/certificates/{first['id']}/revocation", {"reason": "so"})
    assert (answer.status_code, answer.json()["code"]) == (403, "person_required")


def test_two_workers_with_one_job_make_one_certificate_per_medium(any_house: House) -> None:
    job_id = accepted_without_worker(any_house)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: issue(job_id), range(2)))
    assert everything_issued(any_house) == ONCE


def test_a_worker_that_lost_its_lease_and_the_next_one_make_one_certificate_per_medium(
    any_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = accepted_without_worker(any_house)
    draw = tasks.print_certificate
    drawn: list[bytes] = []

    def slowly(value: Any, key: Any) -> bytes:
        if not drawn:
            drawn.append(b"the first worker hangs here; its lease ends and a second one does the whole job")
            monkeypatch.setattr(clock, "source", lambda: clock_of_tomorrow)
            issue(job_id)
        return draw(value, key)

    clock_of_tomorrow = clock.now() + timedelta(minutes=2)
    monkeypatch.setattr(tasks, "print_certificate", slowly)
    issue(job_id)
    assert everything_issued(any_house) == ONCE
    with reading(any_house.database) as session:
        assert session.get_one(Job, job_id).state == JobState.succeeded


def after(action: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, name: str, *, at: int, before: bool) -> None:
    """Have the worker killed at the n-th call of one of its own steps, before or after it."""
    calls = iter(range(1, 1000))

    def deadly(*arguments: Any, **more: Any) -> Any:
        now = next(calls)
        if before and now == at:
            raise Killed(name)
        result = action(*arguments, **more)
        if now == at:
            raise Killed(name)
        return result

    monkeypatch.setattr(tasks, name, deadly)


@pytest.mark.parametrize(("at", "before"), [(1, True), (1, False), (2, True)])
@pytest.mark.parametrize("name", ["issue_certificate", "paper_of", "print_certificate", "link_rendering"])
def test_killed_anywhere_and_run_again_it_is_still_one_certificate_and_one_number_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, at: int, *, before: bool
) -> None:
    with closing(make_house(tmp_path)) as house:
        job_id = accepted_without_worker(house)
        monkeypatch.setattr(tasks, "print_certificate", lambda value, _: value.canonical_json)  # not the point here
        after(getattr(tasks, name), monkeypatch, name, at=at, before=before)
        with pytest.raises(Killed):
            issue(job_id)
        later_on = clock.now() + timedelta(minutes=2)
        monkeypatch.setattr(clock, "source", lambda: later_on)
        issue(job_id)
        assert everything_issued(house) == ONCE
        with reading(house.database) as session:
            result = session.get_one(Job, job_id).result
        assert result is not None
        assert len(result["certificate_ids"]) == 2


def test_what_no_longer_stands_is_not_certified(house: House) -> None:
    job_id = accepted_without_worker(house)
    with reading(house.database) as session:
        workshop = session.exec(select(Organisation)).one()
    caller = Caller(
        workshop.id,
        workshop.territory_id,
        frozenset({Activity.workshop}),
        frozenset({Role.technician}),
        workshop.id,
        None,
    )
    keep(house, caller, later(log_of("vm03-nwipe"), 1).replace(b"sda | Erased |", b"sda |-FAILED-|"))
    issue(job_id)
    with reading(house.database) as session:
        job = session.get_one(Job, job_id)
        assert (job.state, (job.problem or {})["code"]) == (JobState.failed, "sanitization_ended")
        assert session.exec(select(Certificate)).all() == []


def test_a_certificate_whose_row_was_tampered_with_is_never_rendered(house: House) -> None:
    job_id = accepted_without_worker(house)
    original = tasks.paper_of

    def tampered(files: Any, certificate: Certificate) -> Any:
        certificate.content = {**certificate.content, "method": "purge"}
        return original(files, certificate)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "paper_of", tampered)
        issue(job_id)
    with reading(house.database) as session:
        assert session.exec(select(Document)).all() == []
        assert session.get_one(Job, job_id).state == JobState.queued
