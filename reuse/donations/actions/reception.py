from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, update
from sqlmodel import Session, col, select

from reuse import clock
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.actions.identity import Binding, NewDevice, add_devices, bind_codes
from reuse.devices.actions.milestones import withdraw_milestones
from reuse.devices.actions.moves import move_devices
from reuse.devices.models import Device
from reuse.devices.queries import known_codes
from reuse.devices.rules import Milestone, Status, is_label_code, normal_code
from reuse.donations.actions.collections import Signed, add_signatures, check_collection_version
from reuse.donations.actions.freezing import unload_containers
from reuse.donations.actions.listed import LOOKUP, Named, candidates_for, code_index, match_named
from reuse.donations.actions.moves import change_collection, move_donation
from reuse.donations.actions.papers import order_reception_notes
from reuse.donations.actions.reconciliation import reconciliation_of
from reuse.donations.actions.versions import keep_first_version
from reuse.donations.models import Collection, CollectionDonation, CollectionItem, Donation
from reuse.donations.queries import devices_of, donations_in
from reuse.donations.rules import CollectionMode, CollectionStatus, DonationStatus, ReceptionOutcome
from reuse.errors import Conflict, Fault, Invalid, NotAllowed
from reuse.history.actions import record
from reuse.people.rules import Caller, Role, require_person, require_role

PROVED_OF_A_CATEGORY = (Milestone.sanitized, Milestone.unlocked, Milestone.tested, Milestone.graded)
AWAITED = (Status.declared, Status.collected, Status.missing)


@dataclass(frozen=True, slots=True)
class Seen(Named):
    """What the dock says of one listed device."""

    outcome: ReceptionOutcome = ReceptionOutcome.RECEIVED
    category: str | None = None
    condition: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Extra(Named):
    """A device that came and was on no list; `facts` are columns of the new device."""

    category: str = "other"
    donation_id: UUID | None = None
    note: str | None = None
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


def receive_collection(
    session: Session,
    caller: Caller,
    collection: Collection,
    *,
    at: datetime,
    seen: Sequence[Seen],
    extra: Sequence[Extra],
    signatures: Sequence[Signed],
    version: int | None,
) -> Collection:
    """Take devices in, set what came against what was declared and picked up, and have the notes printed.

    What is listed neither as received nor as missing stays as it is: a donation may come in several collections, or be
    scanned in one by one. Signed by the lead, a named person. Invalid for a device that cannot be told or comes twice,
    Conflict for a collection not picked up or received before.
    """
    person = _check_reception(caller, collection)
    check_collection_version(collection, version)
    donations = donations_in(session, collection.id)
    devices = devices_of(session, [donation.id for donation in donations])
    matched = match_named(session, devices, seen)
    _check_outcomes(session, matched)
    owners = _check_extra(session, devices, donations, extra)
    change_collection(session, collection, status=CollectionStatus.RECEIVED, received_at=at)
    _take_in(session, caller, collection, [(e, d) for e, d in matched if e.outcome is not ReceptionOutcome.MISSING], at)
    _miss(session, caller, collection, [(e, d) for e, d in matched if e.outcome is ReceptionOutcome.MISSING], at)
    _take_extra(session, caller, collection, list(zip(extra, owners, strict=True)), at)
    unload_containers(session, caller.actor, collection, at)
    add_signatures(session, collection, "reception", [*signatures, Signed("lead", person)], at)
    for donation in donations:
        if donation.status in {DonationStatus.SCHEDULED, DonationStatus.COLLECTED}:
            move_donation(session, caller.actor, donation, DonationStatus.RECEIVED)
    _reconcile(session, collection, donations)
    what = {"listed": len(seen), "extra": len(extra), "reconciliation": collection.reconciliation}
    record(session, caller.actor, thing="collection", thing_id=collection.id, verb="received", data=what, at=at)
    numbers = order_reception_notes(session, caller.actor, collection, donations)
    for donation in donations:
        keep_first_version(session, caller.actor, donation, collection, number=numbers[donation.id])
    return collection


