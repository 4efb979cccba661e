"""A pick-up on the spot: scanned off line, packed, photographed, with reserves and signatures drawn with a finger."""

import base64
import io
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from donating import accepted, laptops, listed, picked_up, planned, receive
from makers import Desk, Town, make_key, make_organisation
from reuse import clock
from reuse.donations.rules import checked_drawing
from reuse.people.rules import Activity

PATH = "M10 80 L60,20 Q 80 0 110 80"


def given(town: Town, count: int) -> dict[str, Any]:
    donation = accepted(town)
    listed(town.council, donation, laptops(count))
    return donation


def a_scan(code: str, action: str = "pick_up", **data: Any) -> dict[str, Any]:
    return {"id": str(clock.new_id()), "code": code, "action": action, "at": clock.now().isoformat(), "data": data}


def sent(desk: Desk, *scans: dict[str, Any]) -> list[tuple[str, str | None]]:
    answer = desk.post("/v1/scans", {"scans": list(scans)})
    assert answer.status_code == 200, answer.text
    return [(one["outcome"], (one["problem"] or {}).get("code")) for one in answer.json()["results"]]


def statuses(town: Town, donation: dict[str, Any]) -> dict[str, str]:
    found = town.lead.get("/v1/devices", params={"donation_id": donation["id"]}).json()["items"]
    return {one["serial"]: one["status"] for one in found}


def test_what_a_phone_scanned_off_line_is_what_the_pickup_takes(town: Town) -> None:
    organisation = make_organisation(town.house, "Transports Dunes", Activity.carrier)
    driver = Desk(town.client, make_key(town.house, organisation, person="chauffeur-2"), organisation.id)
    donation = given(town, 4)
    collection = planned(town, donation, carrier_id=str(organisation.id))
    queue = [a_scan(f"SN-0000{n}", collection_id=collection["id"], container="PAL-1") for n in (1, 2)]
    queue.append(a_scan("INV-00003", collection_id=collection["id"]))
    assert sent(driver, *queue) == [("applied", None)] * 3
    assert sent(driver, *queue) == [("duplicate", None)] * 3, "the phone did not hear the answer"
    assert set(statuses(town, donation).values()) == {"declared"}, "nothing is signed yet"
    answer = driver.post(f"/v1/collections/{collection['id']}/pickup", {"at": clock.now().isoformat()})
    assert answer.status_code == 200, answer.text
    assert answer.json()["counts"] == [{"category": "laptop", "quantity": 3, "donation_id": donation["id"]}]
    assert [one["code"] for one in answer.json()["containers"]] == ["PAL-1"]
    assert statuses(town, donation) == {
        **dict.fromkeys(("SN-00001", "SN-00002", "SN-00003"), "collected"),
        "SN-00004": "declared",
    }
    late = [a_scan(serial, collection_id=collection["id"]) for serial in ("SN-00001", "SN-00004")]
    assert sent(driver, *late) == [("applied", None), ("conflict", "pickup_closed")]


def test_each_scan_of_a_pickup_is_answered_by_itself(town: Town) -> None:
    donation, other = given(town, 2), accepted(town)
    listed(town.council, other, laptops(1, first=50))
    collection = planned(town, donation)
    unsaid, foreign = a_scan("SN-00001"), a_scan("SN-00050", collection_id=collection["id"])
    odd = a_scan("SN-00002", collection_id=collection["id"], container=["x"])
    fine = a_scan("SN-00001", collection_id=collection["id"])
    assert sent(town.lead, unsaid, foreign, odd, fine) == [
        ("refused", "scan_incomplete"),
        ("refused", "not_in_collection"),
        ("refused", "scan_incomplete"),
        ("applied", None),
    ]
    strange = a_scan("SN-00001", collection_id=str(town.council.organisation_id))
    assert sent(town.lead, strange) == [("refused", "not_found")]
    assert sent(town.technician, fine | {"id": str(clock.new_id())})[0][0] == "refused"


def test_serials_given_by_hand_count_before_what_was_scanned(town: Town) -> None:
    donation = given(town, 2)
    collection = planned(town, donation)
    sent(town.lead, a_scan("SN-00001", collection_id=collection["id"]))
    picked_up(town, collection, serials=["SN-00002"])
    assert statuses(town, donation) == {"SN-00001": "declared", "SN-00002": "collected"}


