from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, update

from reuse import clock
from reuse.bulk import insert_rows
from reuse.devices.actions.declaring import declare_devices
from reuse.devices.actions.identity import NewDevice
from reuse.devices.rules import Status
from reuse.donations.actions.learning import learn_from_list
from reuse.donations.actions.moves import workshop_of_devices
from reuse.donations.actions.recognise import Link, Recognised, Taken, links_of, recognise_rows
from reuse.donations.actions.register import change_donation, check_side, lock_donation, settle_lines
from reuse.donations.imports.keys import Checked, KeyedRow
from reuse.donations.imports.read import DonorsList
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
    mapping: dict[str, str | None] | None = None


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
        mapping=how.mapping,
        mapping_how=None if how.mapping is None else "given",
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


def take_rows(session: Session, this: DonationImport, rows: Sequence[KeyedRow], headers: dict[str, str]) -> Taken:
    """Create a declared device for each row that is new to the donation, in the caller's transaction.

    It may be done again, by the same import or another: what is there stays as it is and counts as known, or as
    accepted where this very import brought it. `headers` are the list's own names for our columns.
    """
    donation = lock_donation(session, this.donation_id)
    check_open(donation)
    seen = recognise_rows(session, this, donation, rows, headers)
    _write(session, this, donation, seen)
    return seen.taken


def rehearse_rows(session: Session, this: DonationImport, rows: Sequence[KeyedRow], headers: dict[str, str]) -> Taken:
    """What `take_rows` would answer, changing nothing: for a dry run, and to know that all rows are good."""
    donation = session.get_one(Donation, this.donation_id)
    check_open(donation)
    return recognise_rows(session, this, donation, rows, headers).taken


def take_all(
    session: Session, this: DonationImport, portions: Iterable[Sequence[KeyedRow]], headers: dict[str, str]
) -> Taken:
    """Every row or none, in one transaction; Conflict where a row that was good a moment ago no longer is."""
    whole = Taken()
    for rows in portions:
        whole.add(take_rows(session, this, rows, headers))
        if whole.faults:
            raise Conflict("Another list of this donor was taken in at the same moment.", code="changed_meanwhile")
    return whole


def _write(session: Session, this: DonationImport, donation: Donation, seen: Recognised) -> None:
    """Write what was recognised: devices, items, names found late, and the links from rows to devices."""
    actor = Actor(this.organisation_id, this.person, this.key_id)
    devices = declare_devices(session, actor, [device_of_row(donation, row.item) for row, _ in seen.new])
    items = [(device_id, key, row.item) for device_id, (row, key) in zip(devices, seen.new, strict=True)]
    items += [(device.id, row.keys[0], row.item) for device, row in seen.late]
    learn_from_list(session, actor, [(device, row.item) for device, row in [*seen.late, *seen.named]])
    if items:
        listed = ((device_id, donation.id, key, item.category, item.serial) for device_id, key, item in items)
        insert_rows(session, DonationItem, ("device_id", "donation_id", "key", "category", "serial"), listed)
        settle_lines(session, donation)
        change_donation(session, donation)
        what = {"import_id": this.id, "items": len(items)}
        record(session, actor, thing="donation", thing_id=donation.id, verb="listed", data=what)
    brought = [(device_id, row.item.row, True) for device_id, (row, _) in zip(devices, seen.new, strict=True)]
    _link(session, this.id, brought, seen.links)


def device_of_row(donation: Donation, item: ImportItem) -> NewDevice:
    """The device that a row declares."""
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


def _link(session: Session, import_id: UUID, brought: Sequence[Link], known: Sequence[Link]) -> None:
    """Remember which device each row means; a device is linked once in an import, one just made was not before."""
    linked = set(links_of(session, import_id, (device_id for device_id, _, _ in known)))
    links = list(brought)
    for link in known:
        if link[0] not in linked:
            linked.add(link[0])
            links.append(link)
    rows = ((clock.new_id(), import_id, *link) for link in links)
    insert_rows(session, ImportDevice, ("id", "import_id", "device_id", "row", "is_new"), rows)


def end_import(
    session: Session, this: DonationImport, opened: DonorsList, checked: Checked, taken: Taken
) -> dict[str, Any]:
    """Keep the faults of the rows and give the job's result (spec/api.md); rows counted once, however many faults."""
    faults = sorted([*checked.faults, *taken.faults], key=lambda fault: fault.row)
    kept = ((clock.new_id(), this.id, fault.row, fault.column, fault.code, fault.message) for fault in faults)
    insert_rows(session, ImportFault, ("id", "import_id", "row", "column", "code", "message"), kept)
    session.exec(update(DonationImport).where(col(DonationImport.id) == this.id).values(ended_at=clock.now()))
    nothing = this.mode == ALL_OR_NOTHING and bool(faults)
    if not (nothing or this.dry_run):
        _tell_reception(session, this)
    return {
        "rows": checked.rows,
        "accepted": 0 if nothing else taken.accepted,
        "rejected": len({fault.row for fault in faults}),
        "known": taken.known,
        "devices": 0 if nothing else taken.devices,
        "errors": [asdict(fault) for fault in faults[:FIRST_ERRORS]],
        "errors_url": f"/v1/imports/{this.id}/errors",
        "device_ids_url": f"/v1/imports/{this.id}/devices",
        "faulty_rows_url": f"/v1/imports/{this.id}/faulty-rows",
        "detected": asdict(opened.detected),
        "import_id": this.id,
        "dry_run": this.dry_run,
    }


def _tell_reception(session: Session, this: DonationImport) -> None:
    """Have the count of what has been received before its list drawn up anew, after this transaction."""
    donation = session.get_one(Donation, this.donation_id)
    if donation.reconciliation_version:
        actor = Actor(this.organisation_id, this.person, this.key_id)
        enqueue(session, "receptions.renew", actor=actor, payload={"import_id": this.id})
