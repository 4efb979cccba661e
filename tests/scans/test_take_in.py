"""300 machines arrived: a station labels them now, offline too, and the donor's list comes later."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from donating import AT, accepted, laptops, listed
from makers import Town, open_doors, settle_town
from reuse import clock
from reuse.devices.models import Code
from reuse.history.queries import verify_history
from reuse.house import House
from reuse.transactions import reading


@pytest.fixture
def any_town(any_house: House) -> Iterator[Town]:
    """A town on each database in turn."""
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


def blanks(town: Town, count: int) -> list[str]:
    """Codes of blank labels that were printed for the town's workshop."""
    job = town.lead.done(town.lead.post("/v1/labels", json={"blank": count, "format": "a4-24"}))
    assert job["state"] == "succeeded", job
    with reading(town.house.database) as session:
        statement = select(Code.value).where(col(Code.device_id).is_(None), Code.kind == "label")
        return list(session.exec(statement.order_by(col(Code.id))))


def scan(code: str, action: str = "take_in", **data: Any) -> dict[str, Any]:
    return {"id": str(clock.new_id()), "code": code, "action": action, "at": AT, "data": data}


def send(town: Town, *scans: dict[str, Any]) -> list[dict[str, Any]]:
    answer = town.technician.post("/v1/scans", json={"scans": list(scans)})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def test_a_station_labels_many_and_what_the_list_names_is_merged_at_once(any_town: Town) -> None:
    town = any_town
    donation = accepted(town)
    listed(town.council, donation, laptops(2))
    codes = blanks(town, 4)
    facts = {"category": "laptop", "donation_id": donation["id"]}
    queue = [
        scan(codes[0], **facts, serial="SN-00001", manufacturer="Dell"),
        scan(codes[1], **facts),
        scan(codes[1], "locate", location="Étagère B3"),
        scan(codes[2], category="monitor"),
    ]
    results = send(town, *queue)
    assert [one["outcome"] for one in results] == ["applied"] * 4
    assert [one["status"] for one in results] == ["received"] * 4
    first, second, _, third = (town.lead.get(f"/v1/devices/{one['device_id']}").json() for one in results)
    assert len(first["merged_ids"]) == 1
    assert first["milestones"]["labelled"] is not None
    assert (second["location"], second["donation_id"], third["donation_id"]) == ("Étagère B3", donation["id"], None)
    assert first["custody_since"] == "2026-03-02T08:30:00Z"
    assert town.lead.get(f"/v1/codes/{codes[0]}").json()["matches"][0]["id"] == first["id"]
    again = send(town, *queue)
    assert [one["outcome"] for one in again] == ["duplicate"] * 4
    assert [one["device_id"] for one in again] == [one["device_id"] for one in results]
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()


def test_one_wrong_scan_harms_no_other_and_is_told_why(any_town: Town) -> None:
    town = any_town
    code, other, third, fourth, fifth = blanks(town, 5)
    nowhere = "0193d0c2-7b1e-7c3a-9a4f-00000000ffff"
    results = send(
        town,
        scan(code, category="laptop"),
        scan(code, category="laptop"),
        scan(other),
        scan(third, category="toaster"),
        scan(fourth, category="laptop", donation_id=nowhere),
        scan(fifth, category="laptop", serial="X" * 201),
        scan("7K3M-9QX2-BV4", category="laptop"),
    )
    assert [one["outcome"] for one in results] == ["applied", "conflict", *["refused"] * 5]
    told = [one["problem"]["code"] for one in results[1:]]
    assert told == ["label_taken", "bad_text", "unknown_category", "unknown_donation", "bad_text", "unknown_code"]
    with reading(town.house.database) as session:
        taken = session.exec(select(Code.value).where(col(Code.device_id).is_not(None), Code.kind == "label")).all()
    assert taken == [code]


def test_a_blank_label_of_another_workshop_is_none_of_ours(town: Town) -> None:
    (code,) = blanks(town, 1)
    with reading(town.house.database) as session:
        known = session.exec(select(Code).where(Code.value == code)).one()
        assert known.organisation_id == UUID(str(town.lead.organisation_id))
    refused = town.network.post("/v1/scans", json={"scans": [scan(code, category="laptop")]}).json()["results"]
    assert refused[0]["problem"]["code"] == "role_missing"
