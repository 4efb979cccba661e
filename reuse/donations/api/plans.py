"""What of a plan is shown: a collection's slot, arrivals, load and past times, and a round with its stops."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.donations.api.shapes import LoadShape, RoundShape, SlotShape, StopShape, VehicleShape
from reuse.donations.models import Collection, CollectionSlot, Donation, DonationSite, Round, RoundStop, Vehicle
from reuse.donations.queries import (
    ON_THE_WAY,
    collections_in_round,
    donations_in,
    expected_load,
    oversees,
    plan_for,
    stops_of,
)
from reuse.donations.rules import NOTHING, Load, assumptions, fits, load_of
from reuse.people.models import Organisation, Territory
from reuse.people.rules import Activity, Caller


def load_shape(load: Load, vehicle: Vehicle | None = None) -> LoadShape:
    """A load, and whether the vehicle carries it where one is known."""
    return LoadShape(
        devices=load.devices,
        mass_kg=float(round(load.mass_kg, 1)),
        volume_m3=float(round(load.volume_m3, 3)),
        fits=None if vehicle is None else fits(load, payload_kg=vehicle.payload_kg, volume_m3=vehicle.volume_m3),
    )


def vehicle_shape(vehicle: Vehicle) -> VehicleShape:
    """The vehicle as its organisation and the workshops that it drives for see it."""
    return VehicleShape.model_validate(vehicle.model_dump(include=set(VehicleShape.model_fields)))


def slot_shape(caller: Caller, slot: CollectionSlot, wished_by: Sequence[UUID]) -> SlotShape:
    """The slot; what others have of it is for its workshop and for those who see all of the territory."""
    oversees_all = not caller.activities.isdisjoint({Activity.territory, Activity.operator})
    is_donor = slot.workshop_id != caller.organisation_id and not oversees_all
    free = slot.capacity - slot.booked if slot.is_open else 0
    return SlotShape.model_validate(
        {
            "id": slot.id,
            "version": slot.version,
            "workshop_id": slot.workshop_id,
            "from": slot.starts_at,
            "to": slot.ends_at,
            "is_open": slot.is_open,
            "free": min(free, 1) if is_donor else free,
            "capacity": None if is_donor else slot.capacity,
            "booked": None if is_donor else slot.booked,
            "vehicle_id": None if is_donor else slot.vehicle_id,
            "note": None if is_donor else slot.note,
            "wished_by": [] if is_donor else wished_by,
        }
    )


def span(slot: CollectionSlot) -> dict[str, Any]:
    """From when to when a slot is."""
    return {"id": slot.id, "from": slot.starts_at, "to": slot.ends_at}


def plan_of(session: Session, caller: Caller, collection: Collection, donations: Sequence[Donation]) -> dict[str, Any]:
    """How a collection is planned, for the fields of its shape: of a shared one, a donor sees its own part."""
    plan = plan_for(session, collection, donations)
    sees_all = oversees(caller, collection)
    is_shared = not sees_all and len(donations) < len(donations_in(session, collection.id))
    whole = sum(plan.expected.values(), Counter[str]())
    changes = [one.model_dump(exclude={"id", "collection_id"}) for one in plan.reschedulings]
    return {
        "slot": span(plan.slot) if plan.slot else None,
        "round_id": collection.round_id if sees_all else None,
        "arrivals": [stop.model_dump(include={"arrives_from", "arrives_to", "site_ids"}) for stop in plan.stops],
        "over_capacity_reason": collection.over_capacity_reason if sees_all else None,
        "expected": [
            {"category": category, "quantity": quantity, "donation_id": donation_id}
            for donation_id, counts in plan.expected.items()
            for category, quantity in sorted(counts.items())
        ],
        "load": load_shape(load_of(whole), None if is_shared else plan.vehicle),
        "plan_history": [{**one, "note": None} for one in changes] if is_shared else changes,
    }


def round_shape(session: Session, caller: Caller, this: Round) -> RoundShape:
    """The round with its stops, as its workshop, its carrier and its territory see it."""
    session.flush()
    vehicle = session.get(Vehicle, this.vehicle_id) if this.vehicle_id else None
    collections = {one.id: one for one in collections_in_round(session, this.id)}
    loads = [expected_load(session, one, donations_in(session, one.id)) for one in collections.values()]
    language = session.get_one(Territory, this.territory_id).language
    facts = this.model_dump(exclude={"territory_id", "vehicle_id"})
    stops = [
        _stop_shape(session, caller, stop, collections[stop.collection_id], "en" if language == "en" else "fr")
        for stop in stops_of(session, this.id)
    ]
    own = {
        "vehicle": vehicle_shape(vehicle) if vehicle else None,
        "load": load_shape(sum(loads, NOTHING), vehicle),
        "stops": stops,
    }
    return RoundShape.model_validate({**facts, **own})


def _stop_shape(session: Session, caller: Caller, stop: RoundStop, collection: Collection, language: str) -> StopShape:
    donation = session.get_one(Donation, UUID(stop.donation_ids[0]))
    ids = [UUID(one) for one in stop.site_ids]
    sites = select(DonationSite).where(col(DonationSite.id).in_(ids)).order_by(col(DonationSite.place))
    site = session.exec(sites).first()
    is_told = (
        collection.status in ON_THE_WAY
        or caller.organisation_id != collection.carrier_id
        or (caller.organisation_id == collection.workshop_id)
    )
    contact = (site.contact if site else None) or donation.contact or (donation.contacts or [None])[0]
    facts = stop.model_dump(exclude={"round_id", "donor_id", "said"})
    return StopShape(
        **facts,
        collection_number=collection.number,
        collection_status=collection.status,
        donor=session.get_one(Organisation, stop.donor_id).name,
        address=(site.address if site else donation.collection_address) if is_told else None,
        contact=contact if is_told else None,
        access={name: value for name, value in (site.access if site else {}).items() if value is not None},
        sentence=assumptions()["why"][stop.why][language],
    )