def test_a_device_received_before_the_pickup_was_entered_was_with_the_carrier_meanwhile(town: Town) -> None:
    organisation = make_organisation(town.house, "Transports Dunes", Activity.carrier)
    donation = given(town, 1)
    collection = planned(town, donation, carrier_id=str(organisation.id))
    driver = Desk(town.client, make_key(town.house, organisation, person="chauffeur-2"), organisation.id)
    fetched_at = clock.now()
    sent(driver, a_scan("SN-00001", collection_id=collection["id"]))
    assert sent(town.lead, a_scan("SN-00001", "receive")) == [("applied", None)]
    picked_up(town, collection, at=fetched_at.isoformat())
    [device] = town.lead.get("/v1/devices", params={"donation_id": donation["id"]}).json()["items"]
    assert device["status"] == "received"
    spans = town.lead.get(f"/v1/devices/{device['id']}/custody").json()["items"]
    assert [(one["because"], one["holder_id"]) for one in spans] == [
        ("declared", str(town.council.organisation_id)),
        ("picked_up", str(organisation.id)),
        ("received", str(town.lead.organisation_id)),
    ]
    assert [spans[0]["until"], spans[1]["until"]] == [spans[1]["since"], spans[2]["since"]]
    assert receive(town, collection, devices=[{"serial": "SN-00001"}]).json()["reconciliation"]["differences"] == []


def test_devices_are_packed_and_unpacked_by_scan(town: Town) -> None:
    donation = given(town, 2)
    receive(town, picked_up(town, planned(town, donation)), devices=[{"serial": "SN-00001"}, {"serial": "SN-00002"}])
    crate = town.lead.post("/v1/containers", {"kind": "crate", "code": "C-1"}).json()
    scans = [a_scan("SN-00001", "pack", container="c-1"), a_scan("SN-00002", "pack", container=crate["id"])]
    nowhere = a_scan("SN-00001", "pack", container="C-9")
    assert sent(town.technician, *scans, nowhere) == [
        ("applied", None),
        ("applied", None),
        ("refused", "unknown_container"),
    ]
    out, again = a_scan("SN-00001", "unpack"), a_scan("SN-00001", "unpack")
    assert sent(town.technician, out, again) == [("applied", None), ("conflict", "not_packed")]
    assert town.lead.get(f"/v1/containers/{crate['id']}").json()["devices"] == 1


