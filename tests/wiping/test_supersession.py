"""A device that comes back is wiped and certified anew: the new certificate names the old one, and the old one the new.

The old one stays what it is: true of its day, signed, and checkable from its file alone.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from benches import decide, later, upload
from certifying import certified_laptop, log_of_laptop
from commands import asked
from makers import Town
from makers_distribution import handed_over, offered, reserved
from reuse import clock
from reuse.canonical import sha256_hex

WIPED = datetime(2026, 3, 3, tzinfo=UTC)
BROWSER = {"Accept": "text/html"}
PROGRAM = {"Accept": "application/json"}


def come_back(town: Town, device_id: str, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The device goes out and comes back, and three days pass; returns the log of a wipe in between."""
    handed_over(town.network, reserved(town.network, offered(town, [device_id])))
    assert town.network.post(f"/v1/devices/{device_id}/returns", {"reason": "Ne démarre plus"}).status_code == 201
    assert town.technician.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"}).status_code == 200
    days, source = (clock.now() - WIPED).days + 2, clock.source
    monkeypatch.setattr(clock, "source", lambda: source() + timedelta(days=3))
    return later(log_of_laptop(1), days)


def certificates(town: Town, device_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = town.data_security.get(f"/v1/certificates?device_id={device_id}").json()["items"]
    return found


def test_a_new_wipe_after_a_return_supersedes_the_certificate_and_both_say_so(
    town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    device_id = certified_laptop(town, 1)
    old = certificates(town, device_id)
    files = [town.data_security.get(f"/v1/certificates/{one['id']}/pdf").content for one in old]
    log = come_back(town, device_id, monkeypatch)
    assert decide(town.data_security, UUID(device_id)).json()["missing"] == ["report_before_custody"]
    assert upload(town.technician, log).status_code == 201
    assert {one["status"] for one in certificates(town, device_id)} == {"valid"}  # a new report alone changes nothing
    assert town.data_security.done(decide(town.data_security, UUID(device_id)))["state"] == "succeeded"
    *before, third, fourth = certificates(town, device_id)
    assert [one["number"] for one in (third, fourth)] == ["CE-2026-000003", "CE-2026-000004"]
    for was, now, successor in zip(old, before, (third, fourth), strict=True):
        assert (now["status"], now["superseded_by"]) == ("superseded", successor["number"])
        assert (successor["status"], successor["content"]["supersedes"]) == ("valid", was["number"])
        assert successor["content"]["evidence"][0]["sha256"] == sha256_hex(log)
        assert (now["content"], now["sha256"], now["signature"]) == (was["content"], was["sha256"], was["signature"])
        path = urlsplit(now["verification_url"]).path
        facts = town.client.get(path, headers=PROGRAM).json()
        assert (facts["status"], facts["superseded_by"]) == ("superseded", successor["number"])
        page = town.client.get(path, headers=BROWSER).text
        assert "Remplacé" in page
        assert successor["number"] in page
        fresh = town.client.get(urlsplit(successor["verification_url"]).path, headers=PROGRAM).json()
        assert (fresh["status"], fresh["superseded_by"]) == ("valid", None)
    first = old[0]
    assert town.data_security.get(f"/v1/certificates/{first['id']}/pdf").content == files[0]
    (tmp_path / "old.pdf").write_bytes(files[0])
    checked = asked(tmp_path / "nothing", "certificate", "verify", tmp_path / "old.pdf")
    assert (checked["ok"], checked["number"], checked["pages"]) == (True, first["number"], "identical")
    assert checked["verification_address"] == first["verification_url"]
    assert town.data_security.post(f"/v1/certificates/{first['id']}/revocation", {"reason": "so"}).status_code == 409


def test_nothing_rests_on_the_report_of_a_superseded_certificate(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    device_id = certified_laptop(town, 1)
    upload(town.technician, come_back(town, device_id, monkeypatch))
    town.data_security.done(decide(town.data_security, UUID(device_id)))
    reports = town.technician.get("/v1/erasure-reports").json()["items"]
    resting = [sorted({one for item in each["items"] for one in item["certificate_ids"]}) for each in reports]
    valid = sorted(one["id"] for one in certificates(town, device_id) if one["status"] == "valid")
    assert resting == [[], valid]
