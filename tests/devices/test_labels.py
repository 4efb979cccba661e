"""Printing labels: what is minted, for whom, and what comes out."""

from typing import Any
from uuid import UUID

import pytest

from makers import Town
from reuse.devices.models import Device
from reuse.transactions import in_transaction


def take_in(town: Town, **more: Any) -> str:
    return town.technician.post("/v1/devices", json={"category": "laptop", **more}).json()["id"]


def labels_of(town: Town, device_id: str) -> list[str]:
    codes = town.lead.get(f"/v1/devices/{device_id}").json()["codes"]
    return [code["value"] for code in codes if code["kind"] == "label"]


def test_formats_are_listed_sheets_first(town: Town) -> None:
    items = town.network.get("/v1/label-formats").json()["items"]
    assert items[0]["id"] == "a4-24"
    assert [one["kind"] for one in items] == sorted(one["kind"] for one in items)
    assert items[0]["per_page"] == 24
    assert items[-1]["dpi"] == 300
    assert all(one["module_mm"]["datamatrix"] > one["module_mm"]["qr"] >= 0.25 for one in items)


def test_received_devices_get_one_label_and_missing_ones_none(town: Town) -> None:
    there, lost = take_in(town, serial="PF-1"), take_in(town)

    def lose(session: Any) -> None:
        session.get(Device, UUID(lost)).status = "missing"

    in_transaction(town.house.database, lose)
    order = {"device_ids": [there, lost, there], "format": "a4-24", "start_at": 5}
    job = town.technician.done(town.technician.post("/v1/labels", json=order))
    assert job["state"] == "succeeded", job
    [code] = labels_of(town, there)
    assert labels_of(town, lost) == []
    town.technician.done(town.technician.post("/v1/labels", json=order))
    assert labels_of(town, there) == [code]
    assert town.lead.get(f"/v1/devices/{there}").json()["milestones"]["labelled"] is None
    document = f"/v1/documents/{job['result']['document_id']}/content"
    assert town.technician.get(document).content.startswith(b"%PDF")
    assert town.council.get(document).status_code == 404


def test_blank_labels_wait_for_their_device(town: Town) -> None:
    job = town.technician.done(town.technician.post("/v1/labels", json={"blank": 3, "format": "zpl-62x29-203"}))
    content = town.technician.get(f"/v1/documents/{job['result']['document_id']}/content").content
    assert content.count(b"^XA") == 3


def test_another_workshops_blank_label_cannot_be_claimed(town: Town) -> None:
    from reuse.devices.actions.identity import mint_blank_codes  # noqa: PLC0415  # of this one test
    from reuse.history.rules import Actor  # noqa: PLC0415  # of this one test

    elsewhere = Actor(town.network.organisation_id)
    [code] = in_transaction(town.house.database, lambda session: mint_blank_codes(session, elsewhere, count=1))
    answer = town.technician.post("/v1/devices", json={"category": "laptop", "code": code.value})
    assert (answer.status_code, answer.json()["code"]) == (409, "label_taken")


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"format": "a4-24"}, "one_selector"),
        ({"format": "a4-24", "blank": 1, "device_ids": ["0197f000-0000-7000-8000-000000000000"]}, "one_selector"),
        ({"format": "a3-1", "blank": 1}, "unknown_label_format"),
        ({"format": "a4-24", "blank": 1, "start_at": 25}, "bad_start"),
        ({"format": "a4-24", "blank": 0}, "invalid"),
        ({"format": "a4-24", "blank": 2001}, "invalid"),
        ({"format": "a4-24", "device_ids": []}, "invalid"),
        ({"format": "a4-24", "device_ids": ["0197f000-0000-7000-8000-000000000000"]}, "unknown_device"),
        ({"blank": 1}, "invalid"),
        ({"format": "0197f000-0000-7000-8000-000000000000", "blank": 1}, "unknown_label_format"),
        ({"format": "a4-24", "blank": 1, "skip": [3, 25]}, "bad_start"),
        ({"format": "a4-24", "blank": 1, "start_at": 23, "skip": [24, 23]}, "sheet_full"),
        ({"format": "brother-62x29", "blank": 1, "skip": [1]}, "sheet_full"),
        ({"format": "a4-24", "blank": 1, "symbology": "aztec"}, "invalid"),
        ({"run_id": "0197f000-0000-7000-8000-000000000000"}, "unknown_run"),
    ],
)
def test_an_order_that_cannot_be_printed_is_refused(town: Town, order: dict[str, Any], code: str) -> None:
    answer = town.technician.post("/v1/labels", json=order)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_donation_without_devices_here_has_nothing_to_label(town: Town) -> None:
    order = {"format": "a4-24", "donation_id": "0197f000-0000-7000-8000-000000000000"}
    answer = town.technician.post("/v1/labels", json=order)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_label")
    assert town.network.post("/v1/labels", json={"format": "a4-24", "blank": 1}).status_code == 403
