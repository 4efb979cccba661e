"""The calendar of collections: slots are opened, wished, booked and freed; none is ever given once too often."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, delete, select, update

from reuse import clock
from reuse.donations.actions.register import check_side
from reuse.donations.actions.vehicles import vehicle_in_use
from reuse.donations.models import CollectionSlot, Donation, WishedSlot
from reuse.donations.queries import NOT_YET_FETCHED, visible_slots
from reuse.errors import Conflict, Fault, Invalid, NotFound, Stale
from reuse.history.actions import record
from reuse.people.rules import Caller, Role, require_role


def open_slot(
    session: Session,
    caller: Caller,
    *,
    starts_at: datetime,
    ends_at: datetime,
    capacity: int,
    vehicle_id: UUID | None,
    note: str | None,
) -> CollectionSlot:
    """Enter a time at which the caller's workshop can have so many collections, perhaps with a vehicle of its own."""
    require_role(caller, Role.lead)
    if vehicle_id is not None:
        vehicle_in_use(session, {caller.organisation_id}, vehicle_id)
    slot = CollectionSlot(
        id=clock.new_id(),
        workshop_id=caller.organisation_id,
        territory_id=caller.territory_id,
        starts_at=starts_at.astimezone(UTC),
        ends_at=ends_at.astimezone(UTC),
        capacity=capacity,
        vehicle_id=vehicle_id,
        note=note,
        created_at=clock.now(),
    )
    session.add(slot)
    session.flush()
    what = {"from": starts_at, "to": ends_at, "capacity": capacity}
    record(session, caller.actor, thing="collection_slot", thing_id=slot.id, verb="opened", data=what)
    return slot


def change_slot(
    session: Session,
    caller: Caller,
    slot: CollectionSlot,
    *,
    version: int | None,
    **changes: Any,  # noqa: ANN401  # columns, as the door has checked them
) -> CollectionSlot:
    """Change how many collections a slot takes, its note, or whether it can be booked at all.

    Conflict where more collections have it than it would take; those are rescheduled first.
    """
    require_role(caller, Role.lead)
    if slot.workshop_id != caller.organisation_id:
        raise NotFound(f"There is no collection slot {slot.id} of yours.")
    if version is not None and version != slot.version:
        raise Stale(f"This slot has changed: you saw version {version}, it is now {slot.version}. Look again.")
    capacity = changes.get("capacity", slot.capacity)
    done = session.exec(
        update(CollectionSlot)
        .where(
            col(CollectionSlot.id) == slot.id,
            col(CollectionSlot.booked) <= capacity,
            *([col(CollectionSlot.version) == version] if version is not None else []),
        )
        .values(version=CollectionSlot.version + 1, **changes)
        .execution_options(synchronize_session=False)
    )
    session.refresh(slot)
    if done.rowcount != 1:
        raise Conflict(
            f"{slot.booked} collections have this slot; reschedule some before it takes no more than {capacity}.",
            code="slot_booked",
        )
    record(session, caller.actor, thing="collection_slot", thing_id=slot.id, verb="changed", data=changes)
    return slot


def book_slot(session: Session, *, workshop_id: UUID, slot_id: UUID, planned_at: datetime) -> CollectionSlot:
    """Take one place in a slot of the workshop, in one guarded statement.

    Invalid for a slot that is none of the workshop's or in which `planned_at` does not lie; Conflict for one that is
    shut or full.
    """
    slot = session.exec(
        select(CollectionSlot).where(CollectionSlot.id == slot_id, CollectionSlot.workshop_id == workshop_id)
    ).first()
    if slot is None:
        raise _fault("This is no slot of the workshop's calendar; see GET /v1/collection-slots.", code="unknown_slot")
    if not slot.starts_at <= planned_at < slot.ends_at:
        start, end = (f"{at:%Y-%m-%dT%H:%MZ}" for at in (slot.starts_at, slot.ends_at))
        sentence = f"This slot is from {start} to {end}; choose a time in it, or another slot."
        raise _fault(sentence, code="outside_slot", pointer="/planned_at")
    done = session.exec(
        update(CollectionSlot)
        .where(
            col(CollectionSlot.id) == slot_id,
            col(CollectionSlot.is_open),
            col(CollectionSlot.booked) < col(CollectionSlot.capacity),
        )
        .values(booked=CollectionSlot.booked + 1, version=CollectionSlot.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(slot)
    if done.rowcount != 1:
        raise Conflict(
            "This slot is full or shut; choose another one (GET /v1/collection-slots?free=true).", code="slot_full"
        )
    return slot


def free_slot(session: Session, slot_id: UUID) -> None:
    """Give the place of one collection in the slot back."""
    session.exec(
        update(CollectionSlot)
        .where(col(CollectionSlot.id) == slot_id)
        .values(booked=CollectionSlot.booked - 1, version=CollectionSlot.version + 1)
        .execution_options(synchronize_session=False)
    )
    if (slot := session.get(CollectionSlot, slot_id)) is not None:
        session.refresh(slot)


def wish_slots(
    session: Session, caller: Caller, donation: Donation, *, slot_ids: Sequence[UUID]
) -> list[CollectionSlot]:
    """Say which free slots would suit a donation, the dearest first; this replaces earlier wishes and books nothing.

    Conflict once the donation is fetched; Invalid for a slot that the caller cannot see or that is another workshop's.
    """
    check_side(caller, donation)
    if donation.status not in NOT_YET_FETCHED:
        raise Conflict(f"This donation is {donation.status}: there is no time left to wish.", code="nothing_to_plan")
    session.exec(delete(WishedSlot).where(col(WishedSlot.donation_id) == donation.id))
    wished = list(dict.fromkeys(slot_ids))
    seen = select(CollectionSlot).where(
        col(CollectionSlot.id).in_(wished),
        CollectionSlot.workshop_id == donation.workshop_id,
        visible_slots(caller),
    )
    known = {slot.id: slot for slot in session.exec(seen)}
    sentence = "This is no free slot of this donation's workshop; see GET /v1/collection-slots?free=true."
    faults = tuple(
        Fault(f"/slot_ids/{place}", "unknown_slot", sentence)
        for place, slot_id in enumerate(slot_ids)
        if slot_id not in known
    )
    if faults:
        raise Invalid(sentence, code="unknown_slot", errors=faults)
    session.add_all(
        WishedSlot(donation_id=donation.id, slot_id=slot_id, rank=rank) for rank, slot_id in enumerate(wished)
    )
    record(
        session, caller.actor, thing="donation", thing_id=donation.id, verb="wished_slots", data={"slot_ids": wished}
    )
    return [known[slot_id] for slot_id in wished]


def _fault(sentence: str, *, code: str, pointer: str = "/slot_id") -> Invalid:
    return Invalid(sentence, code=code, errors=(Fault(pointer, code, sentence),))
