"""The full pack of a donation: what is in it, for whom, made once a state, the same bytes for the same state."""

import csv
import io
import json
import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from donating import accepted, laptops, listed
from makers import Town, open_doors, settle_town
from makers_distribution import caller_of
from packs import device_ids, files_of, kept, pack_of, whole_donation
from reuse.canonical import canonical_json, sha256_hex
from reuse.documents.actions import Readers, add_document
from reuse.house import House
from reuse.passport.actions import packing
from reuse.passport.actions.packing import draw_up, put_together
from reuse.passport.actions.verifying import verify_pack_file
from reuse.transactions import reading, transaction

FLAG = {"flag": "quarantine", "reason": "Batterie gonflée"}


@pytest.fixture
def given(town: Town) -> dict[str, Any]:
    return whole_donation(town)


def test_the_donors_pack_holds_every_paper_table_and_record_and_verifies(
    town: Town, given: dict[str, Any], tmp_path: Any
) -> None:
    pack = pack_of(town.council, given)
    names = list(files_of(pack))
    assert names[:2] == ["index.json", "index.json.sig"]
    assert {"LISEZ-MOI-README.html", "devices.csv", "recycling.csv", "history.jsonl"} < set(names)
    assert [name.rsplit("/", 1)[0] for name in names if "/" in name] == [
        *("certificates", "documents/pickup_note", "documents/reception_note")
    ]
    found = verify_pack_file(kept(tmp_path, pack), key=town.client.get("/signing-key").json()["public_key"])
    assert found.problems == []
    assert (found.donation, found.donor, found.made_for) == (given["number"], *("Ville de Grand-Port",) * 2)
    assert (found.files, found.chains, found.certificates) == (len(names), 5, 1)
    assert found.records == len(files_of(pack)["history.jsonl"].splitlines()) > 20
    assert verify_pack_file(kept(tmp_path, pack), draw_pages=True).problems == []


def test_the_donor_learns_nothing_of_persons_prices_and_the_beneficiary(town: Town, given: dict[str, Any]) -> None:
    files = files_of(pack_of(town.council, given))
    tables = b"".join(content for name, content in files.items() if "/" not in name)
    tables = re.sub(rb"[0-9a-f]{32,}", b"", tables)  # a digest may spell any figure by chance
    for secret in ("lead-1", "tech-1", "secu-1", "reseau-1", "F-118", "26-39", "4200"):
        assert secret.encode() not in tables
    assert b"agent-1" in tables  # its own people are no secret to it
    assert not any("handover_receipt" in name for name in files)
    (gone, *_) = csv.DictReader(io.StringIO(files["devices.csv"].decode("utf-8-sig")))
    assert (gone["recipient"], gone["recipient_commune"]) == ("beneficiary", "59183")
    assert gone["ready_by"].startswith("P-")


def test_each_organisation_gets_the_pack_of_its_own_sight(town: Town, given: dict[str, Any]) -> None:
    packs = {desk.organisation_id: pack_of(desk, given) for desk in (town.council, town.lead, town.region)}
    assert len(set(packs.values())) == 3
    inside = files_of(packs[town.lead.organisation_id])
    assert any(name.startswith("documents/handover_receipt/") for name in inside)
    assert b"lead-1" in inside["history.jsonl"]
    for pack in packs.values():
        chains = json.loads(files_of(pack)["index.json"])["chains"]
        assert chains == json.loads(inside["index.json"])["chains"]
    listed_for = {
        desk.organisation_id: [
            one["sha256"]
            for one in desk.get(f"/v1/documents?donation_id={given['id']}&limit=200").json()["items"]
            if one["kind"] == "donation_pack"
        ]
        for desk in (town.council, town.lead, town.region)
    }
    assert listed_for == {who: [sha256_hex(pack)] for who, pack in packs.items()}


def test_rows_and_the_history_tell_the_way_and_the_waste(town: Town, given: dict[str, Any]) -> None:
    files = files_of(pack_of(town.council, given))
    rows = list(csv.DictReader(io.StringIO(files["devices.csv"].decode("utf-8-sig"))))
    assert [row["status"] for row in rows] == ["handed_over", "recycled", "in_workshop", "missing"]
    assert rows[2]["model"] == "'=P2217H"
    assert rows[0]["certificates"] == "CE-2026-000001"
    (waste,) = csv.DictReader(io.StringIO(files["recycling.csv"].decode("utf-8-sig")))
    assert (waste["mass_grams"], waste["waste_code"], waste["slip"]) == ("1850", "16 02 14", "B-7")
    index = json.loads(files["index.json"])
    assert canonical_json(index) == files["index.json"]
    assert {one["name"]: one["sha256"] for one in index["files"]} == {
        name: sha256_hex(content) for name, content in files.items() if not name.startswith("index.json")
    }
    carried = set(PdfReader(io.BytesIO(files["certificates/CE-2026-000001.pdf"])).attachments)
    assert "nwipe.log" in carried


def test_the_page_opens_alone_and_links_to_files_that_are_there(town: Town, given: dict[str, Any]) -> None:
    files = files_of(pack_of(town.council, given))
    page = files["LISEZ-MOI-README.html"].decode()
    links = re.findall(r'href="([^"]+)"', page)
    assert len(links) > 5
    assert set(links) < set(files)
    assert "<script" not in page
    assert "src=" not in page
    assert "Remis à son nouvel utilisateur" in page


