from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.donations.actions.slots import change_slot, open_slot, wish_slots
from reuse.donations.actions.vehicles import add_vehicle, change_vehicle
from reuse.donations.api.plans import slot_shape, span, vehicle_shape
from reuse.donations.api.shapes import (
    SlotChange,
    SlotIn,
    SlotShape,
    SlotWishesIn,
    SlotWishesShape,
    VehicleChange,
    VehicleIn,
    VehicleShape,
)
from reuse.donations.models import CollectionSlot, Vehicle
from reuse.donations.queries import (
    donation_for,
    slot_for,
    vehicle_for,
    visible_slots,
    visible_vehicles,
    wished_slots,
    wishes_for,
)
from reuse.people.queries import territory_of
from reuse.people.rules import Caller
from reuse.web import Page, door, page_of

Since = Annotated[date | None, QueryParameter(name="from")]
Until = Annotated[date | None, QueryParameter(name="to")]


@door("POST", "/v1/vehicles", status=201)
def create_vehicle(session: Session, caller: Caller, data: JSONBody[VehicleIn]) -> VehicleShape:
    """Enter a vehicle with what it carries."""
    return vehicle_shape(add_vehicle(session, caller, **dict(data)))


@door("GET", "/v1/vehicles")
def list_vehicles(
    session: Session,
    caller: Caller,
    in_use: FromQuery[bool | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[VehicleShape]:
    """One's own vehicles, and those of the carriers that drive for one's workshop."""
    statement = select(Vehicle).where(visible_vehicles(caller))
    if in_use is not None:
        statement = statement.where(Vehicle.in_use == in_use)
    return page_of(cut_page(session, statement, col(Vehicle.id), limit=limit, cursor=cursor), vehicle_shape)


@door("GET", "/v1/vehicles/{vehicle_id:uuid}")
def show_vehicle(session: Session, caller: Caller, vehicle_id: FromPath[UUID]) -> VehicleShape:
    """One vehicle."""
    return vehicle_shape(vehicle_for(session, caller, vehicle_id))


@door("PATCH", "/v1/vehicles/{vehicle_id:uuid}")
def edit_vehicle(
    session: Session, caller: Caller, if_match: int | None, vehicle_id: FromPath[UUID], data: JSONBody[VehicleChange]
) -> VehicleShape:
    """Correct a vehicle, or take it out of use."""
    vehicle = vehicle_for(session, caller, vehicle_id)
    return vehicle_shape(
        change_vehicle(session, caller, vehicle, version=if_match, **data.model_dump(exclude_unset=True))
    )


@door("POST", "/v1/collection-slots", status=201)
def create_slot(session: Session, caller: Caller, data: JSONBody[SlotIn]) -> SlotShape:
    """Enter a time at which the workshop can have so many collections."""
    facts = data.model_dump(include={"capacity", "vehicle_id", "note"})
    return slot_shape(caller, open_slot(session, caller, starts_at=data.since, ends_at=data.until, **facts), [])


@door("GET", "/v1/collection-slots")
def list_slots(
    session: Session,
    caller: Caller,
    workshop_id: FromQuery[UUID | None] = None,
    since: Since = None,
    until: Until = None,
    free: FromQuery[bool | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[SlotShape]:
    """The calendar: all of it for its workshop, what is free and to come for the donors that it fetches from.

    `from` and `to` are days where the caller is, both included.
    """
    statement = select(CollectionSlot).where(visible_slots(caller))
    if workshop_id:
        statement = statement.where(CollectionSlot.workshop_id == workshop_id)
    if since:
        statement = statement.where(col(CollectionSlot.ends_at) > _midnight(session, caller, since))
    if until:
        end = _midnight(session, caller, until + timedelta(days=1))
        statement = statement.where(col(CollectionSlot.starts_at) < end)
    if free is not None:
        is_free = col(CollectionSlot.is_open) & (col(CollectionSlot.booked) < col(CollectionSlot.capacity))
        statement = statement.where(is_free if free else ~is_free)
    cut = cut_page(session, statement, col(CollectionSlot.id), limit=limit, cursor=cursor)
    wishes = wishes_for(session, [slot.id for slot in cut.rows])
    return page_of(cut, lambda slot: slot_shape(caller, slot, wishes[slot.id]))


def _midnight(session: Session, caller: Caller, day: date) -> datetime:
    """When the day begins where the caller is."""
    return datetime.combine(day, time(), ZoneInfo(territory_of(session, caller.organisation_id).timezone))


@door("GET", "/v1/collection-slots/{slot_id:uuid}")
def show_slot(session: Session, caller: Caller, slot_id: FromPath[UUID]) -> SlotShape:
    """One slot."""
    return slot_shape(caller, slot_for(session, caller, slot_id), wishes_for(session, [slot_id])[slot_id])


@door("PATCH", "/v1/collection-slots/{slot_id:uuid}")
def edit_slot(
    session: Session, caller: Caller, if_match: int | None, slot_id: FromPath[UUID], data: JSONBody[SlotChange]
) -> SlotShape:
    """Change how many collections a slot takes, or shut it."""
    slot = slot_for(session, caller, slot_id)
    change_slot(session, caller, slot, version=if_match, **data.model_dump(exclude_unset=True))
    return slot_shape(caller, slot, wishes_for(session, [slot_id])[slot_id])


@door("POST", "/v1/donations/{donation_id:uuid}/slot-wishes", status=200)
def wish(
    session: Session, caller: Caller, donation_id: FromPath[UUID], data: JSONBody[SlotWishesIn]
) -> SlotWishesShape:
    """Say which free slots of the calendar would suit a donation, the dearest first; nothing is booked."""
    donation = donation_for(session, caller, donation_id)
    slots = wish_slots(session, caller, donation, slot_ids=data.slot_ids)
    return SlotWishesShape.model_validate({"donation_id": donation.id, "slots": [span(slot) for slot in slots]})


@door("GET", "/v1/donations/{donation_id:uuid}/slot-wishes")
def show_wishes(session: Session, caller: Caller, donation_id: FromPath[UUID]) -> SlotWishesShape:
    """The slots of the calendar that a donation's donor would like, the dearest first."""
    donation = donation_for(session, caller, donation_id)
    slots = wished_slots(session, [donation.id])[donation.id]
    return SlotWishesShape.model_validate({"donation_id": donation.id, "slots": [span(slot) for slot in slots]})


doors = [
    create_vehicle,
    list_vehicles,
    show_vehicle,
    edit_vehicle,
    create_slot,
    list_slots,
    show_slot,
    edit_slot,
    wish,
    show_wishes,
]
