"""A donation of 5,000 devices to its donor's eye: a page of their ways, and the full pack."""

import secrets
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from figures import Figure, median_ms
from product import Server, Shop, new_shop, serving, timed
from sqlmodel import Session

from reuse.devices.actions.identity import NewDevice, add_devices
from reuse.devices.actions.moves import move_devices
from reuse.devices.rules import Status
from reuse.documents.actions import Readers, add_document
from reuse.history.rules import Actor
from reuse.people.actions import add_key, add_organisation
from reuse.people.rules import Activity
from reuse.transactions import in_transaction

DEVICES = 5_000
PORTION = 1_000
DOCUMENTS = 1_000
DOCUMENT_BYTES = 150_000
WAY = (Status.collected, Status.received, Status.in_workshop)
DRAFT = {"legal_basis": "company_gift", "required_erasure": "clear", "lines": []}
PAGES = 7
SOME = 20


def measure() -> list[Figure]:
    """A page of 200 ways against asking each device's history; a pack's peak of memory against the pack's own size."""
    with new_shop() as shop:
        donor_id, key = in_transaction(shop.house.database, lambda session: _donor(session, shop))
        with serving(shop.folder) as server:
            station = server.station(key)
            _, donation = station.ask("POST", "/v1/donations", DRAFT)
            device_ids = _fill(shop, donor_id, UUID(donation["id"]))
            station.close()  # the server would hang up on a line so long silent
            station = server.station(key)
            path = f"/v1/donations/{donation['id']}"
            page = median_ms([timed(lambda: station.ask("GET", f"{path}/devices?limit=200")) for _ in range(PAGES)])
            one = median_ms([timed(lambda d=d: station.ask("GET", f"/v1/devices/{d}/history")) for d in device_ids])
            seconds, megabytes, grown = _pack(server, station, path)
            station.close()
    return [
        Figure("200 devices' ways, of 5,000", "ms", 500, page, 200 * one, "each device's history asked"),
        Figure(
            "memory that a pack needs", "MB", 60, grown, megabytes, "the pack itself, all in memory", f"{seconds:.0f} s"
        ),
    ]


def _donor(session: Session, shop: Shop) -> tuple[UUID, str]:
    donor = add_organisation(session, name="Ville", activities=[Activity.donor])
    session.flush()
    return donor.id, add_key(session, organisation_id=donor.id, secret_key=shop.house.secret_key, person="p-2")[1]


def _fill(shop: Shop, donor_id: UUID, donation_id: UUID) -> list[UUID]:
    """The donation's devices, each three moves on its way, and documents of some of them; the ids of a few."""
    device_ids: list[UUID] = []
    for _ in range(0, DEVICES, PORTION):
        device_ids += in_transaction(
            shop.house.database, lambda session: _devices(session, shop, donor_id, donation_id)
        )
    for device_id in device_ids[:DOCUMENTS]:
        content = secrets.token_bytes(DOCUMENT_BYTES)
        facts = {"sha256": shop.house.files.put(content), "size": len(content), "media_type": "application/pdf"}
        readers = Readers(donor_id=donor_id, donation_id=donation_id, device_id=device_id)
        in_transaction(
            shop.house.database, lambda session, facts=facts, to=readers: _document(session, shop, facts, to)
        )
    return device_ids[:SOME]


def _devices(session: Session, shop: Shop, donor_id: UUID, donation_id: UUID) -> list[UUID]:
    actor = Actor(shop.workshop_id, "p-1")
    new = NewDevice(
        "laptop", Status.declared, shop.territory_id, donation_id, donor_id, shop.workshop_id, "Dell", "Latitude 5490"
    )
    devices = add_devices(session, actor, [new] * PORTION)
    for status in WAY:
        move_devices(session, actor, devices, status)
    return [device.id for device in devices]


def _document(session: Session, shop: Shop, facts: dict[str, Any], readers: Readers) -> None:
    named = {"kind": "test_sheet", "title": "Fiche", "file_name": "fiche.pdf"}
    add_document(session, **named, **facts, organisation_id=shop.workshop_id, readers=readers)


def _pack(server: Server, station: Any, path: str) -> tuple[float, float, float]:  # noqa: ANN401  # a Station
    """Seconds, the pack's megabytes, and those by which the process grew at its peak (Linux: VmHWM, proc(5))."""
    process = Path(f"/proc/{server.process.pid}")
    (process / "clear_refs").write_text("5", encoding="ascii")
    before = _kib(process, "VmRSS")
    began = time.perf_counter()
    _, job = station.ask("POST", f"{path}/pack")
    while job["state"] not in {"succeeded", "failed"}:
        time.sleep(0.1)
        _, job = station.ask("GET", f"/v1/jobs/{job['id']}")
    seconds = time.perf_counter() - began
    _, document = station.ask("GET", f"/v1/documents/{job['result']['document_id']}")
    return seconds, document["size"] / 1e6, (_kib(process, "VmHWM") - before) * 1024 / 1e6


def _kib(process: Path, name: str) -> int:
    lines = (process / "status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
