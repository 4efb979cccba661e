"""`kill -9` of the embedded default at any moment: what was answered stands, what was begun is finished, once."""

import hashlib
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlmodel import col, select

from benches import VM01, log_of, put_at_bench, upload
from donating import accepted, laptops, send
from faults.processes import Site, at, eventually, site
from makers import Desk
from reuse.devices.actions.identity import NewMedium
from reuse.devices.models import Device
from reuse.documents.models import Document
from reuse.jobs.rules import JobState
from reuse.transactions import reading
from reuse.wiping.models import Certificate

SERIAL = "S444NX0K512345"


def bring_back(built: Site) -> httpx.Client:
    """Start the product again after a kill; the client that speaks to it."""
    built.serve()
    return built.clients[-1]


def wiped_device(built: Site, number: int) -> UUID:
    """A device whose only medium was wiped; the report is an emulated machine's, with a serial of its own."""
    serial = f"S444NX0K5{number:05d}"
    (disk,) = VM01
    medium = NewMedium(serial, disk.kind, disk.size_bytes, disk.manufacturer, disk.model)
    device_id = put_at_bench(
        built.house,
        built.town.technician.organisation_id,
        [medium],
        donor_id=built.town.council.organisation_id,
        serial=f"PF{number:06d}",
    )
    report = upload(built.town.technician, log_of("vm01-nwipe").replace(SERIAL.encode(), serial.encode()))
    assert report.status_code == 201, report.text
    return device_id


def accept(desk: Desk, device_id: UUID) -> bool:
    """Accept a sanitization; False where the answer never came."""
    with suppress(httpx.TransportError):
        key = {"Idempotency-Key": f"accept-{device_id}"}
        answer = desk.post(f"/v1/devices/{device_id}/sanitization", {"decision": "accepted"}, headers=key)
        assert answer.status_code == 202, answer.text
        return True
    return False


def assert_certified_once(built: Site, devices: list[UUID], desk: Desk) -> None:
    """Each device's medium has one certificate with one number and one document, stored as it was hashed."""
    with reading(built.house.database) as session:
        certificates = session.exec(select(Certificate)).all()
        documents = {
            one.id: one for one in session.exec(select(Document).where(col(Document.kind) == "erasure_certificate"))
        }
    assert Counter(one.device_id for one in certificates) == Counter(devices)
    assert len({one.number for one in certificates}) == len(devices)
    assert {one.document_id for one in certificates} == set(documents)
    for one in certificates:
        assert one.document_id is not None
        pdf = desk.get(f"/v1/certificates/{one.id}/pdf")
        assert pdf.status_code == 200
        assert hashlib.sha256(pdf.content).hexdigest() == documents[one.document_id].sha256
    built.assert_whole()


@pytest.mark.parametrize("seed", [20_260_302])
def test_killed_between_acceptance_and_certificate_each_medium_still_gets_exactly_one(
    tmp_path: Path, seed: int
) -> None:
    certify_through_kills(tmp_path, rounds=3, seed=seed)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(8))
def test_killed_a_hundred_times_each_medium_still_gets_exactly_one_certificate(tmp_path: Path, seed: int) -> None:
    certify_through_kills(tmp_path, rounds=13, seed=seed)


def certify_through_kills(folder: Path, *, rounds: int, seed: int) -> None:
    """Each round accepts two devices, and kills the process as soon as a job runs, or at some moment around that."""
    chance = random.Random(seed)  # noqa: S311  # moments to be repeated, not secrets
    with site(folder) as built:
        built.serve()
        devices = [wiped_device(built, number) for number in range(2 * rounds)]
        secu = built.town.data_security
        for number in range(rounds):
            desk = at(built.clients[-1], secu)
            pair = devices[2 * number : 2 * number + 2]
            for device_id in pair:
                assert accept(desk, device_id)
            if number % 2 == 0:
                eventually(lambda: running(built), "no job was ever seen running", pause=0.001)
            time.sleep(chance.uniform(0, 0.3))
            built.running[-1].kill()
            desk = at(bring_back(built), secu)
            for device_id in pair:  # a client that cannot know whether it was heard asks again
                assert accept(desk, device_id)
            built.wait_for_jobs()
        assert {job.state for job in built.jobs("certificates.issue")} == {JobState.succeeded}
        assert_certified_once(built, devices, desk)


def running(built: Site) -> bool:
    """Whether a certificate is being made, or is made already."""
    newest = built.jobs("certificates.issue")[-2:]
    return {job.state for job in newest} & {JobState.running, JobState.succeeded} != set()


@pytest.mark.parametrize("seed", [20_260_304])
def test_killed_while_it_answers_nothing_answered_is_lost_and_nothing_asked_again_is_doubled(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # moments to be repeated, not secrets
    with site(tmp_path) as built:
        (first,) = built.serve()
        with ThreadPoolExecutor(8) as pool:
            lead = built.town.lead
            asked = [pool.submit(heard, lead, number) for number in range(150)]
            eventually(asked[20].done, "nothing is answered", pause=0.001)
            time.sleep(chance.uniform(0, 0.2))
            first.kill()
        answers = [one.result() for one in asked]
        assert None in answers, "it answered everything before it was killed"
        again = at(bring_back(built), lead)
        told = [take_in(again, number) for number in range(len(asked))]
        assert [b for a, b in zip(answers, told, strict=True) if a is not None] == [a for a in answers if a is not None]
        with reading(built.house.database) as session:
            assert Counter(str(one) for one in session.exec(select(Device.id))) == Counter(told)
        built.assert_whole()


def heard(desk: Desk, number: int) -> str | None:
    """Take one device in; None where the answer never came."""
    with suppress(httpx.TransportError):
        return take_in(desk, number)
    return None


def take_in(desk: Desk, number: int) -> str:
    """Take one device in under a key of its own; its id."""
    body = {"category": "laptop", "serial": f"PF{number:06d}"}
    answer = desk.post("/v1/devices", body, headers={"Idempotency-Key": f"intake-{number}"})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@pytest.mark.parametrize("seed", [20_260_303])
def test_an_import_killed_twice_on_its_way_is_complete_and_nothing_is_in_it_twice(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # moments to be repeated, not secrets
    rows = 2500
    with site(tmp_path) as built:
        built.serve()
        donation = accepted(built.town)
        answer = send(built.town.lead, donation, laptops(rows), mode="good_rows")
        assert answer.status_code == 202, answer.text
        for _ in range(2):
            eventually(lambda: importing(built), "the import never ran", pause=0.001)
            time.sleep(chance.uniform(0, 0.4))
            built.running[-1].kill()
            bring_back(built)
        built.wait_for_jobs()
        (job,) = built.jobs("imports.read")
        assert job.state == JobState.succeeded, job.problem
        assert job.result is not None
        assert (job.result["rows"], job.result["accepted"], job.result["rejected"]) == (rows, rows, 0)
        with reading(built.house.database) as session:
            serials = Counter(session.exec(select(Device.serial).where(Device.donation_id == UUID(donation["id"]))))
        assert serials == Counter(f"SN-{number:05d}" for number in range(1, rows + 1))
        built.assert_whole()


def importing(built: Site) -> bool:
    """Whether the import runs, or has ended already."""
    return {job.state for job in built.jobs("imports.read")} <= {JobState.running, JobState.succeeded}