def _check_reception(caller: Caller, collection: Collection) -> str:
    require_role(caller, Role.lead)
    if collection.workshop_id != caller.organisation_id:
        raise NotAllowed("A reception is signed by the lead of the workshop that receives.", code="not_yours")
    person = require_person(caller)
    if collection.status == CollectionStatus.PLANNED and collection.mode == CollectionMode.PICKUP:
        raise Conflict("Nothing was signed away for this collection yet; enter its pick-up first.", code="pickup_first")
    if collection.status not in {CollectionStatus.PLANNED, CollectionStatus.PICKED_UP}:
        raise Conflict(
            f"This collection is {collection.status}; what comes later needs a collection of its own.",
            code="move_not_allowed",
        )
    return person


def _check_outcomes(session: Session, matched: Sequence[tuple[Seen, Device]]) -> None:
    """Devices scanned in beforehand are only noted; one of an earlier reception, or lost after a scan, is a mistake."""
    noted: set[UUID] = set()
    here = [device.id for _, device in matched if device.status not in AWAITED]
    for start in range(0, len(here), LOOKUP):
        statement = select(CollectionItem.device_id).where(
            col(CollectionItem.device_id).in_(here[start : start + LOOKUP]),
            col(CollectionItem.outcome).in_((ReceptionOutcome.RECEIVED, ReceptionOutcome.DAMAGED)),
        )
        noted.update(session.exec(statement))
    faults = tuple(
        Fault(entry.pointer, "already_received", f"This device is {device.status} already; take it off the list.")
        for entry, device in matched
        if device.status not in AWAITED
        and (device.id in noted or device.status == Status.withdrawn or entry.outcome is ReceptionOutcome.MISSING)
    )
    if faults:
        raise Conflict(faults[0].message, code="already_received", errors=faults)


def _check_extra(
    session: Session, devices: Sequence[Device], donations: Sequence[Donation], extra: Sequence[Extra]
) -> list[Donation]:
    """The donation of each extra device; Invalid where it is not said which, or where the device was listed."""
    by_id = {donation.id: donation for donation in donations}
    only = donations[0].id if len(donations) == 1 else None
    index = code_index(session, devices) if extra else {}
    owners: list[Donation] = []
    faults: list[Fault] = []
    for entry in extra:
        donation = by_id.get(entry.donation_id or only or entry.pointer)  # pyright: ignore[reportArgumentType]
        listed = candidates_for(entry, {}, index)
        if donation is None:
            sentence = "Say of which of the collection's donations this device is (donation_id)."
            faults.append(Fault(f"{entry.pointer}/donation_id", "donation_required", sentence))
        elif listed:
            sentence = f"This device is listed: {listed[0].id}. Send it under devices, not as extra."
            faults.append(Fault(entry.pointer, "not_extra", sentence))
        else:
            owners.append(donation)
    if faults:
        raise Invalid(faults[0].message, code=faults[0].code, errors=tuple(faults))
    return owners


def _take_in(
    session: Session, caller: Caller, collection: Collection, arrived: Sequence[tuple[Seen, Device]], at: datetime
) -> None:
    awaited = [device for _, device in arrived if device.status in AWAITED]
    if awaited:
        move_devices(
            session,
            caller.actor,
            awaited,
            Status.received,
            verb="received",
            at=at,
            data={"collection_id": collection.id},
            custody_since=_custody_since(at),
            workshop_id=collection.workshop_id,
            carrier_id=None,
            network_id=None,
        )
    _note_all(session, collection, arrived)
    _settle_identities(session, caller, arrived)


def _custody_since(at: datetime) -> datetime:
    """The reception's own time, for wipes count from it (spec/wiping.md) and a note may be typed in days later.

    The lead answers for it by name, and the time of typing stays beside it in the history; never in the future.
    """
    return min(at, clock.now())


def _settle_identities(session: Session, caller: Caller, arrived: Sequence[tuple[Seen, Device]]) -> None:
    """What the machines themselves show counts from here on; the codes that were declared go on finding them."""
    known = known_codes(session, [device.id for entry, device in arrived if entry.code])
    bindings: list[Binding] = []
    changes: list[Change] = []
    recategorised: list[tuple[Device, str]] = []
    for entry, device in arrived:
        found = _found_different(entry, device)
        if "serial" in found:
            bindings.append(Binding(device, "serial", found["serial"]))
        if entry.asset_tag:
            bindings.append(Binding(device, "asset_tag", entry.asset_tag))
        if entry.code and (device.id, normal_code(entry.code)) not in known:
            bindings.append(Binding(device, _kind_of(entry.code), entry.code))
        if "category" in found:
            recategorised.append((device, device.category))
        if found:
            what = {"declared": {name: getattr(device, name) for name in found}, "found": found}
            changes.append(Change(device, "found_different", columns=found, data=what))
    bind_codes(session, caller.actor, bindings)
    change_devices(session, caller.actor, changes)
    for device, before in recategorised:  # each category has its own media, locks, tests and points
        reason = f"its category was corrected from {before}"
        withdraw_milestones(session, caller.actor, device, PROVED_OF_A_CATEGORY, reason=reason)


