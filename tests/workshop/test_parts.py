"""Parts used once each, systems put on devices, locks and flags, grades, hours, the papers of waste."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from floor import device, met, passes, take_in
from makers import Town, open_doors, settle_town
from reuse.house import House
from reuse.people.rules import same_person
from reuse.workshop.rules import load_unlock_checks


def shelve(town: Town, **facts: Any) -> dict[str, Any]:
    answer = town.technician.post("/v1/parts", {"kind": "battery", "source": "stock", **facts})
    assert answer.status_code == 201, answer.text
    part: dict[str, Any] = answer.json()
    return part


def repair(town: Town, device_id: str, *part_ids: str, **more: Any) -> Any:
    parts = [{"kind": "battery", "part_id": one} for one in part_ids]
    body = {"defect": "battery.worn", "action": "Changed the battery", "parts": parts, **more}
    return town.technician.post(f"/v1/devices/{device_id}/repairs", body)


def verbs(town: Town, device_id: str) -> list[str]:
    return [one["verb"] for one in town.lead.get(f"/v1/devices/{device_id}/history?limit=200").json()["items"]]


def test_a_harvested_part_leaves_its_trace_on_both_devices(town: Town) -> None:
    donor, receiver = take_in(town, "laptop"), take_in(town, "laptop")
    part = shelve(town, source="harvested", from_device_id=donor, serial="BAT-77")
    fitted = repair(town, receiver, part["id"])
    assert fitted.status_code == 201, fitted.text
    assert fitted.json()["parts"] == [
        {"kind": "battery", "serial": "BAT-77", "source": donor, "part_id": part["id"]},
    ]
    assert {"part_harvested", "part_given"} <= set(verbs(town, donor))
    opened = town.lead.get(f"/v1/devices/{receiver}/history").json()["items"]
    assert part["id"] in str([one for one in opened if one["verb"] == "repair_opened"])
    shown = town.technician.get(f"/v1/parts/{part['id']}").json()
    assert (shown["state"], shown["repair_id"]) == ("used", fitted.json()["id"])
    assert town.technician.get(f"/v1/parts?from_device_id={donor}").json()["items"] == [shown]
    assert town.technician.get("/v1/parts?state=in_stock").json()["items"] == []


def test_a_harvest_opens_the_device_so_its_tests_no_longer_hold(town: Town) -> None:
    donor = take_in(town, "monitor")
    town.technician.post(f"/v1/devices/{donor}/tests", passes("monitor"))
    town.technician.post(f"/v1/devices/{donor}/grade", {"cosmetic": "B"})
    shelve(town, kind="cable", source="harvested", from_device_id=donor)
    assert {"tested", "graded"}.isdisjoint(met(town, donor))


def test_a_part_is_used_once(town: Town) -> None:
    first, second = take_in(town), take_in(town)
    part = shelve(town)
    assert repair(town, first, part["id"]).status_code == 201
    before = device(town, second)
    again = repair(town, second, part["id"])
    assert (again.status_code, again.json()["code"]) == (409, "part_taken")
    assert device(town, second) == before
    twice = shelve(town)
    assert repair(town, second, twice["id"], twice["id"]).json()["code"] == "part_taken"


def test_of_two_who_take_the_same_part_at_once_one_gets_it(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        devices = [take_in(town) for _ in range(6)]
        part = shelve(town)
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda one: repair(town, one, part["id"]), devices))
        assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]


def test_a_disk_is_harvested_only_once_it_was_said_to_be_removed_and_is_new_where_it_is_fitted(town: Town) -> None:
    donor, receiver = take_in(town), take_in(town)
    medium = town.technician.post(f"/v1/devices/{donor}/media", {"serial": "DISK-1", "kind": "hdd"}).json()
    body = {"kind": "storage", "source": "harvested", "from_device_id": donor}
    assert town.technician.post("/v1/parts", body).json()["errors"][0]["pointer"] == "/medium_id"
    early = town.technician.post("/v1/parts", {**body, "medium_id": medium["id"]})
    assert (early.status_code, early.json()["code"]) == (409, "medium_in_place")
    said = {"kind": "removed", "reason": "Goes into another machine"}
    assert town.technician.post(f"/v1/media/{medium['id']}/disposals", said).status_code == 201
    part = shelve(town, **body, medium_id=medium["id"])
    assert part["serial"] == "DISK-1"
    again = town.technician.post("/v1/parts", {**body, "medium_id": medium["id"]})
    assert (again.status_code, again.json()["code"]) == (409, "part_taken")
    assert repair(town, receiver, part["id"], defect="storage.absent").status_code == 201
    assert [one["serial"] for one in device(town, receiver)["media"]] == ["DISK-1"]
    assert "sanitized" not in met(town, receiver)
    gate = town.data_security.post(f"/v1/devices/{receiver}/sanitization", {"decision": "accepted"})
    assert gate.status_code == 409, "the disk must be accounted for where it is now"


@pytest.mark.parametrize("flag", ["legal_hold", "suspected_stolen", "quarantine", "damaged_battery"])
def test_nothing_is_taken_out_of_a_device_that_must_stay_whole(town: Town, flag: str) -> None:
    donor = take_in(town)
    town.lead.post(f"/v1/devices/{donor}/flags", {"flag": flag, "reason": "seen"})
    body = {"kind": "battery", "source": "harvested", "from_device_id": donor}
    answer = town.technician.post("/v1/parts", body)
    assert (answer.status_code, answer.json()["missing"]) == (409, [f"flag:{flag}"])


def test_stock_is_its_workshops_own(town: Town) -> None:
    part = shelve(town)
    for desk in (town.council, town.network, town.region, town.stranger):
        assert desk.get(f"/v1/parts/{part['id']}").status_code in {403, 404}
    gone = town.technician.post(f"/v1/parts/{part['id']}/scrapping", {"reason": "Swollen"})
    assert gone.json()["state"] == "scrapped"
    assert repair(town, take_in(town), part["id"]).json()["code"] == "part_taken"


def test_a_system_is_recorded_with_its_kind_of_licence_and_never_a_whole_key(town: Town) -> None:
    device_id = take_in(town)
    path = f"/v1/devices/{device_id}/installations"
    body = {"image": "Windows 11 Pro", "licence_kind": "refurbisher", "version": "24H2"}
    whole = {**body, "licence_reference": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"}
    refused = town.technician.post(path, whole)
    assert (refused.status_code, refused.json()["code"]) == (400, "whole_key")
    assert town.technician.post(path, {**body, "licence_kind": "pirated"}).status_code == 400
    kept = town.technician.post(path, {**body, "licence_reference": "EEEEE"})
    assert kept.status_code == 201, kept.text
    assert town.technician.get(path).json()["items"] == [kept.json()]
    assert "system_installed" in verbs(town, device_id)


def locks(category: str, **other: str) -> dict[str, Any]:
    checks = load_unlock_checks()[category]
    return {"results": [{"check": c.code, "outcome": other.get(c.code, "pass")} for c in checks]}


def test_a_lock_that_is_on_flags_the_device_until_the_checks_find_it_gone(town: Town) -> None:
    phone = take_in(town, "smartphone")
    path = f"/v1/devices/{phone}/unlock-checks"
    town.technician.post(path, locks("smartphone", activation_lock="fail", mdm="fail"))
    assert device(town, phone)["flags"] == ["locked"]
    town.technician.post(path, {"results": [{"check": "mdm", "outcome": "pass"}]})
    assert device(town, phone)["flags"] == ["locked"]
    town.technician.post(path, locks("smartphone"))
    assert device(town, phone)["flags"] == []


def test_a_flag_that_a_person_raised_is_not_lifted_by_a_check(town: Town) -> None:
    phone = take_in(town, "smartphone")
    town.lead.post(f"/v1/devices/{phone}/flags", {"flag": "locked", "reason": "SIM lock"})
    town.technician.post(f"/v1/devices/{phone}/unlock-checks", locks("smartphone"))
    assert device(town, phone)["flags"] == ["locked"]


def test_a_device_on_a_list_of_stolen_ones_waits_for_a_person(town: Town) -> None:
    phone = take_in(town, "smartphone")
    path = f"/v1/devices/{phone}/unlock-checks"
    town.technician.post(path, locks("smartphone", stolen_list="fail"))
    town.technician.post(path, locks("smartphone"))
    shown = device(town, phone)
    assert shown["flags"] == ["suspected_stolen"]
    assert shown["next_steps"][0]["step"] == "lift_flags"
    assert "flag:suspected_stolen" in town.lead.post(f"/v1/devices/{phone}/approval", {}).json()["missing"]


def test_functions_and_battery_have_letters_of_their_own(town: Town) -> None:
    device_id = take_in(town, "laptop")
    battery = {"check": "battery_health", "outcome": "pass", "value": "64 %"}
    failed = [{"check": code, "outcome": "fail"} for code in ("camera", "microphone")]
    town.technician.post(f"/v1/devices/{device_id}/tests", {"results": [battery, *failed]})
    graded = town.technician.post(f"/v1/devices/{device_id}/grade", {"cosmetic": "A"}).json()
    assert (graded["cosmetic"], graded["functional"], graded["battery"]) == ("A", "C", "B")
    assert sum(line["points"] for line in graded["explanation"]) == graded["score"]


@pytest.mark.parametrize(
    "notes",
    [
        "Comme neuf",
        "COMME-NEUVE",
        "etat neuf",
        "État  neuf",
        "remis a neuf",
        "comme\u200b neuf",
        "à  neuf",
    ],
)
def test_no_spelling_of_the_forbidden_words_passes(town: Town, notes: str) -> None:
    answer = town.technician.post(f"/v1/devices/{take_in(town)}/grade", {"cosmetic": "A", "notes": notes})
    assert (answer.status_code, answer.json()["code"]) == (400, "forbidden_words")


def test_nine_keys_may_be_missing(town: Town) -> None:
    answer = town.technician.post(
        f"/v1/devices/{take_in(town)}/grade", {"cosmetic": "D", "notes": "Le clavier a neuf touches manquantes"}
    )
    assert answer.status_code == 200, answer.text


def test_no_spelling_makes_a_second_person() -> None:
    for other in ("Lead-1", "lead 1", "LEAD_1", "léad-1", "lead\u200b-1", " lead--1 "):
        assert same_person("lead-1", other), other
    assert not same_person("lead-1", "lead-2")


def test_hours_are_told_by_operation_and_of_no_person(town: Town) -> None:
    for person, minutes, activity in (("A-07", 45, "repair"), ("A-08", 30, "repair"), ("A-07", 20, "wipe")):
        at = "2026-03-02T09:00:00+01:00"
        body = {"activity": activity, "person": person, "minutes": minutes, "at": at}
        assert town.technician.post("/v1/work-sessions", body).status_code == 201
    totals = town.lead.get("/v1/work-sessions/totals")
    assert [(one["activity"], one["minutes"]) for one in totals.json()["activities"]] == [("repair", 75), ("wipe", 20)]
    assert totals.json()["hours"] == 1.58
    assert "A-0" not in totals.text
    workshop = f"workshop_id={town.lead.organisation_id}"
    assert town.region.get(f"/v1/work-sessions/totals?{workshop}").json() == totals.json()
    assert town.lead.get("/v1/work-sessions/totals?from=2026-03-03").json()["minutes"] == 0
    assert town.lead.get("/v1/work-sessions/totals?from=2026-03-02&to=2026-03-02").json()["minutes"] == 95
    assert town.network.get(f"/v1/work-sessions/totals?{workshop}").status_code == 404
    assert town.stranger.get(f"/v1/work-sessions/totals?{workshop}").status_code == 404


WASTE = {"mass_grams": 6200, "waste_code": "16 02 14", "destination": "Centre DEEE", "treatment": "R12"}


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"waste_code": "16 02 13*"}, "/waste/slip", "slip_missing"),
        ({"waste_code": "99 99 99"}, "/waste/waste_code", "unknown_waste_code"),
        ({"waste_code": "16 02 13"}, "/waste/waste_code", "unknown_waste_code"),
        ({"treatment": "burnt"}, "/waste/treatment", "unknown_treatment"),
        ({"destination_siret": "73282932000075"}, "/waste/destination_siret", "bad_siret"),
    ],
)
def test_waste_leaves_with_papers_that_the_law_takes(town: Town, change: dict[str, Any], place: str, code: str) -> None:
    device_id = take_in(town, "monitor")
    path = f"/v1/devices/{device_id}/moves"
    answer = town.lead.post(path, {"to": "recycled", "waste": {**WASTE, **change}})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_waste")
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(place, code)]
    assert device(town, device_id)["status"] == "in_workshop"
    good = {**WASTE, "waste_code": "160213*", "slip": "BSDD-1", "destination_siret": "73282932000074"}
    assert town.lead.post(path, {"to": "recycled", "waste": good}).status_code == 200


def test_a_legal_hold_keeps_a_device_from_being_taken_apart_or_thrown_away(town: Town) -> None:
    device_id = take_in(town, "monitor")
    town.lead.post(f"/v1/devices/{device_id}/flags", {"flag": "legal_hold", "reason": "Police request"})
    for to in ("parts", "recycled"):
        answer = town.lead.post(f"/v1/devices/{device_id}/moves", {"to": to})
        assert (answer.status_code, answer.json()["missing"]) == (409, ["flag:legal_hold"])
