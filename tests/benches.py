"""What wiping tests share: devices at the bench, media, real logs of machines emulated by QEMU, and uploads."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from httpx import Response
from sqlmodel import Session

from makers import Desk, Town, make_organisation
from reuse.devices.actions.identity import NewDevice, NewMedium, add_devices, add_media
from reuse.devices.actions.milestones import set_milestone
from reuse.devices.models import Device
from reuse.devices.queries import media_of, milestones_of
from reuse.devices.rules import Milestone, Status
from reuse.history.rules import Actor
from reuse.house import House
from reuse.people.queries import organisation
from reuse.people.rules import Activity, Caller, Role
from reuse.transactions import in_transaction, reading, transaction
from reuse.wiping.actions.matching import Where
from reuse.wiping.actions.reports import Kept, keep_report, read_report

FIXTURES = Path(__file__).parent / "wiping" / "fixtures"
RECEIVED = datetime(2026, 3, 1, 9, tzinfo=UTC)
"""The emulated machines' clocks stood at 2 to 5 March 2026; their devices came in the day before."""

VM01 = [NewMedium("S444NX0K512345", "ssd_nvme", 67_108_864, "QEMU", "QEMU NVMe Ctrl")]
VM03 = [
    NewMedium("WD-WCC6Y5KJ1234", "hdd", 33_554_432, "Western Digital", "WDC WD5000AZLX-60K2TA0"),
    NewMedium("50026B7782D01234", "ssd_sata", 16_777_216, "Kingston", "KINGSTON SA400S37120G"),
]
VM04 = [NewMedium("QM00003", "hdd", 16_777_216, None, "QEMU HARDDISK")]
VM05 = [NewMedium("17290A1B2C3D", "ssd_sata", 25_165_824, "Crucial"), NewMedium("Z3TBK1234", "hdd", 33_554_432)]
VM06 = [NewMedium("WD-WMC2E0123456", "hdd", 16_777_216, "Western Digital")]


def log_of(name: str) -> bytes:
    """A log as the emulated machine wrote it, such as vm01-nwipe."""
    return (FIXTURES / f"{name}.log").read_bytes()


def put_at_bench(
    house: House,
    organisation_id: UUID,
    media: list[NewMedium],
    *,
    donor_id: UUID | None = None,
    donation_id: UUID | None = None,
    category: str = "laptop",
    status: Status = Status.in_workshop,
    is_captured: bool = True,
    received: datetime = RECEIVED,
    serial: str | None = "PF1A2B3C",
    asset_tag: str | None = "INV-000417",
) -> UUID:
    """A device in the workshop's hands, with these media captured."""
    actor = Actor(organisation_id, "capture-bench")
    with transaction(house.database) as session:
        new = NewDevice(
            category=category,
            status=status,
            territory_id=organisation(session, organisation_id).territory_id,
            donor_id=donor_id,
            donation_id=donation_id,
            workshop_id=organisation_id,
            manufacturer="LENOVO",
            model="20L5S0XX00",
            serial=serial,
            asset_tag=asset_tag,
            custody_since=received,
        )
        (device,) = add_devices(session, actor, [new], verb="received")
        add_media(session, actor, device, media, source="capture")
        if is_captured:
            set_milestone(session, actor, device, Milestone.captured, source="capture")
        return device.id


def at_bench(town: Town, media: list[NewMedium], **more: Any) -> UUID:
    """A device of the town's council at its workshop."""
    return put_at_bench(
        town.house, town.technician.organisation_id, media, **{"donor_id": town.council.organisation_id, **more}
    )


def wiped_laptops(town: Town, donation_id: UUID, count: int) -> list[UUID]:
    """Laptops of a donation at the bench, each with one disk that the real tool has wiped."""
    ids: list[UUID] = []
    for n in range(count):
        disk = NewMedium(f"S444NX0K{n:06d}", "ssd_nvme", 67_108_864, "QEMU", "QEMU NVMe Ctrl")
        ids.append(at_bench(town, [disk], donation_id=donation_id, serial=f"PF{n:06d}", asset_tag=None))
        log = log_of("vm01-nwipe").replace(b"S444NX0K512345", f"S444NX0K{n:06d}".encode())
        answer = upload(town.technician, log, name=f"nwipe-{n:06d}.log")
        assert answer.status_code == 201, answer.text
    return ids


def media_ids(house: House, device_id: UUID) -> dict[str | None, UUID]:
    """The device's media by serial."""
    with reading(house.database) as session:
        return {medium.serial: medium.id for medium in media_of(session, [device_id])[device_id]}


def upload(desk: Desk, content: bytes, *, name: str = "nwipe.log", **fields: str) -> Response:
    """Send a report as a form, as a browser would."""
    return desk.post("/v1/erasure-reports", files={"file": (name, content, "text/plain")}, data=fields)


def decide(desk: Desk, device_id: UUID, decision: str = "accepted", reason: str | None = None) -> Response:
    """Accept or reject the device's sanitization, or say that it holds no medium."""
    body = {"decision": decision, **({"reason": reason} if reason else {})}
    return desk.post(f"/v1/devices/{device_id}/sanitization", body)


def milestones(session: Session, device_id: UUID) -> set[str]:
    """The milestones met now."""
    return set(milestones_of(session, [device_id])[device_id])


def is_sanitized(house: House, device_id: UUID) -> bool:
    """Whether the device is sanitized now."""
    with reading(house.database) as session:
        return "sanitized" in milestones(session, device_id)


def device_now(house: House, device_id: UUID) -> Device:
    """The device's row as it is now."""
    with reading(house.database) as session:
        return session.get_one(Device, device_id)


def later(log: bytes, days: int) -> bytes:
    """The same log as if the machine's clock had stood some days later: only its dates change."""
    for day in range(1, 8):
        at = datetime(2026, 3, day, tzinfo=UTC)
        log = log.replace(f"[{at:%Y/%m/%d}".encode(), f"[\0{at + timedelta(days=days):%Y/%m/%d}".encode())
    return log.replace(b"[\0", b"[")


def workshop_caller(house: House, name: str = "Atelier Deuxième Souffle", person: str = "secu-1") -> Caller:
    """Somebody with every role of a new workshop, without doors."""
    workshop = make_organisation(house, name, Activity.workshop)
    roles = frozenset({Role.technician, Role.data_security, Role.lead})
    return Caller(workshop.id, workshop.territory_id, frozenset({Activity.workshop}), roles, workshop.id, person)


def keep(house: House, caller: Caller, content: bytes) -> Kept:
    """Keep a report without doors, its times read as UTC, in a transaction that is retried as a door's would be."""
    evidence = read_report(house.database, caller, content, timezone="UTC")
    return in_transaction(
        house.database,
        lambda session: keep_report(
            session, caller, house.files, evidence, content=content, file_name="nwipe.log", where=Where()
        ),
    )
