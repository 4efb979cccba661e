# ruff: noqa: RUF001  # French apostrophes are what the file prints
"""Export: complete record or no departure, and nothing leaves the Union without a departure that names it."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pypdf import PdfReader
from sqlmodel import select

from exporting import PAPERS, departed, drafted_export, evaluated, network_of, proved_devices
from makers import Desk, Town, make_key, open_doors, settle_town, wait_for_background
from makers_distribution import (
    handed_over,
    listed_devices,
    made_ready_again,
    offered,
    ready_devices,
    reserved,
    status_of,
)
from reuse.canonical import canonical_json, sha256_hex
from reuse.exports.rules import points
from reuse.history.queries import verify_history
from reuse.house import House
from reuse.people.models import Organisation
from reuse.people.rules import Role
from reuse.transactions import reading, transaction


def ask(desk: Desk, reservation: dict[str, Any]) -> Any:
    body = {"device_ids": [line["device_id"] for line in reservation["lines"]]}
    return desk.post(f"/v1/reservations/{reservation['id']}/handovers", body)


def for_tunis(town: Town, count: int = 1) -> tuple[Desk, list[str], dict[str, Any]]:
    """A network in Tunis, tested devices that it has reserved, and its reservation."""
    tunis = network_of(town, "TN")
    devices = offered(town, proved_devices(town, count))
    return tunis, devices, reserved(tunis, devices)


def test_a_draft_tells_of_each_device_what_is_proved_and_what_is_missing(town: Town) -> None:
    (bare,) = ready_devices(town)
    (proved,) = proved_devices(town)
    body = {"device_ids": [bare, proved], "consignee": {"name": "Mairie de Tunis", "country": "tn"}}
    draft = town.lead.post("/v1/exports", body).json()
    assert draft["number"].startswith("EXP-")
    assert draft["status"] == "draft"
    assert draft["destination_country"] == "TN"
    assert draft["missing"] == [point["word"] for point in points() if point["of"] == "load"]
    said = {one["device_id"]: one for one in draft["devices"]}
    assert said[bare]["missing"] == [
        "serial",
        "function_tests",
        "test_date",
        "tester",
        "test_kind",
        "hazard_evaluation",
    ]
    assert said[proved]["missing"] == ["hazard_evaluation"]
    record = said[proved]["record"]
    assert (record["serial"], record["year"], record["model"]) == ("5CG8200000", 2018, "Latitude 5490")
    assert record["test_kind"] == "laptop 1"
    assert record["tester"].startswith("Atelier Deuxième Souffle, P-")
    assert "tech-1" not in str(draft)


def test_a_load_departs_once_its_file_is_complete_and_not_before(town: Town) -> None:
    devices = proved_devices(town, 2)
    draft = drafted_export(town, devices, contract=None, hazards=evaluated(devices[:1]))
    place = f"/v1/exports/{draft['id']}"
    refused = town.lead.post(f"{place}/departure", {})
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["code"] == "record_incomplete"
    assert problem["missing"] == ["contract", "contract_statement", "hazard_evaluation"]
    assert [one["pointer"] for one in problem["errors"]] == [
        "/contract",
        "/contract_statement",
        f"/devices/{devices[1]}",
    ]
    assert "Annex VI" in problem["errors"][2]["message"]
    more = {"contract": PAPERS["contract"], "hazards": [{"device_ids": [devices[1]], "found": []}]}
    amended = town.lead.ask("PATCH", place, json=more).json()
    assert amended["missing"] == []
    assert [one["missing"] for one in amended["devices"]] == [[], []]
    gone = departed(town, draft)
    assert gone["status"] == "departed"
    for one in gone["devices"]:
        assert one["counts"]
        assert one["sha256"] == sha256_hex(canonical_json(one["record"]))
    assert town.lead.post(f"{place}/departure", {}).json()["code"] == "export_closed"
    assert town.lead.ask("PATCH", place, json=more).json()["code"] == "export_closed"
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()


@pytest.mark.parametrize("word", [point["word"] for point in points() if point["of"] == "load"])
def test_without_this_point_of_annex_vi_no_load_leaves(town: Town, word: str) -> None:
    contract, declaration = PAPERS["contract"], PAPERS["declaration"]
    without: dict[str, Any] = {
        "workshop_address": {"workshop_address": None},
        "consignee_address": {"consignee_address": None},
        "contract": {"contract": None},
        "contract_statement": {"contract": {**contract, "states_reuse": False}},
        "declaration": {"declaration": {**declaration, "none_is_waste": False}},
        "responsibility": {"declaration": {**declaration, "takes_responsibility": False}},
        "packing": {"packing": {"description": "en vrac", "protects": False}},
        "transport_document": {"transport": None},
    }
    draft = drafted_export(town, proved_devices(town), **without[word])
    refused = town.lead.post(f"/v1/exports/{draft['id']}/departure", {})
    assert refused.status_code == 409
    assert word in refused.json()["missing"]
    assert town.lead.get(f"/v1/exports/{draft['id']}").json()["status"] == "draft"


def test_a_flag_or_a_failed_check_keeps_a_load_here(town: Town) -> None:
    flagged, failed = proved_devices(town, 2)
    draft = drafted_export(town, [flagged, failed])
    flag = {"flag": "damaged_battery", "reason": "gonflée"}
    assert town.lead.post(f"/v1/devices/{flagged}/flags", flag).status_code == 201
    town.lead.post(f"/v1/devices/{failed}/moves", {"to": "in_workshop", "reason": "essai"})
    broken = {"results": [{"check": "keyboard", "outcome": "fail"}]}
    assert town.technician.post(f"/v1/devices/{failed}/tests", broken).status_code == 201
    refused = town.lead.post(f"/v1/exports/{draft['id']}/departure", {}).json()
    lacks = {one: [e["code"] for e in refused["errors"] if e["pointer"].endswith(one)] for one in (flagged, failed)}
    assert {"ready", "flag:damaged_battery"} <= set(lacks[flagged])
    assert lacks[failed] == ["function_tests", "ready", "tested", "approved"]
    assert any("keyboard" in e["message"] for e in refused["errors"])


def test_nothing_leaves_the_union_without_a_departed_export_that_names_it(town: Town) -> None:
    tunis, devices, reservation = for_tunis(town)
    refused = ask(tunis, reservation)
    assert refused.status_code == 409
    assert refused.json()["missing"] == ["export"]
    assert "POST /v1/exports" in refused.json()["detail"]
    body = {"reservation_id": reservation["id"], **PAPERS, "hazards": evaluated(devices)}
    draft = town.lead.post("/v1/exports", body).json()
    assert draft["consignee_id"] == str(tunis.organisation_id)
    assert draft["destination_country"] == "TN"
    assert ask(tunis, reservation).json()["missing"] == ["export"]
    departed(town, draft)
    assert ask(tunis, reservation).status_code == 201
    assert status_of(town.lead, devices[0]) == "handed_over"


def test_a_scan_before_the_hand_over_says_that_the_export_is_missing(town: Town) -> None:
    tunis, devices, _ = for_tunis(town)
    label = next(c["value"] for c in town.lead.get(f"/v1/devices/{devices[0]}").json()["codes"] if c["kind"] == "label")
    scan = {"id": "019cade5-b8c0-7c11-9a3e-5f0d2c4b6a70", "code": label, "action": "hand_over_check"}
    results = tunis.post("/v1/scans", {"scans": [{**scan, "at": "2026-03-02T09:30:00Z"}]}).json()["results"]
    assert results[0]["problem"]["missing"] == ["export"]


def test_an_export_to_somebody_else_opens_nothing(town: Town) -> None:
    tunis, devices, reservation = for_tunis(town)
    elsewhere = network_of(town, "TN", "Association de Sfax")
    departed(town, drafted_export(town, devices, elsewhere))
    assert ask(tunis, reservation).json()["missing"] == ["export"]


def test_an_export_to_another_country_opens_nothing(town: Town) -> None:
    tunis, devices, reservation = for_tunis(town)
    departed(town, drafted_export(town, devices, network_of(town, "MA", "Association de Rabat")))
    assert ask(tunis, reservation).json()["missing"] == ["export"]


def test_within_the_union_nothing_is_asked(town: Town) -> None:
    brussels = network_of(town, "BE", "Digitaal Brussel")
    handed_over(brussels, reserved(brussels, listed_devices(town)))


def test_a_workshop_in_tunisia_hands_over_in_tunisia_without_a_file(house: House) -> None:
    with open_doors(house) as client:
        town = settle_town(house, client)
        with transaction(house.database) as session:
            for one in session.exec(select(Organisation)):
                one.country = "TN"
                session.add(one)
        handed_over(town.network, reserved(town.network, listed_devices(town)))


def test_what_is_undone_after_the_departure_closes_the_way_again(town: Town) -> None:
    tunis, devices, reservation = for_tunis(town, 2)
    gone = departed(town, drafted_export(town, devices, tunis))
    flag = {"flag": "quarantine", "reason": "rappel du fabricant"}
    assert town.lead.post(f"/v1/devices/{devices[0]}/flags", flag).status_code == 201
    wait_for_background(town.house)
    lifted = town.lead.ask("DELETE", f"/v1/devices/{devices[0]}/flags/quarantine", json={"reason": "examiné"})
    assert lifted.status_code in {200, 204}
    made_ready_again(town, devices[0])
    offered(town, devices[:1])
    again = reserved(tunis, devices[:1])
    refused = ask(tunis, again)
    assert refused.status_code == 409
    assert refused.json()["missing"] == ["export"]
    seen = town.lead.get(f"/v1/exports/{gone['id']}").json()
    assert [one["counts"] for one in seen["devices"]] == [False, True]
    assert seen["devices"][0]["record"] == gone["devices"][0]["record"]
    second = departed(town, drafted_export(town, devices[:1], tunis))
    assert second["number"] != gone["number"]
    assert ask(tunis, again).status_code == 201
    left = tunis.post(f"/v1/reservations/{reservation['id']}/handovers", {"device_ids": devices[1:]})
    assert left.status_code == 201


def test_a_device_that_an_export_names_is_named_by_no_other_until_that_is_given_up(town: Town) -> None:
    devices = proved_devices(town, 2)
    first = drafted_export(town, devices)
    to = {"name": "Mairie de Rabat", "country": "MA"}
    refused = town.lead.post("/v1/exports", {"device_ids": devices[:1], "consignee": to})
    assert refused.status_code == 409
    assert refused.json()["code"] == "in_another_export"
    moved = town.lead.post(f"/v1/exports/{first['id']}/moves", {"to": "cancelled", "reason": "camion annulé"})
    assert moved.json()["status"] == "cancelled"
    assert town.lead.post("/v1/exports", {"device_ids": devices[:1], "consignee": to}).status_code == 201
    assert town.lead.post(f"/v1/exports/{first['id']}/departure", {}).status_code == 409


def test_two_departures_at_once_are_one(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        draft = drafted_export(town, proved_devices(town, 3))
        place = f"/v1/exports/{draft['id']}/departure"
        with ThreadPoolExecutor(2) as pool:
            answers = [one.result() for one in [pool.submit(town.lead.post, place, {}) for _ in range(2)]]
        assert sorted(one.status_code for one in answers) == [200, 409]
        gone = town.lead.get(f"/v1/exports/{draft['id']}").json()
        assert len({one["sha256"] for one in gone["devices"]}) == 3
        assert gone["version"] == draft["version"] + 1


def test_of_two_exports_that_name_one_device_at_once_one_is_made(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        devices = proved_devices(town)
        body = {"device_ids": devices, "consignee": {"name": "Mairie de Tunis", "country": "TN"}}
        with ThreadPoolExecutor(2) as pool:
            answers = [one.result() for one in [pool.submit(town.lead.post, "/v1/exports", body) for _ in range(2)]]
        assert sorted(one.status_code for one in answers) == [201, 409]


def test_the_file_is_printed_for_people_in_both_languages_and_for_programs(town: Town) -> None:
    tunis = network_of(town, "TN")
    devices = proved_devices(town, 3)
    gone = departed(town, drafted_export(town, devices, tunis, workshop_address="=HYPERLINK(1), 59140 Grand-Port"))
    wait_for_background(town.house)
    seen = tunis.get(f"/v1/exports/{gone['id']}").json()
    pdf = tunis.get(f"/v1/documents/{seen['file_document_id']}/content")
    assert pdf.headers["content-type"].startswith("application/pdf")
    reader = PdfReader(io.BytesIO(pdf.content))
    assert reader.root_object["/MarkInfo"]["/Marked"]
    text = " ".join("\n".join(page.extract_text() for page in reader.pages).split())
    for said in (
        gone["number"],
        "Carthage Numérique",
        "CMR 4711",
        "C-2026-7",
        "5CG8200000",
        "5CG8200002",
        "2018",
        "Directive 2012/19/EU, Annex VI",
        "None of the material or equipment within this consignment is waste",
        "Aucune matière et aucun équipement de ce lot n’est un déchet",
        "accumulateur au lithium, intact / lithium battery, intact",
        "Clavier : toutes les touches / Keyboard: every key",
    ):
        assert said in text, said
    assert "tech-1" not in text
    table = tunis.get(f"/v1/documents/{seen['table_document_id']}/content")
    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"), newline="")))
    assert [row["device_id"] for row in rows] == devices
    assert {row["export"] for row in rows} == {gone["number"]}
    assert rows[0]["identification"] == "5CG8200000"
    assert rows[0]["responsible_address"] == "'=HYPERLINK(1), 59140 Grand-Port"
    assert rows[0]["result"].count(": pass") == 16
    assert [row["sha256"] for row in rows] == [one["sha256"] for one in gone["devices"]]


def test_a_long_file_is_drawn_as_well(town: Town) -> None:
    devices = proved_devices(town, 18)
    gone = departed(town, drafted_export(town, devices))
    wait_for_background(town.house, seconds=120)
    seen = town.lead.get(f"/v1/exports/{gone['id']}").json()
    pdf = town.lead.get(f"/v1/documents/{seen['file_document_id']}/content").content
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert [f"5CG82{number:05d}" in text for number in range(18)] == [True] * 18


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"device_ids": []}, 400, "nothing_to_export"),
        ({"device_ids": ["019cade5-b8c0-7c11-9a3e-5f0d2c4b6a70"]}, 400, "unknown_device"),
        ({"consignee": {"name": "Mairie de Tunis"}}, 400, "consignee_missing"),
        ({"consignee": {"organisation_id": "019cade5-b8c0-7c11-9a3e-5f0d2c4b6a70"}}, 404, "not_found"),
        ({"hazards": [{"device_ids": ["019cade5-b8c0-7c11-9a3e-5f0d2c4b6a70"], "found": []}]}, 400, "not_in_export"),
        ({"hazards": [{"device_ids": "all", "found": ["plutonium"]}]}, 400, "unknown_hazard"),
        ({"contract": {**PAPERS["contract"], "document_id": "019cade5-b8c0-7c11-9a3e-5f0d2c4b6a70"}}, 404, "not_found"),
        ({"reservation_id": "019cade5-b8c0-7c11-9a3e-5f0d2c4b6a70"}, 404, "not_found"),
    ],
)
def test_what_cannot_be_exported_is_refused_with_its_place(
    town: Town, change: dict[str, Any], status: int, code: str
) -> None:
    devices = ready_devices(town)
    body = {"device_ids": devices, "consignee": {"name": "Mairie de Tunis", "country": "TN"}, **change}
    for one in body.get("hazards", []):
        one["device_ids"] = devices if one["device_ids"] == "all" else one["device_ids"]
    answer = town.lead.post("/v1/exports", body)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code


def test_only_a_lead_begins_an_export_and_another_workshop_sees_none(town: Town) -> None:
    devices = proved_devices(town)
    draft = drafted_export(town, devices)
    assert town.technician.post("/v1/exports", {"device_ids": devices}).status_code == 403
    assert town.network.get(f"/v1/exports/{draft['id']}").status_code == 404
    assert town.network.get("/v1/exports").json()["items"] == []
    listed = town.region.get("/v1/exports?status=draft").json()["items"]
    assert [(one["id"], one["devices"]) for one in listed] == [(draft["id"], 1)]
    stale = town.lead.post(f"/v1/exports/{draft['id']}/departure", {}, headers={"If-Match": '"7"'})
    assert stale.status_code == 412


def test_a_station_declares_nothing_and_lets_nothing_leave(town: Town) -> None:
    with transaction(town.house.database) as session:
        workshop = session.get_one(Organisation, town.lead.organisation_id)
    station = Desk(town.client, make_key(town.house, workshop, roles=(Role.lead,)), workshop.id)
    draft = drafted_export(town, proved_devices(town), declaration=None)
    place = f"/v1/exports/{draft['id']}"
    declared = station.ask("PATCH", place, json={"declaration": PAPERS["declaration"]})
    assert declared.json()["code"] == "person_required"
    assert station.post(f"{place}/departure", {}).json()["code"] == "person_required"
