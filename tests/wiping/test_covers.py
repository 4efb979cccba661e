"""Covers: every medium of a device or donation with its certificate, and what has none and why."""

import io
import json
import zipfile
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from pypdf import PdfReader

import workers.certificates as tasks
from benches import VM01, VM03, at_bench, decide, log_of, media_ids, upload
from donating import accepted
from makers import Desk, Town
from reuse.devices.actions.identity import NewMedium


@pytest.fixture(autouse=True)
def quick_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificates' pages are not the point here."""
    monkeypatch.setattr(tasks, "print_certificate", lambda value, _: b"%PDF-1.7 stands for " + value.canonical_json)


def donation_of(town: Town) -> dict[str, Any]:
    return accepted(town, required_erasure="clear")


def certified_desktop(town: Town, donation: dict[str, Any]) -> tuple[UUID, list[str]]:
    """A desktop of two media, one erased and one destroyed before a witness, both certified; the numbers."""
    device_id = at_bench(town, VM03, category="desktop", donation_id=UUID(donation["id"]), asset_tag=None)
    upload(town.technician, log_of("vm03-nwipe"))
    ssd = media_ids(town.house, device_id)["50026B7782D01234"]
    body = {"kind": "destroyed", "method": "shredder", "particle_size_mm": "2", "witness": "lead-1"}
    assert town.technician.post(f"/v1/media/{ssd}/disposals", body).status_code == 201
    job = town.data_security.done(decide(town.data_security, device_id))
    ids = job["result"]["certificate_ids"]
    return device_id, [town.data_security.get(f"/v1/certificates/{one}").json()["number"] for one in ids]


def order(desk: Desk, what: str, thing_id: UUID | str) -> Response:
    return desk.post(f"/v1/{what}/{thing_id}/certificate-cover")


def cover(desk: Desk, what: str, thing_id: UUID | str) -> dict[str, Any]:
    """The document of a cover that was ordered."""
    job = desk.done(order(desk, what, thing_id))
    assert job["state"] == "succeeded", job
    return desk.get(f"/v1/documents/{job['result']['document_id']}").json()


def text_of(desk: Desk, document: dict[str, Any]) -> str:
    pdf = desk.get(f"/v1/documents/{document['id']}/content").content
    return " ".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_a_device_s_cover_names_all_its_media_and_their_certificates(town: Town) -> None:
    device_id, numbers = certified_desktop(town, donation_of(town))
    document = cover(town.lead, "devices", device_id)
    assert (document["kind"], document["device_id"]) == ("certificate_cover", str(device_id))
    text = text_of(town.lead, document)
    assert len(numbers) == 2
    for word in (
        *numbers,
        "WD-WCC6Y5KJ1234",
        "50026B7782D01234",
        "effacé",
        "détruit",
        "Media with a valid certificate",
    ):
        assert word in text, word


def test_a_donation_s_cover_counts_and_says_why_something_has_no_certificate(town: Town) -> None:
    donation = donation_of(town)
    donation_id = UUID(donation["id"])
    _, numbers = certified_desktop(town, donation)
    bare = at_bench(town, VM01, donation_id=donation_id, serial="NOREPORT1", asset_tag=None)
    taken = at_bench(
        town, [NewMedium("S444NX0K999999", "ssd_nvme")], donation_id=donation_id, serial="TAKEN1", asset_tag=None
    )
    (medium_id,) = media_ids(town.house, taken).values()
    body = {"kind": "removed", "reason": "kept for the donor"}
    assert town.technician.post(f"/v1/media/{medium_id}/disposals", body).status_code == 201
    at_bench(town, [], category="monitor", donation_id=donation_id, serial="SCREEN1", asset_tag=None)
    document = cover(town.council, "donations", donation_id)
    assert (document["donation_id"], document["number"].startswith(f"CR-{donation['number']}-")) == (
        donation["id"],
        True,
    )
    text = text_of(town.council, document)
    for word in (
        *numbers,
        "Devices : 4",
        "no erasure report",
        "removed",
        "SCREEN1",
        "this category has no storage medium",
    ):
        assert word in text, word
    assert str(bare) not in text


def test_the_same_state_is_the_same_document_and_a_new_state_a_new_one(town: Town) -> None:
    donation = donation_of(town)
    certified_desktop(town, donation)
    first = cover(town.lead, "donations", donation["id"])
    assert cover(town.council, "donations", donation["id"])["id"] == first["id"]
    at_bench(town, VM01, donation_id=UUID(donation["id"]), asset_tag=None)
    second = cover(town.lead, "donations", donation["id"])
    assert second["number"] != first["number"]
    kept = [one["id"] for one in town.council.get(f"/v1/documents?donation_id={donation['id']}").json()["items"]]
    assert {first["id"], second["id"]} <= set(kept)


def test_a_revoked_certificate_is_on_no_cover(town: Town) -> None:
    device_id, numbers = certified_desktop(town, donation_of(town))
    (first, *_) = town.lead.get(f"/v1/certificates?device_id={device_id}").json()["items"]
    town.data_security.post(f"/v1/certificates/{first['id']}/revocation", {"reason": "mixed up"})
    text = text_of(town.lead, cover(town.lead, "devices", device_id))
    assert first["number"] not in text
    assert set(numbers) - {first["number"]} <= set(text.split())
    assert "not yet validated by data security" in text


def test_whoever_may_not_know_of_it_gets_no_cover(town: Town) -> None:
    donation = donation_of(town)
    device_id, _ = certified_desktop(town, donation)
    for desk in (town.company, town.stranger):
        assert order(desk, "devices", device_id).status_code == 404
        assert order(desk, "donations", donation["id"]).status_code == 404
    assert order(town.network, "devices", device_id).status_code == 404


def test_before_a_workshop_has_it_there_is_nothing_to_cover(town: Town) -> None:
    body = {"legal_basis": "company_gift", "required_erasure": "clear", "lines": []}
    draft = town.council.post("/v1/donations", body).json()
    answer = order(town.council, "donations", draft["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "no_workshop")


def test_the_donation_s_cover_is_in_its_pack(town: Town) -> None:
    donation = donation_of(town)
    certified_desktop(town, donation)
    document = cover(town.lead, "donations", donation["id"])
    job = town.council.done(town.council.post(f"/v1/donations/{donation['id']}/pack"))
    assert job["state"] == "succeeded", job
    pack = town.council.get(f"/v1/documents/{job['result']['document_id']}/content").content
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        index = json.loads(archive.read("index.json"))
    assert document["sha256"] in {one["sha256"] for one in index["files"]}
