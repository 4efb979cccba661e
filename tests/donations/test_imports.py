"""Donors' lists through the doors: what they bring, once and never twice, and what is said of bad rows."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from donating import HEADER, accepted, draft, laptops, listed, send, submitted, workbook
from makers import Town, open_doors, settle_town
from reuse.clock import new_id
from reuse.devices.models import Code, Device
from reuse.donations.actions.imports import take_rows
from reuse.donations.imports.keys import in_portions, keyed
from reuse.donations.imports.read import open_list, read_file
from reuse.donations.models import DonationImport
from reuse.history.queries import verify_history
from reuse.house import House
from reuse.transactions import reading, transaction


@pytest.fixture
def any_town(any_house: House) -> Iterator[Town]:
    """A town on each database in turn."""
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


def devices(town: Town, donation: dict[str, Any]) -> list[Device]:
    with reading(town.house.database) as session:
        statement = select(Device).where(Device.donation_id == UUID(donation["id"])).order_by(col(Device.id))
        return list(session.exec(statement))


def test_a_list_becomes_declared_devices_with_codes_and_fills_the_lines(any_town: Town) -> None:
    donation = draft(
        any_town.council, lines=[{"category": "laptop", "quantity": 2}, {"category": "tablet", "quantity": 9}]
    )
    result = listed(any_town.council, donation, laptops(3) + "écran;HP;E24;;;4\n")
    assert (result["rows"], result["accepted"], result["rejected"], result["devices"]) == (4, 4, 0, 7)
    found = devices(any_town, donation)
    assert {device.status for device in found} == {"declared"}
    assert sorted(device.category for device in found) == ["laptop"] * 3 + ["monitor"] * 4
    assert found[0].serial == "SN-00001"
    with reading(any_town.house.database) as session:
        codes = session.exec(select(Code.kind).where(Code.device_id == found[0].id).order_by(col(Code.kind)))
        assert list(codes) == ["asset_tag", "serial"]
        assert verify_history(session).breaks == ()
    lines = any_town.council.get(f"/v1/donations/{donation['id']}").json()["lines"]
    told = [(line["category"], line["quantity"], line["declared"]) for line in lines]
    assert told == [("laptop", 2, 3), ("tablet", 9, 9), ("monitor", 4, 4)]
    page = any_town.council.get(result["device_ids_url"]).json()["items"]
    assert [UUID(one["device_id"]) for one in page] == [device.id for device in found]
    assert [one["row"] for one in page] == [2, 3, 4, 5, 5, 5, 5]


def test_a_list_in_cp1252_and_a_workbook_are_read_alike(town: Town) -> None:
    for content in (
        f"{HEADER}\nécran;Iiyama;É-24;SN-É1;;\n".encode("cp1252"),
        workbook([HEADER.split(";"), ["écran", "Iiyama", "É-24", "SN-É1", "", ""]]),
    ):
        donation = draft(town.council)
        assert listed(town.council, donation, content, dry_run="false")["accepted"] == 1
        (device,) = devices(town, donation)
        assert (device.category, device.model, device.serial) == ("monitor", "É-24", "SN-É1")
        town.council.post(f"/v1/donations/{donation['id']}/moves", json={"to": "cancelled", "reason": "essai"})


def test_bad_rows_are_told_with_row_column_and_code_and_good_ones_are_taken(town: Town) -> None:
    donation = draft(town.council)
    result = listed(town.council, donation, laptops(2) + "grille-pain;;;SN-9;;\n;;;;;\nportable;;;SN-00001;;\n")
    assert (result["accepted"], result["rejected"]) == (2, 2)
    errors = [(one["row"], one["column"], one["code"]) for one in result["errors"]]
    assert errors == [(4, "Catégorie", "unknown_category"), (6, "N° de série", "duplicate_serial")]
    page = town.council.get(result["errors_url"]).json()["items"]
    assert page == result["errors"]
    as_csv = town.council.get(result["errors_url"], headers={"Accept": "text/csv"})
    assert as_csv.text.splitlines()[0].endswith("row,column,code,message")
    assert town.company.get(result["errors_url"]).status_code == 404


def test_all_or_nothing_with_a_bad_row_accepts_none(town: Town) -> None:
    donation = draft(town.council)
    result = listed(town.council, donation, laptops(3) + "grille-pain;;;SN-9;;\n", mode="all_or_nothing")
    assert (result["accepted"], result["rejected"], result["devices"]) == (0, 1, 0)
    assert devices(town, donation) == []
    assert listed(town.council, donation, laptops(3), mode="all_or_nothing")["accepted"] == 3


def test_a_dry_run_says_what_would_be_and_changes_nothing(town: Town) -> None:
    donation = draft(town.council, lines=[{"category": "laptop", "quantity": 1}])
    result = listed(town.council, donation, laptops(3) + "grille-pain;;;;;\n", dry_run="true")
    assert (result["accepted"], result["rejected"], result["dry_run"]) == (3, 1, True)
    assert devices(town, donation) == []
    assert town.council.get(f"/v1/donations/{donation['id']}").json() == donation
    assert town.council.get(result["device_ids_url"]).json()["items"] == []


def test_the_same_list_again_changes_nothing_and_a_longer_one_adds_what_is_new(town: Town) -> None:
    donation = draft(town.council)
    content = laptops(3) + "écran;HP;E24;;;4\n"
    listed(town.council, donation, content)
    before = town.council.get(f"/v1/donations/{donation['id']}").json()
    again = listed(town.council, donation, content)
    assert (again["accepted"], again["known"], again["rejected"], again["devices"]) == (0, 4, 0, 0)
    assert town.council.get(f"/v1/donations/{donation['id']}").json() == before
    assert len(town.council.get(again["device_ids_url"]).json()["items"]) == 7
    longer = listed(town.council, donation, laptops(5) + "écran;HP;E24;;;6\n")
    assert (longer["accepted"], longer["known"], longer["devices"]) == (3, 3, 4)
    assert len(devices(town, donation)) == 11


def test_a_serial_of_another_live_donation_of_the_donor_is_a_bad_row(town: Town) -> None:
    first, second, others = draft(town.council), draft(town.council), draft(town.company)
    listed(town.council, first, laptops(2))
    result = listed(town.council, second, laptops(3))
    assert [(one["row"], one["column"], one["code"]) for one in result["errors"]] == [
        (2, "N° de série", "serial_known"),
        (3, "N° de série", "serial_known"),
    ]
    assert first["number"] in result["errors"][0]["message"]
    assert listed(town.company, others, laptops(2))["accepted"] == 2
    town.council.post(f"/v1/donations/{first['id']}/moves", json={"to": "cancelled", "reason": "doublon"})
    assert listed(town.council, second, laptops(3))["accepted"] == 2


def test_a_list_by_tags_today_gets_its_serials_tomorrow(town: Town) -> None:
    donation = draft(town.council)
    listed(town.council, donation, f"{HEADER}\nportable;;;;INV-1;\nportable;;;;INV-2;\n")
    result = listed(town.council, donation, f"{HEADER}\nportable;;;SN-A;INV-1;\nportable;;;SN-B;INV-2;\n")
    assert (result["accepted"], result["known"]) == (0, 2)
    assert [device.serial for device in devices(town, donation)] == ["SN-A", "SN-B"]


def test_two_imports_of_one_list_at_once_bring_one_set(any_town: Town) -> None:
    donation = draft(any_town.council)
    content = laptops(200) + "écran;HP;E24;;;30\n"
    answers: list[Any] = []

    def post() -> None:
        answers.append(send(any_town.council, donation, content))

    with ExitStack() as stack:
        for _ in range(4):
            thread = threading.Thread(target=post)
            thread.start()
            stack.callback(thread.join)
    results = [any_town.council.done(answer)["result"] for answer in answers]
    assert sum(result["devices"] for result in results) == 230
    assert sum(result["accepted"] for result in results) == 201
    assert len(devices(any_town, donation)) == 230


def test_an_import_that_died_half_way_ends_the_same_when_done_again(town: Town) -> None:
    whole, torn = draft(town.council), draft(town.company)
    content = laptops(30) + "écran;HP;E24;;;5\n"
    expected = listed(town.council, whole, content)
    opened = open_list(content.encode())
    portions = list(in_portions(keyed(read_file(content.encode()).items), devices=8))
    with transaction(town.house.database) as session:
        model = session.get_one(DonationImport, UUID(expected["import_id"]))
        this = DonationImport(**{**model.model_dump(), "id": new_id(), "donation_id": UUID(torn["id"])})
        session.add(this)
    for rows in portions[:2]:  # what a worker had committed when it was killed
        with transaction(town.house.database) as session:
            take_rows(session, this, rows, opened.header.by_column)
    assert len(devices(town, torn)) == 16
    taken = []
    for rows in portions:
        with transaction(town.house.database) as session:
            taken.append(take_rows(session, this, rows, opened.header.by_column))
    assert sum(part.accepted for part in taken) == expected["accepted"] == 31
    assert sum(part.devices for part in taken) == expected["devices"] == 35
    assert [device.serial for device in devices(town, torn)] == [device.serial for device in devices(town, whole)]
    page = town.company.get(f"/v1/imports/{this.id}/devices").json()["items"]
    assert [one["is_new"] for one in page] == [True] * 35


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "empty_file"),
        (b"\x89PNG\r\n\x1a\n\0\0", 415, "unknown_format"),
        (b"a;b\nc\0d;e\n", 400, "binary_file"),
        (b"bonjour\nmonde\n", 400, "no_header"),
        (f"{HEADER}\nportable;;;;;9999\n".encode() + b"portable;;;;;9999\n" * 6, 413, "too_many_devices"),
    ],
)
def test_what_is_no_list_is_refused_at_once_and_changes_nothing(
    town: Town, content: bytes, status: int, code: str
) -> None:
    donation = draft(town.council)
    answer = send(town.council, donation, content)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert devices(town, donation) == []


def test_a_large_file_that_is_broken_further_down_fails_its_job(town: Town) -> None:
    donation = draft(town.council)
    content = laptops(9_000) + '"portable;never closed\n'
    job = town.council.done(send(town.council, donation, content))
    assert (job["state"], job["problem"]["code"]) == ("failed", "broken_quotes")
    assert devices(town, donation) == []


def test_only_the_donors_side_and_its_workshops_lead_send_lists(town: Town) -> None:
    donation = submitted(town.council)
    for name, status in (("technician", 403), ("region", 403), ("operator", 403), ("company", 404), ("network", 404)):
        assert send(getattr(town, name), donation, laptops(1)).status_code == status, name
    assert listed(town.lead, donation, laptops(1))["accepted"] == 1


def test_bad_fields_beside_the_file_are_refused(town: Town) -> None:
    donation = draft(town.council)
    for fields in ({"mode": "some"}, {"dry_run": "perhaps"}, {"colour": "red"}):
        assert send(town.council, donation, laptops(1), **fields).status_code == 400, fields


def test_devices_of_a_draft_are_hidden_from_the_workshop_until_submission(town: Town) -> None:
    donation = draft(town.council)
    listed(town.council, donation, laptops(1))
    assert devices(town, donation)[0].workshop_id is None
    town.council.post(f"/v1/donations/{donation['id']}/moves", json={"to": "submitted"})
    assert devices(town, donation)[0].workshop_id == town.lead.organisation_id
    late = accepted(town, town.company)
    listed(town.company, late, laptops(1))
    assert devices(town, late)[0].workshop_id == town.lead.organisation_id


def test_a_declined_donation_takes_no_list_and_its_devices_are_withdrawn(town: Town) -> None:
    donation = draft(town.council)
    listed(town.council, donation, laptops(2))
    town.council.post(f"/v1/donations/{donation['id']}/moves", json={"to": "submitted"})
    town.lead.post(f"/v1/donations/{donation['id']}/moves", json={"to": "declined", "reason": "full"})
    assert {device.status for device in devices(town, donation)} == {"withdrawn"}
    answer = send(town.council, donation, laptops(3))
    assert (answer.status_code, answer.json()["code"]) == (409, "donation_ended")
