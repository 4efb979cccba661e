from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock
from reuse.devices.actions.moves import move_devices
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.documents.actions import next_number
from reuse.donations.actions.listed import Named, match_named
from reuse.donations.actions.moves import change_collection, move_donation
from reuse.donations.actions.papers import order_pickup_notes
from reuse.donations.actions.register import check_organisation
from reuse.donations.models import (
    Collection,
    CollectionDonation,
    CollectionItem,
    Container,
    Donation,
    PickupCount,
    Signature,
)
from reuse.donations.queries import devices_of, donations_in
from reuse.donations.rules import CollectionMode, CollectionStatus, DonationStatus
from reuse.errors import Conflict, Fault, Invalid, NotAllowed, Stale
from reuse.history.actions import record
from reuse.people.rules import Activity, Caller, Role, require_role

COLLECTABLE = (
    DonationStatus.ACCEPTED,
    DonationStatus.SCHEDULED,
    DonationStatus.COLLECTED,
    DonationStatus.RECEIVED,
)


@dataclass(frozen=True, slots=True)
class Count:
    """So many of a category were signed away; of which donation, where a collection fetches several."""

    category: str
    quantity: int
    donation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A pallet, crate or cage as it was closed at the donor's."""

    kind: str
    code: str
    seal: str | None = None
    content: str | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature given on the spot."""

    role: str
    name: str


def plan_collection(
    session: Session,
    caller: Caller,
    *,
    donation_ids: Sequence[UUID],
    carrier_id: UUID | None,
    mode: CollectionMode,
    planned_at: datetime,
    vehicle: str | None,
) -> Collection:
    """Plan to fetch donations that the caller's workshop has accepted; those not yet scheduled become so.

    Invalid for a donation or carrier that is none of the workshop's, Conflict for a donation not accepted or closed.
    """
    require_role(caller, Role.lead)
    donations = _own_donations(session, caller, donation_ids)
    carrier = carrier_id or caller.organisation_id
    if carrier != caller.organisation_id:
        check_organisation(session, caller.territory_id, carrier, Activity.carrier, "/carrier_id")
    collection = Collection(
        id=clock.new_id(),
        number=next_number(session, organisation_id=caller.organisation_id, prefix="COL"),
        status=CollectionStatus.PLANNED,
        mode=mode,
        workshop_id=caller.organisation_id,
        carrier_id=carrier,
        territory_id=caller.territory_id,
        vehicle=vehicle,
        planned_at=planned_at,
        created_at=clock.now(),
    )
    session.add(collection)
    session.flush()
    for donation in donations:
        session.add(CollectionDonation(collection_id=collection.id, donation_id=donation.id))
        if donation.status == DonationStatus.ACCEPTED:
            move_donation(session, caller.actor, donation, DonationStatus.SCHEDULED)
    what = {"number": collection.number, "donation_ids": [one.id for one in donations], "mode": mode}
    record(session, caller.actor, thing="collection", thing_id=collection.id, verb="planned", data=what)
    return collection


def _own_donations(session: Session, caller: Caller, donation_ids: Sequence[UUID]) -> list[Donation]:
    """The donations named, all of the caller's workshop and ready to be fetched."""
    statement = select(Donation).where(
        col(Donation.id).in_(donation_ids),
        Donation.workshop_id == caller.organisation_id,
        Donation.status != DonationStatus.DRAFT,
    )
    found = {donation.id: donation for donation in session.exec(statement)}
    sentence = "This is no donation of your workshop; a collection fetches donations of one workshop."
    faults = tuple(
        Fault(f"/donation_ids/{place}", "unknown_donation", sentence)
        for place, donation_id in enumerate(donation_ids)
        if donation_id not in found
    )
    if faults:
        raise Invalid(sentence, code="unknown_donation", errors=faults)
    for donation in found.values():
        if donation.status not in COLLECTABLE:
            raise Conflict(
                f"Donation {donation.number} is {donation.status}; accept it before its collection is planned.",
                code="donation_not_accepted",
            )
    return [found[donation_id] for donation_id in dict.fromkeys(donation_ids)]


