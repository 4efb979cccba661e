from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.devices.models import Code, Device
from reuse.devices.rules import Status
from reuse.donations.imports.keys import KeyedRow
from reuse.donations.imports.shape import RowFault
from reuse.donations.models import Donation, DonationImport, DonationItem, ImportDevice
from reuse.donations.rules import ENDED

LOOKUP = 500
Link = tuple[UUID, int, bool]
"""A device, the row that means it, and whether this import brought it."""
Value = TypeVar("Value", str, UUID)


@dataclass
class Taken:
    """What came of the rows so far: counts of rows, and faults that only the database could tell."""

    accepted: int = 0
    known: int = 0
    devices: int = 0
    faults: list[RowFault] = field(default_factory=list[RowFault])

    def add(self, portion: "Taken") -> None:
        """Count a portion in."""
        self.accepted += portion.accepted
        self.known += portion.known
        self.devices += portion.devices
        self.faults += portion.faults


@dataclass
class Recognised:
    """What a portion of rows would do.

    `late` are devices that were here before they were listed (taken in blind), `named` those that a first list gave by
    asset tag alone and this one by serial.
    """

    taken: Taken = field(default_factory=Taken)
    new: list[tuple[KeyedRow, str]] = field(default_factory=list[tuple[KeyedRow, str]])
    late: list[tuple[Device, KeyedRow]] = field(default_factory=list[tuple[Device, KeyedRow]])
    named: list[tuple[Device, KeyedRow]] = field(default_factory=list[tuple[Device, KeyedRow]])
    links: list[Link] = field(default_factory=list[Link])


def recognise_rows(
    session: Session, this: DonationImport, donation: Donation, rows: Sequence[KeyedRow], headers: dict[str, str]
) -> Recognised:
    """Tell of each row whether it is new, known or bad; nothing is written, and one state gives one answer."""
    seen = Recognised()
    listed = _listed(session, donation.id, [key for row in rows for key in row.keys])
    mine = _brought_by(session, this.id, listed.values())
    unlisted = [normal for row in rows if not any(key in listed for key in row.keys) for _, normal in row.codes]
    here, elsewhere = _devices_of_codes(session, donation, unlisted)
    have_item = _with_item(session, [device.id for device in here.values()])
    for row in rows:
        found = [listed[key] for key in row.keys if key in listed]
        if not found and (device := _same_device(row, here)) is not None:
            seen.taken.known += 1
            seen.links.append((device.id, row.item.row, False))
            if device.id not in have_item:
                have_item.add(device.id)
                seen.late.append((device, row))
            if row.item.serial and not device.serial:
                seen.named.append((device, row))
        elif not found and (fault := _fault_elsewhere(row, elsewhere, headers)):
            seen.taken.faults.append(fault)
        else:
            _note_new(seen, row, [key for key in row.keys if key not in listed], found, mine)
    return seen


def _note_new(seen: Recognised, row: KeyedRow, fresh: list[str], found: list[UUID], mine: set[UUID]) -> None:
    """Count a row as accepted where it brings devices now, or has brought them at an earlier attempt of this import."""
    brought = sum(1 for device_id in found if device_id in mine)
    seen.new += [(row, key) for key in fresh]
    seen.links += [(device_id, row.item.row, False) for device_id in found if device_id not in mine]
    seen.taken.accepted += 1 if fresh or brought else 0
    seen.taken.known += 0 if fresh or brought else 1
    seen.taken.devices += len(fresh) + brought


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


def _portions(values: Iterable[Value]) -> Iterator[list[Value]]:
    every = list(dict.fromkeys(values))
    for start in range(0, len(every), LOOKUP):
        yield every[start : start + LOOKUP]


def _listed(session: Session, donation_id: UUID, keys: Iterable[str]) -> dict[str, UUID]:
    """The devices already listed in the donation, by key.

    Keys alone are asked for: told the donation too, PostgreSQL reads all its items for every portion.
    """
    found: dict[str, UUID] = {}
    for some in _portions(keys):
        statement = select(DonationItem.key, DonationItem.device_id, DonationItem.donation_id).where(
            col(DonationItem.key).in_(some)
        )
        found.update({key: device_id for key, device_id, of in session.exec(statement) if of == donation_id})
    return found


def _brought_by(session: Session, import_id: UUID, device_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these devices an earlier attempt of this import has brought."""
    return {device_id for device_id, is_new in links_of(session, import_id, device_ids).items() if is_new}


def links_of(session: Session, import_id: UUID, device_ids: Iterable[UUID]) -> dict[UUID, bool]:
    """Which of these devices the import is linked to already, and whether it brought them."""
    found: dict[UUID, bool] = {}
    for some in _portions(device_ids):
        statement = select(ImportDevice.device_id, ImportDevice.is_new).where(
            ImportDevice.import_id == import_id, col(ImportDevice.device_id).in_(some)
        )
        found.update(dict(session.exec(statement).all()))
    return found


def _with_item(session: Session, device_ids: Sequence[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for some in _portions(device_ids):
        found.update(session.exec(select(DonationItem.device_id).where(col(DonationItem.device_id).in_(some))))
    return found


def _devices_of_codes(
    session: Session, donation: Donation, normals: Iterable[str]
) -> tuple[dict[tuple[str, str], Device], dict[tuple[str, str], str]]:
    """Devices of this donation by code, and the numbers of the donor's other live donations that hold a code.

    Codes first, by their index alone: nearly all are new, and in one statement with the rest PostgreSQL, which does not
    know that, reads every device of the donor for each portion.
    """
    here: dict[tuple[str, str], Device] = {}
    elsewhere: dict[tuple[str, str], str] = {}
    for some in _portions(normals):
        statement = (
            select(Code.kind, Code.normal, Code.device_id)
            .where(col(Code.normal).in_(some), col(Code.kind).in_(("serial", "imei", "asset_tag")))
            .order_by(col(Code.id).desc())
        )
        codes = session.exec(statement).all()
        devices = _live_devices(session, donation, [device_id for _, _, device_id in codes if device_id is not None])
        for kind, normal, device_id in codes:
            device, other = devices.get(device_id, (None, None)) if device_id is not None else (None, None)
            if device is not None and other is None:
                here[kind, normal] = device
            elif other is not None:
                elsewhere[kind, normal] = other
    return here, elsewhere


def _live_devices(
    session: Session, donation: Donation, device_ids: Iterable[UUID]
) -> dict[UUID, tuple[Device, str | None]]:
    """Of these devices those of the donor's live donations, with the donation's number where it is another one."""
    found: dict[UUID, tuple[Device, str | None]] = {}
    for some in _portions(device_ids):
        statement = (
            select(Device, Donation.id, Donation.number)
            .join(Donation, col(Donation.id) == col(Device.donation_id))
            .where(
                col(Device.id).in_(some),
                Device.donor_id == donation.donor_id,
                col(Donation.status).not_in(ENDED),
                col(Device.status).not_in((Status.withdrawn, Status.refused)) | (Donation.id == donation.id),
            )
        )
        for device, donation_id, number in session.exec(statement):
            found[device.id] = (device, None if donation_id == donation.id else number)
    return found