def test_reserves_are_kept_with_the_pickup_for_the_donor_whose_they_are(town: Town) -> None:
    one, other = given(town, 1), accepted(town, town.company)
    listed(town.company, other, laptops(1, first=50))
    collection = planned(town, one, other)
    path = f"/v1/collections/{collection['id']}/pickup"
    body = {"at": "2026-03-02T09:00:00Z", "reserves": [{"text": "palette mouillée"}]}
    refused = town.lead.post(path, body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/reserves/0/donation_id")
    reserves = [{"text": "écran fêlé", "serial": "sn-00050"}, {"text": "sans chargeur", "donation_id": one["id"]}]
    whole = town.lead.post(path, {**body, "reserves": reserves}).json()
    assert [(r["text"], r["donation_id"]) for r in whole["reserves"]] == [
        ("écran fêlé", other["id"]),
        ("sans chargeur", one["id"]),
    ]
    part = town.council.get(f"/v1/collections/{collection['id']}").json()
    assert [r["text"] for r in part["reserves"]] == ["sans chargeur"]


# Photos ------------------------------------------------------------------------------------------------------------


def photo(kind: str = "JPEG", size: tuple[int, int] = (320, 200)) -> bytes:
    """A photo as a telephone takes it: on its side, with the place in it."""
    image = Image.new("RGB", size, (200, 30, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x010F] = "Fabricant"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (51.0, 2.0, 3.0)
    out = io.BytesIO()
    image.save(out, kind, exif=exif, **({"comment": b"secret place"} if kind == "JPEG" else {}))
    return out.getvalue()


def add_photo(desk: Desk, collection: dict[str, Any], content: bytes, **fields: str) -> Any:
    path = f"/v1/collections/{collection['id']}/photos"
    return desk.post(path, files={"file": ("photo.jpg", content)}, data=fields)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_is_kept_upright_and_without_its_place(town: Town, kind: str) -> None:
    donation = given(town, 1)
    collection = planned(town, donation)
    answer = add_photo(town.lead, collection, photo(kind), caption="Palette 1")
    assert answer.status_code == 201, answer.text
    again = add_photo(town.lead, collection, photo(kind), caption="Palette 1")
    assert again.json() == answer.json(), "the same picture twice is one"
    assert town.council.get(f"/v1/collections/{collection['id']}").json()["photos"] == [answer.json()]
    kept = town.council.get(f"/v1/documents/{answer.json()['document_id']}/content")
    image = Image.open(io.BytesIO(kept.content))
    assert (image.format, image.size) == (kind, (200, 320))
    assert dict(image.getexif()) == {}
    assert b"Exif" not in kept.content
    assert b"secret place" not in kept.content
    assert b"Fabricant" not in kept.content
    assert town.company.get(f"/v1/documents/{answer.json()['document_id']}").status_code == 404


def test_what_is_no_photo_is_refused_by_its_bytes(town: Town) -> None:
    collection = planned(town, given(town, 1))
    for content, status, code in (
        (b"<svg onload=alert(1)>", 415, "not_a_photo"),
        (b"GIF89a" + b"\0" * 50, 415, "not_a_photo"),
        (photo()[:400], 400, "damaged_photo"),
        (photo("PNG")[:200], 400, "damaged_photo"),
        (_bomb(), 413, "photo_too_large"),
    ):
        answer = add_photo(town.lead, collection, content)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert add_photo(town.council, collection, photo()).status_code == 403
    assert add_photo(town.company, collection, photo()).status_code == 404
    wrong = add_photo(town.lead, collection, photo(), donation_id=str(town.lead.organisation_id))
    assert (wrong.status_code, wrong.json()["code"]) == (400, "unknown_donation")
    assert town.lead.get(f"/v1/collections/{collection['id']}").json()["photos"] == []


def _bomb() -> bytes:
    """A small file that says it is 9,000 by 9,000."""
    out = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(out, "PNG")
    return out.getvalue()


# Signatures drawn --------------------------------------------------------------------------------------------------


def drawn_png(size: tuple[int, int] = (300, 120), **more: Any) -> str:
    out = io.BytesIO()
    Image.new("RGBA", size, (0, 0, 0, 0)).save(out, "PNG", **more)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


@pytest.mark.parametrize("drawn", [PATH, drawn_png()])
def test_a_drawn_signature_is_taken_and_the_contract_answers_as_before(town: Town, drawn: str) -> None:
    collection = planned(town, given(town, 1))
    signatures = [{"role": "donor", "name": "agent-1", "drawn": drawn}, {"role": "carrier", "name": "chauffeur-1"}]
    body = picked_up(town, collection, signatures=signatures)
    assert body["signatures"] == [{"role": "donor", "name": "agent-1"}, {"role": "carrier", "name": "chauffeur-1"}]
    for _ in range(200):
        paper = town.lead.get(f"/v1/collections/{collection['id']}").json()["documents"][0]
        if paper["document_id"]:
            break
        clock.now()
        town.lead.get(paper["job"])
    note = town.council.get(f"/v1/documents/{paper['document_id']}/content").content
    assert note.startswith(b"%PDF")


@pytest.mark.parametrize(
    "drawn",
    [
        "",
        "M10 10",
        "L10 10 L20 20",
        "M10 10 L20",
        "M10 10 L99999 20",
        "M10 10 L-5 20",
        "M10 10 L20 20' onload='alert(1)",
        "M10 10 l20 20 z",
        "M10 10 L1e9 20",
        "M1 1 " + "L10 10 " * 5_000,
        "data:image/svg+xml;base64,AAAA",
        "data:image/png;base64,AAAA",
        "data:image/png;base64,%%%",
        drawn_png((1_300, 20)),
        drawn_png()[:-40],
        drawn_png()[:60] + "AAAA" + drawn_png()[64:],
    ],
)
def test_what_is_no_drawing_is_refused_with_its_place(town: Town, drawn: str) -> None:
    collection = planned(town, given(town, 1))
    signatures = [{"role": "donor", "name": "agent-1", "drawn": drawn}]
    body = {"at": "2026-03-02T09:00:00Z", "signatures": signatures}
    answer = town.lead.post(f"/v1/collections/{collection['id']}/pickup", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/signatures/0/drawn"), answer.text


def test_of_a_png_only_the_picture_is_kept() -> None:
    told = Image.Exif()
    told[0x010F] = "Fabricant"
    kept = base64.b64decode(checked_drawing(drawn_png(exif=told)).split(",")[1])
    assert b"Fabricant" not in kept
    assert Image.open(io.BytesIO(kept)).size == (300, 120)
    assert checked_drawing(" M10,10L20 20 ") == "M10 10 L20 20"


def test_the_times_of_a_pickup_may_come_late(town: Town) -> None:
    donation = given(town, 1)
    collection = planned(town, donation)
    early = clock.now() - timedelta(days=2)
    sent(town.lead, {**a_scan("SN-00001", collection_id=collection["id"]), "at": early.isoformat()})
    picked_up(town, collection, at=early.isoformat())
    [device] = town.lead.get("/v1/devices", params={"donation_id": donation["id"]}).json()["items"]
    [span] = town.lead.get(f"/v1/devices/{device['id']}/custody").json()["items"]
    assert span["said_at"] == span["since"] < span["recorded_at"]