def pick_up(
    session: Session,
    caller: Caller,
    collection: Collection,
    *,
    at: datetime,
    counts: Sequence[Count] | None,
    serials: Sequence[str] | None,
    containers: Sequence[Box],
    signatures: Sequence[Signed],
    version: int | None,
) -> Collection:
    """Sign devices away to the carrier: all that are still declared, or those whose serials are given.

    `counts` is what was counted and signed on the spot; without it the listed devices are counted. NotAllowed for
    anybody but the carrier or the workshop's lead; Conflict for a drop-off or a second pick-up; Invalid for a serial
    that is not one of these donations' declared devices.
    """
    _check_pickup(caller, collection)
    check_collection_version(collection, version)
    donations = donations_in(session, collection.id)
    ids = [donation.id for donation in donations]
    declared = devices_of(session, ids, Status.declared)
    if serials is not None:
        named = [Named(f"/serials/{place}", serial=serial) for place, serial in enumerate(serials)]
        declared = [device for _, device in match_named(session, declared, named)]
    change_collection(session, collection, status=CollectionStatus.PICKED_UP, picked_up_at=at)
    _sign_away(session, caller, collection, declared, at)
    signed_for = _counts(collection, ids, counts, declared)
    session.add_all([*signed_for, *_closed(collection, containers)])
    add_signatures(session, collection, "pickup", signatures, at)
    for donation in donations:
        if donation.status == DonationStatus.SCHEDULED:
            move_donation(session, caller.actor, donation, DonationStatus.COLLECTED)
    what = {"devices": len(declared), "counts": [{"category": c.category, "quantity": c.quantity} for c in signed_for]}
    record(session, caller.actor, thing="collection", thing_id=collection.id, verb="picked_up", data=what, at=at)
    order_pickup_notes(session, caller.actor, collection, donations)
    return collection


def _sign_away(
    session: Session, caller: Caller, collection: Collection, devices: Sequence[Device], at: datetime
) -> None:
    if not devices:
        return
    move_devices(
        session,
        caller.actor,
        devices,
        Status.collected,
        verb="picked_up",
        at=at,
        data={"collection_id": collection.id},
        carrier_id=collection.carrier_id,
    )
    for device in devices:
        session.add(CollectionItem(collection_id=collection.id, device_id=device.id, is_picked_up=True))


def _closed(collection: Collection, boxes: Sequence[Box]) -> list[Container]:
    return [
        Container(
            id=clock.new_id(),
            collection_id=collection.id,
            kind=box.kind,
            code=box.code,
            seal=box.seal,
            content=box.content,
        )
        for box in boxes
    ]


def _check_pickup(caller: Caller, collection: Collection) -> None:
    is_carrier = Role.carrier in caller.roles and collection.carrier_id == caller.organisation_id
    is_lead = Role.lead in caller.roles and collection.workshop_id == caller.organisation_id
    if not is_carrier and not is_lead:
        raise NotAllowed(
            "A pick-up is entered by the carrier of this collection, or by the lead of its workshop.",
            missing=(Role.carrier, Role.lead),
        )
    if collection.mode == CollectionMode.DROP_OFF:
        raise Conflict(
            "The donor brings these devices itself: nothing is picked up. Enter the reception.", code="no_pickup"
        )
    if collection.status != CollectionStatus.PLANNED:
        raise Conflict(
            f"This collection is {collection.status}; plan another one for what is left.", code="move_forbidden"
        )


def check_collection_version(collection: Collection, version: int | None) -> None:
    """Stale where `version` (what the caller saw) is not the present one."""
    if version is not None and version != collection.version:
        raise Stale(
            f"This collection has changed: you saw version {version}, it is now {collection.version}. Look again."
        )


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


def add_signatures(
    session: Session, collection: Collection, act: str, signatures: Sequence[Signed], at: datetime
) -> None:
    """Keep who signed a pick-up or a reception."""
    for signed in signatures:
        session.add(
            Signature(
                id=clock.new_id(), collection_id=collection.id, act=act, role=signed.role, name=signed.name, at=at
            )
        )
