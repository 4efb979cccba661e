from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import Session, select

from reuse import clock
from reuse.devices.actions.identity import NewDevice, add_devices, bind_code
from reuse.devices.actions.moves import change_device
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.donations.actions.moves import workshop_of_devices
from reuse.donations.actions.planning import Plan, Taken, plan_rows
from reuse.donations.actions.register import change_donation, check_side, lock_donation, settle_lines
from reuse.donations.imports.keys import KeyedFile, KeyedRow
from reuse.donations.imports.shape import ImportItem
from reuse.donations.models import Donation, DonationImport, DonationItem, ImportDevice, ImportFault
from reuse.donations.rules import ENDED
from reuse.errors import Conflict
from reuse.history.actions import record
from reuse.history.rules import Actor
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.people.rules import Caller

FIRST_ERRORS = 1_000
ALL_OR_NOTHING = "all_or_nothing"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a list is to be taken in, and the name under which it was sent."""

    file_name: str | None
    mode: str
    dry_run: bool


def start_import(
    session: Session,
    caller: Caller,
    donation: Donation,
    *,
    sha256: str,
    how: Manner,
) -> Job:
    """Have a list that is already kept under its hash taken into the donation, after this transaction."""
    check_side(caller, donation)
    check_open(donation)
    this = DonationImport(
        id=clock.new_id(),
        donation_id=donation.id,
        organisation_id=caller.organisation_id,
        person=caller.person,
        key_id=caller.key_id,
        sha256=sha256,
        file_name=how.file_name,
        mode=how.mode,
        dry_run=how.dry_run,
        created_at=clock.now(),
    )
    session.add(this)
    return enqueue(session, "imports.read", actor=caller.actor, payload={"import_id": this.id})


def check_open(donation: Donation) -> None:
    """Conflict where the donation has ended; lists may come late, even after the reception."""
    if donation.status in ENDED:
        raise Conflict(
            f"This donation is {donation.status}; register a new one for these devices.", code="donation_ended"
        )


def take_rows(session: Session, this: DonationImport, file: KeyedFile, rows: Sequence[KeyedRow]) -> Taken:
    """Create a declared device for each row that is new to the donation, in one transaction.

    It may be done again, by the same import or another: what is there stays as it is and counts as known, or as
    accepted where this very import brought it. With `all_or_nothing`, one bad row leaves everything as it was.
    """
    donation = lock_donation(session, this.donation_id)
    check_open(donation)
    plan = plan_rows(session, this, donation, rows, file.headers)
    if this.dry_run or (this.mode == ALL_OR_NOTHING and (file.faults or plan.taken.faults)):
        return plan.taken
    _apply(session, this, donation, plan)
    return plan.taken


def _apply(session: Session, this: DonationImport, donation: Donation, plan: Plan) -> None:
    """Write what was planned: devices, items, names found late, and the links from rows to devices."""
    actor = Actor(this.organisation_id, this.person, this.key_id)
    new = [_new_device(donation, row.item) for row, _ in plan.new]
    devices = add_devices(session, actor, new) if new else []
    items = [_item(device, donation, key, row.item) for device, (row, key) in zip(devices, plan.new, strict=True)] + [
        _item(device, donation, row.keys[0], row.item) for device, row in plan.late
    ]
    for device, row in plan.named:
        change_device(session, device, serial=row.item.serial)
        bind_code(session, actor, device, kind="serial", value=str(row.item.serial))
    if items:
        session.execute(insert(DonationItem), items)
        settle_lines(session, donation)
        change_donation(session, donation)
        what = {"import_id": this.id, "items": len(items)}
        record(session, actor, thing="donation", thing_id=donation.id, verb="listed", data=what)
    brought = [(device.id, row.item.row, True) for device, (row, _) in zip(devices, plan.new, strict=True)]
    _link(session, this.id, [*brought, *plan.links])


def _new_device(donation: Donation, item: ImportItem) -> NewDevice:
    return NewDevice(
        category=item.category,
        status=Status.declared,
        territory_id=donation.territory_id,
        donation_id=donation.id,
        donor_id=donation.donor_id,
        workshop_id=workshop_of_devices(donation),
        manufacturer=item.manufacturer,
        model=item.model,
        serial=item.serial,
        imei=item.imei,
        asset_tag=item.asset_tag,
        year=item.year,
        condition=item.condition,
        comment=item.comment,
        notes=dict(item.notes),
    )


def _item(device: Device, donation: Donation, key: str, item: ImportItem) -> dict[str, Any]:
    return {
        "device_id": device.id,
        "donation_id": donation.id,
        "key": key,
        "category": item.category,
        "serial": item.serial,
    }


def _link(session: Session, import_id: UUID, links: Sequence[tuple[UUID, int, bool]]) -> None:
    """Remember which device each row means; a device is linked once in an import."""
    known = set(session.exec(select(ImportDevice.device_id).where(ImportDevice.import_id == import_id)))
    rows: dict[UUID, dict[str, Any]] = {
        device_id: {"id": clock.new_id(), "import_id": import_id, "device_id": device_id, "row": row, "is_new": is_new}
        for device_id, row, is_new in links
        if device_id not in known
    }
    if rows:
        session.execute(insert(ImportDevice), list(rows.values()))


def end_import(session: Session, this: DonationImport, file: KeyedFile, taken: Taken) -> dict[str, Any]:
    """Keep the faults of the rows and give the job's result (spec/api.md); rows counted once, however many faults."""
    faults = sorted([*file.faults, *taken.faults], key=lambda fault: fault.row)
    if faults:
        rows = [{"id": clock.new_id(), "import_id": this.id, **asdict(fault)} for fault in faults]
        session.execute(insert(ImportFault), rows)
    nothing = this.mode == ALL_OR_NOTHING and bool(faults)
    if not (nothing or this.dry_run):
        _tell_reception(session, this)
    return {
        "rows": file.rows,
        "accepted": 0 if nothing else taken.accepted,
        "rejected": len({fault.row for fault in faults}),
        "known": taken.known,
        "devices": 0 if nothing else taken.devices,
        "errors": [asdict(fault) for fault in faults[:FIRST_ERRORS]],
        "errors_url": f"/v1/imports/{this.id}/errors",
        "device_ids_url": f"/v1/imports/{this.id}/devices",
        "import_id": this.id,
        "dry_run": this.dry_run,
    }


def _tell_reception(session: Session, this: DonationImport) -> None:
    """Have the count of what has been received before its list drawn up anew, after this transaction."""
    donation = session.get_one(Donation, this.donation_id)
    if donation.reconciliation_version:
        actor = Actor(this.organisation_id, this.person, this.key_id)
        enqueue(session, "receptions.renew", actor=actor, payload={"import_id": this.id})
