from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.devices.models import Code, Device
from reuse.devices.rules import Status
from reuse.donations.imports.keys import KeyedRow
from reuse.donations.imports.shape import RowFault
from reuse.donations.models import Donation, DonationImport, DonationItem, ImportDevice
from reuse.donations.rules import ENDED

LOOKUP = 500


@dataclass
class Taken:
    """What came of the rows so far: counts of rows, and faults that only the database could tell."""

    accepted: int = 0
    known: int = 0
    devices: int = 0
    faults: list[RowFault] = field(default_factory=list[RowFault])


@dataclass
class Plan:
    """What a portion of rows would do.

    `late` are devices that were here before they were listed (taken in blind), `named` those that a first list gave by
    asset tag alone and this one by serial.
    """

    taken: Taken = field(default_factory=Taken)
    new: list[tuple[KeyedRow, str]] = field(default_factory=list[tuple[KeyedRow, str]])
    late: list[tuple[Device, KeyedRow]] = field(default_factory=list[tuple[Device, KeyedRow]])
    named: list[tuple[Device, KeyedRow]] = field(default_factory=list[tuple[Device, KeyedRow]])
    links: list[tuple[UUID, int, bool]] = field(default_factory=list[tuple[UUID, int, bool]])


def plan_rows(
    session: Session, this: DonationImport, donation: Donation, rows: Sequence[KeyedRow], headers: dict[str, str]
) -> Plan:
    """Tell of each row whether it is new, known or bad; nothing is written, and the same state gives the same plan."""
    plan = Plan()
    listed = _listed(session, donation.id, [key for row in rows for key in row.keys])
    mine = _brought_by(session, this.id)
    here, elsewhere = _devices_of_codes(session, donation, [normal for row in rows for _, normal in row.codes])
    have_item = _with_item(session, [device.id for device in here.values()])
    for row in rows:
        found = [listed[key] for key in row.keys if key in listed]
        if not found and (device := _same_device(row, here)) is not None:
            plan.taken.known += 1
            plan.links.append((device.id, row.item.row, False))
            if device.id not in have_item:
                have_item.add(device.id)
                plan.late.append((device, row))
            if row.item.serial and not device.serial:
                plan.named.append((device, row))
        elif not found and (fault := _fault_elsewhere(row, elsewhere, headers)):
            plan.taken.faults.append(fault)
        else:
            _plan_new(plan, row, [key for key in row.keys if key not in listed], found, mine)
    return plan


def _plan_new(plan: Plan, row: KeyedRow, fresh: list[str], found: list[UUID], mine: set[UUID]) -> None:
    """Count a row as accepted where it brings devices now, or has brought them at an earlier attempt of this import."""
    brought = sum(1 for device_id in found if device_id in mine)
    plan.new += [(row, key) for key in fresh]
    plan.links += [(device_id, row.item.row, False) for device_id in found if device_id not in mine]
    plan.taken.accepted += 1 if fresh or brought else 0
    plan.taken.known += 0 if fresh or brought else 1
    plan.taken.devices += len(fresh) + brought


def _same_device(row: KeyedRow, here: dict[tuple[str, str], Device]) -> Device | None:
    """The donation's device that the row means: by serial or IMEI; by tag where one side has no serial."""
    for kind, normal in row.codes:
        device = here.get((kind, normal))
        if device is not None and (kind != "asset_tag" or len(row.codes) == 1 or not device.serial):
            return device
    return None


def _fault_elsewhere(row: KeyedRow, elsewhere: dict[tuple[str, str], str], headers: dict[str, str]) -> RowFault | None:
    for kind, normal in row.codes:
        if kind != "asset_tag" and (number := elsewhere.get((kind, normal))):
            value = getattr(row.item, kind)
            sentence = f"{value} stands in your donation {number}, which is under way. Remove it from one of the two."
            return RowFault(row.item.row, headers.get(kind, kind), f"{kind}_known", sentence)
    return None


def _portions(values: Iterable[str]) -> Iterable[list[str]]:
    every = sorted(set(values))
    return (every[start : start + LOOKUP] for start in range(0, len(every), LOOKUP))


def _listed(session: Session, donation_id: UUID, keys: Iterable[str]) -> dict[str, UUID]:
    """The devices already listed in the donation, by key."""
    found: dict[str, UUID] = {}
    for some in _portions(keys):
        statement = select(DonationItem.key, DonationItem.device_id).where(
            DonationItem.donation_id == donation_id, col(DonationItem.key).in_(some)
        )
        found.update(dict(session.exec(statement).all()))
    return found


def _brought_by(session: Session, import_id: UUID) -> set[UUID]:
    """The devices that an earlier attempt of this import has brought."""
    statement = select(ImportDevice.device_id).where(ImportDevice.import_id == import_id, col(ImportDevice.is_new))
    return set(session.exec(statement))


def _with_item(session: Session, device_ids: Sequence[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for start in range(0, len(device_ids), LOOKUP):
        some = device_ids[start : start + LOOKUP]
        found.update(session.exec(select(DonationItem.device_id).where(col(DonationItem.device_id).in_(some))))
    return found


def _devices_of_codes(
    session: Session, donation: Donation, normals: Iterable[str]
) -> tuple[dict[tuple[str, str], Device], dict[tuple[str, str], str]]:
    """Devices of this donation by code, and the numbers of the donor's other live donations that hold a code."""
    here: dict[tuple[str, str], Device] = {}
    elsewhere: dict[tuple[str, str], str] = {}
    for some in _portions(normals):
        statement = (
            select(Code.kind, Code.normal, Device, Donation)
            .join(Device, col(Device.id) == col(Code.device_id))
            .join(Donation, col(Donation.id) == col(Device.donation_id))
            .where(
                col(Code.normal).in_(some),
                col(Code.kind).in_(("serial", "imei", "asset_tag")),
                Device.donor_id == donation.donor_id,
                col(Donation.status).not_in(ENDED),
                col(Device.status).not_in((Status.withdrawn, Status.refused)) | (Donation.id == donation.id),
            )
            .order_by(col(Code.id).desc())
        )
        for kind, normal, device, other in session.exec(statement):
            if other.id == donation.id:
                here[kind, normal] = device
            else:
                elsewhere[kind, normal] = other.number
    return here, elsewhere