def test_who_polls_and_who_asks_again_get_the_newest_pack_of_the_present_state(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(2))
    path = f"/v1/donations/{donation['id']}/pack"
    first, again = town.council.get(path), town.council.post(path)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.headers["Location"] == again.headers["Location"]
    polled = town.council.done(first)["result"]["document_id"]
    asked = town.council.get(path)
    assert (asked.status_code, asked.headers["content-type"]) == (200, "application/zip")
    assert f'filename="{donation["number"]}.zip"' in asked.headers["content-disposition"]
    assert asked.content == town.council.get(f"/v1/documents/{polled}/content").content
    assert town.lead.post(f"/v1/devices/{device_ids(town, donation)[0]}/flags", FLAG).status_code < 300
    newer = town.council.get(path)
    assert newer.status_code == 202
    assert newer.headers["Location"] != first.headers["Location"]
    assert town.council.done(newer)["result"]["document_id"] != polled
    assert len(town.council.get(path).content) > len(asked.content)


def test_the_same_state_gives_the_same_bytes(
    town: Town, given: dict[str, Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pack_of(town.council, given)
    standing_of = packing.standing_of
    monkeypatch.setattr(packing, "standing_of", lambda *named: replace(standing_of(*named), pack=None))
    for attempt in ("one", "two"):
        (folder := tmp_path / attempt).mkdir()
        with reading(town.house.database) as session:
            caller = caller_of(session, town.council.organisation_id)
            draft = draw_up(session, town.house, caller, UUID(given["id"]), folder)
        list(put_together(town.house, draft, folder / "pack.zip"))
        assert (folder / "pack.zip").read_bytes() == first


def test_a_pack_that_was_given_up_is_made_when_asked_again(town: Town) -> None:
    donation = accepted(town)
    note = b"no document"
    with transaction(town.house.database) as session:
        add_document(
            session,
            kind="pickup_note",
            title="Bon",
            media_type="application/pdf",
            file_name="x.pdf",
            sha256=sha256_hex(note),
            size=len(note),
            organisation_id=town.lead.organisation_id,
            readers=Readers(donor_id=town.council.organisation_id, donation_id=UUID(donation["id"])),
        )
    path = f"/v1/donations/{donation['id']}/pack"
    lost = town.council.done(town.council.post(path))
    assert (lost["state"], lost["problem"]["code"]) == ("failed", "file_missing")
    town.house.files.put(note)
    assert town.council.done(town.council.post(path))["state"] == "succeeded"
    assert not list((town.house.settings.data_dir / "packing").iterdir())


def test_a_document_that_was_changed_in_the_store_is_never_packed(town: Town, given: dict[str, Any]) -> None:
    documents = town.council.get(f"/v1/documents?donation_id={given['id']}").json()["items"]
    digest = next(one["sha256"] for one in documents if one["kind"] == "pickup_note")
    place = town.house.settings.data_dir / "files" / "sha256" / digest[:2] / digest
    content = place.read_bytes()
    place.write_bytes(content[:-1] + b"x")
    job = town.council.done(town.council.post(f"/v1/donations/{given['id']}/pack"))
    assert (job["state"], job["problem"]["code"]) == ("failed", "document_damaged")


def test_a_history_that_was_tampered_with_is_never_signed(town: Town, given: dict[str, Any]) -> None:
    with transaction(town.house.database) as session:
        session.connection().execute(text("UPDATE history_record SET verb = 'lost' WHERE verb = 'missed'"))
    job = town.council.done(town.council.post(f"/v1/donations/{given['id']}/pack"))
    assert (job["state"], job["problem"]["code"]) == ("failed", "history_broken")


def test_a_pack_is_for_parties_only_and_anothers_pack_is_not_found(town: Town, given: dict[str, Any]) -> None:
    path = f"/v1/donations/{given['id']}/pack"
    for desk in (town.company, town.network, town.stranger):
        assert (desk.get(path).status_code, desk.post(path).status_code) == (404, 404)
    document = town.council.done(town.council.post(path))["result"]["document_id"]
    for desk in (town.lead, town.region, town.company, town.network):
        assert desk.get(f"/v1/documents/{document}/content").status_code == 404
    assert town.operator.get(f"/v1/documents/{document}/content").status_code == 200


def test_a_listed_device_that_was_merged_into_the_one_in_hand_tells_both_halves_of_its_way(
    any_house: House, tmp_path: Any
) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        donation = accepted(town)
        listed(town.council, donation, laptops(2))
        declared, _ = device_ids(town, donation)
        found = town.technician.post("/v1/devices", {"category": "laptop", "donation_id": donation["id"]}).json()
        pair = {"device_id": found["id"], "listed_device_id": declared}
        merged = town.lead.post(f"/v1/donations/{donation['id']}/merges", {"pairs": [{**pair, "reason": "le même"}]})
        assert merged.status_code == 201, merged.text
        rows = town.council.get(f"/v1/donations/{donation['id']}/devices").json()["items"]
        assert [(row["status"], row["declared_at"] is None) for row in rows] == [
            ("declared", False),
            ("received", False),
        ]
        assert rows[1]["received_at"]
        days = town.council.get(f"/v1/donations/{donation['id']}/timeline").json()["items"]
        verbs = [one["verb"] for day in days for one in day["events"] for _ in range(one["count"])]
        assert verbs.count("declared") == 2
        pack = pack_of(town.council, donation)
    check = verify_pack_file(kept(tmp_path, pack))
    assert (check.problems, check.chains) == ([], 4)
    assert check.records == len(verbs)
