"""The bad input that people really send: a problem with a code and a sentence that says what to do; nothing changes."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel, select

from donating import accepted, laptops, send, workbook
from makers import Desk, Town
from reuse.house import House
from reuse.transactions import reading

EVIDENCE = Path(__file__).resolve().parents[2] / "reuse" / "data" / "demo" / "evidence"
LOG = (EVIDENCE / "vm01-lenovo-t480-nvme" / "nwipe.log").read_bytes()
CAPTURE = (EVIDENCE / "vm01-lenovo-t480-nvme" / "capture.lshw.json").read_bytes()
MEGABYTE = 1024 * 1024


def everything(house: House) -> dict[str, list[str]]:
    """Every row of every table but those that only remember that something was asked."""
    tables = {name: table for name, table in SQLModel.metadata.tables.items() if name not in {"kept_answer", "job"}}
    with reading(house.database) as session:
        return {
            name: sorted(str(tuple(row)) for row in session.connection().execute(select(table)))
            for name, table in tables.items()
        }


def check_problem(answer: Any, status: int, code: str | None = None) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json()
    assert body["detail"].endswith((".", "?", "!")), body["detail"]
    assert body["status"] == status
    if code:
        assert body["code"] == code, body


def bomb() -> bytes:
    """An XLSX of a few kilobytes that unpacks to 300 MB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for part in range(3):
            archive.writestr(f"xl/worksheets/sheet{part}.xml", b"0" * (100 * MEGABYTE))
    return out.getvalue()


FILES = {
    "empty": (b"", 400),
    "a letter in utf-16 without a mark": ("Bonjour,\nvoici notre liste.\n".encode("utf-16-le"), 400),
    "binary renamed .csv": (bytes(range(256)) * 40, 400),
    "picture renamed .csv": (b"\x89PNG\r\n\x1a\n" + bytes(2000), 400),
    "no header": (b"a;b;c\n1;2;3\n", 400),
    "header only": (b"Categorie;Marque\n", 400),
    "broken workbook": (workbook([["Catégorie"], ["portable"]])[:-40], 400),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_list_is_refused_on_the_spot(town: Town, name: str) -> None:
    content, status = FILES[name]
    donation = accepted(town)
    before = everything(town.house)
    answer = send(town.council, donation, content)
    assert answer.status_code in {status, 413, 415}, answer.text
    check_problem(answer, answer.status_code)
    assert everything(town.house) == before


def test_twenty_megabytes_and_one_byte_are_too_much(town: Town) -> None:
    donation = accepted(town)
    before = everything(town.house)
    check_problem(send(town.council, donation, b"x" * (20 * MEGABYTE + 1)), 413)
    assert everything(town.house) == before


def test_a_zip_bomb_is_not_opened(town: Town) -> None:
    donation = accepted(town)
    check_problem(send(town.council, donation, bomb()), 413, "zip_bomb")


def test_faulty_rows_are_named_with_row_column_code_and_sentence(town: Town) -> None:
    donation = accepted(town)
    rows = laptops(1) + "grille-pain;Moulinex;X1;;INV-9;\nportable;Dell;L;=CMD|'/c calc'!A1;INV-8;\n"
    job = town.council.done(send(town.council, donation, rows))
    assert (job["result"]["accepted"], job["result"]["rejected"]) == (1, 2)
    faults = {error["row"]: error for error in job["result"]["errors"]}
    assert faults[3]["code"] == "unknown_category"
    assert faults[4]["column"] == "N° de série"
    assert all(error["message"].endswith(".") for error in faults.values())


def test_another_organisations_things_are_not_there(town: Town) -> None:
    donation = accepted(town)
    for desk in (town.company, town.stranger, town.network):
        check_problem(desk.get(f"/v1/donations/{donation['id']}"), 404)
        check_problem(desk.post(f"/v1/donations/{donation['id']}/moves", {"to": "cancelled", "reason": "x"}), 404)


def test_a_move_from_a_stale_page_is_refused(town: Town) -> None:
    donation = accepted(town)
    before = everything(town.house)
    answer = town.council.post(
        f"/v1/donations/{donation['id']}/moves",
        {"to": "cancelled", "reason": "changed our mind"},
        headers={"If-Match": f'"{donation["version"] - 1}"'},
    )
    check_problem(answer, 412, "stale_version")
    assert everything(town.house) == before


def machine(town: Town) -> str:
    device_id: str = town.lead.post("/v1/devices", {"category": "laptop"}).json()["id"]
    captured = town.technician.ask("POST", f"/v1/devices/{device_id}/captures", content=CAPTURE)
    assert captured.status_code == 201, captured.text
    return device_id


def report(desk: Desk, content: bytes, **fields: str) -> Any:
    return desk.post("/v1/erasure-reports", files={"file": ("nwipe.log", content)}, data={"timezone": "UTC", **fields})


def test_a_report_for_a_disk_nobody_knows_waits_and_proves_nothing(town: Town) -> None:
    device_id = machine(town)
    answer = report(town.technician, LOG.replace(b"S444NX0K512345", b"S999NX0K599999"))
    assert answer.status_code == 201, answer.text
    assert [item["medium_id"] for item in answer.json()["items"]] == [None]
    waiting = town.technician.get("/v1/erasure-reports?state=unmatched").json()["items"]
    assert [one["id"] for one in waiting] == [answer.json()["id"]]
    refused = town.data_security.post(f"/v1/devices/{device_id}/sanitization", {"decision": "accepted"})
    assert refused.status_code == 409
    assert refused.json()["missing"]


def test_a_report_with_its_last_lines_cut_off_is_unknown(town: Town) -> None:
    device_id = machine(town)
    answer = report(town.technician, LOG[: LOG.index(b"**** Error Summary")])
    assert answer.status_code == 201, answer.text
    item = answer.json()["items"][0]
    assert item["verdict"] == "unknown"
    assert "truncated" in item["reasons"]
    refused = town.data_security.post(f"/v1/devices/{device_id}/sanitization", {"decision": "accepted"})
    assert refused.status_code == 409


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 5000, b"<a>" * 3000, b'{"a":' * 2000])
def test_what_is_no_report_is_refused(town: Town, content: bytes) -> None:
    before = everything(town.house)
    answer = report(town.technician, content)
    assert answer.status_code in {400, 415}, answer.text
    check_problem(answer, answer.status_code)
    assert everything(town.house) == before
