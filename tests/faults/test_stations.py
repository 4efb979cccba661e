"""Stations that come back on line all at once: every scan of every batch has its answer, and takes effect once."""

from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from faults.processes import at_once, devices_at, site
from makers import Desk
from reuse import clock
from reuse.devices.actions.identity import mint_label_codes
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.history.models import HistoryRecord
from reuse.history.rules import SYSTEM
from reuse.house import House
from reuse.transactions import reading, transaction

BATCH = 500
STATIONS = 4


def label(house: House, device_ids: list[UUID]) -> list[str]:
    """The label codes of these devices, minted where they have none, in their order."""
    with transaction(house.database) as session:
        devices = session.exec(select(Device).where(col(Device.id).in_(device_ids)).order_by(col(Device.id))).all()
        codes = mint_label_codes(session, SYSTEM, devices)
        return [codes[device.id].value for device in devices]


def a_scan(code: str, action: str) -> dict[str, Any]:
    return {"id": str(clock.new_id()), "code": code, "action": action, "at": clock.now().isoformat()}


def outcomes(desk: Desk, scans: list[dict[str, Any]]) -> list[str]:
    """What became of each scan; the answers stand in the order of the scans."""
    answer = desk.post("/v1/scans", {"scans": scans})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [one["id"] for one in results] == [one["id"] for one in scans]
    return [one["outcome"] for one in results]


def test_four_full_batches_at_once_are_answered_scan_by_scan_and_sent_again_change_nothing(tmp_path: Path) -> None:
    with site(tmp_path) as built:
        built.serve()
        technician = built.town.technician
        codes = label(built.house, devices_at(built, technician.organisation_id, Status.declared, BATCH))
        batches = [[a_scan(code, "receive") for code in codes] for _ in range(STATIONS)]
        for batch in batches:
            batch[7]["code"] = "NO-SUCH-CODE"
            batch[9]["at"] = "yesterday"
        found = at_once([lambda batch=batch: outcomes(technician, batch) for batch in batches])
        whole = Counter(outcome for batch in found for outcome in batch)
        assert [batch[7] for batch in found] == [batch[9] for batch in found] == ["refused"] * STATIONS
        assert whole["applied"] == BATCH - 2
        assert whole["conflict"] == (BATCH - 2) * (STATIONS - 1)
        again = Counter(outcomes(technician, batches[0]))
        assert again["applied"] == 0
        assert again["duplicate"] == found[0].count("applied")
        with reading(built.house.database) as session:
            received = session.exec(select(HistoryRecord.thing_id).where(HistoryRecord.to_state == "received")).all()
        assert len(received) == len(set(received)) == BATCH - 2
        built.assert_calm()
        built.assert_whole()
