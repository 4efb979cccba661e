from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from reuse import clock
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.actions.custody import Passing, tell_late
from reuse.devices.actions.moves import move_devices
from reuse.devices.models import Device
from reuse.devices.rules import Status, normal_code
from reuse.donations.actions.collections import Signed, add_signatures, check_collection_version
from reuse.donations.actions.freezing import freeze_trees, hand_on
from reuse.donations.actions.listed import Named, match_named
from reuse.donations.actions.loading import Box, check_fetches, containers_to_fetch, devices_inside, loaded_devices
from reuse.donations.actions.moves import change_collection, move_donation
from reuse.donations.actions.papers import order_pickup_notes
from reuse.donations.models import Collection, CollectionItem, Container, Donation, PickupCount, PickupReserve
from reuse.donations.queries import devices_of, donations_in
from reuse.donations.rules import Because, CollectionMode, CollectionStatus, DonationStatus
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.people.rules import Caller


@dataclass(frozen=True, slots=True)
class Count:
    """So many of a category were signed away; of which donation, where a collection fetches several."""

    category: str
    quantity: int
    donation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reserve:
    """What a party does not sign for as it stands: of a category, of one device, or of the whole."""

    text: str
    category: str | None = None
    serial: str | None = None
    donation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Load:
    """What a pick-up takes along: `late` devices were scanned at the donor's, and have been received meanwhile."""

    going: list[Device]
    late: list[Device]
    containers: list[Container]


def pick_up(
    session: Session,
    caller: Caller,
    collection: Collection,
    *,
    at: datetime,
    counts: Sequence[Count] | None,
    serials: Sequence[str] | None,
    containers: Sequence[Box],
    reserves: Sequence[Reserve],
    signatures: Sequence[Signed],
    version: int | None,
) -> Collection:
    """Sign devices away to the carrier: those whose serials are given, else those scanned, else all that are declared.

    What lies in a container that is taken along goes too, and the container's content is frozen. `counts` is what was
    counted and signed on the spot; without it the devices are counted. NotAllowed for anybody but the carrier or the
    workshop's lead; Conflict for a drop-off or a second pick-up; Invalid for a serial that is not one of these
    donations' declared devices.
    """
    _check_pickup(caller, collection)
    check_collection_version(collection, version)
    donations = donations_in(session, collection.id)
    ids = [donation.id for donation in donations]
    told = _reserved(session, collection, donations, reserves)
    load = _load(session, caller, collection, ids, serials, containers)
    change_collection(session, collection, status=CollectionStatus.PICKED_UP, picked_up_at=at)
    _sign_away(session, caller, collection, load, at)
    signed_for = _counts(collection, ids, counts, [*load.going, *load.late])
    session.add_all([*signed_for, *told])
    add_signatures(session, collection, "pickup", signatures, at)
    for donation in donations:
        if donation.status == DonationStatus.SCHEDULED:
            move_donation(session, caller.actor, donation, DonationStatus.COLLECTED)
    what = {
        "devices": len(load.going) + len(load.late),
        "counts": [{"category": c.category, "quantity": c.quantity} for c in signed_for],
    }
    record(session, caller.actor, thing="collection", thing_id=collection.id, verb="picked_up", data=what, at=at)
    order_pickup_notes(session, caller.actor, collection, donations)
    return collection


def _check_pickup(caller: Caller, collection: Collection) -> None:
    check_fetches(caller, collection)
    if collection.mode == CollectionMode.DROP_OFF:
        raise Conflict(
            "The donor brings these devices itself: nothing is picked up. Enter the reception.", code="no_pickup"
        )
    if collection.status != CollectionStatus.PLANNED:
        raise Conflict(
            f"This collection is {collection.status}; plan another one for what is left.", code="move_not_allowed"
        )


def _load(
    session: Session,
    caller: Caller,
    collection: Collection,
    donation_ids: Sequence[UUID],
    serials: Sequence[str] | None,
    boxes: Sequence[Box],
) -> _Load:
    declared = devices_of(session, donation_ids, Status.declared)
    going, late = declared, list[Device]()
    if serials is not None:
        named = [Named(f"/serials/{place}", serial=serial) for place, serial in enumerate(serials)]
        going = [device for _, device in match_named(session, declared, named)]
    elif scanned := loaded_devices(session, collection):
        going = [device for device in scanned if device.status == Status.declared]
        late = [device for device in scanned if device.status == Status.received]
    containers = containers_to_fetch(session, caller, collection, boxes, going)
    chosen = {device.id for device in going}
    for device in devices_inside(session, containers):
        if device.status != Status.declared or device.id in chosen:
            continue
        if device.donation_id not in donation_ids:
            sentence = (
                f"A container that is taken along holds a device ({device.category}, serial {device.serial or 'none'}) "
                f"that this collection does not fetch; take it out, or plan its donation too."
            )
            raise Conflict(sentence, code="not_in_collection")
        going.append(device)
    return _Load(going, late, containers)


