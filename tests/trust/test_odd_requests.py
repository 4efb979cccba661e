"""Requests that nobody sends by accident: each is answered with a problem, never with a crash or a leak."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import reuse.donations.api.imports as import_doors
import reuse.workshop.api.captures as capture_doors
from donating import accepted, laptops, send
from makers import Town, open_doors, settle_town
from reuse.house import House
from reuse.transactions import transaction

EVIDENCE = Path(__file__).resolve().parents[2] / "reuse" / "data" / "demo" / "evidence"
THINKPAD = (EVIDENCE / "vm01-lenovo-t480-nvme" / "capture.lshw.json").read_bytes()


@pytest.mark.parametrize("sent", ["²", '"³"', "9" * 5000, "\u00bc"])
def test_an_if_match_that_is_no_number_is_a_bad_request(town: Town, sent: str) -> None:
    device_id = town.lead.post("/v1/devices", {"category": "laptop"}).json()["id"]
    headers = {"If-Match": sent.encode("latin-1")}
    answer = town.technician.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_if_match")


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1900-06-01T00:00:00Z", "2200-01-01T00:00:00Z"]
)
def test_a_time_that_no_calendar_of_ours_holds_is_a_bad_request(town: Town, at: str) -> None:
    session = {"activity": "test", "person": "p-1", "minutes": 5, "at": at}
    answer = town.technician.post("/v1/work-sessions", session)
    assert answer.status_code == 400, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/at"]


def test_a_clock_without_a_battery_says_1970_and_is_taken_at_its_word(town: Town) -> None:
    session = {"activity": "test", "person": "p-1", "minutes": 5, "at": "1970-01-01T00:00:00+14:00"}
    assert town.technician.post("/v1/work-sessions", session).status_code == 201


ASKED = (
    "/v1/devices?q=%00",
    "/v1/devices?q=A%00B",
    "/v1/devices?category=%00",
    "/v1/devices?cursor=%00",
    "/v1/codes?value=%00",
    "/v1/codes?value=A%00",
    "/v1/codes/A%00B",
    "/v1/donations?status=%00",
    "/v1/collections?status=%00",
    "/v1/erasure-reports?state=%00",
    "/v1/catalogue?category=%00",
    "/v1/catalogue?grade=%00",
    "/verify/%00",
)


def test_a_nul_character_in_an_address_breaks_nothing(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        answers = {path: town.lead.get(path).status_code for path in ASKED}
    assert {path: status for path, status in answers.items() if status >= 500} == {}


def test_a_nul_character_in_a_body_breaks_nothing(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        device_id = town.lead.post("/v1/devices", {"category": "laptop"}).json()["id"]
        path, nul = f"/v1/devices/{device_id}", "a\0b"
        town.technician.post(f"{path}/moves", {"to": "in_workshop"})
        donation = {"legal_basis": "company_gift", "required_erasure": "clear"}
        bodies: list[tuple[Any, str, dict[str, Any]]] = [
            (town.lead, f"{path}/flags", {"flag": "quarantine", "reason": nul}),
            (town.lead, f"{path}/moves", {"to": "received", "reason": nul}),
            (town.technician, f"{path}/grade", {"cosmetic": "B", "notes": nul}),
            (town.technician, f"{path}/repairs", {"defect": "other", "action": nul}),
            (town.technician, f"{path}/sanitization", {"decision": "no_medium", "reason": nul}),
            (town.council, "/v1/donations", {**donation, "notes": nul}),
            (town.council, "/v1/donations", {**donation, "contact": {"name": nul}}),
            (town.council, "/v1/donations", {**donation, "contact": nul}),
        ]
        answers = {(where, str(body)): desk.post(where, body).status_code for desk, where, body in bodies}
    assert {what: status for what, status in answers.items() if status >= 500} == {}


def is_held_by_this_request(town: Town) -> bool:
    """Whether the write lock does not come free while this request waits for it; the worker holds it for moments."""
    lock = town.house.database.write_lock
    if not lock.acquire(timeout=5):
        return True
    lock.release()
    return False


def test_a_capture_is_read_before_the_one_writer_is_held(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    device_id = town.lead.post("/v1/devices", {"category": "laptop"}).json()["id"]
    held: list[bool] = []
    read = capture_doors.read_captures

    def watched(contents: Sequence[bytes]) -> Any:
        held.append(is_held_by_this_request(town))
        return read(contents)

    monkeypatch.setattr(capture_doors, "read_captures", watched)
    answer = town.technician.ask("POST", f"/v1/devices/{device_id}/captures", content=THINKPAD)
    assert answer.status_code == 201
    assert held == [False]
    refused = town.council.ask("POST", f"/v1/devices/{device_id}/captures", content=THINKPAD)
    assert (refused.status_code, len(held)) == (403, 1)  # nothing is read for who may not send it


def test_a_list_is_looked_at_before_the_one_writer_is_held(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    donation = accepted(town)
    held: list[bool] = []
    look = import_doors.refuse_no_list

    def watched(content: bytes, wishes: Any) -> None:
        held.append(is_held_by_this_request(town))
        look(content, wishes)

    monkeypatch.setattr(import_doors, "refuse_no_list", watched)
    assert send(town.council, donation, laptops(2)).status_code == 202
    assert held == [False]


def test_an_error_of_the_database_tells_no_values(any_house: House) -> None:
    with pytest.raises(DBAPIError) as error, transaction(any_house.database) as session:
        session.connection().execute(text("SELECT * FROM nowhere WHERE name = :name"), {"name": "Équipier Vert"})
    assert "Vert" not in str(error.value)
