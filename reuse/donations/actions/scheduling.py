"""A collection gets its time, its slot and its vehicle."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock
from reuse.documents.actions import next_number
from reuse.donations.actions.moves import change_collection, move_donation
from reuse.donations.actions.pickup import Count
from reuse.donations.actions.register import check_organisation
from reuse.donations.actions.slots import book_slot
from reuse.donations.actions.vehicles import vehicle_in_use
from reuse.donations.models import Collection, CollectionDonation, Donation, ExpectedCount, Vehicle
from reuse.donations.queries import collections_in_slot, donations_in, expected_load
from reuse.donations.rules import (
    NOTHING,
    CollectionMode,
    CollectionStatus,
    DonationStatus,
    check_capacity,
    check_facts_of_mode,
)
from reuse.errors import Conflict, Fault, Invalid, NotFound, Stale
from reuse.history.actions import record
from reuse.people.rules import Activity, Caller, Role, require_role

COLLECTABLE = (
    DonationStatus.ACCEPTED,
    DonationStatus.SCHEDULED,
    DonationStatus.COLLECTED,
    DonationStatus.RECEIVED,
)
UNDER_WAY = (CollectionStatus.PLANNED, CollectionStatus.PICKED_UP)


def plan_collection(
    session: Session,
    caller: Caller,
    *,
    donation_ids: Sequence[UUID],
    carrier_id: UUID | None,
    mode: CollectionMode,
    planned_at: datetime,
    slot_id: UUID | None,
    expected: Sequence[Count] | None,
    **facts: Any,  # noqa: ANN401  # vehicle, vehicle_id, over_capacity_reason, tracking_number, carrier_name
) -> Collection:
    """Plan to fetch donations that the caller's workshop has accepted; those not yet scheduled become so.

    `expected` says which part is fetched where it is not all that is left. Invalid for a donation, carrier, vehicle or
    slot that is none of the workshop's; Conflict for a donation not accepted or closed, a full slot, or a load beyond
    the vehicle without a reason.
    """
    require_role(caller, Role.lead)
    check_facts_of_mode(mode, facts)
    donations = _own_donations(session, caller, donation_ids)
    carrier = _carrier(session, caller, carrier_id)
    of_slot = _book(session, caller, mode, planned_at, slot_id)
    facts["vehicle_id"] = facts.get("vehicle_id") or of_slot
    collection = Collection(
        id=clock.new_id(),
        number=next_number(session, organisation_id=caller.organisation_id, prefix="COL"),
        status=CollectionStatus.PLANNED,
        mode=mode,
        workshop_id=caller.organisation_id,
        carrier_id=carrier,
        territory_id=caller.territory_id,
        slot_id=slot_id,
        planned_at=planned_at.astimezone(UTC),
        created_at=clock.now(),
        **facts,
    )
    session.add(collection)
    session.flush()
    _link(session, caller, collection, donations, expected)
    load_vehicle(session, collection)
    what = {"number": collection.number, "donation_ids": [one.id for one in donations], "mode": mode}
    plan = {"planned_at": planned_at, "slot_id": slot_id, **{name: said for name, said in facts.items() if said}}
    record(session, caller.actor, thing="collection", thing_id=collection.id, verb="planned", data=what | plan)
    return collection


def _book(
    session: Session, caller: Caller, mode: CollectionMode, planned_at: datetime, slot_id: UUID | None
) -> UUID | None:
    """Take a place in the slot, if one is named; the vehicle that goes with it comes back."""
    if slot_id is None:
        return None
    slot = book_slot(session, workshop_id=caller.organisation_id, slot_id=slot_id, planned_at=planned_at)
    return slot.vehicle_id if mode is CollectionMode.PICKUP else None


def _carrier(session: Session, caller: Caller, carrier_id: UUID | None) -> UUID:
    """Who drives: the workshop itself unless another is named, which must be a carrier of the territory."""
    if carrier_id is None or carrier_id == caller.organisation_id:
        return caller.organisation_id
    return check_organisation(session, caller.territory_id, carrier_id, Activity.carrier, "/carrier_id").id


def _link(
    session: Session,
    caller: Caller,
    collection: Collection,
    donations: Sequence[Donation],
    expected: Sequence[Count] | None,
) -> None:
    """Bind the donations to their collection, with the part of each that it fetches."""
    for donation in donations:
        session.add(CollectionDonation(collection_id=collection.id, donation_id=donation.id))
        if donation.status == DonationStatus.ACCEPTED:
            move_donation(session, caller.actor, donation, DonationStatus.SCHEDULED)
    ids = [donation.id for donation in donations]
    for place, count in enumerate(expected or ()):
        donation_id = count.donation_id or (ids[0] if len(ids) == 1 else None)
        if donation_id is None or donation_id not in ids:
            sentence = "Say in `donation_id` which of this collection's donations is meant."
            fault = Fault(f"/expected/{place}/donation_id", "unknown_donation", sentence)
            raise Invalid(sentence, code="unknown_donation", errors=(fault,))
        session.add(
            ExpectedCount(
                id=clock.new_id(),
                collection_id=collection.id,
                donation_id=donation_id,
                category=count.category,
                quantity=count.quantity,
            )
        )
    session.flush()


def _own_donations(session: Session, caller: Caller, donation_ids: Sequence[UUID]) -> list[Donation]:
    """The donations named, all of the caller's workshop and ready to be fetched, held until this is done."""
    statement = (
        select(Donation)
        .where(
            col(Donation.id).in_(donation_ids),
            Donation.workshop_id == caller.organisation_id,
            Donation.status != DonationStatus.DRAFT,
        )
        .order_by(col(Donation.id))
        .with_for_update()
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


def load_vehicle(session: Session, collection: Collection) -> Vehicle | None:
    """Give the collection its vehicle's name, once it is sure that the vehicle carries it.

    What else has the same slot goes with the same vehicle. Invalid for a vehicle of nobody's who takes part, Conflict
    for a load beyond it without a reason.
    """
    if collection.vehicle_id is None:
        return None
    vehicle = vehicle_in_use(session, {collection.workshop_id, collection.carrier_id}, collection.vehicle_id)
    together = collections_in_slot(session, collection) if collection.slot_id else [collection]
    load = sum((expected_load(session, one, donations_in(session, one.id)) for one in together), NOTHING)
    is_over = check_capacity(
        load,
        vehicle=vehicle.name,
        payload_kg=vehicle.payload_kg,
        volume_m3=vehicle.volume_m3,
        what="collection" if len(together) == 1 else "slot, all its collections together,",
        reason=collection.over_capacity_reason,
    )
    collection.vehicle = collection.vehicle or vehicle.name
    if not is_over:
        collection.over_capacity_reason = None
    session.add(collection)
    session.flush()
    return vehicle


def change_plan(
    session: Session,
    caller: Caller,
    collection: Collection,
    *,
    version: int | None,
    **changes: Any,  # noqa: ANN401  # vehicle, vehicle_id, over_capacity_reason, tracking_number, carrier_name
) -> Collection:
    """Change with what a collection is fetched, or a parcel's number, until it is received.

    NotFound for anybody but the workshop's lead, Conflict once it has ended.
    """
    require_role(caller, Role.lead)
    if collection.workshop_id != caller.organisation_id:
        raise NotFound(f"There is no collection {collection.id} of yours.")
    if version is not None and version != collection.version:
        raise Stale(f"This collection has changed: you saw version {version}, it is now {collection.version}.")
    if collection.status not in UNDER_WAY:
        raise Conflict(f"This collection is {collection.status}: nothing is left to plan.", code="nothing_to_plan")
    check_facts_of_mode(CollectionMode(collection.mode), changes)
    if changes.get("vehicle_id") is not None and "vehicle" not in changes:
        changes["vehicle"] = None  # the vehicle's own name takes the place of what was written before
    change_collection(session, collection, version=version, **changes)
    if changes.get("vehicle_id") is not None:
        load_vehicle(session, collection)
    record(session, caller.actor, thing="collection", thing_id=collection.id, verb="replanned", data=changes)
    return collection