def _found_different(entry: Seen, device: Device) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if entry.condition:
        found["condition"] = entry.condition
    if entry.category and entry.category != device.category:
        found["category"] = entry.category
    if entry.serial and (not device.serial or normal_code(entry.serial) != normal_code(device.serial)):
        found["serial"] = entry.serial
    return found


def _kind_of(code: str) -> str:
    """A code read at the dock is a label from the workshop's roll, or whatever else sticks on a device."""
    return "label" if is_label_code(normal_code(code)) else "external"


def _miss(
    session: Session, caller: Caller, collection: Collection, lost: Sequence[tuple[Seen, Device]], at: datetime
) -> None:
    gone = [device for _, device in lost if device.status != Status.missing]
    if gone:
        what = {"collection_id": collection.id}
        move_devices(session, caller.actor, gone, Status.missing, verb="missed", at=at, data=what, carrier_id=None)
    _note_all(session, collection, lost)


_NEW_NOTE = insert(CollectionItem)
_NOTE = (
    update(CollectionItem)
    .where(
        col(CollectionItem.collection_id) == bindparam("of_collection"),
        col(CollectionItem.device_id) == bindparam("of_device"),
    )
    .values({name: bindparam(f"to_{name}") for name in ("outcome", "category", "serial", "note")})
)


def _note_all(session: Session, collection: Collection, told: Sequence[tuple[Seen, Device]]) -> None:
    """Keep what the dock said of each device, beside whether it was signed away; past the ORM, for it is thousands."""
    session.flush()
    own = select(CollectionItem.device_id).where(CollectionItem.collection_id == collection.id)
    known = set(session.exec(own))
    new: list[dict[str, Any]] = []
    noted: list[dict[str, Any]] = []
    for entry, device in told:
        category = entry.category or device.category
        said = {"outcome": entry.outcome, "category": category, "serial": entry.serial, "note": entry.note}
        if device.id in known:
            there = {"of_collection": collection.id, "of_device": device.id}
            noted.append({**there, **{f"to_{name}": value for name, value in said.items()}})
        else:
            new.append({"collection_id": collection.id, "device_id": device.id, "is_picked_up": False, **said})
    if new:
        session.connection().execute(_NEW_NOTE, new)
    if noted:
        session.connection().execute(_NOTE, noted)


def _take_extra(
    session: Session, caller: Caller, collection: Collection, extra: Sequence[tuple[Extra, Donation]], at: datetime
) -> None:
    new = [
        NewDevice(
            category=entry.category,
            status=Status.received,
            territory_id=donation.territory_id,
            donation_id=donation.id,
            donor_id=donation.donor_id,
            workshop_id=collection.workshop_id,
            serial=entry.serial,
            asset_tag=entry.asset_tag,
            custody_since=_custody_since(at),
            **entry.facts,
        )
        for entry, donation in extra
    ]
    devices = add_devices(session, caller.actor, new, verb="received") if new else []
    told = [(entry, device) for (entry, _), device in zip(extra, devices, strict=True)]
    bind_codes(session, caller.actor, [Binding(d, _kind_of(e.code), e.code) for e, d in told if e.code])
    for entry, device in told:
        session.add(
            CollectionItem(
                collection_id=collection.id,
                device_id=device.id,
                outcome=ReceptionOutcome.RECEIVED,
                category=entry.category,
                serial=entry.serial,
                note=entry.note,
            )
        )


def _reconcile(session: Session, collection: Collection, donations: Sequence[Donation]) -> None:
    """Freeze the reconciliation: of each donation for its donor, of all together for the workshop."""
    session.flush()
    whole = asdict(reconciliation_of(session, [donation.id for donation in donations]))
    for donation in donations:
        link = session.get_one(CollectionDonation, (collection.id, donation.id))
        is_only = len(donations) == 1
        link.reconciliation = whole if is_only else asdict(reconciliation_of(session, [donation.id]))
        session.add(link)
    collection.reconciliation = whole
    session.add(collection)
    session.flush()
