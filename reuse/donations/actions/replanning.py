"""A planned collection gets another time, or is called off; its slot and its place in a round are free again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from reuse import clock
from reuse.donations.actions.moves import give_up_plan, move_donation
from reuse.donations.actions.register import lock_donation
from reuse.donations.actions.scheduling import load_vehicle
from reuse.donations.actions.slots import book_slot
from reuse.donations.models import Collection, Rescheduling
from reuse.donations.queries import donations_in, has_collection_under_way
from reuse.donations.rules import CollectionMode, CollectionStatus, DonationStatus, ReschedulingReason
from reuse.errors import Conflict, Fault, Invalid, NotAllowed, NotFound, Stale
from reuse.history.actions import record
from reuse.people.rules import Caller, Role, require_role


@dataclass(frozen=True, slots=True)
class Time:
    """For when a collection was planned, and which slot it had."""

    planned_at: datetime
    slot_id: UUID | None


def reschedule(
    session: Session,
    caller: Caller,
    collection: Collection,
    *,
    planned_at: datetime,
    slot_id: UUID | None,
    reason: ReschedulingReason,
    note: str | None,
    over_capacity_reason: str | None,
    version: int | None,
) -> Collection:
    """Give a planned collection another time; the old one is kept, its slot freed, and a no-show counted.

    The workshop's lead and the carrier may; only the lead books a slot of the calendar. Conflict where the collection
    is on its way, or has this very time already (so that a second tap counts no second no-show).
    """
    is_lead = Role.lead in caller.roles and collection.workshop_id == caller.organisation_id
    is_carrier = Role.carrier in caller.roles and collection.carrier_id == caller.organisation_id
    if not is_lead and not is_carrier:
        raise NotAllowed(
            "A collection is rescheduled by its workshop's lead or by its carrier; ask one of them for another time.",
            missing=(Role.lead, Role.carrier),
        )
    _check(collection, version)
    _check_new_time(collection, planned_at, slot_id, reason, note, is_lead=is_lead)
    old = Time(collection.planned_at, collection.slot_id)
    missed = collection.no_shows + (1 if reason is ReschedulingReason.NO_SHOW else 0)
    plan: dict[str, Any] = {"planned_at": planned_at, "slot_id": slot_id, "no_shows": missed}
    if over_capacity_reason:
        plan["over_capacity_reason"] = over_capacity_reason
    give_up_plan(session, caller.actor, collection, reason=f"rescheduled: {reason}", version=version, **plan)
    if slot_id is not None:
        _take_slot(session, collection, slot_id)
    _keep(session, caller, collection, old, reason, note)
    return collection


def _take_slot(session: Session, collection: Collection, slot_id: UUID) -> None:
    """Take a place in the new slot, and the vehicle that goes with it."""
    slot = book_slot(session, workshop_id=collection.workshop_id, slot_id=slot_id, planned_at=collection.planned_at)
    if slot.vehicle_id is not None and collection.mode == CollectionMode.PICKUP:
        collection.vehicle_id, collection.vehicle = slot.vehicle_id, None
        session.add(collection)
        session.flush()
    load_vehicle(session, collection)


def _keep(
    session: Session,
    caller: Caller,
    collection: Collection,
    old: Time,
    reason: ReschedulingReason,
    note: str | None,
) -> None:
    """Write down the time that was, beside the one that is."""
    session.add(
        Rescheduling(
            id=clock.new_id(),
            collection_id=collection.id,
            moved_to=collection.planned_at,
            reason=reason,
            note=note,
            organisation_id=caller.organisation_id,
            created_at=clock.now(),
            planned_at=old.planned_at,
            slot_id=old.slot_id,
        )
    )
    what = {"from": old.planned_at, "to": collection.planned_at, "reason": reason, "no_shows": collection.no_shows}
    record(session, caller.actor, thing="collection", thing_id=collection.id, verb="rescheduled", data=what)


def _check(collection: Collection, version: int | None) -> None:
    if version is not None and version != collection.version:
        raise Stale(
            f"This collection has changed: you saw version {version}, it is now {collection.version}. Look again."
        )
    if collection.status != CollectionStatus.PLANNED:
        raise Conflict(
            f"This collection is {collection.status}; only a planned one gets another time or is called off.",
            code="not_planned",
        )


def _check_new_time(
    collection: Collection,
    planned_at: datetime,
    slot_id: UUID | None,
    reason: ReschedulingReason,
    note: str | None,
    *,
    is_lead: bool,
) -> None:
    if slot_id is not None and not is_lead:
        raise NotAllowed("Slots are the workshop's: leave `slot_id` out, or ask its lead.", missing=(Role.lead,))
    if reason is ReschedulingReason.OTHER and not (note or "").strip():
        sentence = "Say in `note` why this collection gets another time; all sides read it."
        raise Invalid(sentence, code="reason_required", errors=(Fault("/note", "required", sentence),))
    if planned_at == collection.planned_at and slot_id == collection.slot_id:
        raise Conflict("This collection is planned for this very time already; choose another one.", code="same_time")


def call_off_collection(
    session: Session, caller: Caller, collection: Collection, *, reason: str | None, version: int | None
) -> Collection:
    """Call a planned collection off; donations that no other collection fetches are accepted again.

    The donations are held while it is looked whether another collection is left, so that of two that are called off at
    once the second sees the first. Invalid without a reason.
    """
    require_role(caller, Role.lead)
    if collection.workshop_id != caller.organisation_id:
        raise NotFound(f"There is no collection {collection.id} of yours.")
    if not (reason or "").strip():
        sentence = "Say in `reason` why this collection is called off; the donor and the carrier read it."
        raise Invalid(sentence, code="reason_required", errors=(Fault("/reason", "required", sentence),))
    _check(collection, version)
    donations = [lock_donation(session, donation.id) for donation in donations_in(session, collection.id)]
    ended = CollectionStatus.CANCELLED
    give_up_plan(session, caller.actor, collection, reason=f"called off: {reason}", version=version, status=ended)
    record(
        session,
        caller.actor,
        thing="collection",
        thing_id=collection.id,
        verb="moved",
        from_state=CollectionStatus.PLANNED,
        to_state=CollectionStatus.CANCELLED,
        data={"reason": reason},
    )
    for donation in donations:
        if donation.status == DonationStatus.SCHEDULED and not has_collection_under_way(session, donation.id):
            move_donation(session, caller.actor, donation, DonationStatus.ACCEPTED)
    return collection