def _sign_away(session: Session, caller: Caller, collection: Collection, load: _Load, at: datetime) -> None:
    """Both parties have signed: devices and containers are the carrier's to answer for."""
    what = {"collection_id": collection.id}
    carrier_id = collection.carrier_id
    levels = freeze_trees(session, caller.actor, load.containers, because=Because.PICKUP, at=at)
    every = [container for level in levels for container in level]
    hand_on(session, caller.actor, every, holder_id=carrier_id, verb="picked_up", at=at)
    if load.going:
        move_devices(
            session,
            caller.actor,
            load.going,
            Status.collected,
            verb="picked_up",
            at=at,
            data=what,
            carrier_id=carrier_id,
        )
    change_devices(session, caller.actor, [Change(one, "picked_up_before", data=what, at=at) for one in load.late])
    for device in load.late:
        tell_late(session, device, Passing(device.id, device.version, carrier_id, "picked_up", at))
    for device in (*load.going, *load.late):
        item = session.get(CollectionItem, (collection.id, device.id))
        item = item or CollectionItem(collection_id=collection.id, device_id=device.id)
        item.is_picked_up = True
        session.add(item)


def _reserved(
    session: Session, collection: Collection, donations: Sequence[Donation], reserves: Sequence[Reserve]
) -> list[PickupReserve]:
    """Each reserve with its donation, whose donor alone reads it; Invalid where it cannot be told which."""
    known = {donation.id for donation in donations}
    by_serial = _donations_by_serial(session, known) if any(one.serial for one in reserves) else {}
    found: list[PickupReserve] = []
    faults: list[Fault] = []
    for place, reserve in enumerate(reserves):
        meant = by_serial.get(normal_code(reserve.serial or ""), set[UUID]())
        of = reserve.donation_id or (next(iter(meant)) if len(meant) == 1 else None)
        of = of or (donations[0].id if len(donations) == 1 else None)
        if of not in known or of is None:
            sentence = "Say of which of the collection's donations this reserve is (donation_id)."
            faults.append(Fault(f"/reserves/{place}/donation_id", "donation_required", sentence))
            continue
        row = PickupReserve(
            id=clock.new_id(),
            collection_id=collection.id,
            donation_id=of,
            category=reserve.category,
            serial=reserve.serial,
            text=reserve.text,
        )
        found.append(row)
    if faults:
        raise Invalid(faults[0].message, code=faults[0].code, errors=tuple(faults))
    return found


def _donations_by_serial(session: Session, donation_ids: set[UUID]) -> dict[str, set[UUID]]:
    found: dict[str, set[UUID]] = {}
    for device in devices_of(session, donation_ids):
        if device.serial and device.donation_id:
            found.setdefault(normal_code(device.serial), set()).add(device.donation_id)
    return found


def _counts(
    collection: Collection, donation_ids: Sequence[UUID], said: Sequence[Count] | None, devices: Sequence[Device]
) -> list[PickupCount]:
    """The signed counts; they belong to the one donation, or to the one that each count names."""
    if said is None:
        listed = Counter((device.category, device.donation_id) for device in devices)
        said = [Count(category, quantity, donation_id) for (category, donation_id), quantity in listed.items()]
    only = donation_ids[0] if len(donation_ids) == 1 else None
    for place, count in enumerate(said):
        if count.donation_id is not None and count.donation_id not in donation_ids:
            sentence = "This donation is not part of the collection."
            fault = Fault(f"/counts/{place}/donation_id", "unknown_donation", sentence)
            raise Invalid(sentence, code="unknown_donation", errors=(fault,))
    return [
        PickupCount(
            id=clock.new_id(),
            collection_id=collection.id,
            donation_id=count.donation_id or only,
            category=count.category,
            quantity=count.quantity,
        )
        for count in said
    ]
