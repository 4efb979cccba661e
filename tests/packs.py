"""Packs for tests: a donation with all that can become of a device, and archives that somebody tampered with."""

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from httpx import Response

from donating import accepted, listed, picked_up, planned, receive
from makers import Desk, Town
from makers_distribution import handed_over, made_ready_again, reserved
from reuse.devices.actions.moves import move_devices
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.history.rules import Actor
from reuse.passport.rules.archive import entry_header
from reuse.transactions import transaction

THINKPAD = Path(__file__).resolve().parents[1] / "reuse" / "data" / "demo" / "evidence" / "vm01-lenovo-t480-nvme"
LIST = """Type;Marque;Modèle;N° de série;N° inventaire
PC portable;LENOVO;ThinkPad T480;PF1A2B3C;INV-1
UC;FUJITSU;ESPRIMO E720;YLNS123456;INV-2
Écran;Dell;=P2217H;CN8DXB560;INV-3
Écran;Dell;P2217H;CN5LDX288;INV-4
"""
RECEIVED = "2026-03-01T06:30:00Z"
FAMILY = {"pseudonym": "F-118", "commune_insee": "59183", "qpv": "yes", "age_band": "26-39", "eligible": True}
WASTE = {
    "mass_grams": 1850,
    "waste_code": "16 02 14",
    "destination": "Centre de tri",
    "treatment": "R12",
    "slip": "B-7",
}


def whole_donation(town: Town) -> dict[str, Any]:
    """A laptop wiped, certified and in a family's hands; a desktop recycled; a screen at work; a screen missing."""
    donation = accepted(town, required_erasure="clear", legal_basis="company_gift")
    listed(town.council, donation, LIST)
    collection = picked_up(town, planned(town, donation), at=RECEIVED)
    ids = device_ids(town, donation)
    came = [{"device_id": one, "outcome": "missing" if n == 3 else "received"} for n, one in enumerate(ids)]
    assert receive(town, collection, at=RECEIVED, devices=came).status_code == 200
    for device_id in ids[:3]:
        assert town.lead.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"}).status_code == 200
    certify(town, ids[0])
    gone = town.lead.post(f"/v1/devices/{ids[1]}/moves", {"to": "recycled", "waste": WASTE})
    assert gone.status_code == 200, gone.text
    give(town, ids[0])
    return donation


def device_ids(town: Town, donation: dict[str, Any]) -> list[str]:
    rows = town.council.get(f"/v1/donations/{donation['id']}/devices").json()["items"]
    return [row["device_id"] for row in rows]


def certify(town: Town, device_id: str) -> None:
    """Capture, wipe by a real log, acceptance, certificate."""
    path = f"/v1/devices/{device_id}"
    capture = (THINKPAD / "capture.lshw.json").read_bytes()
    assert town.technician.ask("POST", f"{path}/captures", content=capture).status_code == 201
    log = {"file": ("nwipe.log", (THINKPAD / "nwipe.log").read_bytes())}
    fields = {"device_id": device_id, "timezone": "UTC"}
    assert town.technician.post("/v1/erasure-reports", files=log, data=fields).status_code == 201
    answer = town.data_security.post(f"{path}/sanitization", {"decision": "accepted"})
    assert town.data_security.done(answer)["state"] == "succeeded"


def give(town: Town, device_id: str) -> None:
    """Sign off, price, reserve and hand over to a family."""
    made_ready_again(town, device_id)
    with transaction(town.house.database) as session:
        device = session.get_one(Device, UUID(device_id))
        device.price_minor, device.price_currency = 4200, "EUR"
        move_devices(session, Actor(town.lead.organisation_id, "lead-1"), [device], Status.listed)
    handover = handed_over(town.network, reserved(town.network, [device_id]), beneficiary=FAMILY)
    job = Response(202, headers={"Location": f"/v1/jobs/{handover['receipt_job']}"})
    assert town.network.done(job)["state"] == "succeeded"


def pack_of(desk: Desk, donation: dict[str, Any]) -> bytes:
    """The pack as a client gets it that follows the job and downloads its document."""
    answer = desk.post(f"/v1/donations/{donation['id']}/pack")
    job = desk.done(answer, seconds=60)
    assert job["state"] == "succeeded", job
    content = desk.get(f"/v1/documents/{job['result']['document_id']}/content")
    assert content.status_code == 200
    return content.content


def files_of(pack: bytes) -> dict[str, bytes]:
    """The files of a pack by their names, in their order."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(pack: bytes, change: Callable[[list[tuple[str, bytes]]], None]) -> bytes:
    """The pack written anew in our own form with other files: what somebody does who knows how we write."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        time = archive.infolist()[0].date_time
        files = [(info.filename, archive.read(info)) for info in archive.infolist()]
    change(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files:
            archive.writestr(entry_header(name, len(content), time), content)
    return out.getvalue()


def kept(folder: Path, pack: bytes, name: str = "pack.zip") -> Path:
    """The pack as a file."""
    path = folder / name
    with path.open("wb") as file:
        shutil.copyfileobj(io.BytesIO(pack), file)
    return path
